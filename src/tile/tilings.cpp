#include "tile/tilings.h"

#include "croton/ops.h"
#include "graph/op.h"
#include "ops/extents.h"
#include "tile/replace.h"

namespace croton::tile {
namespace {

// A tensor with some of its axes joined: which ones, in their order, for each axis of the result.
struct Joined {
  Tensor made, of;
  std::vector<std::vector<Index>> axes;
};

Joined join_axes(const Tensor& of, std::vector<std::vector<Index>> axes, Where w) {
  std::vector<Index> order;
  Dims dims{};
  for (const std::vector<Index>& each : axes) {
    order.insert(order.end(), each.begin(), each.end());
    Tensor n = ops::extent(of, static_cast<int>(each[0]), w);
    for (std::size_t k = 1; k < each.size(); ++k)
      n = ops::settled(n * ops::extent(of, static_cast<int>(each[k]), w), w);
    dims.list.emplace_back(n);
  }
  return {reshape(ops::permuted(of, std::move(order), w), dims, w), of, std::move(axes)};
}

bool is_tiling(const Tensor& t) {
  if (!meaning<FoldWindows>(t)) return false;
  const Node& n = node(t);
  const auto axis = static_cast<std::size_t>(n.params.integer("axis"));
  const Shape& windows = type(n.inputs[0]).shape;
  const Index size = windows.back(), count = windows[axis], extent = type(t).shape[axis];
  return size == n.params.integer("stride") && n.params.integer("dilation") == 1 && n.params.list("dims")[1] == 0 &&
         count >= 0 && extent == count * size;
}

}  // namespace

std::vector<Tensor> tilings_as_reshapes(std::span<const Tensor> outputs) {
  std::vector<Joined> made;
  return replaced(outputs, is_tiling, [&made](const Tensor& t, const std::vector<Tensor>& inputs) {
    Tensor of = inputs[0];
    std::vector<std::vector<Index>> axes(static_cast<std::size_t>(of.ndim()));
    for (std::size_t d = 0; d < axes.size(); ++d) axes[d] = {static_cast<Index>(d)};
    for (const Joined& below : made)
      if (below.made.node() == inputs[0].node()) of = below.of, axes = below.axes;
    std::vector<Index>& along = axes[static_cast<std::size_t>(node(t).params.integer("axis"))];
    along.insert(along.end(), axes.back().begin(), axes.back().end());
    axes.pop_back();
    made.push_back(join_axes(of, std::move(axes), node(t).where));
    return made.back().made;
  });
}

}  // namespace croton::tile
