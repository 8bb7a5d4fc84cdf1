// Linear algebra in compiled functions: sizes on both sides of those from which on a library's LAPACK computes, against
// what the results mean, and against the reference evaluator's own algorithms.
#include <cmath>
#include <cstring>
#include <random>
#include <thread>

#include "array/access.h"
#include "base/dtype.h"
#include "catch.h"
#include "croton.h"
#include "runtime/cpu/parallel.h"

using namespace croton;

namespace {

constexpr Index sizes[] = {15, 16, 31, 32, 33, 100, 257};

Array drawn(const Extents& shape, DType d = float64) {
  std::mt19937_64 draw(static_cast<std::uint64_t>(shape[0]));
  std::normal_distribution<double> normal;
  Array a = Array::zeros(shape);
  for (Index i = 0; i < a.size(); ++i) set(a, i, normal(draw));
  return a.astype(d);
}

/// The identity of the last two axes of x.
Tensor identity(const Tensor& x) { return eye({x.shape(-1)}, 0, x.dtype()); }

Tensor turned(const Tensor& x) { return swapaxes(x, -1, -2); }

/// m m^T and some more on the diagonal, so that it is well conditioned.
Array positive(const Array& m) {
  const Tensor x = constant(m);
  return eval(matmul(x, turned(x)) + identity(x) * static_cast<double>(m.shape(-1)));
}

double largest(const Tensor& t) { return eval(max(abs(t))).item<double>(); }
/// The largest difference, in roundings of the second's largest element.
double roundings_apart(const Array& a, const Array& b) {
  const double one = a.dtype() == float64 ? 0x1p-52 : a.dtype() == float32 ? 0x1p-23 : 0x1p-10;
  const Tensor x = constant(a.astype(float64)), y = constant(b.astype(float64));
  return largest(x - y) / (one * largest(y));
}

bool same_bits(const Array& a, const Array& b) {
  return a.shape() == b.shape() && a.dtype() == b.dtype() &&
         std::memcmp(data(a), data(b), static_cast<std::size_t>(a.size()) * size_of(a.dtype())) == 0;
}

bool all_nan(const Array& a) {
  for (Index i = 0; i < a.size(); ++i)
    if (!std::isnan(get(a, i))) return false;
  return a.size() > 0;
}

}  // namespace

TEST_CASE("factors and solutions of small and large matrices are what they are to be") {
  const Tensor a = tensor3("a", float64), b = tensor3("b", float64);
  const Function cholesky = function(a, linalg::cholesky(a)), solve = function({a, b}, linalg::solve(a, b));
  const Function inverse = function(a, linalg::inv(a));
  const auto svd_of = linalg::svd(a);
  const auto eigh_of = linalg::eigh(a);
  const auto svd = function({a}, {svd_of.u, svd_of.s, svd_of.vt});
  const auto eigh = function({a}, {eigh_of.values, eigh_of.vectors});
  for (const Index n : sizes) {
    INFO(n);
    const Array m = drawn({2, n, n}), p = positive(m), columns = drawn({2, n, 3});
    const Tensor x = constant(p), one = identity(x), l = constant(cholesky(p));
    const double bound = 4e-16 * static_cast<double>(n) * largest(x);
    CHECK(largest(matmul(l, turned(l)) - x) < bound);
    CHECK(largest(triu(l, 1)) == 0);
    CHECK(largest(matmul(x, constant(solve(p, columns))) - constant(columns)) < bound);
    CHECK(largest(matmul(x, constant(inverse(p))) - one) < bound);
    const auto [values, vectors] = eigh(p);
    const Tensor w = constant(values), v = constant(vectors);
    CHECK(largest(matmul(v * w(ellipsis, newaxis, all), turned(v)) - x) < bound);
    CHECK(largest(matmul(turned(v), v) - one) < 4e-15 * static_cast<double>(n));
    CHECK(eval(min(diff(w))).item<double>() >= 0);
    for (const Array& wide : {m, drawn({2, n, n + 20}), drawn({2, n + 20, n})}) {
      const auto [u, s, vt] = svd(wide);
      const Tensor left = constant(u), right = constant(vt), of = constant(s);
      CHECK(largest(matmul(left * of(ellipsis, newaxis, all), right) - constant(wide)) < bound);
      CHECK(largest(matmul(turned(left), left) - one) < 4e-15 * static_cast<double>(n));
      CHECK(largest(matmul(right, turned(right)) - one) < 4e-15 * static_cast<double>(n));
      CHECK(eval(max(diff(of))).item<double>() <= 0);
      CHECK(eval(min(of)).item<double>() >= 0);
    }
  }
}

TEST_CASE("an orthogonal matrix times a triangle is the matrix for any shape") {
  const Tensor a = tensor3("a", float64);
  const auto factors = linalg::qr(a);
  const auto qr = function({a}, {factors.q, factors.r});
  for (const Index n : sizes)
    for (const Extents& shape : {Extents{2, n, n}, {2, n, n + 20}, {2, n + 20, n}}) {
      INFO(shape);
      const Array m = drawn(shape);
      const auto [left, right] = qr(m);
      const Index least = std::min(shape[1], shape[2]);
      REQUIRE(left.shape() == Extents{2, shape[1], least});
      REQUIRE(right.shape() == Extents{2, least, shape[2]});
      const Tensor q = constant(left), r = constant(right), x = constant(m);
      const double bound = 4e-15 * static_cast<double>(n);
      CHECK(largest(matmul(q, r) - x) < bound * largest(x));
      CHECK(largest(matmul(turned(q), q) - identity(r(ellipsis, slice(least)))) < bound);
      CHECK(largest(tril(r, -1)) == 0);
      // the signs are those of the first column, turned, whoever computes
      CHECK(get(right, 0) * get(m, 0) < 0);
      const ScopedConfig scope("mode=FAST_COMPILE");
      const auto [own_left, own_right] = function({a}, {factors.q, factors.r})(m);
      CHECK(largest(constant(own_left) - q) < 1e-12);
      CHECK(largest(constant(own_right) - r) < 1e-12 * static_cast<double>(n));
    }
}

TEST_CASE("the exponential of a matrix is that of its eigenvalues") {
  const Tensor a = dmatrix("a"), scale = dscalar("scale");
  const auto eigen = linalg::eigh(a);
  const Function expm = function(a, linalg::expm(a)), symmetric = function({a, scale}, scale * (a + a.T())),
                 by_eigenvalues = function(a, matmul(eigen.vectors * exp(eigen.values), eigen.vectors.T()));
  for (const Index n : sizes)
    for (const double times : {0., 1e-9, 0.01, 1., 30.}) {
      INFO(n << " rows, times " << times);
      const Array m = symmetric(drawn({n, n}), times / static_cast<double>(n));
      CHECK(roundings_apart(expm(m), by_eigenvalues(m)) < 100 * static_cast<double>(n));
    }
  // a turn by an angle, and what is not finite
  const Array turn = expm(Array{{0., -1.5}, {1.5, 0.}});
  CHECK(get(turn, 0) == Approx(std::cos(1.5)).epsilon(1e-15));
  CHECK(get(turn, 2) == Approx(std::sin(1.5)).epsilon(1e-15));
  CHECK(all_nan(expm(Array{{HUGE_VAL, 0.}, {0., 1.}})));
  CHECK(expm(Array::zeros({0, 0})).size() == 0);
}

TEST_CASE("every way to solve a triangle solves it and reads only that triangle") {
  const Tensor a = dmatrix("a"), b = dmatrix("b");
  for (const bool lower : {false, true})
    for (const bool transposed : {false, true}) {
      const Function f = function({a, b}, linalg::solve_triangular(a, b, lower, transposed));
      for (const Index n : sizes)
        for (const Index columns : {0, 1, 5, 300}) {
          INFO(n << " rows, " << columns << " columns" << (lower ? ", lower" : "")
                 << (transposed ? ", transposed" : ""));
          const Array m = positive(drawn({n, n})), given = drawn({n, columns});
          const Tensor whole = constant(m), t = lower ? tril(whole) : triu(whole);
          const Tensor x = constant(f(m, given)), back = matmul(transposed ? t.T() : t, x) - constant(given);
          if (columns > 0) CHECK(largest(back) < 1e-14 * static_cast<double>(n));
          const Tensor nan = constant(Array::scalar(std::nan("")));
          const Tensor at = arange(n), other = lower ? at(all, newaxis) < at : at(all, newaxis) > at;
          const Array unread = f(eval(where(other, nan, whole)), given);
          CHECK((columns == 0 || roundings_apart(unread, eval(x)) < 100));
        }
    }
}

TEST_CASE("linear algebra of each dtype agrees with the reference evaluator") {
  for (const DType d : {float64, float32, float16, bfloat16}) {
    const Tensor a = tensor("a", d, {any_extent, any_extent}), b = tensor("b", d, {any_extent, any_extent});
    const auto [sign, logabsdet] = linalg::slogdet(a);
    const std::pair<const char*, Tensor> all_of[] = {{"cholesky", linalg::cholesky(a)},
                                                     {"solve", linalg::solve(a, b)},
                                                     {"solve_triangular", linalg::solve_triangular(a, b)},
                                                     {"det", linalg::det(a / 80)},
                                                     {"sign", sign},
                                                     {"logabsdet", logabsdet},
                                                     {"eigenvalues", linalg::eigh(a).values},
                                                     {"singular values", linalg::svd(a).s},
                                                     {"orthogonal", linalg::qr(b).q},
                                                     {"triangle", linalg::qr(b).r},
                                                     {"expm", linalg::expm(a / 80)},
                                                     {"pinv", linalg::pinv(a)}};
    const Array p = positive(drawn({40, 40})).astype(d), columns = drawn({40, 7}, d);
    for (const auto& [name, t] : all_of) {
      INFO(name << " of " << name_of(d));
      const auto result = [&, &t = t](const char* mode) {
        const ScopedConfig scope{mode};
        return function({a, b}, t, {.on_unused_input = Report::ignore})(p, columns);
      };
      CHECK(roundings_apart(result("mode=FAST_RUN"), result("mode=FAST_COMPILE")) < 200);
    }
  }
}

TEST_CASE("large matrices that cannot be factored are refused by name") {
  const Tensor a = dmatrix("a"), stack = tensor3("stack", float64);
  const Function cholesky = function(stack, linalg::cholesky(stack)), inverse = function(a, linalg::inv(a));
  const Function triangle = function(a, linalg::solve_triangular(a, a)), det = function(a, linalg::det(a));
  const auto [sign, logabsdet] = linalg::slogdet(a);
  const auto logarithm = function({a}, {sign, logabsdet});
  Array two = positive(drawn({2, 50, 50}));
  set(two, 2500 + 20 * 51, -1);
  CHECK_THROWS_WITH(cholesky(two), Catch::Contains("cholesky: matrix 1 of stack float64[2, 50, 50] is not positive "
                                                   "definite: its first 21 rows and columns are not"));
  Array singular = drawn({50, 50});
  for (Index j = 0; j < 50; ++j) set(singular, 50 * j + 7, 0);
  CHECK_THROWS_WITH(inverse(singular), Catch::Contains("inv: a float64[50, 50] is singular"));
  CHECK(det(singular).item<double>() == 0);
  CHECK(logarithm(singular)[0].item<double>() == 0);
  CHECK(logarithm(singular)[1].item<double>() == -HUGE_VAL);
  set(singular, Index{30} * 51, 0);
  set(singular, Index{7} * 51, 1);
  CHECK_THROWS_WITH(triangle(singular), Catch::Contains("is singular: element 30 of its diagonal is 0"));
}

TEST_CASE("of several matrices that cannot be factored the first is named on any number of threads", "[threads]") {
  const Tensor stack = tensor3("stack", float64);
  const Function f = function(stack, linalg::inv(stack));
  for (const Index n : {2, 40}) {
    Array many = positive(drawn({300, n, n}));
    const Array inverse = f(many);
    for (const Index wrong : {71, 72, 250})
      for (Index j = 0; j < n; ++j) set(many, (wrong * n + j) * n, 0);
    for (const int threads : {1, 2, 4}) {
      runtime::set_threads(threads);
      CHECK_THROWS_WITH(f(many), Catch::Contains("matrix 71 of stack"));
      CHECK(same_bits(f(positive(drawn({300, n, n}))), inverse));
    }
    runtime::set_threads(0);
  }
}

TEST_CASE("what is not finite goes through linear algebra as NaN and ends") {
  const Tensor a = dmatrix("a");
  const auto eigh_of = linalg::eigh(a);
  const auto eigh = function({a}, {eigh_of.values, eigh_of.vectors});
  const auto svd_of = linalg::svd(a);
  const auto svd = function({a}, {svd_of.u, svd_of.s, svd_of.vt});
  const Function cholesky = function(a, linalg::cholesky(a)), inverse = function(a, linalg::inv(a));
  for (const Index n : {3, 150})
    for (const double wrong : {std::nan(""), HUGE_VAL}) {
      INFO(n << " with " << wrong);
      Array m = positive(drawn({n, n}));
      set(m, n * (n - 1), wrong);  // the last row's first
      for (const Array& part : eigh(m)) CHECK(all_nan(part));
      for (const Array& part : svd(m)) CHECK(all_nan(part));
      if (std::isnan(wrong)) CHECK(std::isnan(get(inverse(m), 0)));
      if (std::isnan(wrong)) CHECK(std::isnan(get(cholesky(m), n * n - 1)));
    }
  Array upper = positive(drawn({40, 40}));
  const Array values = eigh(upper)[0], factor = cholesky(upper);
  set(upper, 39, std::nan(""));  // the first row's last, which is not read
  CHECK(roundings_apart(eigh(upper)[0], values) < 100);
  CHECK(roundings_apart(cholesky(upper), factor) < 100);
}

TEST_CASE("linear algebra is the same to the bit on any number of threads and from several at once", "[threads]") {
  const Tensor a = dmatrix("a"), b = dmatrix("b");
  const auto values = linalg::eigh(a);
  const auto f = function({a, b}, {linalg::cholesky(a), linalg::solve(a, b), values.values, values.vectors});
  const Array p = positive(drawn({150, 150})), columns = drawn({150, 400});
  runtime::set_threads(1);
  const std::array<Array, 4> alone = f(p, columns);
  runtime::set_threads(3);
  std::array<std::array<Array, 4>, 3> together;
  std::array<std::thread, 3> callers;
  for (std::size_t k = 0; k < callers.size(); ++k) callers[k] = std::thread([&, k] { together[k] = f(p, columns); });
  for (std::thread& caller : callers) caller.join();
  runtime::set_threads(0);
  for (const std::array<Array, 4>& one : together)
    for (std::size_t k = 0; k < alone.size(); ++k) CHECK(same_bits(one[k], alone[k]));
}
