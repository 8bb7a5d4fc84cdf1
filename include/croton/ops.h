// The free functions that build graphs. Shapes broadcast as in NumPy, but an axis broadcasts only where its extent is 1 in the
// type. Floats keep their dtype; integers become floatX where the result is not an integer.
//
// Functions beyond those that programs are promised take an Operand, to which a Tensor converts, where the others take a
// Tensor: a program's own softplus(const Tensor&) is then preferred, not ambiguous.
#pragma once
#include "croton/tensor.h"

namespace croton {

// ---- each element
Tensor exp(const Tensor&, Where = Where::here());
Tensor exp2(const Operand&, Where = Where::here());
Tensor expm1(const Operand&, Where = Where::here());
Tensor log(const Tensor&, Where = Where::here());
Tensor log2(const Operand&, Where = Where::here());
Tensor log10(const Operand&, Where = Where::here());
Tensor log1p(const Tensor&, Where = Where::here());
Tensor tanh(const Tensor&, Where = Where::here());
Tensor sigmoid(const Tensor&, Where = Where::here());
Tensor softplus(const Operand&, Where = Where::here());  ///< log(1 + exp(x)), finite for every finite x
Tensor relu(const Tensor&, Where = Where::here());      ///< maximum(x, 0); its gradient at 0 is 0
Tensor sqrt(const Tensor&, Where = Where::here());
Tensor rsqrt(const Operand&, Where = Where::here());
Tensor square(const Tensor&, Where = Where::here());
Tensor sqr(const Tensor&, Where = Where::here());  ///< Theano's name of square
Tensor reciprocal(const Operand&, Where = Where::here());
Tensor abs(const Tensor&, Where = Where::here());
Tensor sign(const Operand&, Where = Where::here());
Tensor sin(const Tensor&, Where = Where::here());
Tensor cos(const Tensor&, Where = Where::here());
Tensor tan(const Operand&, Where = Where::here());
Tensor arcsin(const Operand&, Where = Where::here());
Tensor arccos(const Operand&, Where = Where::here());
Tensor arctan(const Operand&, Where = Where::here());
Tensor sinh(const Operand&, Where = Where::here());
Tensor cosh(const Operand&, Where = Where::here());
Tensor arcsinh(const Operand&, Where = Where::here());
Tensor arccosh(const Operand&, Where = Where::here());
Tensor arctanh(const Operand&, Where = Where::here());
Tensor cbrt(const Operand&, Where = Where::here());
Tensor erf(const Operand&, Where = Where::here());
Tensor erfc(const Operand&, Where = Where::here());
Tensor erfinv(const Operand&, Where = Where::here());
Tensor gammaln(const Operand&, Where = Where::here());  ///< log of |gamma(x)|
Tensor digamma(const Operand&, Where = Where::here());  ///< the derivative of gammaln; it has no gradient itself
Tensor silu(const Operand&, Where = Where::here());     ///< x * sigmoid(x)
Tensor gelu(const Operand&, Where = Where::here());     ///< x times the normal distribution function at x
Tensor floor(const Tensor&, Where = Where::here());
Tensor ceil(const Operand&, Where = Where::here());
Tensor trunc(const Operand&, Where = Where::here());
Tensor round(const Tensor&, Where = Where::here());  ///< half to even, as NumPy
Tensor isnan(const Tensor&, Where = Where::here());
Tensor isinf(const Operand&, Where = Where::here());
Tensor isfinite(const Operand&, Where = Where::here());
Tensor logical_not(const Operand&, Where = Where::here());
Tensor logical_and(const Operand&, const Operand&, Where = Where::here());
Tensor logical_or(const Operand&, const Operand&, Where = Where::here());
Tensor logical_xor(const Operand&, const Operand&, Where = Where::here());
Tensor pow(const Operand&, const Operand&, Where = Where::here());
Tensor floor_divide(const Operand&, const Operand&, Where = Where::here());
Tensor left_shift(const Operand&, const Operand&, Where = Where::here());
Tensor right_shift(const Operand&, const Operand&, Where = Where::here());
Tensor arctan2(const Operand&, const Operand&, Where = Where::here());
Tensor hypot(const Operand&, const Operand&, Where = Where::here());  ///< sqrt(a * a + b * b); its gradient at 0 is 0
Tensor copysign(const Operand&, const Operand&, Where = Where::here());
Tensor maximum(const Operand&, const Operand&, Where = Where::here());  ///< NaN wins; ties share the gradient
Tensor minimum(const Operand&, const Operand&, Where = Where::here());
Tensor where(const Tensor& condition, const Operand& yes, const Operand& no, Where = Where::here());
Tensor clip(const Tensor&, const Operand& low, const Operand& high, Where = Where::here());
Tensor cast(const Tensor&, DType, Where = Where::here());

// ---- reductions: over all axes, over the axes given, with `keepdims` the reduced axes stay as 1
// (A place alone is taken by a template: a braced list of axes must not be read as a Where.)
#define CROTON_REDUCTION(f, X)                                      \
  Tensor f(const X&, const Axes& = Axes(), Where = Where::here());  \
  Tensor f(const X&, const Axes&, KeepDims, Where = Where::here()); \
  Tensor f(const X&, KeepDims, Where = Where::here());              \
  template <std::same_as<Where> W>                                  \
  Tensor f(const X& x, W where) {                                   \
    return f(x, Axes(), where);                                     \
  }
CROTON_REDUCTION(sum, Tensor)
CROTON_REDUCTION(mean, Tensor)
CROTON_REDUCTION(prod, Tensor)
CROTON_REDUCTION(max, Tensor)
CROTON_REDUCTION(min, Tensor)
CROTON_REDUCTION(any, Tensor)
CROTON_REDUCTION(argmax, Tensor)  // int64; the smallest index among ties; over all axes: into the flattened tensor
CROTON_REDUCTION(argmin, Tensor)
CROTON_REDUCTION(var, Tensor)  // of the population (ddof = 0), two passes
CROTON_REDUCTION(stddev, Operand)
CROTON_REDUCTION(median, Operand)  // of an even number the mean of the middle two; NaN where there is one, and of nothing
CROTON_REDUCTION(logsumexp, Tensor)
#undef CROTON_REDUCTION
/// max reduces axes; the elementwise maximum is maximum(a, b).
template <class T>
  requires std::derived_from<T, Expr> || std::floating_point<T>
Tensor max(const Tensor&, const T&) {
  static_assert(!sizeof(T), "max reduces axes; the elementwise maximum is maximum(a, b)");
  return {};
}
/// min reduces axes; the elementwise minimum is minimum(a, b).
template <class T>
  requires std::derived_from<T, Expr> || std::floating_point<T>
Tensor min(const Tensor&, const T&) {
  static_assert(!sizeof(T), "min reduces axes; the elementwise minimum is minimum(a, b)");
  return {};
}

// ---- products
/// NumPy's dot: the last axis of a with the second-to-last (or only) axis of b; a scalar multiplies.
Tensor dot(const Tensor& a, const Tensor& b, Where = Where::here());
/// NumPy's matmul: leading axes are a batch and broadcast; scalars are refused.
Tensor matmul(const Tensor& a, const Tensor& b, Where = Where::here());
Tensor outer(const Operand& a, const Operand& b, Where = Where::here());
Tensor tensordot(const Operand& a, const Operand& b, const std::vector<int>& axes_a, const std::vector<int>& axes_b,
                 Where = Where::here());

// ---- shapes
Tensor reshape(const Tensor&, const Dims&, Where = Where::here());  ///< one extent may be -1
Tensor flatten(const Operand&, Where = Where::here());
Tensor transpose(const Tensor&, const Extents& axes = {}, Where = Where::here());  ///< without axes: reversed
Tensor dimshuffle(const Operand&, const std::vector<int>& axes, Where = Where::here());  ///< Theano's; -1 is a new axis
Tensor expand_dims(const Operand&, int axis, Where = Where::here());
Tensor squeeze(const Operand&, int axis, Where = Where::here());
Tensor flip(const Operand&, int axis, Where = Where::here());
Tensor broadcast_to(const Operand&, const Dims&, Where = Where::here());
/// States that an axis has extent 1, so that it broadcasts; another extent when it runs is a ShapeError.
Tensor broadcastable(const Operand&, int axis, Where = Where::here());
Tensor concatenate(const Tensors&, int axis = 0, Where = Where::here());
Tensor stack(const Tensors&, int axis = 0, Where = Where::here());
Tensor zeros(const Dims&, DType = floatX(), Where = Where::here());
Tensor ones(const Dims&, DType = floatX(), Where = Where::here());
Tensor full(const Dims&, const Operand& value, Where = Where::here());
Tensor zeros_like(const Tensor&, Where = Where::here());
Tensor ones_like(const Tensor&, Where = Where::here());
/// 0, 1, ..., n - 1 as int64.
Tensor arange(const Tensor& n, Where = Where::here());
/// start, start + step, ...: ceil((stop - start) / step) numbers, of the dtype that the three agree on (numbers alone: int64
/// or floatX). ShapeError for a step that is the number 0.
Tensor arange(const Operand& start, const Operand& stop, const Operand& step = 1, Where = Where::here());
Tensor set_subtensor(const Tensor& part, const Operand& value, Where = Where::here());
Tensor inc_subtensor(const Tensor& part, const Operand& value, Where = Where::here());
/// Rows of x at the integers of index: x[index] along an axis.
Tensor take(const Operand& x, const Operand& index, int axis = 0, Where = Where::here());

/// all(x, axes) under a name that is no index.
inline Tensor all_of_axes(const Tensor& x, const Axes& a = {}, Where w = Where::here()) { return all(x, a, w); }
inline Tensor all_of_axes(const Tensor& x, const Axes& a, KeepDims k, Where w = Where::here()) { return all(x, a, k, w); }
inline Tensor all_of_axes(const Tensor& x, KeepDims k, Where w = Where::here()) { return all(x, k, w); }

// ---- neural networks
Tensor softmax(const Tensor&, int axis = -1, Where = Where::here());
Tensor log_softmax(const Tensor&, int axis = -1, Where = Where::here());
/// -sum_c target log(p) over the last axis; an integer target vector names the class of each row.
Tensor categorical_crossentropy(const Tensor& p, const Tensor& target, Where = Where::here());
Tensor binary_crossentropy(const Tensor& p, const Tensor& target, Where = Where::here());
/// A new last axis with 1 at the class and 0 elsewhere.
Tensor one_hot(const Tensor& classes, Index count, DType = floatX(), Where = Where::here());

/// Values drawn once from the standard normal distribution, for initial values: shared(normal({2, 1000}) / sqrt(2.f)). Each call
/// is another stream of a counter-based generator (Philox 4x32-10): the same program draws the same numbers everywhere.
Tensor normal(const Dims&, DType = floatX(), Where = Where::here());
/// The same, uniform over [0, 1).
Tensor uniform(const Dims&, DType = floatX(), Where = Where::here());

}  // namespace croton
