// What happens to a product on its way to memory.
#pragma once
#include "expr/target.h"
#include "tile/program.h"

namespace croton::tile {

/// Where the phase after a product does nothing but add a vector to each of its rows, and nothing else wants the
/// product, the library call does that too if the target says so (Target::product_bias; matrices of float32), and on
/// fast targets the relu of it. A strided product does, for a vector along its rows, with relu or without.
void take_epilogues(Program&, const Target&);

}  // namespace croton::tile
