#include "croton/initializers.h"

#include <cmath>

#include "array/access.h"
#include "base/error.h"
#include "graph/node.h"

namespace croton::initializers {
namespace {

void require_matrix(std::string_view name, const Extents& shape, Where w) {
  if (shape.size() != 2 || shape[0] < 1 || shape[1] < 1)
    fail_at<ShapeError>(w, "initializers::{}: the shape is {{fan_in, fan_out}}, both at least 1, not {}", name,
                        shape_text(shape));
}

}  // namespace

Tensor glorot(const Extents& shape, DType d, Where w) {
  require_matrix("glorot", shape, w);
  const WhereScope scope(w);
  const double limit = std::sqrt(6.0 / static_cast<double>(shape[0] + shape[1]));
  return limit * (2 * uniform(shape, d, w) - 1);
}

Tensor he(const Extents& shape, DType d, Where w) {
  require_matrix("he", shape, w);
  const WhereScope scope(w);
  return std::sqrt(2.0 / static_cast<double>(shape[0])) * normal(shape, d, w);
}

}  // namespace croton::initializers
