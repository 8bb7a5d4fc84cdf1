// Folds brought to the form that phases can hold.
#pragma once
#include <span>
#include <vector>

#include "graph/op.h"

namespace croton::tile {

/// argmax and argmin as two folds: the extreme, then the least index of an element that equals it (or is NaN, where the
/// extreme is). `long_positions` as BuildOptions says.
std::vector<Tensor> split_argument_folds(std::span<const Tensor> outputs, bool long_positions);
/// The sum over the rows of a matrix of the squares of its elements without their mean becomes a fold that carries what
/// it needs in one pass (Monoid::spread), and the sum of those elements what rounding leaves of it.
std::vector<Tensor> join_spreads(std::span<const Tensor> outputs);
/// A sum of what is scaled by factors of an earlier fold, the same for all that is added up, becomes the factors times
/// sums that need not wait for them: one pass over the data less (the gradients of normalizations).
std::vector<Tensor> scale_sums_late(std::span<const Tensor> outputs);
/// A fold over several axes, but not over all, becomes a fold for each axis: one loop at a time, the last axis first.
std::vector<Tensor> split_folds(std::span<const Tensor> outputs);

}  // namespace croton::tile
