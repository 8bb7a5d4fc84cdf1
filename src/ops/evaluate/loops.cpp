#include "ops/evaluate/loops.h"

namespace croton::ops {

StridedLoop::StridedLoop(const Extents& full, std::initializer_list<Extents> all) : operands(all.size()) {
  const Extents* from = all.begin();
  const auto follows = [&](std::size_t axis) {  // in every operand, this axis goes on where the next one ends
    for (std::size_t k = 0; k < operands; ++k)
      if (strides[k].back() != from[k][axis] * full[axis]) return false;
    return true;
  };
  for (std::size_t axis = 0; axis < full.size(); ++axis) {
    if (full[axis] == 1) continue;
    if (!shape.empty() && follows(axis)) {
      shape.back() *= full[axis];
      for (std::size_t k = 0; k < operands; ++k) strides[k].back() = from[k][axis];
    } else {
      shape.push_back(full[axis]);
      for (std::size_t k = 0; k < operands; ++k) strides[k].push_back(from[k][axis]);
    }
  }
  if (!shape.empty()) return;
  shape.push_back(1);
  for (std::size_t k = 0; k < operands; ++k) strides[k].push_back(0);
}

Extents broadcast_strides(const Array& a, const Extents& shape) {
  Extents out = strides(a);
  for (std::size_t i = 0; i < out.size(); ++i)
    if (a.shape()[i] == 1 && shape[i] != 1) out[i] = 0;
  return out;
}

}  // namespace croton::ops
