#include "runtime/cpu/blas.h"

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "catch.h"
#include "fixture.h"
#include "runtime/cpu/parallel.h"

using namespace croton;
using namespace croton::runtime;

namespace {

// Numbers that are no round ones, the same every time.
template <class T>
std::vector<T> numbers(Index n, int salt) {
  std::vector<T> v(static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < v.size(); ++i)
    v[i] = static_cast<T>(std::sin(static_cast<double>(i * 7 + static_cast<std::size_t>(salt))));
  return v;
}

struct Problem {
  Index m, n, k;
  bool transpose_a = false, transpose_b = false;
  double alpha = 1, beta = 0;
};

// The largest error against a plain triple loop in double, over sum |a b| + |c|, for C of the given type.
template <class T>
double error(const Problem& p) {
  const auto a = numbers<T>(p.m * p.k, 1), b = numbers<T>(p.k * p.n, 2);
  auto c =
      p.beta == 0 ? std::vector<T>(static_cast<std::size_t>(p.m * p.n), static_cast<T>(NAN)) : numbers<T>(p.m * p.n, 3);
  const auto old = c;
  const Index lda = p.transpose_a ? p.m : p.k, ldb = p.transpose_b ? p.k : p.n;
  device("cpu").gemm({.dtype = dtype_of<T>(),
                      .transpose_a = p.transpose_a,
                      .transpose_b = p.transpose_b,
                      .m = p.m,
                      .n = p.n,
                      .k = p.k,
                      .alpha = p.alpha,
                      .a = a.data(),
                      .lda = lda,
                      .b = b.data(),
                      .ldb = ldb,
                      .beta = p.beta,
                      .c = c.data(),
                      .ldc = p.n});
  double worst = 0;
  for (Index i = 0; i < p.m; ++i) {
    for (Index j = 0; j < p.n; ++j) {
      double sum = 0, scale = 1e-30;
      for (Index l = 0; l < p.k; ++l) {
        const double product =
            static_cast<double>(a[static_cast<std::size_t>(p.transpose_a ? l * lda + i : i * lda + l)]) *
            static_cast<double>(b[static_cast<std::size_t>(p.transpose_b ? j * ldb + l : l * ldb + j)]);
        sum += p.alpha * product;
        scale += std::fabs(p.alpha * product);
      }
      const auto at = static_cast<std::size_t>(i * p.n + j);
      if (p.beta != 0)
        sum += p.beta * static_cast<double>(old[at]), scale += std::fabs(p.beta * static_cast<double>(old[at]));
      const double off = std::fabs(static_cast<double>(c[at]) - sum) / scale;
      worst = off <= worst ? worst : off;  // NaN stays
    }
  }
  return worst;
}

}  // namespace

TEST_CASE("products agree with a plain loop, in every combination of transposes, at sizes that do not fit the panels") {
  for (const bool ta : {false, true}) {
    for (const bool tb : {false, true}) {
      for (const auto [m, n, k] :
           {std::array<Index, 3>{1, 1, 1}, {3, 5, 7}, {17, 530, 3}, {1030, 2, 5}, {600, 40, 9}, {1, 700, 33}}) {
        INFO(m << " x " << n << " x " << k << " " << ta << tb);
        // error of a sum of k products: (k + 2) units of half an ulp
        const double units = static_cast<double>(k + 2);
        CHECK(error<float>({m, n, k, ta, tb}) <= units * 0x1p-24);
        CHECK(error<double>({m, n, k, ta, tb}) <= units * 0x1p-53);
        CHECK(error<float>({m, n, k, ta, tb, 0.5, 2}) <= units * 0x1p-24 + 0x1p-23);
      }
    }
  }
}

TEST_CASE("a product over nothing is zero, and a product of nothing does nothing") {
  CHECK(error<float>({3, 4, 0}) == 0);
  CHECK(error<double>({0, 4, 2}) == 0);
  CHECK(error<double>({4, 0, 2}) == 0);
}

TEST_CASE("a product has the same bits for any number of threads") {
  const Index m = 1100, n = 600, k = 130;
  const auto a = numbers<float>(m * k, 1), b = numbers<float>(k * n, 2);
  std::vector<float> first;
  for (const int t : {1, 2, 3, 7}) {
    set_threads(t);
    std::vector<float> c(static_cast<std::size_t>(m * n));
    device("cpu").gemm(
        {.m = m, .n = n, .k = k, .a = a.data(), .lda = k, .b = b.data(), .ldb = n, .c = c.data(), .ldc = n});
    if (first.empty()) first = c;
    CHECK(std::memcmp(first.data(), c.data(), c.size() * sizeof(float)) == 0);
  }
  set_threads(0);
}

TEST_CASE("a batch of products is as many single ones") {
  const Index m = 20, n = 30, k = 10, batch = 5;
  const auto a = numbers<double>(batch * m * k, 1), b = numbers<double>(k * n, 2);
  std::vector<double> all(static_cast<std::size_t>(batch * m * n)), one(static_cast<std::size_t>(m * n));
  Gemm g{.dtype = float64,
         .m = m,
         .n = n,
         .k = k,
         .a = a.data(),
         .lda = k,
         .b = b.data(),
         .ldb = n,
         .c = all.data(),
         .ldc = n,
         .batch = batch,
         .stride_a = m * k,
         .stride_b = 0,
         .stride_c = m * n};
  device("cpu").gemm(g);
  for (Index i = 0; i < batch; ++i) {
    Gemm single = g;
    single.batch = 1;
    single.a = a.data() + i * m * k;
    single.c = one.data();
    device("cpu").gemm(single);
    CHECK(std::memcmp(one.data(), all.data() + i * m * n, one.size() * sizeof(double)) == 0);
  }
}

TEST_CASE("products that run on several threads at once do not disturb each other", "[threads]") {
  const Index m = 24, n = 40, k = 16, batch = 2000;
  const auto a = numbers<float>(batch * m * k, 1), b = numbers<float>(batch * k * n, 2);
  const auto all = [&](const std::string& library) {
    const ScopedConfig scope{library};
    const Blas blas(*config_snapshot());
    std::vector<std::vector<float>> results;
    for (const int t : {1, 7, 7, 7, 7, 7}) {
      set_threads(t);
      std::vector<float> c(static_cast<std::size_t>(batch * m * n));
      blas.gemm({.m = m,
                 .n = n,
                 .k = k,
                 .a = a.data(),
                 .lda = k,
                 .b = b.data(),
                 .ldb = n,
                 .c = c.data(),
                 .ldc = n,
                 .batch = batch,
                 .stride_a = m * k,
                 .stride_b = k * n,
                 .stride_c = m * n});
      results.push_back(std::move(c));
    }
    set_threads(0);
    return results;
  };
  // whichever is installed: each is used in a way that is safe for it
  for (const std::string library : {"", "blas.ldflags=/usr/lib/x86_64-linux-gnu/openblas-serial/libopenblas.so.0",
                                    "blas.ldflags=/usr/lib/x86_64-linux-gnu/openblas-pthread/libopenblas.so.0"}) {
    if (!library.empty() && !std::filesystem::exists(library.substr(library.find('=') + 1))) continue;
    INFO(library);
    const auto results = all(library);
    for (const auto& c : results) CHECK(std::memcmp(results.front().data(), c.data(), c.size() * sizeof(float)) == 0);
  }
}

TEST_CASE("blas.ldflags means a library to open; nothing means the OpenBLAS with locks first") {
  using List = std::vector<std::string>;
  CHECK(blas_candidates({}).front() == "/usr/lib/x86_64-linux-gnu/openblas-pthread/libopenblas.so.0");
  CHECK(blas_candidates({"-lfoo"}) == List{"libfoo.so", "libfoo.so.0", "libfoo.so.3", "libfoo.so.2"});
  CHECK(blas_candidates({"-L/a", "-lfoo"}).front() == "/a/libfoo.so");
  CHECK(blas_candidates({"-l", "foo", "-L", "/a"}).front() == "/a/libfoo.so");
  CHECK(blas_candidates({"/b/libblas.so", "-fopenmp"}) == List{"/b/libblas.so"});
}

TEST_CASE("a BLAS that is not there is an error that says what was tried and what to install") {
  Config config;
  const ScopedConfig scope{"blas.ldflags='-L/nowhere -lno_such_blas'"};
  const std::string error = error_of<DeviceError>([] { const Blas blas(*config_snapshot()); });
  CHECK(has(error, "no BLAS: a product of large matrices needs one"));
  CHECK(has(error, "apt install libopenblas0-pthread"));
  CHECK(has(error, "/nowhere/libno_such_blas.so: cannot open shared object file"));
  CHECK(has(error, "(now: -L/nowhere -lno_such_blas)"));
  const ScopedConfig no_blas{"blas.ldflags=libm.so.6"};
  CHECK(has(error_of<DeviceError>([] { const Blas blas(*config_snapshot()); }),
            "libm.so.6: it has no sgemm_ and dgemm_"));
}

TEST_CASE("the library that was opened is reported, and the environment is as before") {
  const char* const before = std::getenv("OPENBLAS_CORETYPE");
  const Blas blas(*config_snapshot());
  CHECK_FALSE(blas.report().path.empty());
  CHECK_FALSE(blas.report().threading.empty());
  const char* const after = std::getenv("OPENBLAS_CORETYPE");
  CHECK(std::string(before != nullptr ? before : "") == std::string(after != nullptr ? after : ""));
}

TEST_CASE("a product that the library's integers cannot count, or of another type, is refused") {
  CHECK(has(error_of<ShapeError>([] { device("cpu").gemm({.m = Index{1} << 31, .n = 1, .k = 1}); }), "2147483647"));
  CHECK(has(error_of<DTypeError>([] { device("cpu").gemm({.dtype = int32}); }), "gemm: int32"));
}
