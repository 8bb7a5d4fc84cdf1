// The gradient of a loop: takes the gradients of its results, gives those of its inputs, as results of a loop that goes
// the other way over the carries that were.
#pragma once
#include "gradient/flow.h"
#include "ops/loop.h"

namespace croton::gradient {

/// `result`: any node of the loop. `bars`: gradients by number of result, empty where there is none. `needed`: by input
/// of the node.
InputGradients loop_gradients(const Tensor& result, const std::vector<Tensor>& bars, const std::vector<bool>& needed);

}  // namespace croton::gradient
