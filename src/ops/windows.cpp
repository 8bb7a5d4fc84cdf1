// Windows that slide along an axis, as a view, and its transpose, which adds them up where they overlap.
#include <algorithm>

#include "base/dtype.h"
#include "base/error.h"
#include "croton/nn.h"
#include "croton/numpy.h"
#include "graph/walk.h"
#include "ops/extents.h"
#include "ops/families.h"
#include "ops/pointwise.h"
#include "ops/windows.h"

namespace croton::ops {
namespace {

std::size_t axis_in(const Params& p) { return static_cast<std::size_t>(p.integer("axis")); }

/// From the first element of a window to behind its last one.
Index reach(Index size, Index dilation) { return (size - 1) * dilation + 1; }

/// Element k of window o lies at first + o stride + k dilation; `inner` is the axis of k.
std::vector<AxisMap> map_of(const TypeAt& t, int rank, Index first) {
  std::vector<AxisMap> map(static_cast<std::size_t>(rank));
  for (std::size_t d = 0; d < map.size(); ++d) map[d].axis = static_cast<int>(d);
  map[axis_in(t.params)] = {static_cast<int>(axis_in(t.params)), first, t.params.integer("stride"), rank,
                            t.params.integer("dilation")};
  return map;
}

std::string seen(const TypeAt& t) { return formula(t.x[0]) + " " + text(Type{t.dtype(0), t.shapes[0]}); }

Tensor held(const At& at, std::size_t k) { return held_dim(at.params, at.x, k); }

Gradients first_only(const At& at, Tensor g) {
  Gradients all(at.x.size());
  all[0] = std::move(g);
  return all;
}

Params placed(const Params& p, std::vector<Index> dims) {
  return {{"axis", p.integer("axis")},
          {"stride", p.integer("stride")},
          {"dilation", p.integer("dilation")},
          {"dims", std::move(dims)}};
}

void put(ExtentList& list, const Tensor& n) {
  if (const auto known = node(n).kind == NodeKind::constant ? static_integers(n) : std::nullopt)
    list.add((*known)[0]);
  else
    list.add(n);
}

// ---- sliding_window_view
/// The extent of a window as far as it is known, were it negative.
std::optional<Index> size_given(const TypeAt& t) {
  const Index size = t.params.list("dims")[0];
  const auto holder = holder_of_extent(size);
  if (!holder) return size;
  const auto& held = t.values[1 + *holder];
  return held ? std::optional((*held)[0]) : std::nullopt;
}

Type view_type(const TypeAt& t) {
  const std::size_t axis = axis_in(t.params);
  if (const auto size = size_given(t); size && *size < 1)
    fail_at<ShapeError>(t.where, "{}: a window of {} elements along axis {} of {}; it has at least 1", t.name(), *size,
                        axis, seen(t));
  const Shape dims = resolve(t, 1);
  const Index stride = t.params.integer("stride"), dilation = t.params.integer("dilation");
  const Index n = t.shapes[0][axis], size = dims[0], first = dims[1];
  Index count = dims[2];
  const bool known = n >= 0 && size >= 0 && first >= 0;
  const Index left = known ? n - first - reach(size, dilation) : 0;
  const auto refuse = [&](Index needed) {
    fail_at<ShapeError>(t.where, "{}: {} of {} elements{} along axis {} of {} {} {} elements, and there are {}",
                        t.name(), needed > 1 ? fmt::format("{} windows", needed) : "a window", size,
                        dilation > 1 ? fmt::format(" with dilation {}", dilation) : "", axis, seen(t),
                        needed > 1 ? "need" : "needs", (needed - 1) * stride + reach(size, dilation), n - first);
  };
  if (count == own_extent) {
    if (known && left < 0) refuse(1);
    count = known ? left / stride + 1 : -1;
  } else if (known && count > 0 && (count - 1) * stride > left) {
    refuse(count);
  }
  Type out{t.dtype(0), t.shapes[0]};
  out.shape[axis] = count;
  out.shape.push_back(size);
  return out;
}

std::vector<AxisMap> view_map(const TypeAt& t, const Shape&) { return map_of(t, t.rank(0), resolve(t, 1)[1]); }

Gradients view_pullback(const At& at) {
  const Where w = Where::here();
  ExtentList dims;
  put(dims, extent(at.x[0], static_cast<int>(axis_in(at.params)), w));
  put(dims, held(at, 1));
  return first_only(at, apply(fold_windows, placed(at.params, dims.dims), dims.after(at.y_bar), w));
}

using L = std::vector<Index>;

Params window_params(Index axis, Index stride, Index dilation, L dims) {
  return {{"axis", axis}, {"stride", stride}, {"dilation", dilation}, {"dims", std::move(dims)}};
}

std::vector<Sample> view_samples() {
  return {{{{float64, {6}}}, window_params(0, 1, 1, {3, 0, own_extent})},
          {{{float64, {7, 2}}}, window_params(0, 2, 2, {3, 1, own_extent})},
          {{{float32, {2, 5}}, {int64, {}}}, window_params(1, 3, 1, {-1, 0, own_extent}), {{-4, 4}, {2, 2}}},
          {{{int64, {0, 4}}}, window_params(1, 1, 1, {1, 0, 2})}};
}

// ---- fold_windows
Type fold_type(const TypeAt& t) {
  const Shape dims = resolve(t, 1);
  const std::size_t axis = axis_in(t.params);
  const Shape& windows = t.shapes[0];
  if (t.dtype(0) == boolean)
    fail_at<DTypeError>(t.where, "{}: {} is no sum: bools cannot be folded", t.name(), seen(t));
  const Index count = windows[axis], size = windows.back(), n = dims[0], first = dims[1];
  if (count > 0 && size > 0 && n >= 0 && first >= 0) {
    const Index needed = (count - 1) * t.params.integer("stride") + reach(size, t.params.integer("dilation"));
    if (needed > n - first)
      fail_at<ShapeError>(t.where, "{}: axis {} of {} holds {} windows of {}, which need {} elements; there are {}",
                          t.name(), axis, seen(t), count, size, needed, n - first);
  }
  Type out{t.dtype(0), {windows.begin(), windows.end() - 1}};
  out.shape[axis] = n;
  return out;
}

std::vector<AxisMap> fold_map(const TypeAt& t) { return map_of(t, t.rank(0) - 1, resolve(t, 1)[1]); }

Gradients fold_pullback(const At& at) {
  const Where w = Where::here();
  const Tensor& windows = at.x[0];
  ExtentList dims;
  put(dims, extent(windows, windows.ndim() - 1, w));
  put(dims, held(at, 1));
  put(dims, extent(windows, static_cast<int>(axis_in(at.params)), w));
  return first_only(at, apply(sliding_window_view, placed(at.params, dims.dims), dims.after(at.y_bar), w));
}

std::vector<Sample> fold_samples() {
  return {{{{float64, {4, 3}}}, window_params(0, 1, 1, {6, 0})},
          {{{float64, {2, 2, 3}}}, window_params(0, 2, 2, {9, 1})},
          {{{float32, {2, 2, 2}}, {int64, {}}}, window_params(1, 3, 1, {-1, 0}), {{-4, 4}, {6, 6}}},
          {{{int64, {0, 4, 1}}}, window_params(1, 1, 1, {4, 0})}};
}

}  // namespace

constinit const Op sliding_window_view{
    .name = "sliding_window_view",
    .doc =
        "Windows that slide along an axis, their elements along a new last axis; NumPy's sliding_window_view, with a "
        "stride and a dilation.",
    .arity = -1,
    .type = view_type,
    .meaning = View{view_map},
    .pullback = view_pullback,
    .samples = view_samples};

constinit const Op fold_windows{.name = "fold_windows",
                                .doc =
                                    "Each element the sum of those elements of windows that lie there, the transpose "
                                    "of sliding_window_view; PyTorch's fold.",
                                .arity = -1,
                                .type = fold_type,
                                .meaning = FoldWindows{fold_map},
                                .pullback = fold_pullback,
                                .samples = fold_samples};

Family window_ops() {
  static constexpr const Op* list[] = {&sliding_window_view, &fold_windows};
  return list;
}

namespace {

/// One axis of sliding_window_view.
Tensor windows_along(const Tensor& x, int axis, const Tensor& size, Index stride, Index dilation, Where w) {
  ExtentList dims;
  put(dims, size);
  dims.add(0);
  dims.add(own_extent);
  return apply(sliding_window_view, window_params(axis, stride, dilation, dims.dims), dims.after(x), w);
}

/// One axis of fold_windows.
Tensor folded_along(const Tensor& windows, int axis, const Tensor& extent, const Tensor& first, Index stride,
                    Index dilation, Where w) {
  ExtentList dims;
  put(dims, extent);
  put(dims, first);
  return apply(fold_windows, window_params(axis, stride, dilation, dims.dims), dims.after(windows), w);
}

}  // namespace

Tensor held_dim(const Params& p, std::span<const Tensor> inputs, std::size_t k) {
  const Index n = p.list("dims")[k];
  const std::optional<std::size_t> holder = holder_of_extent(n);
  return holder ? inputs[1 + *holder] : integer(n, Where::here());
}

Tensor fewer_windows(const Tensor& windows, const Tensor& first, const Tensor& count, Where w) {
  const Node& n = node(windows);
  ExtentList dims;
  put(dims, held_dim(n.params, n.inputs, 0));
  put(dims, settled(held_dim(n.params, n.inputs, 1) + first * n.params.integer("stride"), w));
  put(dims, count);
  return apply(sliding_window_view, placed(n.params, dims.dims), dims.after(n.inputs[0]), w);
}

Tensor windows_of(Tensor x, const std::vector<int>& axes, const std::vector<Tensor>& sizes,
                  const std::vector<Index>& stride, const std::vector<Index>& dilation, Where w) {
  const int rank = x.ndim(), count = static_cast<int>(axes.size());
  for (std::size_t i = axes.size(); i-- > 0;) x = windows_along(x, axes[i], sizes[i], stride[i], dilation[i], w);
  std::vector<Index> order = counting(rank + count);  // the new axes lie in reverse
  std::reverse(order.begin() + rank, order.end());
  return permuted(x, std::move(order), w);
}

Tensor folded(Tensor windows, const std::vector<int>& axes, const std::vector<Tensor>& extents,
              const std::vector<Tensor>& first, const std::vector<Index>& stride, const std::vector<Index>& dilation,
              Where w) {
  const int count = static_cast<int>(axes.size()), rank = windows.ndim() - count;
  std::vector<Index> order = counting(rank + count);
  std::reverse(order.begin() + rank, order.end());
  windows = permuted(windows, std::move(order), w);
  for (std::size_t i = 0; i < axes.size(); ++i)
    windows = folded_along(windows, axes[i], extents[i], first[i], stride[i], dilation[i], w);
  return windows;
}

Tensor among_zeros(const Tensor& x, int axis, const Tensor& extent, const Tensor& first, Index stride, Where w) {
  return folded_along(expand_dims(x, -1, w), axis, extent, first, stride, 1, w);
}

Tensor between(const Tensor& x, int axis, const Tensor& first, const Tensor& count, Where w) {
  ExtentList dims;
  dims.add(1);
  put(dims, first);
  put(dims, count);
  return squeeze(apply(sliding_window_view, window_params(axis, 1, 1, dims.dims), dims.after(x), w), -1, w);
}

std::vector<Index> one_an_axis(std::string_view name, std::string_view what, const Extents& given, std::size_t axes,
                               Where w) {
  constexpr Index most = Index{1} << 30;
  std::vector<Index> r(axes, 1);
  if (given.size() > 1 && given.size() != axes)
    fail_at<ShapeError>(w, "{}: {} {}s for {} axes", name, given.size(), what, axes);
  for (std::size_t i = 0; i < axes && given.size() > 0; ++i) r[i] = given[given.size() == 1 ? 0 : i];
  for (const Index n : r)
    if (n < 1 || n > most)
      fail_at<ShapeError>(w, "{}: a {} of {}; it is at least 1, and at most {}", name, what, n, most);
  return r;
}

}  // namespace croton::ops

namespace croton {
namespace {

/// The axes named of x, or of what is made of it, counted from 0, all of them without names; ShapeError for one named
/// twice.
std::vector<int> axes_of(std::string_view name, const Axes& given, const Tensor& x, int rank, Where w) {
  std::vector<int> axes;
  if (given.everything)
    for (int d = 0; d < rank; ++d) axes.push_back(d);
  for (const int a : given.list) {
    axes.push_back(rank == x.ndim() ? ops::axis_of(name, a, x, w) : ops::result_axis_of(name, a, rank, x, w));
    if (std::count(axes.begin(), axes.end(), axes.back()) > 1)
      fail_at<ShapeError>(w, "{}: axis {} is named twice", name, a);
  }
  return axes;
}

std::vector<Tensor> scalars(std::string_view name, const Dims& given, std::size_t axes, Where w) {
  const ops::ExtentList list = ops::extents(name, given, false, w);
  if (list.dims.size() != axes) fail_at<ShapeError>(w, "{}: {} extents for {} axes", name, list.dims.size(), axes);
  std::vector<Tensor> r;
  for (const Index n : list.dims) {
    const auto holder = holder_of_extent(n);
    r.push_back(holder ? list.held[*holder] : ops::integer(n, w));
  }
  return r;
}

}  // namespace

Tensor sliding_window_view(const Operand& of, const Dims& window, const Axes& along, const WindowSteps& steps,
                           Where w) {
  const WhereScope scope(w);
  Tensor x = of.get();
  refuse_empty("sliding_window_view", {&x, 1}, w);
  const std::vector<int> axes = axes_of("sliding_window_view", along, x, x.ndim(), w);
  const std::vector<Tensor> sizes = scalars("sliding_window_view", window, axes.size(), w);
  const auto stride = ops::one_an_axis("sliding_window_view", "stride", steps.stride, axes.size(), w);
  const auto dilation = ops::one_an_axis("sliding_window_view", "dilation", steps.dilation, axes.size(), w);
  return ops::windows_of(x, axes, sizes, stride, dilation, w);
}

Tensor fold_windows(const Operand& of, const Dims& extents, const Axes& along, const WindowSteps& steps, Where w) {
  const WhereScope scope(w);
  const Tensor windows = of.get();
  refuse_empty("fold_windows", {&windows, 1}, w);
  const std::size_t count = along.everything ? static_cast<std::size_t>(windows.ndim() / 2) : along.list.size();
  const int rank = windows.ndim() - static_cast<int>(count);
  if (rank < static_cast<int>(count) || (along.everything && windows.ndim() % 2 != 0))
    fail_at<ShapeError>(w, "fold_windows: {} is {}; windows along {} axes have as many more behind", formula(windows),
                        text(type(windows)), count);
  const std::vector<int> axes = axes_of("fold_windows", along, windows, rank, w);
  const std::vector<Tensor> to = scalars("fold_windows", extents, count, w);
  const auto stride = ops::one_an_axis("fold_windows", "stride", steps.stride, count, w);
  const auto dilation = ops::one_an_axis("fold_windows", "dilation", steps.dilation, count, w);
  const std::vector<Tensor> first(count, ops::integer(0, w));
  return ops::folded(windows, axes, to, first, stride, dilation, w);
}

}  // namespace croton
