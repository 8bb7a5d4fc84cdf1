// A phase whose points go along an axis step by step (Phase::serial).
#pragma once
#include "tile/nest.h"

namespace croton::tile {

/// Lanes run along the points; what is carried from step to step stays in registers.
Nest lower_serial(const Program&, const Phase&, const Target&);

}  // namespace croton::tile
