// A function's graph, typed for what is known of the shapes by now. Shared variables are typed by the values that they
// were made with: an extent that has become another is open again. Arguments are typed by the user, who seldom says
// more than a rank: the extents of their short axes are taken from those of a call.
#pragma once
#include <string>

#include "expr/target.h"
#include "function/words.h"

namespace croton {

struct TypedGraph {
  std::vector<Tensor> results;
  std::vector<Tensor> shared;  // leaves, in the order of the uses
  std::vector<Tensor> inputs;
  std::string note;  // a line for each leaf that is typed anew
};
/// `shared_shapes`: what the variables have now, by use; `input_shapes`: what the types of these inputs shall say.
TypedGraph typed(std::span<const Tensor> results, std::span<const SharedUse>, const std::vector<Extents>& shared_shapes,
                 std::span<const Tensor> inputs = {}, const std::vector<Shape>& input_shapes = {});

/// Which axes of arguments code is made for: where a type leaves it open, the argument is large and the axis is one of
/// its last ones, and short (code for points of 3 coordinates is many times as fast as that for points of any number).
/// The first axis stays open, for another number of rows shall compile nothing, but where rows are few and very long.
class ShortAxes {
 public:
  /// Of a graph of so many nodes: each may be written out for each index of the short axes.
  ShortAxes(DeviceClass, std::size_t nodes);
  /// From now on extents of 1 too, which broadcast where the graph as asked for does not.
  void take_ones() { least_ = 1; }
  /// The extent of an axis in the type that code for an argument of this shape is made for: `shape`'s or the type's.
  Index extent(const Type&, const Extents& shape, std::size_t axis) const;

 private:
  bool is_short(DType, const Extents& shape, std::size_t axis) const;

  DeviceClass device_class_;
  Index most_together_, least_ = 2;
};

}  // namespace croton
