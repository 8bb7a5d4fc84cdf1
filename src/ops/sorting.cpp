// Sorting, searching and counting, made of the ops of order.cpp and rows at integers: values keep their gradients.
#include <cmath>

#include "array/access.h"
#include "base/dtype.h"
#include "base/error.h"
#include "croton/numpy.h"
#include "graph/walk.h"
#include "ops/extents.h"
#include "ops/order.h"
#include "ops/pointwise.h"
#include "ops/reduction.h"
#include "ops/registry.h"

namespace croton {
namespace {

/// An axis of x counted from 0.
Index axis_given(std::string_view name, const Tensor& x, int axis, Where w) {
  refuse_empty(name, {&x, 1}, w);
  return ops::axis_of(name, axis, x, w);
}

Tensor sorted_along(std::string_view name, const Tensor& x, int axis, Where w) {
  return apply(ops::sort, {{"axis", axis_given(name, x, axis, w)}}, {x}, w);
}
Tensor order_of(std::string_view name, const Tensor& x, int axis, Where w) {
  return apply(ops::argsort, {{"axis", axis_given(name, x, axis, w)}, {"descending", false}}, {x}, w);
}

/// The axes given (sorted) as one, the last.
Tensor merged_last(const Tensor& x, const std::vector<Index>& axes, Where w) {
  std::vector<Index> order;
  Dims dims{};
  for (Index d = 0; d < x.ndim(); ++d)
    if (std::find(axes.begin(), axes.end(), d) == axes.end()) {
      order.push_back(d);
      dims.list.emplace_back(ops::extent(x, static_cast<int>(d), w));
    }
  Tensor together = ops::integer(1, w);
  for (const Index a : axes) together = together * ops::extent(x, static_cast<int>(a), w);
  dims.list.emplace_back(together);
  order.insert(order.end(), axes.begin(), axes.end());
  return reshape(ops::permuted(x, order, w), dims, w);
}

/// x, or one NaN along the last axis where that has no element.
Tensor with_an_element(const Tensor& x, Where w) {
  if (type(x).shape.back() > 0) return x;
  Dims dims{};
  for (int d = 0; d + 1 < x.ndim(); ++d) dims.list.emplace_back(ops::extent(x, d, w));
  dims.list.emplace_back(maximum(1 - ops::extent(x, x.ndim() - 1, w), 0, w));
  return concatenate({x, cast(full(dims, std::nan(""), w), x.dtype(), w)}, x.ndim() - 1, w);
}

Tensor median_of(const Tensor& x, const Axes& axes, bool keep, Where where_asked) {
  refuse_empty("median", {&x, 1}, where_asked);
  const WhereScope scope(where_asked, "median");
  const Where w = ambient(where_asked);
  const std::vector<Index> list = ops::normalized_axes("median", x, axes, w);
  const Tensor line = merged_last(ops::converted(x, to_floating(x.dtype()), w), list, w);
  const Tensor some = with_an_element(line, w);
  const Tensor places = apply(ops::argmedian, {{"axis", Index{some.ndim() - 1}}}, {some}, w);
  const Tensor middle = take_along_axis(some, places, -1, w);
  const Tensor y = 0.5 * middle(ellipsis, 0) + 0.5 * middle(ellipsis, 1);
  return keep ? ops::with_axes(y, list, x.ndim()) : y;
}

/// An operand as float64: of a bare number all digits.
Tensor exact(const Operand& x, Where w) {
  if (!x.expr() && !x.array()) return constant(Array::full({}, x.weak(), float64), "", w);
  return ops::converted(x.get(), float64, w);
}

/// Elements on the line between the two nearest to each place q (n - 1): quantile, or percentile, whose `whole` is 100.
Tensor quantile_of(std::string_view name, const Tensor& x, const Operand& asked, double whole, const Axes& axes,
                   bool keep, Where where_asked) {
  const WhereScope scope(where_asked, name);
  const Where w = ambient(where_asked);
  const Tensor given = asked.get();
  if (given.ndim() > 1)
    fail_at<ShapeError>(w, "{}: q is {}, {}; it is a number, or a vector of them", name, formula(given),
                        text(type(given)));
  const Tensor q = exact(asked, w);
  if (node(q).kind == NodeKind::constant)
    for (Index i = 0; i < node(q).value.size(); ++i)
      if (const double p = get(node(q).value, i); !(p >= 0 && p <= whole))
        fail_at<GraphError>(w, "{}: q is {:g}; allowed: numbers from 0 to {:g}", name, p, whole);
  const std::vector<Index> list = ops::normalized_axes(name, x, axes, w);
  const DType d = to_floating(x.dtype());
  const Tensor line = sort(with_an_element(merged_last(ops::converted(x, d, w), list, w), w), -1, w);
  const int last = line.ndim() - 1;
  const Tensor end = ops::extent(line, last, w) - 1, share = q / whole, legal = (share >= 0) & (share <= 1);
  const Tensor place = where(legal, share, 0.0, w) * cast(end, float64, w), below = cast(floor(place, w), int64, w);
  const Tensor beyond = cast(place - cast(below, float64, w), d, w);
  const Tensor low = take(line, below, last, w), high = take(line, cast(ceil(place, w), int64, w), last, w);
  // from the nearer end, as NumPy: both ends are exact. Of equal ones neither moves, for infinities have no difference
  const Tensor apart = low != high, rise = where(apart, high, 1, w) - where(apart, low, 1, w);
  Tensor y = where(beyond < 0.5, low + rise * beyond, high - rise * (1 - beyond), w);
  const Tensor greatest = take(line, end, last, w);  // NaN, if there is one
  const Tensor defined = legal & !(q.ndim() == 0 ? isnan(greatest, w) : isnan(expand_dims(greatest, -1, w), w));
  y = where(defined, y, std::nan(""), w);
  if (q.ndim() == 0) return keep ? ops::with_axes(y, list, x.ndim()) : y;
  y = moveaxis(y, -1, 0, w);
  if (!keep) return y;
  std::vector<Index> behind_q = list;
  for (Index& a : behind_q) ++a;
  return ops::with_axes(y, behind_q, x.ndim() + 1);
}

/// How many elements of x lie in each bin between edges, the last one with its right end.
Tensor binned(const Tensor& x, const Tensor& edges, Where w) {
  const Tensor n = ops::extent(edges, 0, w);
  // bin i has number i + 1; what lies before all has 0, and what lies behind them n
  const Tensor number = where(x == take(edges, n - 1, 0, w), n - 1, searchsorted(edges, x, true, w), w);
  const Tensor counts = zeros({n + 1}, int64, w)(IndexItem(flatten(number, w), w)).inc(1);
  return counts(slice(1, -1));
}

/// Where parts in order, along axis 0, differ from the one before.
Tensor begins(const Tensor& sorted, Where w) {
  const Tensor at = arange(ops::extent(sorted, 0, w), w), before = take(sorted, maximum(at - 1, 0, w), 0, w);
  Tensor differs = sorted != before;
  if (is_float(sorted.dtype())) differs = differs & !(isnan(sorted, w) & isnan(before, w));
  if (sorted.ndim() == 2) differs = any(differs, 1, w);
  return (at == 0) | differs;
}

/// The unique parts along axis 0, given their order, where each stands first, and where it begins in the order.
Unique unique_parts(const Tensor& x, const Tensor& order, const Tensor& first, const Tensor& starts, Where w) {
  const Tensor n = ops::extent(x, 0, w), number = cumsum(begins(take(x, order, 0, w), w), 0, w) - 1;
  return {.values = take(x, first, 0, w),
          .index = first,
          .inverse = zeros(n, int64, w)(IndexItem(order, w)).set(number),
          .counts = diff(concatenate({starts, ops::with_rank(n, 1, w)}, 0, w), 1, 0, w)};
}

Tensor counted(const Operand& of, Index least, Where w) {
  if (least < 0) fail_at<ShapeError>(w, "bincount: at least {} counts; a count is not negative", least);
  return apply(ops::bincount, {{"least", least}}, {of.get()}, w);
}

}  // namespace

Tensor argsort(const Operand& x, int axis, Where w) {
  const WhereScope scope(w);
  return order_of("argsort", x.get(), axis, w);
}

Tensor sort(const Operand& of, int axis, Where w) {
  const WhereScope scope(w);
  return sorted_along("sort", of.get(), axis, w);
}

std::array<Tensor, 2> topk(const Operand& of, Index k, int axis, bool largest, Where w) {
  const WhereScope scope(w);
  const Tensor x = of.get();
  if (k < 0) fail_at<ShapeError>(w, "{}: the {} first elements; a count is not negative", ambient("topk"), k);
  const Params params{{"axis", axis_given("topk", x, axis, w)}, {"descending", largest}, {"k", k}};
  const Tensor index = apply(ops::argtopk, params, {x}, w);
  return {take_along_axis(x, index, axis, w), index};
}

Tensor searchsorted(const Operand& in, const Operand& of, bool right, Where w) {
  const WhereScope scope(w);
  const Tensor sorted = in.get();
  refuse_empty("searchsorted", {&sorted, 1}, w);
  if (sorted.ndim() != 1)
    fail_at<ShapeError>(w, "searchsorted: {} is {}; what is searched is a vector", formula(sorted), text(type(sorted)));
  const Tensor both[] = {sorted, of.get()};
  const DType d = ops::common_dtype("searchsorted", both, w);
  return apply(ops::searchsorted, {{"right", right}}, {ops::converted(sorted, d, w), ops::converted(both[1], d, w)}, w);
}

Tensor digitize(const Operand& of, const Operand& in, bool right, Where w) {
  const WhereScope scope(w);
  const Tensor x = of.get(), bins = in.get();
  refuse_empty("digitize", {&bins, 1}, w);
  if (bins.ndim() != 1)
    fail_at<ShapeError>(w, "digitize: {} is {}; bins are a vector", formula(bins), text(type(bins)));
  const Tensor n = ops::extent(bins, 0, w);
  const Tensor rising = searchsorted(bins, x, !right, w), falling = n - searchsorted(flip(bins, 0, w), x, !right, w);
  const Tensor falls = any(take(bins, maximum(arange(n, w) - 1, 0, w), 0, w) > bins, w);
  return where(falls, falling, rising, w);
}

Tensor isin(const Operand& of, const Operand& among, Where w) {
  const WhereScope scope(w);
  const Tensor both[] = {of.get(), among.get()};
  const DType d = ops::common_dtype("isin", both, w);
  const Tensor x = ops::converted(both[0], d, w), listed = flatten(ops::converted(both[1], d, w), w);
  constexpr Index few = 16;  // compared with each
  if (const Index n = type(listed).shape[0]; n >= 0 && n <= few) return any(expand_dims(x, -1, w) == listed, -1, w);
  const Tensor line = sort(listed, 0, w);
  const Tensor found = searchsorted(line, x, false, w) < searchsorted(line, x, true, w);
  return is_float(d) ? found & !isnan(x, w) : found;
}

Tensor histogram(const Operand& of, const Operand& edges, Where w) {
  const WhereScope scope(w);
  const Tensor both[] = {of.get(), edges.get()};
  if (both[1].ndim() != 1)
    fail_at<ShapeError>(w, "histogram: {} is {}; edges are a vector", formula(both[1]), text(type(both[1])));
  if (const Index n = type(both[1]).shape[0]; n >= 0 && n < 2)
    fail_at<ShapeError>(w, "histogram: {} edges; at least 2 are needed", n);
  const DType d = ops::common_dtype("histogram", both, w);
  return binned(ops::converted(both[0], d, w), ops::converted(both[1], d, w), w);
}

Tensor histogram(const Operand& of, Index bins, const Operand& low, const Operand& high, Where w) {
  const WhereScope scope(w);
  const Tensor given[] = {of.get(), low.get(), high.get()};
  if (bins < 1) fail_at<ShapeError>(w, "histogram: {} bins; at least 1 is needed", bins);
  for (const Tensor& t : {given[1], given[2]})
    if (t.ndim() != 0)
      fail_at<ShapeError>(w, "histogram: {} is {}; low and high are scalars", formula(t), text(type(t)));
  const Tensor range[] = {exact(low, w), exact(high, w)};
  if (node(range[0]).kind == NodeKind::constant && node(range[1]).kind == NodeKind::constant)
    if (const double from = get(node(range[0]).value, 0), to = get(node(range[1]).value, 0); !(from < to))
      fail_at<GraphError>(w, "histogram: bins from {:g} to {:g}; low is below high", from, to);
  const DType d = to_floating(ops::common_dtype("histogram", given, w));
  const Tensor edges = linspace(ops::converted(range[0], d, w), ops::converted(range[1], d, w), bins + 1, true, w);
  return binned(ops::converted(given[0], d, w), edges, w);
}

Tensor bincount(const Operand& x, Index least, Where w) {
  const WhereScope scope(w);
  return counted(x, least, w);
}

Tensor bincount(const Operand& of, const Operand& weights, Index least, Where w) {
  const WhereScope scope(w);
  const Tensor x = of.get(), by = weights.get();
  const Tensor counts = counted(x, least, w);
  if (by.ndim() != 1)
    fail_at<ShapeError>(w, "bincount: {} is {}; each element has a weight", formula(by), text(type(by)));
  const Tensor each = reshape(by, Dims({Dim(ops::extent(x, 0, w))}), w);  // one weight is not one for all
  return zeros(ops::extent(counts, 0, w), by.dtype(), w)(IndexItem(x, w)).inc(each);
}

Unique unique(const Operand& of, Where w) {
  const WhereScope scope(w);
  const Tensor x = flatten(of, w), places = apply(ops::argunique, {}, {x}, w);
  Unique u = unique_parts(x, order_of("unique", x, 0, w), places[0], places[1], w);
  u.values = apply(ops::unique, {}, {x}, w);  // one sort, and no gathering
  return u;
}

Unique unique(const Operand& of, int axis, Where w) {
  const WhereScope scope(w);
  const Tensor x = of.get();
  refuse_empty("unique", {&x, 1}, w);
  const int a = ops::axis_of("unique", axis, x, w);
  if (x.ndim() == 1) return unique(of, w);
  Extents front_first{Index{a}}, back;
  for (int d = 0; d < x.ndim(); ++d) {
    if (d != a) front_first.add(d);
    back.add(d < a ? d + 1 : d == a ? 0 : d);
  }
  const Tensor front = transpose(x, front_first, w);
  Tensor width = ops::integer(1, w);
  Dims whole{Dim(-1)};
  for (int d = 1; d < x.ndim(); ++d) {
    width = width * ops::extent(front, d, w);
    whole.list.emplace_back(ops::extent(front, d, w));
  }
  const Tensor rows = reshape(front, {ops::extent(front, 0, w), width}, w);
  const Tensor order = apply(ops::row_order, {}, {rows}, w);
  const Tensor starts = nonzero(begins(take(rows, order, 0, w), w), w)[0];
  Unique u = unique_parts(rows, order, take(order, starts, 0, w), starts, w);
  whole.list[0] = ops::extent(u.index, 0, w);
  u.values = transpose(reshape(u.values, whole, w), back, w);
  return u;
}

Tensor median(const Operand& x, const Axes& axes, Where w) { return median_of(x.get(), axes, false, w); }
Tensor median(const Operand& x, const Axes& axes, KeepDims, Where w) { return median_of(x.get(), axes, true, w); }
Tensor median(const Operand& x, KeepDims, Where w) { return median_of(x.get(), Axes(), true, w); }

Tensor quantile(const Operand& x, const Operand& q, const Axes& axes, Where w) {
  return quantile_of("quantile", x.get(), q, 1, axes, false, w);
}
Tensor quantile(const Operand& x, const Operand& q, const Axes& axes, KeepDims, Where w) {
  return quantile_of("quantile", x.get(), q, 1, axes, true, w);
}
Tensor percentile(const Operand& x, const Operand& q, const Axes& axes, Where w) {
  return quantile_of("percentile", x.get(), q, 100, axes, false, w);
}
Tensor percentile(const Operand& x, const Operand& q, const Axes& axes, KeepDims, Where w) {
  return quantile_of("percentile", x.get(), q, 100, axes, true, w);
}

}  // namespace croton
