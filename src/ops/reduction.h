// What folds and the composites made of them share: axes, kept axes.
#pragma once
#include "graph/op.h"

namespace croton::ops {

// statistics.cpp
extern const Op mean, var, stddev, logsumexp;

/// The dtype of a sum: as wide as NumPy makes those of integers and bools.
DType sum_dtype(DType);

/// The axes as a sorted list without negative ones. IndexError for an axis that is not there, ShapeError for one given
/// twice.
std::vector<Index> normalized_axes(std::string_view op, const Tensor& x, const Axes&, Where);
/// y with axes of extent 1 at `axes` (sorted) of a tensor of that rank.
Tensor with_axes(const Tensor& y, const std::vector<Index>& axes, int rank);
/// op over axes of x, the reduced axes kept as 1 or not. Params: axes.
Tensor reduced(const Op&, const Tensor& x, const Axes&, bool keep, Where);

}  // namespace croton::ops
