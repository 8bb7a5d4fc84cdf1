// The gradient of an ifelse: takes the gradients of its results, gives those of its inputs, as results of an ifelse by
// the same condition: only the side that was taken is differentiated when it runs.
#pragma once
#include "gradient/flow.h"

namespace croton::gradient {

/// As loop_gradients.
InputGradients ifelse_gradients(const Tensor& result, const std::vector<Tensor>& bars, const std::vector<bool>& needed);

}  // namespace croton::gradient
