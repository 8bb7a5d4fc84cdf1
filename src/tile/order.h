// The order of a program's steps, where it is free.
#pragma once
#include "tile/program.h"

namespace croton::tile {

/// Brings each product of matrices to the phase that reads it first, so that they can be a relay (tile/relay.h). Steps
/// that may fail keep their order, and what may be an update in place stays behind all that reads a variable.
void bring_together(Program&);

}  // namespace croton::tile
