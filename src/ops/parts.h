// What slices and writes say of each axis, and which of them have no element in common.
#pragma once
#include "graph/codes.h"
#include "graph/op.h"

namespace croton::ops {

/// What a slice or a write says of one axis of `extent` elements (-1: not known).
struct Part {
  Index start, stop, step, extent;

  bool is_whole() const { return start == absent_bound && stop == absent_bound && step == 1; }
  bool is_index() const { return step == 0; }
  /// No bound is held by an input, and it goes forwards.
  bool is_known() const {
    return !holder_of_bound(start) && !holder_of_bound(stop) && !holder_of_bound(step) && step >= 0;
  }
  /// The same with numbers counted from the first element, where the extent is known: none of them is absent then.
  Part counted() const;
};
/// Of the inputs of a write, which are x, value and bounds, the first bound.
inline constexpr std::size_t first_bound = 2;
/// The params of a slice that reads where another, or a write, lies.
Params bounds(const Params& of_slice_or_write);
/// The part of `whole`, which has the shape of what it is written into, that a write replaces or adds to.
Tensor part_written(const Tensor& write, const Tensor& whole);

Part part_along(const Tensor& slice_or_write, std::size_t axis);

/// Whether two known parts of one axis have no element in common, for all that is known.
bool are_apart(const Part&, const Part&);
/// The same of slices or writes of one tensor.
bool are_apart(const Tensor&, const Tensor&);

}  // namespace croton::ops
