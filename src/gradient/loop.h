// The gradient of a loop: takes the gradients of its results, gives those of its inputs, as results of a loop that goes
// the other way over the carries that were.
#pragma once
#include "ops/loop.h"

namespace croton::gradient {

struct LoopGradients {
  std::vector<Tensor> of;     // by input of the node; empty where it is zero, or not needed
  std::vector<bool> reached;  // whether results with gradients depend on it, if only by a gradient of zero
};
/// `result`: any node of the loop. `bars`: gradients by number of result, empty where there is none. `needed`: by input
/// of the node.
LoopGradients loop_gradients(const Tensor& result, const std::vector<Tensor>& bars, const std::vector<bool>& needed);

}  // namespace croton::gradient
