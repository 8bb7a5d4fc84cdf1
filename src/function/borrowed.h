// Outputs that are handed out without a copy: arrays over the memory of what they are views of.
#pragma once
#include "ops/evaluate.h"

namespace croton {

/// Whether nothing has to be computed for it: it is an input, a shared variable or a constant, or a view of one.
bool is_view_of_leaf(const Tensor&);
/// Its value, in the memory of the leaf's: `leaves` holds those of the inputs and shared variables it needs. Throws
/// what the bounds of slices throw.
Array view_of_leaf(const Tensor&, const ops::Values& leaves);

}  // namespace croton
