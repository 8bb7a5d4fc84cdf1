// A graph with some of its nodes made anew.
#pragma once
#include <span>
#include <unordered_map>

#include "graph/op.h"
#include "graph/walk.h"

namespace croton::tile {

/// What make gives in the place of t, which errors know as t.
template <class Make>
Tensor instead(const Tensor& t, std::vector<Tensor> inputs, Make&& make) {
  const WhereScope scope(node(t));
  return make(t, std::move(inputs));
}

/// The outputs with each node for which wanted(node) holds replaced by make(node, its inputs, which may be new ones).
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
    const Tensor next = wanted(t) ? instead(t, std::move(inputs), make) : with_inputs(t, std::move(inputs));
    if (next.node() != t.node()) made.emplace(t.node(), next);
  }
  std::vector<Tensor> result;
  for (const Tensor& t : outputs) result.push_back(now(t));
  return result;
}

}  // namespace croton::tile
