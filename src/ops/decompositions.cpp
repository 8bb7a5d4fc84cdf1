// Singular values and eigenvalues, on the host: of small matrices in the next wider type by Jacobi's rotations (Golub
// and Van Loan, Matrix Computations, 8.5 and 8.6.3), simple and as accurate as the type allows; of large ones by a
// LAPACK (lapack.h). Of a matrix with NaN or an infinity all is NaN.
#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

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
constexpr Index large = 16;      // measured: the library takes 20 us, rotations 180
constexpr int most_sweeps = 60;  // convergence is quadratic: a dozen are many

Type svd_type(const TypeAt& t) {
  Shape s = t.shapes[0];
  if (s.size() < 2)
    fail_at<ShapeError>(t.where, "{}: a matrix is needed, {} is {}", t.name(), formula(t.x[0]),
                        text(Type{t.dtype(0), s}));
  Index &m = s[s.size() - 2], &n = s[s.size() - 1];
  const Index rows = m < 0 || n < 0 ? -1 : m + 1 + n, r = m < 0 || n < 0 ? -1 : std::min(m, n);
  m = rows, n = r;
  return {t.dtype(0), s};
}

Type eigh_type(const TypeAt& t) {
  need_square(t);
  Shape s = t.shapes[0];
  Index& rows = s[s.size() - 2];
  if (rows >= 0) ++rows;
  return {t.dtype(0), s};
}

/// The rotation that makes two columns (or the rows and columns of a symmetric matrix) orthogonal, given the squares of
/// their lengths and their product.
template <class W>
struct Rotation {
  W c, s;
  Rotation(W first, W second, W both) {
    const W zeta = (second - first) / (2 * both);
    const W t = (zeta < 0 ? -1 : 1) / (std::fabs(zeta) + std::sqrt(1 + zeta * zeta));
    c = 1 / std::sqrt(1 + t * t);
    s = c * t;
  }
  void turn(W& p, W& q) const {
    const W old = p;
    p = c * old - s * q;
    q = s * old + c * q;
  }
};

template <class W>
W product(const W* a, const W* b, std::size_t n) {
  return std::inner_product(a, a + n, b, W{0});
}

template <class W>
Matrix<W> identity(std::size_t n) {
  Matrix<W> m(n, n);
  for (std::size_t i = 0; i < n; ++i) m[i][i] = 1;
  return m;
}

template <class W>
Matrix<W> transposed(const Matrix<W>& a) {
  Matrix<W> t(a.columns, a.rows);
  for (std::size_t i = 0; i < a.rows; ++i)
    for (std::size_t j = 0; j < a.columns; ++j) t[j][i] = a[i][j];
  return t;
}

/// Indices that put values in order, NaN last.
template <class W, class Before>
std::vector<std::size_t> ordered(const std::vector<W>& values, Before before) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::isnan(values[b]) ? !std::isnan(values[a]) : before(values[a], values[b]);
  });
  return order;
}

/// Of a matrix that is no lower than wide: rows of u and v are the vectors.
template <class W>
struct Svd {
  Matrix<W> u, v;
  std::vector<W> s;

  explicit Svd(const Matrix<W>& a) : u(transposed(a)), v(identity<W>(a.columns)) {
    for (int sweep = 0; sweep < most_sweeps && rotated(); ++sweep) {}
    std::vector<W> lengths;
    for (std::size_t i = 0; i < u.rows; ++i) lengths.push_back(std::sqrt(product(u[i], u[i], u.columns)));
    const Matrix<W> columns = u, turns = v;
    const std::vector<std::size_t> order = ordered(lengths, std::greater<>());
    for (std::size_t i = 0; i < order.size(); ++i) {
      s.push_back(lengths[order[i]]);
      std::copy_n(turns[order[i]], v.columns, v[i]);
      for (std::size_t j = 0; j < u.columns; ++j) u[i][j] = columns[order[i]][j] / s[i];
      if (s[i] == 0) complete(i);
    }
  }

 private:
  bool rotated() {
    bool any = false;
    for (std::size_t p = 0; p < u.rows; ++p)
      for (std::size_t q = p + 1; q < u.rows; ++q) {
        const W first = product(u[p], u[p], u.columns), second = product(u[q], u[q], u.columns),
                both = product(u[p], u[q], u.columns);
        if (!(std::fabs(both) > std::numeric_limits<W>::epsilon() * std::sqrt(first) * std::sqrt(second))) continue;
        any = true;
        const Rotation<W> r(first, second, both);
        for (std::size_t j = 0; j < u.columns; ++j) r.turn(u[p][j], u[q][j]);
        for (std::size_t j = 0; j < v.columns; ++j) r.turn(v[p][j], v[q][j]);
      }
    return any;
  }
  /// A vector of length 1 that is orthogonal to those before it: what is left of the axis that has most left, which is
  /// a share of 1 / columns at least.
  void complete(std::size_t i) {
    for (std::size_t axis = 0; axis < u.columns; ++axis) {
      std::fill_n(u[i], u.columns, W{0});
      u[i][axis] = 1;
      for (int twice = 0; twice < 2; ++twice)
        for (std::size_t k = 0; k < i; ++k) {
          const W along = product(u[k], u[i], u.columns);
          for (std::size_t j = 0; j < u.columns; ++j) u[i][j] -= along * u[k][j];
        }
      const W left = product(u[i], u[i], u.columns);
      if (left * 2 * static_cast<W>(u.columns) < 1) continue;
      for (std::size_t j = 0; j < u.columns; ++j) u[i][j] /= std::sqrt(left);
      return;
    }
  }
};

template <class W>
Matrix<W> singular(const Matrix<W>& m, const Ours&) {
  const bool wide = m.rows < m.columns;
  Svd<W> d(wide ? transposed(m) : m);
  if (wide) std::swap(d.u, d.v);
  Matrix<W> all(m.rows + 1 + m.columns, d.s.size());
  for (std::size_t k = 0; k < d.s.size(); ++k) {
    for (std::size_t i = 0; i < m.rows; ++i) all[i][k] = d.u[k][i];
    all[m.rows][k] = d.s[k];
    for (std::size_t j = 0; j < m.columns; ++j) all[m.rows + 1 + j][k] = d.v[k][j];
  }
  return all;
}

Matrix<double> singular(const Matrix<double>& m, const Library& l) {
  std::optional<Matrix<double>> all = converged_singular(m, l);
  return all ? *std::move(all) : singular(m, Ours());
}

template <class T>
void fill_with_nan(T* elements, std::size_t n) {
  std::fill_n(elements, n, narrowed<T>(std::nan("")));
}

void run_svd(const Node&, std::span<const Array> in, Array& out, const Host& host) {
  const Array a = contiguous(in[0]);
  each_matrix(a, Part::whole, large, host, [&]<class T>(std::size_t at, const auto& by) {
    const auto m = matrix_of<T>(a, at, by);
    T* const to = mutable_data_as<T>(out);
    if (!finite(m.elements.data(), m.rows, m.columns, Part::whole)) {
      const std::size_t size = (m.rows + 1 + m.columns) * std::min(m.rows, m.columns);
      return fill_with_nan(to + at * size, size);
    }
    put(singular(m, by), to, at);
  });
}

/// Of a symmetric matrix, of which the lower triangle is read: rows of v are the vectors.
template <class W>
struct Eigh {
  Matrix<W> a, v;

  explicit Eigh(Matrix<W> given) : a(std::move(given)), v(identity<W>(a.rows)) {
    for (std::size_t i = 0; i < a.rows; ++i)
      for (std::size_t j = 0; j < i; ++j) a[j][i] = a[i][j];
    size_ = std::sqrt(product(a[0], a[0], a.elements.size()));
    for (int sweep = 0; sweep < most_sweeps && rotated(); ++sweep) {}
  }

 private:
  bool rotated() {
    bool any = false;
    for (std::size_t p = 0; p < a.rows; ++p)
      for (std::size_t q = p + 1; q < a.rows; ++q) {
        if (!(std::fabs(a[p][q]) > std::numeric_limits<W>::epsilon() * size_)) continue;
        any = true;
        const Rotation<W> r(a[p][p], a[q][q], a[p][q]);
        for (std::size_t i = 0; i < a.rows; ++i) r.turn(a[i][p], a[i][q]);
        for (std::size_t i = 0; i < a.rows; ++i) r.turn(a[p][i], a[q][i]);
        for (std::size_t i = 0; i < a.rows; ++i) r.turn(v[p][i], v[q][i]);
      }
    return any;
  }
  W size_;
};

/// A row of the eigenvalues in rising order, and below it the vectors as columns.
template <class W>
Matrix<W> stacked(const std::vector<W>& values, const Matrix<W>& vectors, const std::vector<std::size_t>& order) {
  Matrix<W> all(order.size() + 1, order.size());
  for (std::size_t k = 0; k < order.size(); ++k) {
    all[0][k] = values[order[k]];
    for (std::size_t i = 0; i < order.size(); ++i) all[i + 1][k] = vectors[order[k]][i];
  }
  return all;
}

template <class W>
Matrix<W> eigen(const Matrix<W>& a, const Ours&) {
  const Eigh<W> e(a);
  std::vector<W> values;
  for (std::size_t i = 0; i < e.a.rows; ++i) values.push_back(e.a[i][i]);
  return stacked(values, e.v, ordered(values, std::less<>()));
}

Matrix<double> eigen(const Matrix<double>& a, const Library& l) {
  const auto found = converged_eigen(a, l);
  return found ? stacked(found->first, found->second, ordered(found->first, std::less<>())) : eigen(a, Ours());
}

void run_eigh(const Node&, std::span<const Array> in, Array& out, const Host& host) {
  const Array a = contiguous(in[0]);
  each_matrix(a, Part::lower, large, host, [&]<class T>(std::size_t at, const auto& by) {
    const auto m = matrix_of<T>(a, at, by);
    T* const to = mutable_data_as<T>(out);
    const std::size_t size = (m.rows + 1) * m.rows;
    if (!finite(m.elements.data(), m.rows, m.rows, Part::lower)) return fill_with_nan(to + at * size, size);
    put(eigen(m, by), to, at);
  });
}

// ---- gradients
Tensor rows(const Tensor& y, const Bound& from, const Bound& to) { return y(ellipsis, croton::slice(from, to), every); }

/// 1 / (values[j] - values[i]) at [i, j], 0 on the diagonal and wherever two are equal.
Tensor inverse_differences(const Tensor& values) {
  const Tensor d = values(ellipsis, newaxis, every) - values(ellipsis, every, newaxis), same = d == 0;
  return where(same, 0, 1 / where(same, 1, d));
}

/// Townsend, "Differentiating the singular value decomposition" (2016). Where two values are equal, or one is 0,
/// vectors have no derivative, and that part is 0.
Gradients svd_pullback(const At& at) {
  const Tensor m = at.x[0].shape(at.x[0].ndim() - 2);
  const auto parts = [&](const Tensor& y) {
    return std::array{rows(y, none, m), y(ellipsis, m, every), rows(y, m + 1, none)};
  };
  const auto [u, s, v] = parts(at.y);
  const auto [u_bar, s_bar, v_bar] = parts(at.y_bar);
  const Tensor row = s(ellipsis, newaxis, every), column = s(ellipsis, every, newaxis);
  const Tensor inverse = where(row == 0, 0, 1 / where(row == 0, 1, row)), f = inverse_differences(croton::square(s));
  const Tensor of_u = matmul(turned(u), u_bar), of_v = matmul(turned(v), v_bar);
  const Tensor r = eye({s.shape(-1)}, 0, s.dtype());
  const Tensor inner =
      f * (of_u - turned(of_u)) * row + column * f * (of_v - turned(of_v)) + s_bar(ellipsis, newaxis, every) * r;
  const Tensor u_rest = (u_bar - matmul(u, of_u)) * inverse, v_rest = (v_bar - matmul(v, of_v)) * inverse;
  return {matmul(matmul(u, inner) + u_rest, turned(v)) + matmul(u, turned(v_rest))};
}

Gradients eigh_pullback(const At& at) {
  const Tensor w = at.y(ellipsis, 0, every), v = rows(at.y, 1, none);
  const Tensor w_bar = at.y_bar(ellipsis, 0, every), v_bar = rows(at.y_bar, 1, none);
  const Tensor r = eye({w.shape(-1)}, 0, w.dtype());
  const Tensor inner = inverse_differences(w) * matmul(turned(v), v_bar) + w_bar(ellipsis, newaxis, every) * r;
  const Tensor whole = matmul(matmul(v, inner), turned(v));
  const Tensor both = tril(whole + turned(whole));  // of the triangle that is read
  return {both - 0.5 * triu(both)};
}

std::vector<Sample> svd_samples() {
  return {{{{float64, {3, 3}}}, {}},    {{{float64, {4, 2}}}, {}}, {{{float64, {2, 3}}}, {}}, {{{float32, {4, 3}}}, {}},
          {{{float64, {2, 2, 3}}}, {}}, {{{float64, {3, 0}}}, {}}, {{{float64, {1, 1}}}, {}}};
}
std::vector<Sample> eigh_samples() {
  return {{{{float64, {3, 3}}}, {}},
          {{{float32, {4, 4}}}, {}},
          {{{float64, {2, 2, 2}}}, {}},
          {{{float64, {0, 0}}}, {}},
          {{{float64, {1, 1}}}, {}}};
}

}  // namespace

Tensor turned(const Tensor& x) {
  std::vector<Index> order = counting(x.ndim());
  std::swap(order[order.size() - 1], order[order.size() - 2]);
  return permuted(x, std::move(order), Where::here());
}

constinit const Op svd{.name = "svd",
                       .doc = "u, the singular values in falling order, and v, below each other (NumPy's linalg.svd).",
                       .type = svd_type,
                       .meaning = HostCall{.run = run_svd, .leading = HostCall::Leading::of_stack},
                       .pullback = svd_pullback,
                       .samples = svd_samples};

constinit const Op eigh{.name = "eigh",
                        .doc =
                            "The eigenvalues of a symmetric matrix in rising order, and below them the eigenvectors as "
                            "columns (NumPy's linalg.eigh).",
                        .type = eigh_type,
                        .meaning = HostCall{.run = run_eigh, .leading = HostCall::Leading::of_stack},
                        .pullback = eigh_pullback,
                        .samples = eigh_samples};

Family decomposition_ops() {
  static constexpr const Op* list[] = {&svd, &eigh};
  return list;
}

}  // namespace croton::ops
