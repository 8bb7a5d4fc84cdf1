// Whose extent an axis has: errors name tensors that users know, not what functions made of them on their way.
#pragma once
#include "graph/op.h"

namespace croton::ops {

/// An axis of a tensor.
struct Origin {
  Tensor x;
  Index axis;
  Index parts = 1;      // the axis is that many times as long
  bool within = false;  // other nodes than conversions and axes in another order were passed over, or are left
};

/// The axis that gives axis `axis` of input i its extent, of the nearest tensor that is no part of the function that
/// the node is a part of. Conversions and axes in another order are passed over in any case.
Origin origin(const TypeAt&, std::size_t i, Index axis);

/// "axis 0 of x float64[3, 4]"; "axis 0 of x (matrix, fit.cpp:9)" where it is not input i itself.
std::string axis_called(const TypeAt&, std::size_t i, Index axis);

/// ShapeError for an axis of input i and one of input j that have to be equal, with the way out behind.
[[noreturn]] void refuse_unequal(const TypeAt&, std::size_t i, Index axis_of_i, std::size_t j, Index axis_of_j,
                                 std::string_view way_out = {});

}  // namespace croton::ops
