// The whole of the rewriting, as one list of named passes: merge -> fold -> canonicalize -> (unsafe) -> stabilize ->
// expand -> push_out -> fold -> specialize -> merge. Graph in, graph out; stabilize runs in every mode, and before
// every gradient.
#pragma once
#include <functional>
#include <unordered_set>

#include "graph/walk.h"

namespace croton::rewrite {

struct Options {
  bool stabilize_only = false;  // FAST_COMPILE and eval(): merge, stabilize, expand, merge
  bool unsafe = false;          // config key optimizer_unsafe: rules that may hide NaN or infinity, the pass "unsafe"
  bool check = false;           // config key check_ir: the graph's checker after each pass
  /// Called after each pass with its name and the graph (the dump); may be empty.
  std::function<void(std::string_view pass, std::span<const Tensor>)> observe = {};
};
/// The outputs, rewritten; what comes back holds no composite (Expansion) any more, nor do the graphs inside its
/// nodes.
/// Extents of shared variables are hints and stay questions (shape_of); those of inputs are taken for certain, so
/// substitute givens before.
std::vector<Tensor> run(std::span<const Tensor> outputs, const Options&);

/// The outputs by the stabilizing rules alone, for the gradient room: the gradient of log(softmax(x)) is finite where
/// that of its parts is not, so grad() differentiates stabilize(cost, wrt). Nodes in `keep` (wrt, consider_constant,
/// known_grads) stay what they are: none is replaced, and no rule looks through one.
std::vector<Tensor> stabilize(std::span<const Tensor> outputs, const std::unordered_set<const Node*>& keep = {});

}  // namespace croton::rewrite
