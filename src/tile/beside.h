// Phases side by side: small ones that have nothing to do with each other, as one kernel of a GPU.
#pragma once
#include <span>
#include <vector>

#include "expr/target.h"
#include "tile/program.h"

namespace croton::tile {

/// A result that may be written where that shared variable lies.
struct Replacement {
  Tensor shared;
  int result = -1;  // buffer
};

/// Steps [first, end): phases without rows of which none touches what another writes, so that they may run at once.
/// None checks indices, and none leaves partials.
struct Beside {
  std::size_t first = 0, end = 0;
  int threads = 0;  // of a block, for all of them
};
/// On a GPU, where a launch costs more than such a phase; of two or more phases each. Elsewhere none.
std::vector<Beside> side_by_side(const Program&, std::span<const Replacement>, const Target&);

}  // namespace croton::tile
