// The one place where products and sums become fused: before staging, so that a kept and a recomputed value have equal
// bits.
#pragma once
#include "tile/program.h"

namespace croton::tile {

/// a * b + c, c + a * b, a * b - c, c - a * b become fma where the product has no other use; a sum of products becomes
/// a fold of two arguments. Floats only.
void form_fma(Phase& phase);

}  // namespace croton::tile
