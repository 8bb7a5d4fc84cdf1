// Tensors turned, joined and spread: swapaxes, rot90, block, vstack, hstack, dstack, array_split, meshgrid, pad, kron,
// cross.
#include <algorithm>

#include "base/dtype.h"
#include "base/error.h"
#include "croton/numpy.h"
#include "graph/walk.h"
#include "ops/broadcasting.h"
#include "ops/extents.h"
#include "ops/pointwise.h"
#include "ops/slicing.h"

namespace croton {
namespace {

/// The shape of x, but for one axis.
Dims shape_with(const Tensor& x, int axis, const Dim& extent, Where w) {
  Dims dims{};
  for (int d = 0; d < x.ndim(); ++d) dims.list.emplace_back(d == axis ? extent : Dim(ops::extent(x, d, w)));
  return dims;
}

// ---- pad
bool is_odd(PadMode m) { return m == PadMode::reflect_odd || m == PadMode::symmetric_odd; }

/// One axis of a tensor, and how far it is extended.
struct Padded {
  const Tensor& x;
  int axis;
  Index before, after;
  Where w;

  Tensor extent() const { return ops::extent(x, axis, w); }
  Tensor at(const Tensor& index) const { return take(x, index, axis, w); }
  /// Elements that are the same for the whole axis, or count of them.
  Tensor around(const Tensor& first, const Tensor& last) const { return concatenate({first, x, last}, axis, w); }
  Tensor repeated(const Tensor& one, Index count) const { return broadcast_to(one, shape_with(x, axis, count, w), w); }

  Tensor with(const Tensor& value) const {
    return around(full(shape_with(x, axis, before, w), value, w), full(shape_with(x, axis, after, w), value, w));
  }
  Tensor with_kept(const Tensor& one) const { return around(repeated(one, before), repeated(one, after)); }

  /// From the value to the outermost element, which is not repeated.
  Tensor with_ramp(const Tensor& value) const {
    const auto side = [&](Index count, const Tensor& steps, const Tensor& edge) {
      std::vector<Index> places(static_cast<std::size_t>(x.ndim()), -1);
      places[static_cast<std::size_t>(axis)] = 0;
      const Tensor share = ops::permuted(cast(steps, x.dtype(), w) / static_cast<double>(std::max<Index>(count, 1)),
                                         std::move(places), w);
      return value + share * (expand_dims(edge, axis, w) - value);
    };
    return around(side(before, arange(before, w), at(0)), side(after, after - 1 - arange(after, w), at(extent() - 1)));
  }

  Tensor continued(PadMode mode) const {
    return around(beyond(mode, arange(before, w) - before), beyond(mode, extent() + arange(after, w)));
  }
  /// The elements at places i, counted on beyond both ends.
  Tensor beyond(PadMode mode, const Tensor& i) const {
    const Tensor n = extent();
    if (mode == PadMode::edge) return at(clip(i, 0, n - 1, w));
    if (mode == PadMode::wrap) return at(i % maximum(n, 1, w));
    const bool twice = mode == PadMode::symmetric || mode == PadMode::symmetric_odd;  // the outermost element
    const Tensor period = maximum(twice ? 2 * n : 2 * n - 2, 1, w), j = i % period;
    const Tensor mirrored = j >= n, place = where(mirrored, (twice ? period - 1 : period) - j, j, w);
    Tensor y = at(place);
    if (!is_odd(mode)) return y;
    // twice the last element less the mirrored one, and each period lies higher by twice what the axis rises
    const auto along = [&](const Tensor& t) {
      std::vector<Index> places(static_cast<std::size_t>(x.ndim()), -1);
      places[static_cast<std::size_t>(axis)] = 0;
      return ops::permuted(t, std::move(places), w);
    };
    const Tensor first = expand_dims(at(0), axis, w), last = expand_dims(at(n - 1), axis, w);
    const Tensor rises = 2 * floor_divide(i, period, w);
    // mirrored at the nearer end: the other one may be infinite
    const Tensor below = mirrored & (rises < 0), rest = where(below, rises + 2, rises, w);
    const Tensor here = where(along(mirrored), 2 * where(along(below), first, last, w) - y, y, w);
    return where(along(rest == 0), here, here + along(cast(rest, x.dtype(), w)) * (last - first), w);
  }
};

Tensor padded(const Padded& p, PadMode mode, const Tensor& value) {
  if (p.before == 0 && p.after == 0) return p.x;
  switch (mode) {
    case PadMode::constant: return p.with(value);
    case PadMode::linear_ramp: return p.with_ramp(value);
    case PadMode::maximum: return p.with_kept(max(p.x, p.axis, keepdims, p.w));
    case PadMode::minimum: return p.with_kept(min(p.x, p.axis, keepdims, p.w));
    case PadMode::mean: return p.with_kept(mean(p.x, p.axis, keepdims, p.w));
    case PadMode::median: return p.with_kept(median(p.x, p.axis, keepdims, p.w));
    default: return p.continued(mode);
  }
}

/// Tensors of at least that rank, shorter ones with axes of extent 1 in front.
std::vector<Tensor> with_ranks(const Tensors& parts, int least, Where w) {
  std::vector<Tensor> x = parts.list();
  for (Tensor& t : x) t = ops::with_rank(t, std::max(t.ndim(), least), w);
  return x;
}

// ---- cross
/// The three elements along an axis.
std::array<Tensor, 3> three(const Tensor& x, int axis, Where w) {
  const int a = ops::axis_of("cross", axis, x, w);
  const Index n = type(x).shape[static_cast<std::size_t>(a)];
  if (n >= 0 && n != 3)
    fail_at<ShapeError>(w, "cross: {} is {}; axis {} has {} elements, not 3", formula(x), text(type(x)), a, n);
  const Tensor checked = n == 3 ? x : reshape(x, shape_with(x, a, 3, w), w);
  return {take(checked, 0, a, w), take(checked, 1, a, w), take(checked, 2, a, w)};
}

}  // namespace

std::vector<Tensor> array_split(const Operand& of, int sections, int axis, Where w) {
  const WhereScope scope(w);
  const Tensor x = of.get();
  refuse_empty("array_split", {&x, 1}, w);
  const int a = ops::axis_of("array_split", axis, x, w);
  if (sections < 1) fail_at<ShapeError>(w, "array_split: {} sections; at least 1 is needed", sections);
  const Tensor n = ops::extent(x, a, w), least = floor_divide(n, sections, w), longer = n % sections;
  const auto begin = [&](int i) { return i * least + minimum(i, longer, w); };
  std::vector<Tensor> parts;
  std::vector<IndexItem> items(static_cast<std::size_t>(a), IndexItem(all, w));
  for (int i = 0; i < sections; ++i) {
    items.emplace_back(slice(begin(i), begin(i + 1)), w);
    parts.push_back(ops::indexed(x, items, w));
    items.pop_back();
  }
  return parts;
}

Tensor block(const std::vector<std::vector<Tensor>>& rows, Where w) {
  const WhereScope scope(w);
  int rank = 2;
  for (const auto& row : rows) {
    refuse_empty("block", row, w);
    for (const Tensor& x : row) rank = std::max(rank, x.ndim());
  }
  std::vector<Tensor> below;
  below.reserve(rows.size());
  for (const auto& row : rows) {
    std::vector<Tensor> beside;
    beside.reserve(row.size());
    for (const Tensor& x : row) beside.push_back(ops::with_rank(x, rank, w));
    below.push_back(concatenate(beside, -1, w));
  }
  return concatenate(below, -2, w);
}

Tensor vstack(const Tensors& parts, Where w) {
  const WhereScope scope(w);
  return concatenate(with_ranks(parts, 2, w), 0, w);
}

Tensor hstack(const Tensors& parts, Where w) {
  const WhereScope scope(w);
  const std::vector<Tensor> x = with_ranks(parts, 1, w);
  return concatenate(x, !x.empty() && x[0].ndim() > 1 ? 1 : 0, w);
}

Tensor dstack(const Tensors& parts, Where w) {
  const WhereScope scope(w);
  std::vector<Tensor> x = with_ranks(parts, 2, w);
  for (Tensor& t : x)
    if (t.ndim() == 2) t = expand_dims(t, 2, w);
  return concatenate(x, 2, w);
}

Tensor swapaxes(const Operand& of, int first, int second, Where w) {
  const WhereScope scope(w);
  const Tensor x = of.get();
  refuse_empty("swapaxes", {&x, 1}, w);
  const int a = ops::axis_of("swapaxes", first, x, w), b = ops::axis_of("swapaxes", second, x, w);
  std::vector<Index> order = ops::counting(x.ndim());
  std::swap(order[static_cast<std::size_t>(a)], order[static_cast<std::size_t>(b)]);
  return ops::permuted(x, std::move(order), w);
}

Tensor moveaxis(const Operand& of, int from, int to, Where w) {
  const WhereScope scope(w);
  const Tensor x = of.get();
  refuse_empty("moveaxis", {&x, 1}, w);
  const int a = ops::axis_of("moveaxis", from, x, w), b = ops::axis_of("moveaxis", to, x, w);
  std::vector<Index> order = ops::counting(x.ndim());
  order.erase(order.begin() + a);
  order.insert(order.begin() + b, a);
  return ops::permuted(x, std::move(order), w);
}

Tensor rot90(const Operand& of, int k, const std::array<int, 2>& axes, Where w) {
  const WhereScope scope(w);
  const Tensor x = of.get();
  refuse_empty("rot90", {&x, 1}, w);
  const int a = ops::axis_of("rot90", axes[0], x, w), b = ops::axis_of("rot90", axes[1], x, w);
  if (a == b) fail_at<ShapeError>(w, "rot90: axes {} and {} are the same; a plane has two", axes[0], axes[1]);
  switch ((k % 4 + 4) % 4) {
    case 1: return swapaxes(flip(x, b, w), a, b, w);
    case 2: return flip(flip(x, a, w), b, w);
    case 3: return flip(swapaxes(x, a, b, w), b, w);
    default: return x(ellipsis);
  }
}

std::vector<Tensor> meshgrid(const Tensors& vectors, Indexing indexing, Where w) {
  const WhereScope scope(w);
  const std::size_t rank = vectors.list().size();
  refuse_empty("meshgrid", vectors.list(), w);
  std::vector<Tensor> spread;
  for (std::size_t i = 0; i < rank; ++i) {
    const Tensor& x = vectors.list()[i];
    if (x.ndim() > 1) fail_at<ShapeError>(w, "meshgrid: {} is {}, which is no vector", formula(x), text(type(x)));
    std::vector<Index> places(rank, -1);
    places[indexing == Indexing::xy && i < 2 && rank > 1 ? 1 - i : i] = 0;
    spread.push_back(ops::permuted(ops::with_rank(x, 1, w), std::move(places), w));
  }
  return ops::broadcast_together("meshgrid", std::move(spread), w);
}

Tensor pad(const Operand& of, const std::vector<std::array<Index, 2>>& widths, PadMode mode, const Operand& with,
           Where w) {
  const WhereScope scope(w);
  Tensor x = of.get();
  const Tensor given = with.get();
  refuse_empty("pad", {&x, 1}, w);
  if (static_cast<int>(widths.size()) != x.ndim())
    fail_at<ShapeError>(w, "pad: {} is {}, with {} axes, but there are {} widths", formula(x), text(type(x)), x.ndim(),
                        widths.size());
  const bool fractions = mode == PadMode::linear_ramp || mode == PadMode::mean || mode == PadMode::median;
  if (!is_float(x.dtype()) && (fractions || is_float(given.dtype())))
    fail_at<DTypeError>(w, "pad: {} is {}, and what is put around it has fractions; convert it with astype", formula(x),
                        text(type(x)));
  if (given.ndim() != 0) fail_at<ShapeError>(w, "pad: the value is {}; it is one number", text(type(given)));
  const Tensor value = ops::converted(given, x.dtype(), w);
  for (std::size_t d = 0; d < widths.size(); ++d) {
    const auto [before, after] = widths[d];
    if (before < 0 || after < 0)
      fail_at<ShapeError>(w, "pad: {} elements before and {} after axis {}; a width is not negative", before, after, d);
    x = padded({x, static_cast<int>(d), before, after, w}, mode, value);
  }
  return x;
}

Tensor pad(const Operand& of, Index width, PadMode mode, const Operand& with, Where w) {
  const Tensor x = of.get();
  refuse_empty("pad", {&x, 1}, w);
  return pad(x, std::vector(static_cast<std::size_t>(x.ndim()), std::array{width, width}), mode, with, w);
}

Tensor kron(const Operand& left, const Operand& right, Where w) {
  const WhereScope scope(w);
  Tensor a = left.get(), b = right.get();
  const Tensor both[] = {a, b};
  refuse_empty("kron", both, w);
  const int rank = std::max(a.ndim(), b.ndim());
  a = ops::with_rank(a, rank, w), b = ops::with_rank(b, rank, w);
  std::vector<Index> outer, inner;
  Dims dims{};
  for (Index d = 0; d < rank; ++d) {
    outer.insert(outer.end(), {d, -1});
    inner.insert(inner.end(), {-1, d});
    dims.list.emplace_back(ops::extent(a, static_cast<int>(d), w) * ops::extent(b, static_cast<int>(d), w));
  }
  return reshape(ops::permuted(a, std::move(outer), w) * ops::permuted(b, std::move(inner), w), dims, w);
}

Tensor cross(const Operand& left, const Operand& right, int axis, Where w) {
  const WhereScope scope(w);
  const Tensor both[] = {left.get(), right.get()};
  refuse_empty("cross", both, w);
  const std::array<Tensor, 3> a = three(both[0], axis, w), b = three(both[1], axis, w);
  return stack({a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]}, axis, w);
}

}  // namespace croton
