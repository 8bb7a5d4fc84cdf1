// Which shapes go together: an axis broadcasts if its extent is the constant 1 in the type, all others must be equal.
#pragma once
#include "graph/op.h"

namespace croton::ops {

/// ShapeError where static shapes (of any ranks, aligned at the last axis) cannot broadcast, with the way out.
void check_broadcast(std::string_view op, std::span<const Tensor> operands, Where);

/// The shape that inputs of one rank broadcast to. Extents that broadcast in the type have no say; a run-time 1 that
/// meets another extent is a ShapeError naming both nodes and `broadcastable(x, axis)`.
Shape broadcast_shape(const TypeAt&);

/// All operands widened to the shape that they have together. ShapeError where they have none.
std::vector<Tensor> broadcast_together(std::string_view op, std::vector<Tensor> operands, Where);

/// x as a stack of matrices with that many leading axes, widened to those of both operands: matmul's leading axes
/// broadcast.
Tensor with_batch(const Tensor& x, const Tensor& other, int batch, Where);

}  // namespace croton::ops
