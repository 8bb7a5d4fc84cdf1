// Linear algebra for users, made of the ops of linalg.cpp: dtypes, vectors and batches are brought together here.
#include <algorithm>
#include <cmath>

#include "base/dtype.h"
#include "base/error.h"
#include "croton/linalg.h"
#include "croton/numpy.h"
#include "graph/walk.h"
#include "ops/broadcasting.h"
#include "ops/extents.h"
#include "ops/linalg.h"
#include "ops/pointwise.h"

namespace croton::linalg {
namespace {

Tensor floating(std::string_view name, const Operand& of, Where w) {
  const Tensor x = of.get();
  refuse_empty(name, {&x, 1}, w);
  return ops::converted(x, to_floating(x.dtype()), w);
}

Tensor matrix_given(std::string_view name, const Operand& of, Where w) {
  const Tensor x = of.get();
  refuse_empty(name, {&x, 1}, w);
  if (x.ndim() < 2)
    fail_at<ShapeError>(w, "{}: a matrix is needed, {} is {}", ambient(name), formula(x), text(type(x)));
  return ops::converted(x, to_floating(x.dtype()), w);
}

/// The distance from 1 to the next number.
double rounding(DType d) { return d == float64 ? 0x1p-52 : d == float32 ? 0x1p-23 : d == float16 ? 0x1p-10 : 0x1p-7; }

/// op(a, b) where b may be a vector, and leading axes broadcast.
Tensor solved(const Op& op, Params params, const Operand& left, const Operand& right, Where w) {
  const Tensor a = matrix_given(op.name, left, w), given = right.get();
  refuse_empty(op.name, {&given, 1}, w);
  if (given.ndim() == 0)
    fail_at<ShapeError>(w, "{}: {} is a scalar; the right side is a vector or a matrix", ambient(op.name),
                        formula(given));
  const Tensor both[] = {a, given};
  const DType d = to_floating(ops::common_dtype(op.name, both, w));
  const bool vector = given.ndim() == 1;
  const Tensor b = vector ? expand_dims(given, 1, w) : given;
  const int batch = std::max(a.ndim(), b.ndim()) - 2;
  const Tensor x = apply(
      op, std::move(params),
      {ops::with_batch(ops::converted(a, d, w), b, batch, w), ops::with_batch(ops::converted(b, d, w), a, batch, w)},
      w);
  return vector ? squeeze(x, x.ndim() - 1, w) : x;
}

/// 0, 1, ... for each column; a ShapeError, when it runs, unless there are as many rows.
Tensor numbers_of_square(const Tensor& a, Where w) {
  return minimum(arange(ops::extent(a, a.ndim() - 2, w), w), arange(ops::extent(a, a.ndim() - 1, w), w), w);
}

/// The identity of a's rows and dtype.
Tensor identity_of(const Tensor& a, Where w) { return eye({ops::extent(a, a.ndim() - 1, w)}, 0, a.dtype(), w); }

}  // namespace

Tensor cholesky(const Operand& a, Where w) {
  const WhereScope scope(w);
  return apply(ops::cholesky, {}, {matrix_given("cholesky", a, w)}, w);
}

Tensor solve(const Operand& a, const Operand& b, Where w) {
  const WhereScope scope(w);
  return solved(ops::solve, {}, a, b, w);
}

Tensor solve_triangular(const Operand& a, const Operand& b, bool lower, bool transposed, Where w) {
  const WhereScope scope(w);
  return solved(ops::solve_triangular, {{"lower", lower}, {"transposed", transposed}}, a, b, w);
}

Tensor inv(const Operand& of, Where w) {
  const WhereScope scope(w);
  const Tensor a = matrix_given("inv", of, w);
  return solve(a, identity_of(a, w), w);
}

Tensor det(const Operand& a, Where w) {
  const WhereScope scope(w);
  return apply(ops::det, {}, {matrix_given("det", a, w)}, w);
}

SignAndLogDet slogdet(const Operand& a, Where w) {
  const WhereScope scope(w);
  const Tensor both = apply(ops::slogdet, {}, {matrix_given("slogdet", a, w)}, w);
  return {both(ellipsis, 0), both(ellipsis, 1)};
}

Tensor matrix_power(const Operand& of, int n, Where w) {
  const WhereScope scope(w);
  Tensor square = matrix_given("matrix_power", of, w);
  const Index rows = type(square).shape[static_cast<std::size_t>(square.ndim() - 2)],
              columns = type(square).shape.back();
  if (rows >= 0 && columns >= 0 && rows != columns)
    fail_at<ShapeError>(w, "matrix_power: {} is {}; a square matrix is needed", formula(square), text(type(square)));
  if (n < 0) square = inv(square, w);
  Tensor power;
  for (unsigned left = n < 0 ? 0u - static_cast<unsigned>(n) : static_cast<unsigned>(n); left != 0; left /= 2) {
    if (left % 2 != 0) power = power.node() ? matmul(power, square, w) : square;
    if (left > 1) square = matmul(square, square, w);
  }
  if (n != 0 && n != 1) return power;
  const Tensor numbers = numbers_of_square(square, w);  // no product asks for as many rows as columns
  if (n == 1) return rows == columns && rows >= 0 ? power : power * cast(numbers >= 0, square.dtype(), w);
  const Tensor identity = cast(numbers(all, newaxis) == numbers, square.dtype(), w);
  return ops::broadcast_like(ops::with_rank(identity, square.ndim(), w), square, w);
}

SingularValues svd(const Operand& of, Where w) {
  const WhereScope scope(w);
  const Tensor a = matrix_given("svd", of, w), all_of = apply(ops::svd, {}, {a}, w);
  const Tensor m = ops::extent(a, a.ndim() - 2, w);
  return {all_of(ellipsis, slice(m), all), all_of(ellipsis, m, all),
          ops::turned(all_of(ellipsis, slice(m + 1, none), all))};
}

Eigenvalues eigh(const Operand& of, Where w) {
  const WhereScope scope(w);
  const Tensor both = apply(ops::eigh, {}, {matrix_given("eigh", of, w)}, w);
  return {both(ellipsis, 0, all), both(ellipsis, slice(1, none), all)};
}

OrthogonalFactor qr(const Operand& of, Where w) {
  const WhereScope scope(w);
  const Tensor a = matrix_given("qr", of, w), both = apply(ops::qr, {}, {a}, w);
  const Index rows = type(a).shape[static_cast<std::size_t>(a.ndim() - 2)], columns = type(a).shape.back();
  const Tensor m = ops::extent(a, a.ndim() - 2, w), k = rows >= 0 && columns >= 0
                                                            ? ops::integer(std::min(rows, columns), w)
                                                            : minimum(m, ops::extent(a, a.ndim() - 1, w), w);
  return {both(ellipsis, slice(m), slice(k)), both(ellipsis, slice(m, none), all)};
}

Tensor expm(const Operand& a, Where w) {
  const WhereScope scope(w);
  return apply(ops::expm, {}, {matrix_given("expm", a, w)}, w);
}

Tensor pinv(const Operand& of, Where w) {
  const WhereScope scope(w);
  const Tensor a = matrix_given("pinv", of, w);
  const auto [u, s, vt] = svd(a, w);
  const Tensor larger = maximum(ops::extent(a, a.ndim() - 2, w), ops::extent(a, a.ndim() - 1, w), w);
  const Tensor largest = sum(s(ellipsis, slice(1)), -1, keepdims, w);  // none where there are no columns
  const Tensor counts = s > largest * (cast(larger, a.dtype(), w) * rounding(a.dtype()));
  const Tensor inverse = where(counts, 1 / where(counts, s, 1, w), 0, w);
  return matmul(ops::turned(vt) * inverse(ellipsis, newaxis, all), ops::turned(u), w);
}

Tensor lstsq(const Operand& a, const Operand& b, Where w) {
  const WhereScope scope(w);
  return matmul(pinv(a, w), b.get(), w);
}

Tensor norm(const Operand& of, const Axes& axes, Where w) {
  const WhereScope scope(w);
  return sqrt(sum(square(floating("norm", of, w), w), axes, w), w);
}

Tensor vector_norm(const Operand& of, double order, const Axes& axes, Where w) {
  const WhereScope scope(w);
  const Tensor x = floating("vector_norm", of, w);
  if (order == 2) return norm(x, axes, w);
  if (order == 0) return cast(sum(x != 0, axes, w), x.dtype(), w);
  const Tensor size = abs(x, w);
  if (std::isinf(order)) return order > 0 ? max(size, axes, w) : min(size, axes, w);
  if (order == 1) return sum(size, axes, w);
  const Tensor total = sum(pow(size, order, w), axes, w), none = total == 0;  // the root has no gradient at 0
  return where(none, 0, pow(where(none, 1, total, w), 1 / order, w), w);
}

Tensor matrix_norm(const Operand& of, double order, Where w) {
  const WhereScope scope(w);
  const Tensor a = matrix_given("matrix_norm", of, w);
  const double kind = std::fabs(order);
  if (kind != 1 && kind != 2 && !std::isinf(kind))
    fail_at<ShapeError>(w, "matrix_norm: order {}; it is 1, 2, infinity, or the negative of one", order);
  const Tensor values = kind == 2 ? svd(a, w).s : sum(abs(a, w), kind == 1 ? -2 : -1, w);
  return order > 0 ? max(values, -1, w) : min(values, -1, w);
}

Tensor nuclear_norm(const Operand& a, Where w) {
  const WhereScope scope(w);
  return sum(svd(matrix_given("nuclear_norm", a, w), w).s, -1, w);
}

}  // namespace croton::linalg
