#include "tile/folds.h"

#include <algorithm>
#include <limits>

#include "base/dtype.h"
#include "croton/ops.h"
#include "graph/walk.h"
#include "ops/registry.h"

namespace croton::tile {
namespace {

Tensor reduced(const Op& op, const Tensor& x, const std::vector<Index>& axes) {
  return apply(op, Params{{"axes", axes}}, {x}, node(x).where);
}

// The reduced value with its axes put back, each of extent 1.
Tensor kept(const Tensor& folded, const Tensor& x, const std::vector<Index>& axes) {
  std::vector<Index> order;
  Index next = 0;
  for (Index d = 0; d < x.ndim(); ++d)
    order.push_back(std::find(axes.begin(), axes.end(), d) == axes.end() ? next++ : -1);
  return apply(ops::permute, Params{{"axes", order}}, {folded}, node(x).where);
}

// Each element's row-major number among the folded axes, with the shape of x; 0 where none is folded.
Tensor positions(const Tensor& x, const std::vector<Index>& axes) {
  if (axes.empty()) return constant(Array(Index{0}));
  std::vector<Tensor> extents;
  std::vector<Index> dims;
  for (int d = 0; d < x.ndim(); ++d) {
    const bool one = type(x).broadcasts(d);
    if (one)
      dims.push_back(1);
    else
      dims.push_back(-1 - static_cast<Index>(extents.size())), extents.push_back(x.shape(d));
  }
  Tensor number;
  for (const Index a : axes) {
    const Tensor index = apply(ops::iota, Params{{"dims", dims}, {"axis", a}}, extents, node(x).where);
    number = number.node() ? number * x.shape(static_cast<int>(a)) + index : index;
  }
  return number;
}

Tensor argument(const Tensor& t, const Tensor& x) {
  const WhereScope scope(node(t).where);
  const auto& axes = node(t).params.list("axes");
  const bool most = meaning<Reduce>(t)->monoid == Monoid::argmax;
  const Tensor extreme = kept(reduced(most ? ops::max : ops::min, x, axes), x, axes);
  Tensor hit = x == extreme;
  if (is_float(x.dtype())) hit = logical_or(hit, isnan(x));
  return reduced(ops::min, where(hit, positions(x, axes), std::numeric_limits<Index>::max()), axes);
}

template <class Wanted, class Make>
std::vector<Tensor> replaced(std::span<const Tensor> outputs, Wanted&& wanted, Make&& make) {
  std::unordered_map<const Node*, Tensor> made;
  const auto now = [&](const Tensor& t) {
    const auto it = made.find(t.node());
    return it == made.end() ? t : it->second;
  };
  for (const Tensor& t : topological(outputs)) {
    std::vector<Tensor> inputs = node(t).inputs;
    for (Tensor& x : inputs) x = now(x);
    const Tensor next = wanted(t) ? make(t, inputs[0]) : with_inputs(t, std::move(inputs));
    if (next.node() != t.node()) made.emplace(t.node(), next);
  }
  std::vector<Tensor> result;
  for (const Tensor& t : outputs) result.push_back(now(t));
  return result;
}

}  // namespace

std::vector<Tensor> split_argument_folds(std::span<const Tensor> outputs) {
  const auto wanted = [](const Tensor& t) {
    const auto* r = meaning<Reduce>(t);
    return r && (r->monoid == Monoid::argmax || r->monoid == Monoid::argmin);
  };
  return replaced(outputs, wanted, argument);
}

std::vector<Tensor> split_folds(std::span<const Tensor> outputs) {
  const auto wanted = [](const Tensor& t) {
    return meaning<Reduce>(t) && node(t).params.list("axes").size() > 1 && t.ndim() > 0;
  };
  return replaced(outputs, wanted, [](const Tensor& t, Tensor x) {
    const auto& axes = node(t).params.list("axes");
    for (std::size_t i = axes.size(); i-- > 0;) x = reduced(*node(t).op, x, {axes[i]});
    return x;
  });
}

}  // namespace croton::tile
