// More of NumPy's and SciPy's functions, each made of others: gradients come of themselves, and kernels fuse as for
// what a program writes by hand. They take Operands, so that a program's own function of the same name is preferred.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "croton/ops.h"

namespace croton {

// ---- each element
/// As maximum and minimum, but a NaN gives way to a number.
Tensor fmax(const Operand&, const Operand&, Where = Where::here());
Tensor fmin(const Operand&, const Operand&, Where = Where::here());
/// The remainder with the sign of the dividend, as C's (% has that of the divisor).
Tensor fmod(const Operand&, const Operand&, Where = Where::here());
/// Whether the sign is negative, also of -0 and NaN.
Tensor signbit(const Operand&, Where = Where::here());
/// log(exp(a) + exp(b)), and the same for base 2, without overflow.
Tensor logaddexp(const Operand&, const Operand&, Where = Where::here());
Tensor logaddexp2(const Operand&, const Operand&, Where = Where::here());
/// log(p / (1 - p)), the inverse of sigmoid.
Tensor logit(const Operand&, Where = Where::here());
/// x log(y) and x log(1 + y), 0 where x is 0 and y is a number.
Tensor xlogy(const Operand& x, const Operand& y, Where = Where::here());
Tensor xlog1py(const Operand& x, const Operand& y, Where = Where::here());
/// The survival function of the chi-squared distribution with k degrees of freedom: gammaincc(k / 2, x / 2). No gradient
/// with respect to k.
Tensor chi2sf(const Operand& x, const Operand& k, Where = Where::here());
/// log(1 - exp(x)) for x < 0, exact near 0 and far out; -infinity at 0, NaN above.
Tensor log1mexp(const Operand&, Where = Where::here());
/// -x log(x), 0 at 0, -infinity below.
Tensor entr(const Operand&, Where = Where::here());
/// sin(pi x) / (pi x), 1 at 0.
Tensor sinc(const Operand&, Where = Where::here());
/// Whether |a - b| <= absolute + relative |b|: a bool for each element; infinities are close to themselves, NaN to none, or
/// (`equal_nan`) to NaN.
Tensor isclose(const Operand& a, const Operand& b, double relative = 1e-5, double absolute = 1e-8,
               bool equal_nan = false, Where = Where::here());
/// Whether all elements are: a bool.
Tensor allclose(const Operand& a, const Operand& b, double relative = 1e-5, double absolute = 1e-8,
                bool equal_nan = false, Where = Where::here());
/// 0 in place of NaN, the largest and least numbers of the dtype in place of infinities.
Tensor nan_to_num(const Operand&, Where = Where::here());

// ---- order: NaN comes after every number
/// The elements along an axis in rising order. The gradient of each goes back to where it came from.
Tensor sort(const Operand&, int axis = -1, Where = Where::here());
/// int64: the indices that put an axis in rising order; equal elements keep theirs. take_along_axis(x, argsort(x), -1)
/// is sort(x).
Tensor argsort(const Operand&, int axis = -1, Where = Where::here());
/// The k largest elements along an axis (or the smallest), the first of them first, and their int64 indices. A NaN is
/// larger than every number. ShapeError for a k that is negative, IndexError (perhaps when it runs) for one that the
/// axis has not.
std::array<Tensor, 2> topk(const Operand&, Index k, int axis = -1, bool largest = true, Where = Where::here());
/// The values below which the shares q of the elements lie, over all axes or those given, on the straight line between
/// the two elements nearest to place q (n - 1) in their order (NumPy's default). q is a number in [0, 1], or a vector
/// of them (an Array or a Tensor), which makes a new first axis; percentile's are in [0, 100]. Floats keep their dtype,
/// integers give floatX. NaN where an element is, and of nothing. The two elements share the gradient; a q that is a
/// Tensor has that of the line, and 0 at an element. GraphError for a q out of range, or NaN where a Tensor turns out
/// to hold such a one; ShapeError for a matrix.
Tensor quantile(const Operand& x, const Operand& q, const Axes& = Axes(), Where = Where::here());
Tensor quantile(const Operand& x, const Operand& q, const Axes&, KeepDims, Where = Where::here());
Tensor percentile(const Operand& x, const Operand& q, const Axes& = Axes(), Where = Where::here());
Tensor percentile(const Operand& x, const Operand& q, const Axes&, KeepDims, Where = Where::here());
/// A bool for each element of x: whether it is one of the elements of `among`, of any shape. NaN is none of them.
Tensor isin(const Operand& x, const Operand& among, Where = Where::here());
/// int64, of the shape of `values`: where each of them goes in a vector in rising order, before its equals or (`right`)
/// after them.
Tensor searchsorted(const Operand& sorted, const Operand& values, bool right = false, Where = Where::here());
/// int64: the number of the bin of each element of x. Bin i is bins[i - 1] <= x < bins[i], with `right` bins[i - 1] < x
/// <= bins[i]; bins may also fall.
Tensor digitize(const Operand& x, const Operand& bins, bool right = false, Where = Where::here());
/// int64: how often each integer from 0 on occurs in a vector, at least `least` of them. The length depends on the
/// data. IndexError, when it runs, for a negative one.
Tensor bincount(const Operand&, Index least = 0, Where = Where::here());
/// The sum of the weights of each integer's occurrences, in their dtype.
Tensor bincount(const Operand&, const Operand& weights, Index least = 0, Where = Where::here());
/// int64, one number less than there are edges: how many elements of x, of any shape, lie in each bin, which is
/// edges[i] <= x < edges[i + 1], with its right end for the last one. Edges are a vector that rises (which is not
/// looked at); NaN is in no bin.
Tensor histogram(const Operand& x, const Operand& edges, Where = Where::here());
/// The same for that many bins of one width from low to high, which are scalars: the edges are linspace(low, high, bins
/// + 1), in x's dtype if it is floating. ShapeError for no bins, GraphError for numbers of which low is not below high.
Tensor histogram(const Operand& x, Index bins, const Operand& low, const Operand& high, Where = Where::here());

/// What unique() finds. Lengths depend on the data; index, inverse and counts are int64.
struct Unique {
  Tensor values;   ///< each value once, in rising order
  Tensor index;    ///< where each occurs first
  Tensor inverse;  ///< which of the values each element is: values[inverse] is the whole
  Tensor counts;   ///< how often each occurs
};
/// The values of all elements, flattened. NaN is one value.
Unique unique(const Operand&, Where = Where::here());
/// The same of the parts along an axis: rows for 0.
Unique unique(const Operand&, int axis, Where = Where::here());

// ---- statistics
/// The mean over all axes or those given, each element counted as often as its weight says, in the floating dtype that
/// both agree on: weights have x's shape, or as many axes as are given, in that order. NaN or infinite where weights
/// sum to 0 (an error in NumPy). ShapeError for weights with another number of axes.
Tensor average(const Operand& x, const Operand& weights, const Axes& = Axes(), Where = Where::here());

/// rowvar: each row of a matrix is a variable, each column an observation; else the reverse. The products of n
/// observations are divided by n - ddof, or by 0 where that is negative.
struct CovOptions { bool rowvar = true; int ddof = 1; };
/// The covariance of each two variables, a matrix; of a vector, which is one variable, its variance, a scalar. Integers
/// in floatX. ShapeError for what is no vector or matrix.
///     cov(stack({x, y}))(0, 1)
Tensor cov(const Operand&, const CovOptions& = {}, Where = Where::here());

// ---- functions given by samples
/// The line through the points (xp[i], fp[i]) at each x, of any shape; beyond its ends the outermost values. xp and fp
/// are vectors of one length, at least 1, and xp rises (which is not looked at). In the floating dtype that the three
/// agree on. ShapeError (perhaps when it runs) for unequal lengths. The gradient of x at a point is the slope of the
/// piece behind it, and 0 at the last.
Tensor interp(const Operand& x, const Operand& xp, const Operand& fp, Where = Where::here());
/// The integral of y along an axis by the trapezoidal rule: the sum of (y[i] + y[i + 1]) / 2 times the distance between
/// the places of both. x holds the places, as a vector or in y's shape, or is a scalar: the distance between any two.
/// Integers give floatX. ShapeError for an x with another number of axes.
Tensor trapezoid(const Operand& y, const Operand& x = 1, int axis = -1, Where = Where::here());
/// The discrete convolution of two vectors, sum_k a[k] v[i - k]: "full" has all n + m - 1 elements, "same" as many in
/// the middle as the longer one has, "valid" those for which the shorter one lies in the longer as a whole. The dtype
/// is the one that both agree on. GraphError for another word, DTypeError for bools, ShapeError for what is no vector,
/// or has no element (perhaps when it runs).
Tensor convolve(const Operand& a, const Operand& v, std::string_view mode = "full", Where = Where::here());

// ---- running folds
/// The sum (or product) of an axis up to each element; without an axis of all elements, flattened. Integers and bools
/// become int64 or uint64.
Tensor cumsum(const Operand&, Where = Where::here());
Tensor cumsum(const Operand&, int axis, Where = Where::here());
Tensor cumprod(const Operand&, Where = Where::here());
Tensor cumprod(const Operand&, int axis, Where = Where::here());
/// The largest (or smallest) element of an axis up to each element, NaN from the first one on; NumPy's
/// maximum.accumulate. The gradient goes to the first of equals.
Tensor cummax(const Operand&, int axis, Where = Where::here());
Tensor cummin(const Operand&, int axis, Where = Where::here());

// ---- picking elements
/// Element index[..., j, ...] along an axis of x for each index: x and index have the same rank, and all other axes
/// broadcast. Indices may be negative; IndexError, when it runs, for one out of range.
Tensor take_along_axis(const Operand& x, const Operand& index, int axis, Where = Where::here());
/// x with those elements replaced by values, which broadcast; of several at one place the last one stays.
Tensor put_along_axis(const Operand& x, const Operand& index, const Operand& values, int axis, Where = Where::here());
/// The indices of all elements that are not 0, an int64 vector an axis. The length depends on the data.
std::vector<Tensor> nonzero(const Operand&, Where = Where::here());
/// The same as one int64 matrix, a row an element.
Tensor argwhere(const Operand&, Where = Where::here());
/// The row-major numbers of elements of an array of that shape, given their indices along each axis, and the reverse.
/// IndexError, when it runs, for an index out of range; negative ones count from the end.
Tensor ravel_multi_index(const Tensors& indices, const Extents& shape, Where = Where::here());
std::vector<Tensor> unravel_index(const Operand& number, const Extents& shape, Where = Where::here());
/// The rows and columns (int64 vectors) of the elements on and below the k-th diagonal of an n x m matrix; those on and
/// above it.
std::array<Tensor, 2> tril_indices(Index n, Index k, Index m, Where = Where::here());
std::array<Tensor, 2> triu_indices(Index n, Index k, Index m, Where = Where::here());
/// choices[index[i]][i] for each element, -1 being the last; all broadcast together. IndexError (when it runs) for no
/// choice.
Tensor choose(const Operand& index, const Tensors& choices, Where = Where::here());

// ---- moving elements
/// x[1:] - x[:-1] along an axis, n times over; of booleans: whether neighbours differ.
Tensor diff(const Operand&, int n = 1, int axis = -1, Where = Where::here());
/// Each element count times in a row, along an axis.
Tensor repeat(const Operand&, Index count, int axis, Where = Where::here());
/// The whole, reps[d] times along axis d; missing axes are put in front of x, missing counts are 1.
Tensor tile(const Operand&, const Extents& reps, Where = Where::here());
/// Equal sections along an axis. ShapeError (perhaps when it runs) where they cannot be equal.
std::vector<Tensor> split(const Operand&, int sections, int axis = 0, Where = Where::here());
/// The parts before, between and after positions along an axis.
std::vector<Tensor> split_at(const Operand&, const Extents& positions, int axis = 0, Where = Where::here());
/// Sections along an axis that differ by at most one element, the longer ones first.
std::vector<Tensor> array_split(const Operand&, int sections, int axis = 0, Where = Where::here());
/// Rows of tensors side by side (along the last axis), and those below each other (along the one before).
Tensor block(const std::vector<std::vector<Tensor>>& rows, Where = Where::here());
/// One after another: rows of matrices (vstack, a vector being one row), columns of matrices or elements of vectors
/// (hstack), and along axis 2 (dstack, a vector of n being 1 x n x 1, a matrix n x m x 1). ShapeError for none, or
/// where other extents differ.
Tensor vstack(const Tensors&, Where = Where::here());
Tensor hstack(const Tensors&, Where = Where::here());
Tensor dstack(const Tensors&, Where = Where::here());
/// Two axes in each other's place.
Tensor swapaxes(const Operand&, int a, int b, Where = Where::here());
/// One axis as number `to`, the others in their order.
Tensor moveaxis(const Operand&, int from, int to, Where = Where::here());
/// Each element moved on by `shift` places along an axis, those beyond its end to its beginning; shift is an integer
/// scalar, and may be negative. Without an axis of all elements, flattened. DTypeError for a shift that is no integer.
Tensor roll(const Operand&, const Operand& shift, Where = Where::here());
Tensor roll(const Operand&, const Operand& shift, int axis, Where = Where::here());
/// Turned by k quarters in the plane of two axes, from the first towards the second.
Tensor rot90(const Operand&, int k = 1, const std::array<int, 2>& axes = {0, 1}, Where = Where::here());

/// Which axis the first of meshgrid's vectors runs along: the second (xy), or the first (ij).
enum class Indexing : std::uint8_t { xy, ij };
/// Vectors spread over the grid that they span: a tensor each, with an axis for every vector.
std::vector<Tensor> meshgrid(const Tensors& vectors, Indexing = Indexing::xy, Where = Where::here());

/// What pad() puts around a tensor, along one axis after another.
enum class PadMode : std::uint8_t {
  constant,     ///< the value
  edge,         ///< the outermost element
  linear_ramp,  ///< from the value, which stands outermost, evenly to the outermost element
  maximum,      ///< of the whole axis, as the next three
  mean,
  median,
  minimum,
  reflect,        ///< the elements mirrored at the outermost one, as often as it takes
  symmetric,      ///< the same, and the outermost one twice
  reflect_odd,    ///< mirrored, and upside down: twice the outermost element less the mirrored one
  symmetric_odd,  ///< the same, and the outermost one twice
  wrap,           ///< the elements from the other end
};
/// The tensor with widths[d][0] elements before and widths[d][1] after it along axis d. ShapeError for a negative width
/// or another number of axes, DTypeError where integers would need fractions (linear_ramp, mean, median). An axis
/// without elements is extended by the value, or by NaN (mean, median); any other mode is a ShapeError or an IndexError
/// when it runs.
Tensor pad(const Operand&, const std::vector<std::array<Index, 2>>& widths, PadMode = PadMode::constant,
           const Operand& value = 0, Where = Where::here());
/// The same width before and after every axis.
Tensor pad(const Operand&, Index width, PadMode = PadMode::constant, const Operand& value = 0, Where = Where::here());

/// 1 on the k-th diagonal of a matrix of that shape, else 0: eye({n}) is square, eye({n, m}, 1) not. ShapeError for a
/// negative extent or another number of them.
Tensor eye(const Dims&, Index k = 0, DType = floatX(), Where = Where::here());
/// 0 above (tril) or below (triu) the k-th diagonal of the last two axes.
Tensor tril(const Operand&, Index k = 0, Where = Where::here());
Tensor triu(const Operand&, Index k = 0, Where = Where::here());
/// The k-th diagonal of a matrix, or the square matrix with a vector there.
Tensor diag(const Operand&, Index k = 0, Where = Where::here());
/// The k-th diagonal of each of the matrices whose rows go along axis1 and whose columns go along axis2, as the last axis
/// of the result: diagonal(x, 0, -2, -1) of a stack. ShapeError where both are one axis, IndexError where there is none.
Tensor diagonal(const Operand&, Index k = 0, int axis1 = 0, int axis2 = 1, Where = Where::here());
/// The sum of the k-th diagonal of a matrix, or of each of a stack, as diagonal() finds them.
Tensor trace(const Operand&, Index k = 0, int axis1 = 0, int axis2 = 1, Where = Where::here());
/// count numbers evenly from start to stop, which is the last of them unless `endpoint` is false.
Tensor linspace(const Operand& start, const Operand& stop, Index count, bool endpoint = true, Where = Where::here());

/// base to the powers that linspace gives.
Tensor logspace(const Operand& start, const Operand& stop, Index count, double base = 10, bool endpoint = true,
                Where = Where::here());
/// count numbers from start to stop, each the same multiple of the one before.
Tensor geomspace(const Operand& start, const Operand& stop, Index count, bool endpoint = true, Where = Where::here());
/// The powers of a vector as columns, from the (count - 1)-th down to the 0th, or (`increasing`) up.
Tensor vander(const Operand&, Index count, bool increasing = false, Where = Where::here());

// ---- products
/// NumPy's einsum: "ij,jk->ik" names the axes of each operand by letters; those that the result does not name are
/// summed over. Without "->" the result has the letters that occur once, in the order of the alphabet. A letter twice
/// in one operand is its diagonal, "..." stands for the axes not named, axes of extent 1 broadcast. Operands are
/// multiplied from left to right; of bools the result is a bool. GraphError for letters that make no sense, ShapeError
/// for axes that do not fit.
Tensor einsum(std::string_view subscripts, const Tensors& operands, Where = Where::here());
/// The product of all pairs of elements as blocks: a's element times the whole of b, for each of a's.
Tensor kron(const Operand& a, const Operand& b, Where = Where::here());
/// The vector product of three elements along an axis; all other axes broadcast.
Tensor cross(const Operand& a, const Operand& b, int axis = -1, Where = Where::here());

}  // namespace croton
