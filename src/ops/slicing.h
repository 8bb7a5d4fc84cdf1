// Slices by NumPy's rules, for slice and write: which elements start, stop and step name, as far as they are known.
#pragma once
#include <optional>

#include "graph/op.h"
#include "ops/registry.h"

namespace croton::ops {

/// What one axis of a slice selects. Unknown numbers are -1 in `count`, absent in `first`.
struct Span {
  std::optional<Index> first;  // the first element read
  std::optional<Index> step;   // 0: an integer index
  Index count = -1;            // elements selected
};

/// start/stop/step as op params, and the int64 scalars that they refer to.
struct SliceList {
  std::vector<Index> start, stop, step;
  std::vector<Tensor> held;
  /// The whole axis.
  void add_whole();
  bool is_whole() const;
  Params params() const;
  /// A known number in start, stop or step: the lowest of int64 are codes, and select what somewhat larger ones do.
  static Index known(Index n);
  /// An int64 scalar's code there.
  Index hold(const Tensor& bound);
};

/// The spans of all axes of x; bounds are held by the inputs from `first` on. IndexError for an integer index out of
/// range.
std::vector<Span> spans(const TypeAt&, const Shape& x, std::size_t first);
/// The shape that they select: integer indices drop their axis.
Shape selected(const std::vector<Span>&);
/// The map from a selected element to x's.
std::vector<AxisMap> maps(const std::vector<Span>&);

/// x(items...), with any number of items.
Tensor indexed(const Tensor& x, std::span<const IndexItem> items, Where);

}  // namespace croton::ops
