#include "tile/strided.h"

#include <algorithm>

#include "croton/ops.h"
#include "graph/codes.h"
#include "ops/extents.h"
#include "ops/registry.h"
#include "ops/windows.h"
#include "tile/contraction.h"
#include "tile/replace.h"

namespace croton::tile {
namespace {

int place(const std::vector<Index>& labels, Index label) {
  const auto it = std::find(labels.begin(), labels.end(), label);
  return it == labels.end() ? -1 : static_cast<int>(it - labels.begin());
}

// Longer windows than that over an axis that is not longer still would be multiplied with zeros mostly.
constexpr Index most_of_a_window = 8;

// With a stride, fewer rows than that leave so many lanes idle that windows in memory cost less.
constexpr Index least_rows = 32;

// x changed along an axis below its windows along others: by `slid`, where x is windows along this one, else by
// `whole`.
template <class Slid, class Whole>
std::optional<Tensor> changed_along(const Tensor& x, int axis, Slid&& slid, Whole&& whole) {
  if (!is_op(x, ops::sliding_window_view)) return whole(x);
  if (axis == x.ndim() - 1) return {};
  if (axis == node(x).params.integer("axis")) return slid(x);
  std::vector<Tensor> inputs = node(x).inputs;
  std::optional<Tensor> below = changed_along(inputs[0], axis, slid, whole);
  if (!below) return {};
  inputs[0] = std::move(*below);
  return with_inputs(x, std::move(inputs));
}
std::optional<Tensor> nothing(const Tensor&) { return {}; }

// An axis of x, and zeros behind it, as two: so many steps, of `stride` elements each.
Tensor in_steps(const Tensor& x, int axis, Index steps, Index stride, Where w) {
  const Tensor filled = type(x).shape[static_cast<std::size_t>(axis)] == steps * stride
                            ? x
                            : ops::among_zeros(x, axis, ops::integer(steps * stride, w), ops::integer(0, w), 1, w);
  Dims dims{};
  for (int d = 0; d < x.ndim(); ++d) {
    if (d != axis) {
      dims.list.emplace_back(ops::extent(filled, d, w));
      continue;
    }
    dims.list.emplace_back(steps);
    dims.list.emplace_back(stride);
  }
  return reshape(filled, dims, w);
}

// A product as its reader sees it: for each axis the labels of those that it is made of, and how many elements of them
// there are, where it is not all.
struct Seen {
  struct Along {
    std::vector<Index> labels;
    Tensor count = {};
  };
  Tensor product;
  std::vector<Along> axes;
};
// What has been made of folds, where axes of the product are joined.
using Joined = std::vector<std::pair<Tensor, Seen>>;

std::optional<Seen> seen_product(const Tensor& x, const Joined& joined) {
  for (const auto& [made, seen] : joined)
    if (made.node() == x.node()) return seen;
  Seen seen;
  std::vector<Index> axes;
  if (!permuted(x, seen.product, axes) || !meaning<Contract>(seen.product)) return {};
  for (const Index a : axes)
    seen.axes.push_back({{node(seen.product).params.list("out")[static_cast<std::size_t>(a)]}});
  return seen;
}

// The product with the axes that the reader wants, which lie side by side.
Tensor join_axes(const Seen& seen, Where w) {
  Dims dims{};
  int next = 0;
  for (const Seen::Along& along : seen.axes) {
    Tensor n = ops::extent(seen.product, next++, w);
    for (std::size_t k = 1; k < along.labels.size(); ++k) n = ops::settled(n * ops::extent(seen.product, next++, w), w);
    dims.list.emplace_back(n);
  }
  Tensor y = reshape(seen.product, dims, w);
  for (std::size_t d = 0; d < seen.axes.size(); ++d)
    if (const Tensor& count = seen.axes[d].count; count.node())
      y = ops::between(y, static_cast<int>(d), ops::integer(0, w), count, w);
  return y;
}

// The fold t of `windows`, where it is what folds_as_products says; else nothing.
std::optional<Tensor> as_product(const Tensor& t, const std::vector<Tensor>& inputs, Joined& joined) {
  const Node& n = node(t);
  std::optional<Seen> seen = seen_product(inputs[0], joined);
  if (!seen || !(is_library_call(seen->product) || is_strided_product(seen->product))) return {};
  const auto axis = static_cast<std::size_t>(n.params.integer("axis"));
  if (seen->axes[axis].labels.size() > 1 || seen->axes.back().labels.size() > 1) return {};
  const Index slides = seen->axes[axis].labels[0], inner = seen->axes.back().labels[0];
  const Index stride = n.params.integer("stride"), dilation = n.params.integer("dilation");
  const Index size = type(inputs[0]).shape.back(), count = type(inputs[0]).shape[axis];
  if (size < 0 || (count < 0 ? size > most_of_a_window : (size - 1) * dilation > count)) return {};
  // element q stride + r is made of elements k stride + r of windows q - k
  if (stride > 1 && (size <= stride || dilation > 1 || n.params.list("dims")[1] != 0)) return {};
  std::vector<Index> of[2] = {node(seen->product).params.list("a"), node(seen->product).params.list("b")};
  std::vector<Tensor> x = node(seen->product).inputs;
  const std::size_t moving = place(of[0], slides) >= 0 ? 0 : 1, fixed = 1 - moving;  // moving: what is seen in windows
  if (place(of[fixed], slides) >= 0 || place(of[moving], inner) >= 0 || place(of[fixed], inner) < 0) return {};
  const Index steps = (size + stride - 1) / stride, reach = (steps - 1) * dilation;
  const Tensor extent = ops::held_dim(n.params, inputs, 0);
  const Tensor windows =
      stride == 1 ? extent : ops::settled(floor_divide(extent + (stride - 1), stride, n.where), n.where);
  const int along = place(of[moving], slides);
  const std::optional<Tensor> padded = changed_along(x[moving], along, nothing, [&](const Tensor& whole) {
    return std::optional(ops::among_zeros(whole, along, ops::settled(windows + reach, n.where),
                                          ops::settled(ops::held_dim(n.params, inputs, 1) + reach, n.where), 1,
                                          n.where));
  });
  if (!padded) return {};
  x[moving] = ops::windows_of(*padded, {along}, {ops::integer(steps, n.where)}, {1}, {dilation}, n.where);
  const int in_fixed = place(of[fixed], inner);
  seen->axes.pop_back();
  Index k = inner;
  if (stride > 1) {
    for (const auto& labels : of) k = std::max(k, 1 + *std::max_element(labels.begin(), labels.end()));
    of[fixed].insert(of[fixed].begin() + in_fixed, k);
    seen->axes[axis].labels.push_back(inner);
    if (type(t).shape[axis] < 0 || type(t).shape[axis] % stride != 0) seen->axes[axis].count = extent;
    x[fixed] = in_steps(x[fixed], in_fixed, steps, stride, n.where);
  }
  x[fixed] = flip(x[fixed], in_fixed, n.where);
  of[moving].push_back(k);
  std::vector<Index> out;
  for (const Seen::Along& a : seen->axes) out.insert(out.end(), a.labels.begin(), a.labels.end());
  Index rows = stride == 1 ? least_rows : 1;
  for (std::size_t d = 0; d < of[fixed].size() && rows < least_rows; ++d)
    if (place(out, of[fixed][d]) >= 0) rows *= type(x[fixed]).shape[d] < 0 ? least_rows : type(x[fixed]).shape[d];
  if (rows < least_rows) return {};
  const bool joins = out.size() > seen->axes.size();
  seen->product = apply(ops::contract, Params{{"a", of[fixed]}, {"b", of[moving]}, {"out", std::move(out)}},
                        {x[fixed], x[moving]}, n.where);
  if (!is_strided_product(seen->product)) return {};
  if (!joins) return seen->product;
  joined.emplace_back(join_axes(*seen, n.where), *seen);
  return joined.back().first;
}

// A part t of `inputs[0]`, windows of one element of it, where that is a product of windows: a product of fewer of
// them.
std::optional<Tensor> as_smaller_product(const Tensor& t, const std::vector<Tensor>& inputs) {
  const Node& n = node(t);
  Tensor made;
  std::vector<Index> axes;
  if (!permuted(inputs[0], made, axes) || !std::is_sorted(axes.begin(), axes.end()) || !meaning<Contract>(made) ||
      !is_strided_product(made) || type(t).shape.back() != 1 || n.params.integer("stride") != 1 ||
      n.params.list("dims")[2] == own_extent)
    return {};
  const Params& p = node(made).params;
  const Index label = p.list("out")[static_cast<std::size_t>(n.params.integer("axis"))];
  const int in_a = place(p.list("a"), label), in_b = place(p.list("b"), label);
  if (in_a >= 0 && in_b >= 0) return {};
  std::vector<Tensor> x = node(made).inputs;
  Tensor& of = in_a >= 0 ? x[0] : x[1];
  const auto fewer = [&](const Tensor& windows) {
    return std::optional(
        ops::fewer_windows(windows, ops::held_dim(n.params, inputs, 1), ops::held_dim(n.params, inputs, 2), n.where));
  };
  const std::optional<Tensor> part = changed_along(of, std::max(in_a, in_b), fewer, nothing);
  if (!part) return {};
  of = *part;
  return expand_dims(apply(ops::contract, p, std::move(x), n.where), -1, n.where);
}

// Windows of windows seen without their last axis, of one element: windows of those, seen so.
std::optional<Tensor> below_squeeze(const Tensor& t, std::vector<Tensor> inputs) {
  if (!is_op(inputs[0], ops::permute)) return {};
  const Node& below = node(inputs[0]);
  const int rank = inputs[0].ndim();
  if (!is_op(below.inputs[0], ops::sliding_window_view) || below.params.list("axes") != ops::counting(rank) ||
      below.inputs[0].ndim() != rank + 1)
    return {};
  inputs[0] = below.inputs[0];
  return squeeze(with_inputs(t, std::move(inputs)), rank, node(t).where);
}

}  // namespace

std::vector<Tensor> folds_as_products(std::span<const Tensor> outputs) {
  std::unordered_map<const Node*, int> readers;
  for (const Tensor& t : topological(outputs))
    for (const Tensor& x : node(t).inputs) ++readers[x.node()];
  for (const Tensor& t : outputs) ++readers[t.node()];
  Joined joined;
  return replaced(
      outputs, [&](const Tensor& t) { return meaning<FoldWindows>(t) || is_op(t, ops::sliding_window_view); },
      [&](const Tensor& t, std::vector<Tensor> inputs) {
        std::optional<Tensor> made;
        if (meaning<FoldWindows>(t))
          made = as_product(t, inputs, joined);
        else if (readers[node(t).inputs[0].node()] == 1)
          made = as_smaller_product(t, inputs);
        if (!made && !meaning<FoldWindows>(t)) made = below_squeeze(t, inputs);
        return made ? *made : with_inputs(t, std::move(inputs));
      });
}

StridedProduct strided_product(const Tensor& t, int a, const std::optional<std::vector<int>>& axes_of_a, int b,
                               const std::optional<std::vector<int>>& axes_of_b) {
  const Params& p = node(t).params;
  const auto behind = [](int axis, const std::optional<std::vector<int>>& axes) {
    return axis < 0 || !axes ? axis : (*axes)[static_cast<std::size_t>(axis)];
  };
  const auto along = [&](const std::vector<Index>& labels) {
    std::vector<StridedProduct::Along> r;
    r.reserve(labels.size());
    for (const Index l : labels)
      r.push_back({behind(place(p.list("a"), l), axes_of_a), behind(place(p.list("b"), l), axes_of_b),
                   place(p.list("out"), l)});
    return r;
  };
  const Groups g = groups(t);
  return {.a = a,
          .b = b,
          .batch = along(g.batch),
          .rows = along(g.rows),
          .columns = along(g.columns),
          .terms = along(g.summed)};
}

}  // namespace croton::tile
