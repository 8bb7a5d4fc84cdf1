// Phases whose rows have loops of their own inside: tiles of rows, and a loop for each stage of a tile.
#pragma once
#include "tile/nest.h"

namespace croton::tile {

/// `phase`: with rows along its parallel axes; what lower() makes of it.
Nest lower_rows(const Program& program, const Phase& phase, const Target& target);

}  // namespace croton::tile
