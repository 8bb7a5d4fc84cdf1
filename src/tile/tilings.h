// Folds of windows that lie side by side, as reshapes.
#pragma once
#include <span>
#include <vector>

#include "croton/tensor.h"

namespace croton::tile {

/// Folds of windows that are as long as their stride and fill their axis, where types say so: nothing is added up, and
/// the elements of each window are the axis's own. So the gradient of pooling is written where it belongs.
std::vector<Tensor> tilings_as_reshapes(std::span<const Tensor> outputs);

}  // namespace croton::tile
