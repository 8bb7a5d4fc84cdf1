// From the rewritten graph to a tile program: axes are unified along edges, nodes are gathered into phases.
#pragma once
#include <span>

#include "tile/program.h"

namespace croton::tile {

/// The program that computes `outputs`, which hold primitives only (no Expansion). Deterministic: the same graph gives
/// the same program. Outputs are buffers of their own: never a leaf, never an alias, and each buffer only once.
Program build(std::span<const Tensor> outputs);

}  // namespace croton::tile
