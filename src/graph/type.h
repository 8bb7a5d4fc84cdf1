// The type of a node: an element type and a static shape. -1 is an extent that is known only when the function runs.
#pragma once
#include <string>
#include <vector>

#include "croton/base.h"

namespace croton {

using Shape = std::vector<Index>;

struct Type {
  DType dtype = DType::float64;
  Shape shape;
  int rank() const { return static_cast<int>(shape.size()); }
  /// An axis broadcasts if and only if its extent is the constant 1 here.
  bool broadcasts(int axis) const { return shape[static_cast<std::size_t>(axis)] == 1; }
  friend bool operator==(const Type&, const Type&) = default;
};

/// "float32[5000, ?]".
std::string text(const Type&);
std::string text(const Shape&);

}  // namespace croton
