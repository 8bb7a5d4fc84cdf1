// Reading graphs for what they are: a sum of terms, a quotient by a given tensor, a sum of squares.
#pragma once
#include "graph/op.h"

namespace croton::ops {

/// The terms of a sum of ops::add; the tensor itself if it is none.
std::vector<Tensor> summands(const Tensor&);

/// h such that g = h / y holds exactly in real numbers, read off g's graph: quotients by y itself, or, where g was
/// scattered, by the same part of y. Empty where g does not show such a form. Gradients of log(y), also of parts of it,
/// have it.
Tensor numerator(const Tensor& g, const Tensor& y);

/// Whether it is x * x or a sum of such, kept axes included: where that is 0, so is the gradient of its root with
/// respect to x.
bool is_sum_of_squares(const Tensor&);

}  // namespace croton::ops
