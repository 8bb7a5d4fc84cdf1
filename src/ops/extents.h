// Extents and axes as ops keep them: users' Dims into numbers and int64 scalars, and back into shapes when a type rule
// runs.
#pragma once
#include "graph/op.h"
#include "ops/registry.h"

namespace croton::ops {

/// `dims` as registry.h describes them, and the scalars that they refer to.
struct ExtentList {
  std::vector<Index> dims;
  std::vector<Tensor> held;
  void add(Index n) { dims.push_back(n); }
  /// An int64 scalar.
  void add(const Tensor& extent);
  /// x and the scalars, as inputs of an op.
  std::vector<Tensor> after(const Tensor& x) const;
};

/// One extent of x as an int64 scalar: a constant where the type fixes it (the extent 1, a constant's shape), else
/// shape_of.
Tensor extent(const Tensor& x, int axis, Where);
/// All of them. Axes that the type fixes are numbers.
ExtentList extents_of(const Tensor& x, Where);
/// What a user asked for. `own` allows one -1, which becomes own_extent. ShapeError beginning with the op's name
/// otherwise.
ExtentList extents(std::string_view op, const Dims&, bool own, Where);

/// params dims as a shape: -1 where an extent is not known yet; own_extent stays. Extents are held by the inputs from
/// `first` on.
Shape resolve(const TypeAt&, std::size_t first);

/// Whether the extents of a node depend on the data of its inputs, whatever these hold.
bool sizes_itself(const Tensor&);
/// The inputs of a node whose integers its shape follows from. Of an expansion all that hold some.
std::vector<Tensor> deciding(const Tensor&);

/// An axis of x counted from 0; IndexError if x has none such.
int axis_of(std::string_view op, int axis, const Tensor& x, Where);
/// An axis of what an op makes of x, which has so many axes.
int result_axis_of(std::string_view op, int axis, int rank, const Tensor& x, Where);

/// x of the same rank as `like`, its axes of extent 1 widened to like's extents.
Tensor broadcast_like(const Tensor& x, const Tensor& like, Where);
/// The value that is written to a part, as it is; extents that are not the part's, which types need not show, are an
/// error of the write.
Tensor checked_value(const Tensor& value, const Tensor& part, Where);
/// x, once it is found to be that long along an axis, as what stood beside it; else a ShapeError.
Tensor checked_beside(const Tensor& x, int axis, const Dim& asked, Where);
/// permute, or x itself where nothing would change.
Tensor permuted(const Tensor& x, std::vector<Index> axes, Where);
/// 0, 1, ..., n - 1.
std::vector<Index> counting(Index n);
/// A scalar spread over a shape.
Tensor filled(const Tensor& scalar, const ExtentList&, Where);
/// Zeros of x's shape and dtype.
Tensor zeros_of(const Tensor& x, Where);
/// The indices along an axis of x, none negative any more; one out of range is an IndexError when it runs.
Tensor checked_index(const Tensor& index, const Tensor& x, int axis, Where);
/// An integer that follows from constants as a constant; another one as it is.
Tensor settled(const Tensor& t, Where);
/// An int64 constant.
Tensor integer(Index n, Where);

}  // namespace croton::ops
