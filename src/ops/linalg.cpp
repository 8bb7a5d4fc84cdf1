// Factorizations of matrices, on the host: Cholesky's, and Gauss' with row exchanges (Golub and Van Loan, Matrix
// Computations, 3.4 and 4.2), of small matrices in the next wider type, of large ones by a LAPACK (lapack.h).
#include "ops/linalg.h"

#include <algorithm>
#include <cmath>

#include "base/dtype.h"
#include "base/error.h"
#include "croton/linalg.h"
#include "croton/numpy.h"
#include "graph/walk.h"
#include "ops/extents.h"
#include "ops/families.h"
#include "ops/lapack.h"
#include "ops/lu.h"
#include "ops/matrix.h"
#include "ops/origin.h"
#include "ops/pointwise.h"

namespace croton::ops {
namespace {

// ---- types
Type matrix_type(const TypeAt& t) {
  need_square(t);
  return {t.dtype(0), t.shapes[0]};
}
Type det_type(const TypeAt& t) {
  need_square(t);
  return {t.dtype(0), Shape(t.shapes[0].begin(), t.shapes[0].end() - 2)};
}
Type slogdet_type(const TypeAt& t) {
  Type y = det_type(t);
  y.shape.push_back(2);
  return y;
}
Type solve_type(const TypeAt& t) {
  need_square(t);
  const Shape &a = t.shapes[0], &b = t.shapes[1];
  for (std::size_t d = 0; d + 1 < a.size(); ++d)
    if (a[d] != b[d] && a[d] >= 0 && b[d] >= 0) refuse_unequal(t, 0, static_cast<Index>(d), 1, static_cast<Index>(d));
  return {t.dtype(0), b};
}

// ---- matrices
constexpr Index large = 32;  // measured: both take 10 to 40 us

/// Cholesky's factor in the place of the lower triangle. The number of the first rows and columns that are not positive
/// definite; 0: all are.
template <class W>
std::size_t factor(Matrix<W>& m, const Ours&) {
  for (std::size_t i = 0; i < m.rows; ++i)
    for (std::size_t j = 0; j <= i; ++j) {
      W rest = m[i][j];
      for (std::size_t k = 0; k < j; ++k) rest -= m[i][k] * m[j][k];
      if (i == j && rest <= 0) return i + 1;
      m[i][j] = i == j ? std::sqrt(rest) : rest / m[j][j];
    }
  return 0;
}

/// x with t x = b in the place of b, for the lower or upper triangle of a, transposed or not.
template <class W>
void solve_triangle(const Ours&, const Matrix<W>& a, bool lower, bool transposed, bool ones, Matrix<W>& b) {
  substitute(b, lower != transposed, ones,
             [&](std::size_t i, std::size_t j) { return transposed ? a[j][i] : a[i][j]; });
}

/// The first argument's matrix of that number: "K float64[2, 2]", or "matrix 3 of K float64[5, 2, 2]".
std::string matrix_called(const Node& n, const Array& batch, std::size_t at) {
  const std::string number = batch.ndim() > 2 ? fmt::format("matrix {} of ", at) : "";
  return fmt::format("{}{} {}", number, formula(n.inputs[0]), type_text(batch));
}

// ---- running
void run_cholesky(const Node& n, std::span<const Array> in, Array& out, const Host& host) {
  const Array a = contiguous(in[0]);
  each_matrix(a, Part::lower, large, host, [&]<class T>(std::size_t at, const auto& by) {
    auto m = matrix_of<T>(a, at, by);
    if (const std::size_t bad = factor(m, by); bad > 0)
      fail_at<Error>(n.where, "{}: {} is not positive definite: its first {} rows and columns are not", asked_as(n),
                     matrix_called(n, a, at), bad);
    for (std::size_t i = 0; i < m.rows; ++i) std::fill(m[i] + i + 1, m[i] + m.columns, 0);
    put(m, mutable_data_as<T>(out), at);
  });
}

void run_solve(const Node& n, std::span<const Array> in, Array& out, const Host& host) {
  const Array a = contiguous(in[0]), b = contiguous(in[1]);
  each_matrix(a, Part::whole, large, host, [&]<class T>(std::size_t at, const auto& by) {
    const auto lu = lu_of(matrix_of<T>(a, at, by), by);
    if (lu.singular) fail_at<Error>(n.where, "{}: {} is singular", asked_as(n), matrix_called(n, a, at));
    put(lu.solve(matrix_of<T>(b, at, by)), mutable_data_as<T>(out), at);
  });
}

void run_solve_triangular(const Node& n, std::span<const Array> in, Array& out, const Host& host) {
  const Array a = contiguous(in[0]), b = contiguous(in[1]);
  const bool transposed = n.params.flag("transposed"), lower = n.params.flag("lower");
  each_matrix(a, lower ? Part::lower : Part::upper, large, host, [&]<class T>(std::size_t at, const auto& by) {
    const auto m = matrix_of<T>(a, at, by);
    for (std::size_t i = 0; i < m.rows; ++i)
      if (m[i][i] == 0)
        fail_at<Error>(n.where, "{}: {} is singular: element {} of its diagonal is 0", asked_as(n),
                       matrix_called(n, a, at), i);
    auto x = matrix_of<T>(b, at, by);
    solve_triangle(by, m, lower, transposed, false, x);
    put(x, mutable_data_as<T>(out), at);
  });
}

void run_det(const Node&, std::span<const Array> in, Array& out, const Host& host) {
  const Array a = contiguous(in[0]);
  each_matrix(a, Part::whole, large, host, [&]<class T>(std::size_t at, const auto& by) {
    const auto lu = lu_of(matrix_of<T>(a, at, by), by);
    long double product = lu.odd ? -1 : 1;  // its exponents have room for those that others make up for
    for (std::size_t i = 0; i < lu.m.rows; ++i) product *= lu.m[i][i];
    mutable_data_as<T>(out)[at] = narrowed<T>(product);
  });
}

void run_slogdet(const Node&, std::span<const Array> in, Array& out, const Host& host) {
  const Array a = contiguous(in[0]);
  each_matrix(a, Part::whole, large, host, [&]<class T>(std::size_t at, const auto& by) {
    const auto lu = lu_of(matrix_of<T>(a, at, by), by);
    using W = std::remove_cvref_t<decltype(lu.m[0][0])>;
    W sign = lu.odd ? -1 : 1, log = 0;
    for (std::size_t i = 0; i < lu.m.rows; ++i) {
      const W pivot = lu.m[i][i];
      log += std::log(std::fabs(pivot));
      sign = pivot < 0 ? -sign : pivot == 0 ? 0 : pivot > 0 ? sign : pivot;  // NaN stays
    }
    mutable_data_as<T>(out)[2 * at] = narrowed<T>(sign);
    mutable_data_as<T>(out)[2 * at + 1] = narrowed<T>(log);
  });
}

// ---- gradients
/// Murray, "Differentiation of the Cholesky decomposition" (2016), for a function that reads the lower triangle.
Gradients cholesky_pullback(const At& at) {
  const Tensor& l = at.y;
  const Tensor lower = tril(matmul(turned(l), tril(at.y_bar)));
  const Tensor half = lower - 0.5 * triu(lower);  // half of the diagonal
  const auto from_left = [&](const Tensor& x) { return linalg::solve_triangular(l, x, true, true); };
  const Tensor s = from_left(turned(from_left(turned(half))));
  const Tensor both = tril(s + turned(s));
  return {both - 0.5 * triu(both)};
}

Gradients solve_pullback(const At& at) {
  const Tensor b_bar = linalg::solve(turned(at.x[0]), at.y_bar);
  return {-matmul(b_bar, turned(at.y)), b_bar};
}

Gradients solve_triangular_pullback(const At& at) {
  const bool lower = at.params.flag("lower"), transposed = at.params.flag("transposed");
  const Tensor b_bar = linalg::solve_triangular(at.x[0], at.y_bar, lower, !transposed);
  const Tensor a_bar = transposed ? -matmul(at.y, turned(b_bar)) : -matmul(b_bar, turned(at.y));
  return {lower ? tril(a_bar) : triu(a_bar), b_bar};
}

Gradients det_pullback(const At& at) {
  return {(at.y_bar * at.y)(ellipsis, newaxis, newaxis) * turned(linalg::inv(at.x[0]))};
}
Gradients slogdet_pullback(const At& at) {
  return {at.y_bar(ellipsis, 1)(ellipsis, newaxis, newaxis) * turned(linalg::inv(at.x[0]))};
}

// ---- samples
/// Single elements: no interval makes a larger one positive definite. (Larger ones: tests/gradient.)
std::vector<Sample> cholesky_samples() {
  return {{{{float64, {1, 1}}}, {}, {{1, 4}}},
          {{{float32, {3, 1, 1}}}, {}, {{1, 4}}},
          {{{float64, {-1, 1, 1}}}, {}, {{1, 4}}},
          {{{float64, {0, 0}}}, {}}};
}

std::vector<Sample> square_samples() {
  return {{{{float64, {3, 3}}}, {}}, {{{float32, {4, 4}}}, {}},    {{{float64, {2, 2, 2}}}, {}},
          {{{float64, {1, 1}}}, {}}, {{{float64, {0, 0}}}, {}},    {{{float64, {0, 2, 2}}}, {}},
          {{{float16, {2, 2}}}, {}}, {{{float64, {-1, 3, 3}}}, {}}};
}

std::vector<Sample> solve_samples() {
  return {{{{float64, {3, 3}}, {float64, {3, 2}}}, {}},
          {{{float32, {4, 4}}, {float32, {4, 1}}}, {}},
          {{{float64, {2, 2, 2}}, {float64, {2, 2, 3}}}, {}},
          {{{float64, {0, 0}}, {float64, {0, 2}}}, {}}};
}

std::vector<Sample> triangular_samples() {
  std::vector<Sample> s;
  for (const bool lower : {false, true})
    for (const bool transposed : {false, true})
      for (Sample one : solve_samples()) {
        one.params = {{"lower", lower}, {"transposed", transposed}};
        one.intervals = {{1, 4}, {-4, 4}};
        s.push_back(std::move(one));
      }
  return s;
}

}  // namespace

void need_square(const TypeAt& t) {
  const Shape& s = t.shapes[0];
  const std::size_t n = s.size();
  if (n < 2 || (s[n - 2] != s[n - 1] && s[n - 2] >= 0 && s[n - 1] >= 0))
    fail_at<ShapeError>(t.where, "{}: a square matrix is needed, {} is {}", t.name(), formula(t.x[0]),
                        text(Type{t.dtype(0), s}));
}

constinit const Op cholesky{.name = "cholesky",
                            .doc = "The lower triangle L with L L^T = a (NumPy's linalg.cholesky).",
                            .type = matrix_type,
                            .meaning = HostCall{.run = run_cholesky, .leading = HostCall::Leading::of_stack},
                            .pullback = cholesky_pullback,
                            .samples = cholesky_samples};

constinit const Op solve{.name = "solve",
                         .doc = "x with a x = b (NumPy's linalg.solve).",
                         .arity = 2,
                         .type = solve_type,
                         .meaning = HostCall{.run = run_solve, .leading = HostCall::Leading::of_stack},
                         .pullback = solve_pullback,
                         .samples = solve_samples};

constinit const Op solve_triangular{
    .name = "solve_triangular",
    .doc = "x with a x = b for one triangle of a (SciPy's solve_triangular).",
    .arity = 2,
    .type = solve_type,
    .meaning = HostCall{.run = run_solve_triangular, .leading = HostCall::Leading::of_stack},
    .pullback = solve_triangular_pullback,
    .samples = triangular_samples};

constinit const Op det{.name = "det",
                       .doc = "The determinant (NumPy's linalg.det).",
                       .type = det_type,
                       .meaning = HostCall{.run = run_det, .leading = HostCall::Leading::of_stack},
                       .pullback = det_pullback,
                       .samples = square_samples};

constinit const Op slogdet{.name = "slogdet",
                           .doc = "The sign of the determinant and the logarithm of its size (NumPy's linalg.slogdet).",
                           .type = slogdet_type,
                           .meaning = HostCall{.run = run_slogdet, .leading = HostCall::Leading::of_stack},
                           .pullback = slogdet_pullback,
                           .samples = square_samples};

Family linalg_ops() {
  static constexpr const Op* list[] = {&cholesky, &solve, &solve_triangular, &det, &slogdet};
  return list;
}

}  // namespace croton::ops
