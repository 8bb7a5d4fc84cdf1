// An orthogonal matrix and an upper triangle, on the host: of small matrices by Householder's reflections in the next
// wider type (Golub and Van Loan, Matrix Computations, 5.2), of large ones by a LAPACK (lapack.h).
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
#include "ops/linalg.h"
#include "ops/matrix.h"
#include "ops/pointwise.h"

namespace croton::ops {
namespace {

constexpr const All& every = croton::all;
constexpr Index large = 32;

Type qr_type(const TypeAt& t) {
  Shape s = t.shapes[0];
  if (s.size() < 2)
    fail_at<ShapeError>(t.where, "{}: a matrix is needed, {} is {}", t.name(), formula(t.x[0]),
                        text(Type{t.dtype(0), s}));
  Index& m = s[s.size() - 2];
  const Index n = s.back();
  m = m < 0 || n < 0 ? -1 : m + std::min(m, n);
  return {t.dtype(0), s};
}

/// I - factor v v^T for a v whose elements before `first` are 0 and whose next one is 1; the others are in column
/// `first` of a matrix.
template <class W>
struct Reflection {
  std::size_t first = 0;
  W factor = 0;

  /// Of the columns from `from` on of m, where v is in `vectors`, which may be m.
  void apply(const Matrix<W>& vectors, Matrix<W>& m, std::size_t from) const {
    for (std::size_t j = from; j < m.columns; ++j) {
      W along = m[first][j];
      for (std::size_t i = first + 1; i < m.rows; ++i) along += vectors[i][first] * m[i][j];
      m[first][j] -= factor * along;
      for (std::size_t i = first + 1; i < m.rows; ++i) m[i][j] -= factor * along * vectors[i][first];
    }
  }
};

/// The reflection that makes column k of m 0 below the diagonal. v takes the place of those elements.
template <class W>
Reflection<W> reflection(Matrix<W>& m, std::size_t k) {
  W below = 0;
  for (std::size_t i = k + 1; i < m.rows; ++i) below = std::hypot(below, m[i][k]);
  if (below == 0) return {k, 0};
  const W old = m[k][k], length = std::copysign(std::hypot(old, below), -old);
  for (std::size_t i = k + 1; i < m.rows; ++i) m[i][k] /= old - length;
  m[k][k] = length;
  return {k, (length - old) / length};
}

template <class W>
Matrix<W> orthogonal_and_triangle(Matrix<W> a, const Ours&) {
  const std::size_t k = std::min(a.rows, a.columns);
  std::vector<Reflection<W>> reflections;
  for (std::size_t j = 0; j < k; ++j) {
    reflections.push_back(reflection(a, j));
    reflections.back().apply(a, a, j + 1);
  }
  Matrix<W> q(a.rows, k), all(a.rows + k, a.columns);
  for (std::size_t j = 0; j < k; ++j) q[j][j] = 1;
  for (std::size_t j = k; j-- > 0;) reflections[j].apply(a, q, j);
  for (std::size_t i = 0; i < a.rows; ++i) std::copy_n(q[i], k, all[i]);
  for (std::size_t i = 0; i < k; ++i) std::copy(a[i] + i, a[i] + a.columns, all[a.rows + i] + i);
  return all;
}

void run_qr(const Node&, std::span<const Array> in, Array& out, const Host& host) {
  const Array a = contiguous(in[0]);
  each_matrix(a, Part::whole, large, host, [&]<class T>(std::size_t at, const auto& by) {
    put(orthogonal_and_triangle(matrix_of<T>(a, at, by), by), mutable_data_as<T>(out), at);
  });
}

/// Walter, Lehmann and Lamour, "On evaluating higher-order derivatives of the QR decomposition" (2012), for the square
/// part of a and r; columns beyond it are q times r's.
Gradients qr_pullback(const At& at) {
  const Tensor m = at.x[0].shape(-2), k = croton::minimum(m, at.x[0].shape(-1));
  const auto rows = [](const Tensor& t, const Bound& from, const Bound& to) {
    return t(ellipsis, croton::slice(from, to), every);
  };
  const auto first = [&](const Tensor& t) { return t(ellipsis, croton::slice(k)); };
  const auto rest = [&](const Tensor& t) { return t(ellipsis, croton::slice(k, none)); };
  const Tensor q = first(rows(at.y, none, m)), r = rows(at.y, m, none), square = first(r);
  const Tensor r_bar = triu(rows(at.y_bar, m, none));
  const Tensor q_bar = first(rows(at.y_bar, none, m)) + matmul(rest(at.x[0]), turned(rest(r_bar)));
  const Tensor both = tril(matmul(square, turned(first(r_bar))) - matmul(turned(q_bar), q));
  const Tensor symmetric = both + turned(tril(both, -1));
  const Tensor left = q_bar + matmul(q, symmetric);
  const Tensor of_square = turned(linalg::solve_triangular(square, turned(left)));
  return {croton::concatenate({of_square, matmul(q, rest(r_bar))}, -1)};
}

std::vector<Sample> qr_samples() {
  return {{{{float64, {3, 3}}}, {}}, {{{float64, {4, 2}}}, {}},    {{{float64, {2, 3}}}, {}},
          {{{float32, {4, 3}}}, {}}, {{{float64, {2, 2, 3}}}, {}}, {{{float64, {3, 0}}}, {}},
          {{{float64, {1, 1}}}, {}}, {{{float64, {0, 2}}}, {}}};
}

}  // namespace

constinit const Op qr{
    .name = "qr",
    .doc = "q with orthogonal columns, and below it the upper triangle r, q r = a (NumPy's linalg.qr).",
    .type = qr_type,
    .meaning = HostCall{.run = run_qr, .leading = HostCall::Leading::of_stack},
    .pullback = qr_pullback,
    .samples = qr_samples};

Family qr_ops() {
  static constexpr const Op* list[] = {&qr};
  return list;
}

}  // namespace croton::ops
