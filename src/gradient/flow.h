// Reverse accumulation: from gradients known at some nodes to those of any others, as a graph. Takes nodes and seeds,
// gives nodes; runs nothing.
#pragma once
#include <unordered_map>
#include <unordered_set>

#include "gradient/pieces.h"

namespace croton::gradient {

/// The gradient of a node with the node's own dtype and static rank: summed over axes that broadcast, widened where it
/// is constant along an axis.
Tensor fitted(const Tensor& g, const Tensor& x, Where);

/// Gradients that are given for results of a graph, some of which may be one node: each has a node of its own above it.
struct Seeds {
  std::vector<Tensor> roots;
  std::unordered_map<const Node*, Tensor> gradients;
  void add(const Tensor& result, Tensor gradient, Where);
};

/// Gradients with respect to a node's inputs, in their order.
struct InputGradients {
  std::vector<Tensor> of;     // empty where it is zero, or not needed
  std::vector<bool> reached;  // whether what has gradients depends on it, if only by a gradient of zero
};

/// One reverse pass over what the seeds depend on.
class Flow {
 public:
  /// `seeds`: gradients that are given; they stand, whatever else flows there. Nothing flows through `constants`. Only
  /// gradients that some of `wanted` need are made.
  Flow(const std::unordered_map<const Node*, Tensor>& seeds, std::span<const Tensor> roots,
       std::span<const Tensor> wanted, std::span<const Tensor> constants);

  /// Whether the cost depends on x, if only by a gradient of zero.
  bool reaches(const Tensor& x) const;
  /// The gradient with respect to x; empty where it is zero everywhere.
  Tensor of(const Tensor& x) const;

 private:
  struct Place {
    bool needed = false, reached = false;
    std::vector<Tensor> terms;
    std::vector<Piece> pieces;  // terms to be, from slices of it
    Tensor total;
  };
  void mark(std::span<const Tensor> order, std::span<const Tensor> wanted);
  void visit(const Tensor& y);
  void pull(const Tensor& y);
  void give(const Tensor& g, const Tensor& x, Where);
  void group_runs(std::span<const Tensor> order);
  void pull_run(const std::vector<Tensor>& results);
  void join_pieces(const Tensor& y);
  void reach_inputs(const Tensor& y);
  Tensor total(const Tensor& y);

  const std::unordered_map<const Node*, Tensor>& seeds_;
  std::unordered_set<const Node*> constants_;
  /// The results of one run that stand in the graph, by the first of them: the last to be visited.
  std::unordered_map<const Node*, std::vector<Tensor>> runs_;
  std::unordered_map<const Node*, Place> places_;
};

}  // namespace croton::gradient
