// What a library does to a product on its way to memory.
#pragma once
#include "expr/target.h"
#include "tile/program.h"

namespace croton::tile {

/// Where the phase after a product of float32 matrices does nothing but add a vector to each of its rows, and nothing
/// else wants the product, the library call does that too (Target::product_bias), and on fast targets the relu of it.
void take_epilogues(Program&, const Target&);

}  // namespace croton::tile
