// Gradients of slices, as views of what is computed once among zeros.
#pragma once
#include <span>
#include <vector>

#include "croton/tensor.h"

namespace croton::tile {

/// The gradients of slices are folds of windows of one element: what was computed of a slice, among zeros. Those of one
/// value (its negative, its multiples), as a stencil has one for each of its points, are computed with zeros around it,
/// once, and seen from there at their places: neighbours are read as vectors, where a fold reads each element at a row
/// of its own, and a fold of folds has to have the inner one in memory. One fold alone that is not along the last axis
/// stays as it is: its rows are read as vectors.
std::vector<Tensor> shifts_as_views(std::span<const Tensor> outputs);

}  // namespace croton::tile
