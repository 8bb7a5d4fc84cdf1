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

// The fold t of `windows`, where it is what folds_as_products says; else nothing.
std::optional<Tensor> as_product(const Tensor& t, const std::vector<Tensor>& inputs) {
  const Node& n = node(t);
  Tensor made;
  std::vector<Index> axes;
  if (!permuted(inputs[0], made, axes) || !meaning<Contract>(made) ||
      !(is_library_call(made) || is_strided_product(made)) || n.params.integer("stride") != 1)
    return {};
  std::vector<Index> labels;
  labels.reserve(axes.size());
  for (const Index a : axes) labels.push_back(node(made).params.list("out")[static_cast<std::size_t>(a)]);
  const auto axis = static_cast<std::size_t>(n.params.integer("axis"));
  const Index slides = labels[axis], inner = labels.back(), dilation = n.params.integer("dilation");
  const Index size = type(inputs[0]).shape.back(), count = type(inputs[0]).shape[axis];
  if (size < 0 || (count < 0 ? size > most_of_a_window : (size - 1) * dilation > count)) return {};
  std::vector<Index> of[2] = {node(made).params.list("a"), node(made).params.list("b")};
  std::vector<Tensor> x = node(made).inputs;
  const std::size_t moving = place(of[0], slides) >= 0 ? 0 : 1, fixed = 1 - moving;  // moving: what is seen in windows
  if (place(of[fixed], slides) >= 0 || place(of[moving], inner) >= 0 || place(of[fixed], inner) < 0) return {};
  const Index reach = (size - 1) * dilation;
  const int along = place(of[moving], slides);
  const std::optional<Tensor> padded = changed_along(x[moving], along, nothing, [&](const Tensor& whole) {
    return std::optional(
        ops::among_zeros(whole, along, ops::settled(ops::held_dim(n.params, inputs, 0) + reach, n.where),
                         ops::settled(ops::held_dim(n.params, inputs, 1) + reach, n.where), 1, n.where));
  });
  if (!padded) return {};
  x[moving] = ops::windows_of(*padded, {along}, {ops::integer(size, n.where)}, {1}, {dilation}, n.where);
  of[moving].push_back(inner);
  x[fixed] = flip(x[fixed], place(of[fixed], inner), n.where);
  labels.pop_back();
  const Tensor product = apply(ops::contract, Params{{"a", of[fixed]}, {"b", of[moving]}, {"out", labels}},
                               {x[fixed], x[moving]}, n.where);
  return is_strided_product(product) ? std::optional(product) : std::nullopt;
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

}  // namespace

std::vector<Tensor> folds_as_products(std::span<const Tensor> outputs) {
  std::unordered_map<const Node*, int> readers;
  for (const Tensor& t : topological(outputs))
    for (const Tensor& x : node(t).inputs) ++readers[x.node()];
  for (const Tensor& t : outputs) ++readers[t.node()];
  return replaced(
      outputs,
      [&](const Tensor& t) {
        return meaning<FoldWindows>(t) ||
               (is_op(t, ops::sliding_window_view) && readers[node(t).inputs[0].node()] == 1);
      },
      [](const Tensor& t, std::vector<Tensor> inputs) {
        const auto product = meaning<FoldWindows>(t) ? as_product(t, inputs) : as_smaller_product(t, inputs);
        return product ? *product : with_inputs(t, std::move(inputs));
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
