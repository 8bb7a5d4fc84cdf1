// The gradient of a tensor from those of slices of it: where they lie side by side it is one after another, not a sum
// of as many tensors of zeros with a part in each.
#pragma once
#include <optional>

#include "graph/op.h"

namespace croton::gradient {

/// What a slice takes of one axis and of all others everything: elements from `start` to before `stop`.
struct Piece {
  Tensor slice, gradient;
  int axis = 0;
  Index start = 0, stop = 0;  // stop: absent_bound for the end
};
/// The slice as a piece; its gradient is left empty. Nothing where it takes less of several axes, goes backwards or in
/// steps, or where a bound is counted from the end or is no constant.
std::optional<Piece> piece_of(const Tensor& slice);

/// The gradient of what the pieces are slices of, 0 between and after them. Empty where there are fewer than two, where
/// they are of several axes, or overlap without being equal.
Tensor assembled(std::vector<Piece> pieces, Where);

}  // namespace croton::gradient
