#include "host_workloads.h"

#include <croton.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <random>

#include "array/access.h"
#include "runtime/host.h"

namespace bench {

using namespace croton;

namespace {

// ---- sorting
/// Normal numbers of which hardly two are equal, always the same.
Array drawn(const Extents& shape, DType dtype) {
  Array a = empty(shape, DType::float64);
  std::mt19937_64 bits(static_cast<std::uint64_t>(a.size()));
  std::normal_distribution<double> normal;
  for (double& v : a.mutable_values<double>()) v = normal(bits);
  return a.astype(dtype);
}

constexpr Index kept = 10;

/// Rows of x, and what a peer makes of them: `made`, as long a row as it needs.
struct Rows {
  Array x, made;
  Index length;
  std::vector<float> room;
  Rows(const Extents& shape, Index results, DType dtype)
      : x(drawn(shape, float32)), length(shape[shape.size() - 1]), room(static_cast<std::size_t>(length)) {
    Extents of_results = shape;
    of_results[shape.size() - 1] = results;
    made = empty(of_results, dtype);
  }
  /// Calls f(begin and end of a copy of the row, its results) for each row.
  template <class T, class F>
  void each(F&& f) {
    const float* from = data_as<float>(x);
    T* to = mutable_data_as<T>(made);
    const Index count = x.size() / length, results = made.size() / count;
    for (Index row = 0; row < count; ++row, from += length, to += results) {
      std::copy_n(from, length, room.begin());
      f(room.data(), room.data() + length, to);
    }
  }
};

template <class T, class F>
HostProblem by_rows(std::vector<Tensor> outputs, const std::shared_ptr<Rows>& rows, F f) {
  return {std::move(outputs), [rows, f] { rows->each<T>(f); }, [rows] { return std::vector{rows->made}; }};
}

HostProblem sorting(const Extents& shape) {
  auto rows = std::make_shared<Rows>(shape, shape[shape.size() - 1], float32);
  return by_rows<float>({sort(shared(rows->x, "x"))}, rows, [](float* begin, float* end, float* to) {
    std::sort(begin, end);
    std::copy(begin, end, to);
  });
}

HostProblem ordering(const Extents& shape) {
  auto rows = std::make_shared<Rows>(shape, shape[shape.size() - 1], int64);
  return by_rows<Index>({argsort(shared(rows->x, "x"))}, rows, [](const float* begin, const float* end, Index* to) {
    std::iota(to, to + (end - begin), Index{0});
    std::stable_sort(to, to + (end - begin), [=](Index a, Index b) { return begin[a] < begin[b]; });
  });
}

HostProblem largest(const Extents& shape) {
  auto rows = std::make_shared<Rows>(shape, kept, float32);
  return by_rows<float>({topk(shared(rows->x, "x"), kept)[0]}, rows, [](float* begin, float* end, float* to) {
    std::partial_sort(begin, begin + kept, end, std::greater<>());
    std::copy_n(begin, kept, to);
  });
}

HostProblem middle(const Extents& shape) {
  auto rows = std::make_shared<Rows>(shape, 1, float32);
  return by_rows<float>({median(shared(rows->x, "x"), -1, keepdims)}, rows, [](float* begin, float* end, float* to) {
    float* const half = begin + (end - begin) / 2;
    std::nth_element(begin, half, end);
    *to = (end - begin) % 2 != 0 ? *half : (*half + *std::max_element(begin, half)) / 2;
  });
}

void add_sorting(std::vector<HostWorkload>& to, const std::string& name, const std::string& peer,
                 HostProblem (*build)(const Extents&)) {
  const std::pair<const char*, Extents> shapes[] = {
      {"1e6", {1000000}}, {"1e7", {10000000}}, {"rows_100", {10000, 100}}};
  for (const auto& [size, shape] : shapes)
    to.push_back({name + "_" + size, peer, [build, shape = shape] { return build(shape); }, 1e-7});
}

// ---- linear algebra
constexpr int n = 300;
constexpr std::size_t elements = std::size_t{n} * n;

/// A matrix, its transpose, as a library sees it that reads by columns, and what it makes of it.
struct Square {
  Array a, other = empty({n, n}, float64), first = empty({n, n}, float64), second = empty({n, n}, float64),
           values = empty({n}, float64);
  const Lapack& lapack = *runtime::host().lapack();
  int info = 0;
  explicit Square(bool positive) : a(drawn({n, n}, float64)) {
    if (positive) {
      const Tensor x = constant(a);
      a = eval(dot(x, x.T()) + n * eye(n));
    }
    other = contiguous(permute_view(a, {1, 0}));
  }
  static double* begin(Array& x) { return mutable_data_as<double>(x); }
  /// In the place of `first`.
  double* copied(const Array& x) { return std::copy_n(data_as<double>(x), elements, begin(first)) - elements; }
};

HostProblem factored() {
  auto s = std::make_shared<Square>(true);
  return {{linalg::cholesky(shared(s->a, "a"))},
          [s] {
            double* const a = s->copied(s->a);
            s->lapack.dpotrf("U", &n, a, &n, &s->info, 1);
            for (std::size_t i = 0; i < n; ++i) std::fill(a + i * n + i + 1, a + (i + 1) * n, 0);
          },
          [s] { return std::vector{s->first}; }};
}

/// x with a x = b for columns that follow each other.
void solve_columns(Square& s, double* b, int columns) {
  constexpr double one = 1;
  int pivots[n];
  double* const a = s.copied(s.other);
  s.lapack.dgetrf(&n, &n, a, &n, pivots, &s.info);
  for (int j = 0; j < columns; ++j)
    for (int i = 0; i < n; ++i) std::swap(b[j * n + i], b[j * n + pivots[i] - 1]);
  s.lapack.dtrsm("L", "L", "N", "U", &n, &columns, &one, a, &n, b, &n, 1, 1, 1, 1);
  s.lapack.dtrsm("L", "U", "N", "N", &n, &columns, &one, a, &n, b, &n, 1, 1, 1, 1);
}

HostProblem solved() {
  auto s = std::make_shared<Square>(false);
  const Array b = drawn({n}, float64);
  return {{linalg::solve(shared(s->a, "a"), shared(b, "b"))},
          [s, b] { solve_columns(*s, std::copy_n(data_as<double>(b), n, Square::begin(s->values)) - n, 1); },
          [s] { return std::vector{s->values}; }};
}

HostProblem inverted() {
  auto s = std::make_shared<Square>(false);
  return {{linalg::inv(shared(s->a, "a"))},
          [s] {
            double* const b = Square::begin(s->second);
            std::fill_n(b, elements, 0.0);
            for (int i = 0; i < n; ++i) b[i * n + i] = 1;
            solve_columns(*s, b, n);
          },
          [s] {
            return std::vector{contiguous(permute_view(s->second, {1, 0}))};
          }};
}

HostProblem eigenvalues() {
  auto s = std::make_shared<Square>(true);
  const auto [values, vectors] = linalg::eigh(shared(s->a, "a"));
  auto work = std::make_shared<std::vector<double>>(1 + 6 * n + 2 * elements);
  auto integers = std::make_shared<std::vector<int>>(3 + 5 * n);
  return {{values, vectors},
          [=] {
            const int size = static_cast<int>(work->size()), integers_size = static_cast<int>(integers->size());
            s->lapack.dsyevd("V", "U", &n, s->copied(s->a), &n, Square::begin(s->values), work->data(), &size,
                             integers->data(), &integers_size, &s->info, 1, 1);
          },
          [s] {
            return std::vector{s->values, contiguous(permute_view(s->first, {1, 0}))};
          }};
}

HostProblem singular_values() {
  auto s = std::make_shared<Square>(false);
  const auto [u, values, vt] = linalg::svd(shared(s->a, "a"));
  auto work =
      std::make_shared<std::vector<double>>(7 * elements + 14 * std::size_t{n});  // more than the routine asks for
  auto integers = std::make_shared<std::vector<int>>(8 * n);
  return {{u, values, vt},
          [=] {
            const int size = static_cast<int>(work->size());
            s->lapack.dgesdd("S", &n, &n, s->copied(s->a), &n, Square::begin(s->values), Square::begin(s->second), &n,
                             Square::begin(s->other), &n, work->data(), &size, integers->data(), &s->info, 1);
          },
          [s] {
            return std::vector{s->other, s->values, s->second};
          }};
}

}  // namespace

std::vector<HostWorkload> host_workloads() {
  std::vector<HostWorkload> all;
  add_sorting(all, "sort", "std::sort", sorting);
  add_sorting(all, "argsort", "std::stable_sort", ordering);
  add_sorting(all, "topk", "std::partial_sort", largest);
  add_sorting(all, "median", "std::nth_element", middle);
  if (runtime::host().lapack() == nullptr) return all;
  constexpr double tolerance = 1e-9;
  all.push_back({"cholesky_300", "dpotrf", factored, tolerance});
  all.push_back({"solve_300", "dgetrf, dtrsm", solved, tolerance});
  all.push_back({"inv_300", "dgetrf, dtrsm", inverted, tolerance});
  all.push_back({"eigh_300", "dsyevd", eigenvalues, tolerance});
  all.push_back({"svd_300", "dgesdd", singular_values, tolerance});
  return all;
}

}  // namespace bench
