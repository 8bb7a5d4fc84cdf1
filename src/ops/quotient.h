// Reading graphs for what they are: a quotient by a given tensor, a sum of squares.
#pragma once
#include "graph/op.h"

namespace croton::ops {

/// A gradient as numerator / y + rest; what is 0 everywhere is empty.
struct OverDivisor {
  Tensor numerator, rest;
};

/// g in that form, which holds exactly in real numbers, read off g's graph: the terms of a sum of ops::add that are
/// quotients by y itself, or, where they were scattered, by the same part of y. Gradients of log(y), also of parts of
/// it, are. Takes time as the size of the sum's graph, of which at most 1000 sums are looked into; the numerator has
/// y's shape.
OverDivisor over(const Tensor& g, const Tensor& y);

/// Whether it is x * x or a sum of such, kept axes included: where that is 0, so is the gradient of its root with
/// respect to x.
bool is_sum_of_squares(const Tensor&);

}  // namespace croton::ops
