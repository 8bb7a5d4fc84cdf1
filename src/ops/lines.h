// The lines of a row-major array along one axis: what host steps that go along an axis walk.
#pragma once
#include "array/access.h"

namespace croton::ops {

/// Element i of line l lies at start(l) + i * step.
struct Lines {
  Index count = 1, length = 1, step = 1;
  Index start(Index line) const { return line / step * step * length + line % step; }
};

inline Lines lines_of(const Extents& shape, Index axis) {
  const auto a = static_cast<std::size_t>(axis);
  Lines lines{.length = shape[a]};
  for (std::size_t d = 0; d < shape.size(); ++d) {
    if (d != a) lines.count *= shape[d];
    if (d > a) lines.step *= shape[d];
  }
  return lines;
}

}  // namespace croton::ops
