// The evaluators' walk over a graph, for values of any kind.
#pragma once
#include <unordered_map>

#include "ops/evaluate/steps.h"

namespace croton::ops {

/// The value of a leaf: given, or a constant's own. GraphError where there is none, ShapeError or DTypeError for one
/// that is not of the leaf's type.
const Array& leaf_value(const Node&, const Values& leaves);

/// leaf(node) gives the values of leaves (and of nodes that `leaves` holds), step(tensor, arguments) those of the
/// others.
template <class V, class Leaf, class Step>
std::vector<V> walk(std::span<const Tensor> outputs, const Values& leaves, Leaf&& leaf, Step&& step) {
  const auto known = [&](const Node& n) { return n.kind != NodeKind::apply || leaves.contains(&n); };
  struct Slot {
    V value;
    std::size_t uses = 0;
  };
  std::unordered_map<const Node*, Slot> slots;
  const std::vector<const Node*> order = needed(outputs, known);
  for (const Node* n : order)
    if (!known(*n))
      for (const Tensor& x : n->inputs) ++slots[x.node()].uses;
  for (const Tensor& t : outputs) ++slots[t.node()].uses;
  const auto take = [&](const Node* n) {
    Slot& s = slots.at(n);
    return --s.uses == 0 ? std::move(s.value) : s.value;
  };
  for (const Node* n : order) {
    if (known(*n)) {
      slots[n].value = leaf(*n);
      continue;
    }
    std::vector<V> arguments;
    for (const Tensor& x : n->inputs) arguments.push_back(take(x.node()));
    slots[n].value = step(Tensor(const_cast<Node*>(n)), std::move(arguments));
  }
  std::vector<V> results;
  for (const Tensor& t : outputs) results.push_back(take(t.node()));
  return results;
}

/// The outputs of a graph, given the values of its inputs.
using OfGraph = std::vector<Array> (*)(std::span<const Tensor> outputs, std::span<const Tensor> inputs,
                                       std::vector<Array> values);
/// evaluate_node() of a loop or an ifelse, with each step, or the side that is taken, evaluated in this way.
Array evaluate_nested(const Tensor&, std::span<const Array> arguments, OfGraph);

}  // namespace croton::ops
