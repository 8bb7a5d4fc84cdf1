// From the rewritten graph to a tile program: axes are unified along edges, nodes are gathered into phases.
#pragma once
#include <span>

#include "expr/target.h"
#include "tile/program.h"
#include "tile/regions.h"

namespace croton::tile {

/// Blocks of a GPU are many, and where a type does not say how long an axis is, 1024 is taken: that is not enough
/// alone.
constexpr Index rows_that_fill(DeviceClass d) { return d == DeviceClass::gpu ? 2048 : 32; }

struct BuildOptions {
  NamedRows named_rows = NamedRows::by_phases;
  /// The device multiplies windows where they lie (Target); else they are copied for its library.
  bool products_of_views = false;
  /// So many rows keep the device busy.
  Index fills_machine = rows_that_fill(DeviceClass::cpu);
  /// The positions that argmax and argmin look for have 64 bits where types do not say that 32 hold them. Without this
  /// they have 32, and plans are made only where positions_fit().
  bool long_positions = false;
};

/// The program that computes `outputs`, which hold primitives only (no Expansion). Deterministic: the same graph gives
/// the same program. Outputs have memory of their own: never a leaf, an alias only of all of a value (a reshape), and
/// no memory twice. `visits` receives how often a node was looked at, where it is given: tests see from it that the
/// time grows as the graph does.
Program build(std::span<const Tensor> outputs, const BuildOptions& = {}, std::uint64_t* visits = nullptr);

}  // namespace croton::tile
