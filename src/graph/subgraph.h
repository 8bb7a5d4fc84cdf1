// A graph inside a node: what a loop does at each step.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "croton/tensor.h"

namespace croton {

/// Values for `inputs` (input leaves, each once) give values of `outputs`, which depend on nothing else but constants.
/// Never changed once a node holds it.
struct Subgraph {
  std::vector<Tensor> inputs, outputs;
  /// Nodes of the graph around it, by number, that are computed in here in their place: who replaces one of them there,
  /// or asks for its gradient, would miss this. No part of what the graph does.
  std::vector<std::uint64_t> hidden = {};
};
using SubgraphHandle = std::shared_ptr<const Subgraph>;

/// Whether they do the same: inputs of equal types, and equal nodes above them. Both may be one and the same.
bool equal(const Subgraph&, const Subgraph&);
/// Equal ones have equal hashes.
std::size_t hash_of(const Subgraph&);
/// `graph(2) "%0 = input() : float64[] ... return %1, %0"`: the outputs, then so many inputs, as print_graph writes
/// them.
std::string text(const Subgraph&);
/// The outputs on other inputs: every node is made again by its type rule.
std::vector<Tensor> applied(const Subgraph&, const std::vector<Tensor>& inputs);

}  // namespace croton
