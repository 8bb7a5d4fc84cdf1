#include "function/check_nan.h"

#include <algorithm>
#include <cmath>

#include "array/access.h"
#include "base/dtype.h"
#include "base/error.h"
#include "ops/evaluate/walk.h"

namespace croton {
namespace {

/// The row-major number of the first element that is not finite; -1 where all are.
Index first_infinite(const Array& a) {
  if (!is_float(a.dtype())) return -1;
  for (Index i = 0; i < a.size(); ++i)
    if (!std::isfinite(get(a, i))) return i;
  return -1;
}

Extents place_of(Index linear, const Extents& shape) {
  Extents at = shape;
  for (std::size_t k = shape.size(); k-- > 0;) {
    at[k] = linear % shape[k];
    linear /= shape[k];
  }
  return at;
}

Array checked(const Tensor& t, std::span<const Array> arguments) {
  Array made = ops::evaluate_node(t, arguments);
  const Index bad = first_infinite(made);
  if (bad < 0) return made;
  if (std::any_of(arguments.begin(), arguments.end(), [](const Array& a) { return first_infinite(a) >= 0; }))
    return made;
  fail_at<Error>(node(t).where, "check_nan: {} makes {} at element {} of {}, from finite arguments: {}", describe(t),
                 get(made, bad), shape_text(place_of(bad, made.shape())), type_text(made), formula(t));
}

}  // namespace

std::vector<Array> evaluate_finite(std::span<const Tensor> outputs, const ops::Values& leaves) {
  const auto leaf = [&](const Node& n) -> Array { return ops::leaf_value(n, leaves); };
  const auto step = [](const Tensor& t, std::vector<Array>&& arguments) { return checked(t, arguments); };
  std::vector<Array> results = ops::walk<Array>(outputs, leaves, leaf, step);
  for (Array& a : results) a = contiguous(a);
  return results;
}

}  // namespace croton
