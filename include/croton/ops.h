// The free functions that build graphs. Shapes broadcast as in NumPy, but an axis broadcasts only where its extent is 1
// in the type. Floats keep their dtype; integers become floatX where the result is not an integer. Every one of them
// throws GraphError for an empty Tensor, IndexError for an axis that there is not (negative ones count from the end),
// and ShapeError for shapes that do not fit: at once where their types say so, else when it runs.
//
// Functions beyond those that programs are promised take an Operand, to which a Tensor converts, where the others take
// a Tensor: a program's own softplus(const Tensor&) is then preferred, not ambiguous.
#pragma once
#include "croton/tensor.h"

namespace croton {

// ---- each element
// Integers and bools become floatX where a function is one of real numbers; where it is one of integers too (abs, sign,
// square, relu, pow, floor_divide), they stay integers, and a bool becomes an int64.
Tensor exp(const Tensor&, Where = Where::here());           ///< e to the power of x
Tensor exp2(const Operand&, Where = Where::here());         ///< 2 to the power of x
Tensor expm1(const Operand&, Where = Where::here());        ///< exp(x) - 1, exact near 0
Tensor log(const Tensor&, Where = Where::here());           ///< to base e; -infinity at 0, NaN below, as the next two
Tensor log2(const Operand&, Where = Where::here());         ///< to base 2
Tensor log10(const Operand&, Where = Where::here());        ///< to base 10
Tensor log1p(const Tensor&, Where = Where::here());         ///< log(1 + x), exact near 0
Tensor tanh(const Tensor&, Where = Where::here());          ///< the hyperbolic tangent
Tensor sigmoid(const Tensor&, Where = Where::here());       ///< 1 / (1 + exp(-x))
Tensor softplus(const Operand&, Where = Where::here());     ///< log(1 + exp(x)), finite for every finite x
Tensor relu(const Tensor&, Where = Where::here());          ///< maximum(x, 0); its gradient at 0 is 0
Tensor sqrt(const Tensor&, Where = Where::here());          ///< NaN below 0; the gradient of sqrt(sum(x * x)) at 0 is 0
Tensor rsqrt(const Operand&, Where = Where::here());        ///< 1 / sqrt(x)
Tensor square(const Tensor&, Where = Where::here());        ///< x * x
Tensor sqr(const Tensor&, Where = Where::here());           ///< Theano's name of square
Tensor reciprocal(const Operand&, Where = Where::here());   ///< 1 / x
Tensor abs(const Tensor&, Where = Where::here());           ///< |x|; its gradient at 0 is 0
Tensor sign(const Operand&, Where = Where::here());         ///< -1, 0 or 1, NaN of NaN; its gradient is 0
Tensor sin(const Tensor&, Where = Where::here());           ///< of radians, as the next two
Tensor cos(const Tensor&, Where = Where::here());           ///< the cosine
Tensor tan(const Operand&, Where = Where::here());          ///< the tangent
Tensor arcsin(const Operand&, Where = Where::here());       ///< in [-pi/2, pi/2]; NaN outside [-1, 1], as arccos
Tensor arccos(const Operand&, Where = Where::here());       ///< in [0, pi]
Tensor arctan(const Operand&, Where = Where::here());       ///< in [-pi/2, pi/2]
Tensor sinh(const Operand&, Where = Where::here());         ///< the hyperbolic sine
Tensor cosh(const Operand&, Where = Where::here());         ///< the hyperbolic cosine
Tensor arcsinh(const Operand&, Where = Where::here());      ///< the inverse of sinh
Tensor arccosh(const Operand&, Where = Where::here());      ///< the inverse of cosh for x >= 1, NaN below
Tensor arctanh(const Operand&, Where = Where::here());      ///< the inverse of tanh: infinite at -1 and 1, NaN beyond
Tensor cbrt(const Operand&, Where = Where::here());         ///< the cube root, also of negative x
Tensor erf(const Operand&, Where = Where::here());          ///< the error function
Tensor erfc(const Operand&, Where = Where::here());         ///< 1 - erf(x), exact for large x
Tensor erfinv(const Operand&, Where = Where::here());       ///< the inverse of erf: infinite at -1 and 1, NaN beyond
Tensor erfcx(const Operand&, Where = Where::here());        ///< exp(x * x) * erfc(x), a number where erfc is 0
Tensor i0(const Operand&, Where = Where::here());           ///< the modified Bessel function of the first kind, order 0
Tensor i1(const Operand&, Where = Where::here());           ///< the same of order 1
Tensor i0e(const Operand&, Where = Where::here());          ///< exp(-|x|) * i0(x), a number where i0 is infinite
Tensor i1e(const Operand&, Where = Where::here());          ///< exp(-|x|) * i1(x)
Tensor gammaln(const Operand&, Where = Where::here());      ///< log of |gamma(x)|
Tensor digamma(const Operand&, Where = Where::here());      ///< the derivative of gammaln
Tensor trigamma(const Operand&, Where = Where::here());     ///< the derivative of digamma (SciPy's polygamma(1, x))
/// The regularized incomplete gamma functions P(a, x), lower, and Q = 1 - P, upper: for a, x >= 0, NaN elsewhere and where
/// both are 0 or infinite. They have a gradient with respect to x alone: that of a is a GraphError.
Tensor gammainc(const Operand& a, const Operand& x, Where = Where::here());
Tensor gammaincc(const Operand& a, const Operand& x, Where = Where::here());
/// The regularized incomplete beta function: for a, b >= 0 and x in [0, 1], NaN elsewhere. The gradient as above.
Tensor betainc(const Operand& a, const Operand& b, const Operand& x, Where = Where::here());
Tensor silu(const Operand&, Where = Where::here());         ///< x * sigmoid(x)
Tensor gelu(const Operand&, Where = Where::here());         ///< x times the normal distribution function at x
Tensor floor(const Tensor&, Where = Where::here());         ///< downwards; integers stay as they are, here and below
Tensor ceil(const Operand&, Where = Where::here());         ///< upwards
Tensor trunc(const Operand&, Where = Where::here());        ///< towards 0
Tensor round(const Tensor&, Where = Where::here());         ///< half to even, as NumPy
Tensor isnan(const Tensor&, Where = Where::here());         ///< a bool, as the next two; false of every integer
Tensor isinf(const Operand&, Where = Where::here());        ///< whether x is infinity or -infinity
Tensor isfinite(const Operand&, Where = Where::here());     ///< neither NaN nor infinite
/// Of truth values; a number counts as x != 0. logical_xor: whether exactly one is true.
Tensor logical_not(const Operand&, Where = Where::here());
Tensor logical_and(const Operand&, const Operand&, Where = Where::here());
Tensor logical_or(const Operand&, const Operand&, Where = Where::here());
Tensor logical_xor(const Operand&, const Operand&, Where = Where::here());
/// a to the power of b; 1 where b is 0, also of NaN. Powers of integers are integers, and wrap: a negative exponent is
/// a DTypeError where it is a constant, else the result is 0 (but for 1 and -1). The gradient of b is 0 where a <= 0.
Tensor pow(const Operand& a, const Operand& b, Where = Where::here());
/// floor(a / b) of the exact quotient; of integers 0 where b is 0. Its gradient is 0.
Tensor floor_divide(const Operand& a, const Operand& b, Where = Where::here());
/// The bits of an integer moved by b places; by all of them or more it is 0, and -1 if a negative one goes to the
/// right. DTypeError for floats.
Tensor left_shift(const Operand& a, const Operand& b, Where = Where::here());
Tensor right_shift(const Operand& a, const Operand& b, Where = Where::here());
/// The angle of the point (b, a), in [-pi, pi]; its gradient at (0, 0) is 0.
Tensor arctan2(const Operand& a, const Operand& b, Where = Where::here());
/// sqrt(a * a + b * b) without overflow; its gradient at 0 is 0.
Tensor hypot(const Operand& a, const Operand& b, Where = Where::here());
/// |a| with the sign of b, which -0 and NaN have too.
Tensor copysign(const Operand& a, const Operand& b, Where = Where::here());
/// The larger, and the smaller, of two; NaN wins; ties share the gradient.
Tensor maximum(const Operand&, const Operand&, Where = Where::here());
Tensor minimum(const Operand&, const Operand&, Where = Where::here());
/// NumPy's where, Theano's switch: yes where the condition is true (or not 0), else no, in the dtype that the two agree
/// on. All three broadcast. What is not chosen may be NaN, and its gradient is 0.
Tensor where(const Tensor& condition, const Operand& yes, const Operand& no, Where = Where::here());
/// minimum(maximum(x, low), high), in the dtype that the three agree on: high wins, and NaN. x has the gradient inside
/// and on the edges.
Tensor clip(const Tensor&, const Operand& low, const Operand& high, Where = Where::here());
/// Each element as another dtype, as Array::astype converts: floats to integers truncate and saturate, integers wrap.
Tensor cast(const Tensor&, DType, Where = Where::here());

// ---- reductions: over all axes, over the axes given, with `keepdims` the reduced axes stay as 1
// sum(x), sum(x, 0), sum(x, {0, 2}, keepdims). ShapeError for an axis named twice.
// (A place alone is taken by a template: a braced list of axes must not be read as a Where.)
#define CROTON_REDUCTION(f, X)                                      \
  Tensor f(const X&, const Axes& = Axes(), Where = Where::here());  \
  Tensor f(const X&, const Axes&, KeepDims, Where = Where::here()); \
  Tensor f(const X&, KeepDims, Where = Where::here());              \
  template <std::same_as<Where> W>                                  \
  Tensor f(const X& x, W where) {                                   \
    return f(x, Axes(), where);                                     \
  }
/// Integers and bools are summed as int64, unsigned ones as uint64. 0 of nothing.
CROTON_REDUCTION(sum, Tensor)
/// Of integers in floatX; NaN of nothing.
CROTON_REDUCTION(mean, Tensor)
/// In the dtypes of sum. 1 of nothing.
CROTON_REDUCTION(prod, Tensor)
/// The largest element, and the smallest. NaN wins; ties share the gradient; of nothing a ShapeError.
CROTON_REDUCTION(max, Tensor)
CROTON_REDUCTION(min, Tensor)
/// Whether some element is not 0: a bool, false of nothing. Whether all are: all(x), which tensor.h declares.
CROTON_REDUCTION(any, Tensor)
/// int64: the index of the largest (smallest) element, the first one among ties, the first NaN before all; over several
/// axes into these, flattened. Of nothing a ShapeError.
CROTON_REDUCTION(argmax, Tensor)
CROTON_REDUCTION(argmin, Tensor)
/// The variance of the population, in two passes, and its root. NaN of nothing, of integers in floatX. Where all elements
/// are equal, the gradient of stddev is 0.
CROTON_REDUCTION(var, Tensor)
CROTON_REDUCTION(stddev, Operand)
/// NumPy's ddof: the squares of n elements are divided by n - ddof, or by 0 where that is negative: var(x, 0, {.ddof = 1})
/// is the unbiased estimate; of all elements var(x, {}, {.ddof = 1}).
struct VarOptions { int ddof = 0; };
Tensor var(const Tensor&, const Axes&, VarOptions, Where = Where::here());
Tensor var(const Tensor&, const Axes&, KeepDims, VarOptions, Where = Where::here());
Tensor stddev(const Operand&, const Axes&, VarOptions, Where = Where::here());
Tensor stddev(const Operand&, const Axes&, KeepDims, VarOptions, Where = Where::here());
/// Of an even number the mean of the middle two; NaN where there is one, and of nothing.
CROTON_REDUCTION(median, Operand)
/// log(sum(exp(x))) without overflow, of integers in floatX; of nothing a ShapeError.
CROTON_REDUCTION(logsumexp, Tensor)
/// NumPy's reductions without what is NaN, which has no gradient either: sum, prod, mean, var and stddev of the others,
/// and max and min of them, NaN where there is no other (of an axis without elements a ShapeError). Of integers they
/// are those themselves.
CROTON_REDUCTION(nansum, Operand)
CROTON_REDUCTION(nanprod, Operand)
CROTON_REDUCTION(nanmean, Operand)
CROTON_REDUCTION(nanvar, Operand)
CROTON_REDUCTION(nanstd, Operand)
CROTON_REDUCTION(nanmax, Operand)
CROTON_REDUCTION(nanmin, Operand)
/// max(x) - min(x), in x's dtype; of nothing a ShapeError, of bools a DTypeError.
CROTON_REDUCTION(ptp, Operand)
/// int64: how many elements are not 0; a NaN is one of them.
CROTON_REDUCTION(count_nonzero, Operand)
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
/// NumPy's dot: the last axis of a with the second-to-last (or only) axis of b; a scalar multiplies. The dtype is the
/// one that both agree on, as in all products; of bools it is bool.
Tensor dot(const Tensor& a, const Tensor& b, Where = Where::here());
/// NumPy's matmul: leading axes are a batch and broadcast; scalars are refused.
Tensor matmul(const Tensor& a, const Tensor& b, Where = Where::here());
/// a[i] * b[j] for all pairs: a matrix. Both are flattened first.
Tensor outer(const Operand& a, const Operand& b, Where = Where::here());
/// NumPy's inner: the sum of products over the last axis of both; the other axes of a come first, then those of b. A
/// scalar multiplies.
Tensor inner(const Operand& a, const Operand& b, Where = Where::here());
/// The sum of the products of all elements of two tensors of as many, in row-major order (NumPy's vdot).
Tensor vdot(const Operand& a, const Operand& b, Where = Where::here());
/// The sum of products over axis axes_a[i] of a together with axis axes_b[i] of b, for all i; the other axes of a come
/// first, then those of b. ShapeError for an axis named twice, or for lists of unequal length.
Tensor tensordot(const Operand& a, const Operand& b, const std::vector<int>& axes_a, const std::vector<int>& axes_b,
                 Where = Where::here());
namespace detail {
Tensor tensordot(const Operand& a, const Operand& b, int axes, Where);
}
/// Over the last `axes` axes of a together with the first ones of b, in their order. ShapeError where one has fewer.
template <std::same_as<int> Count>  // {1} is a list
Tensor tensordot(const Operand& a, const Operand& b, Count axes, Where w = Where::here()) {
  return detail::tensordot(a, b, axes, w);
}

// ---- shapes
/// The elements in row-major order under another shape, of which one extent may be -1: it follows from the others.
Tensor reshape(const Tensor&, const Dims&, Where = Where::here());
/// One axis of all elements, in row-major order.
Tensor flatten(const Operand&, Where = Where::here());
/// The axes in another order; without axes reversed. ShapeError where one is named twice, or left out.
Tensor transpose(const Tensor&, const Extents& axes = {}, Where = Where::here());
/// Theano's: the axes in another order, -1 being a new one of extent 1. An axis that is left out has to have extent 1.
Tensor dimshuffle(const Operand&, const std::vector<int>& axes, Where = Where::here());
/// With a new axis of extent 1 as number `axis` of the result; -1 is behind all others.
Tensor expand_dims(const Operand&, int axis, Where = Where::here());
/// Without an axis, which has extent 1; without a number, without all axes whose extent is 1 in the type.
Tensor squeeze(const Operand&, int axis, Where = Where::here());
Tensor squeeze(const Operand&, Where = Where::here());
/// The elements along an axis in reversed order.
Tensor flip(const Operand&, int axis, Where = Where::here());
/// Axes of extent 1 (in the type) repeated until the shape is that one; missing axes are put in front.
Tensor broadcast_to(const Operand&, const Dims&, Where = Where::here());
/// States that an axis has extent 1, so that it broadcasts; another extent when it runs is a ShapeError.
Tensor broadcastable(const Operand&, int axis, Where = Where::here());
/// One after another along an axis, in the dtype they agree on; all other extents are equal. ShapeError for none.
Tensor concatenate(const Tensors&, int axis = 0, Where = Where::here());
/// The same along a new axis: parts of one shape.
Tensor stack(const Tensors&, int axis = 0, Where = Where::here());
/// Filled with 0, with 1, or with a scalar, whose dtype the result then has. ShapeError for a negative extent.
Tensor zeros(const Dims&, DType = floatX(), Where = Where::here());
Tensor ones(const Dims&, DType = floatX(), Where = Where::here());
Tensor full(const Dims&, const Operand& value, Where = Where::here());
/// Of the shape and dtype of another tensor.
Tensor zeros_like(const Tensor&, Where = Where::here());
Tensor ones_like(const Tensor&, Where = Where::here());
/// 0, 1, ..., n - 1 as int64; n is an integer scalar.
Tensor arange(const Tensor& n, Where = Where::here());
/// start, start + step, ...: ceil((stop - start) / step) numbers, of the dtype that the three agree on (numbers alone:
/// int64 or floatX). ShapeError for a step that is the number 0.
Tensor arange(const Operand& start, const Operand& stop, const Operand& step = 1, Where = Where::here());
/// The whole tensor that `part` was indexed from, with that part replaced: y = set_subtensor(x(0, all), 5). The value
/// broadcasts and takes the dtype of x (DTypeError for floats into integers). Of an index that occurs twice the last
/// value stays. GraphError for a part that is no x[...] or x(...).
Tensor set_subtensor(const Tensor& part, const Operand& value, Where = Where::here());
/// The same with the value added to that part, as often as an index occurs.
Tensor inc_subtensor(const Tensor& part, const Operand& value, Where = Where::here());
/// Rows of x at the integers of index, of any shape, negative ones from the end: x[index] along an axis. IndexError for
/// one out of range.
Tensor take(const Operand& x, const Operand& index, int axis = 0, Where = Where::here());

/// all(x, axes) under a name that is no index.
inline Tensor all_of_axes(const Tensor& x, const Axes& a = {}, Where w = Where::here()) { return all(x, a, w); }
inline Tensor all_of_axes(const Tensor& x, const Axes& a, KeepDims k, Where w = Where::here()) { return all(x, a, k, w); }
inline Tensor all_of_axes(const Tensor& x, KeepDims k, Where w = Where::here()) { return all(x, k, w); }

// ---- neural networks
/// exp(x) / sum(exp(x)) along an axis, without overflow.
Tensor softmax(const Tensor&, int axis = -1, Where = Where::here());
/// log(softmax(x)), finite where softmax(x) is 0.
Tensor log_softmax(const Tensor&, int axis = -1, Where = Where::here());
/// x above 0, else alpha (exp(x) - 1); its gradient at 0 is alpha.
Tensor elu(const Operand&, double alpha = 1, Where = Where::here());
/// x above 0, else slope x; its gradient at 0 is the slope.
Tensor leaky_relu(const Operand&, double slope = 0.01, Where = Where::here());
/// 1.0507 elu(x, 1.6733): standard normal layers stay so. Klambauer et al., "Self-normalizing neural networks" (2017),
/// with its constants in full.
Tensor selu(const Operand&, Where = Where::here());
/// Theano's: 0.2 x + 0.5, brought into [0, 1]. (JAX's and PyTorch's is relu6(x + 3) / 6.) Its gradient at both edges is
/// that inside, as in clip, here and below.
Tensor hard_sigmoid(const Operand&, Where = Where::here());
/// JAX's: x brought into [-1, 1], and into [0, 6]. Integers stay integers.
Tensor hard_tanh(const Operand&, Where = Where::here());
Tensor relu6(const Operand&, Where = Where::here());
/// -sum_c target log(p) over the last axis: the target has p's shape, 0 log(0) being 0, or is integers without the last
/// axis, each the class of its row (IndexError, when it runs, for none; DTypeError for floats). Of p = softmax(z) it is
/// computed from z.
Tensor categorical_crossentropy(const Tensor& p, const Tensor& target, Where = Where::here());
/// -(target log(p) + (1 - target) log(1 - p)) for each element, in p's dtype; of p = sigmoid(z) it is computed from z.
Tensor binary_crossentropy(const Tensor& p, const Tensor& target, Where = Where::here());
/// A new last axis of `count` elements with 1 at the class and 0 elsewhere, 0 alone for a class out of range.
/// DTypeError for classes that are no integers.
Tensor one_hot(const Tensor& classes, Index count, DType = floatX(), Where = Where::here());

/// Values drawn once from the standard normal distribution, for initial values: shared(normal({2, 1000}) / sqrt(2.f)).
/// Each call is another stream of a counter-based generator (Philox 2x32-10): the same program draws the same numbers
/// everywhere. DTypeError where the dtype is not floating.
Tensor normal(const Dims&, DType = floatX(), Where = Where::here());
/// The same, uniform over [0, 1).
Tensor uniform(const Dims&, DType = floatX(), Where = Where::here());

}  // namespace croton
