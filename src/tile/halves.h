// float16 and bfloat16 are stored; what is computed of them is computed in float32.
#pragma once
#include <span>
#include <vector>

#include "graph/op.h"

namespace croton::tile {

/// Every node that computes with halves becomes the same of float32, rounded to its own dtype at its end; sums and
/// products are accumulated in float32. What only moves halves stays as it is.
std::vector<Tensor> widen_halves(std::span<const Tensor> outputs);

}  // namespace croton::tile
