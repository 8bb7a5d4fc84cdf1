// From the rewritten graph to a tile program: axes are unified along edges, nodes are gathered into phases.
#pragma once
#include <span>

#include "tile/program.h"

namespace croton::tile {

/// The program that computes `outputs`, which hold primitives only (no Expansion). Deterministic: the same graph gives
/// the same program. Outputs are buffers of their own: never a leaf, never an alias, and each buffer only once.
/// `products_of_views`: the device multiplies windows where they lie (Target); else they are copied for its library.
/// `visits` receives how often a node was looked at, where it is given: tests see from it that the time grows as the
/// graph does.
Program build(std::span<const Tensor> outputs, bool products_of_views = false, std::uint64_t* visits = nullptr);

}  // namespace croton::tile
