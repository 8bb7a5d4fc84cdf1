#include "function/check_nan.h"

#include <algorithm>
#include <cmath>

#include "array/access.h"
#include "base/dtype.h"
#include "base/error.h"
#include "ops/evaluate/walk.h"
#include "ops/loop.h"

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

std::vector<Array> finite(std::span<const Tensor> outputs, std::span<const Tensor> inputs, std::vector<Array> values) {
  ops::Values given;
  for (std::size_t k = 0; k < inputs.size(); ++k) given.emplace(inputs[k].node(), std::move(values[k]));
  return evaluate_finite(outputs, given);
}

Array checked(const Tensor& t, std::span<const Array> arguments) {
  // within a loop and an ifelse too; the one step of a loop of no rows is on zeros, and only shows how large they are
  const bool goes_in = ops::runs_graphs(t) && !(meaning<Loop>(t) && ops::steps_of(t, arguments) == 0);
  if (goes_in) return ops::evaluate_nested(t, arguments, finite);
  Array made = ops::evaluate_node(t, arguments);
  const Index bad = first_infinite(made);
  if (bad < 0) return made;
  if (std::any_of(arguments.begin(), arguments.end(), [](const Array& a) { return first_infinite(a) >= 0; }))
    return made;
  const double value = get(made, bad);
  fail_at<Error>(node(t).where, "check_nan: {} makes {} at element {} of {}, from finite arguments: {}", describe(t),
                 std::isnan(value) ? std::abs(value) : value, shape_text(place_of(bad, made.shape())), type_text(made),
                 formula(t));
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
