#include "ops/parts.h"

#include <algorithm>

#include "ops/registry.h"

namespace croton::ops {
namespace {

bool is_empty(const Part& p) { return !p.is_index() && p.extent >= 0 && p.start == p.stop; }

// Whether every element of `first` lies before all of `then`, for bounds that count from the same end.
bool ends_before(const Part& first, const Part& then) {
  if (first.is_index()) return first.start < then.start && (first.start < 0) == (then.start < 0);
  return first.stop != absent_bound && first.stop <= then.start && (first.stop < 0) == (then.start < 0);
}

}  // namespace

Part Part::counted() const {
  if (extent < 0) return *this;
  Part p = *this;
  const auto from_first = [&](Index n) { return std::clamp(n < 0 ? n + extent : n, Index{0}, extent); };
  p.start = start == absent_bound ? 0 : from_first(start);
  if (!is_index()) p.stop = stop == absent_bound ? extent : std::max(p.start, from_first(stop));
  return p;
}

Params bounds(const Params& p) {
  return {{"start", p.list("start")}, {"stop", p.list("stop")}, {"step", p.list("step")}};
}

Tensor part_written(const Tensor& write, const Tensor& whole) {
  const Node& n = node(write);
  std::vector<Tensor> inputs{whole};
  inputs.insert(inputs.end(), n.inputs.begin() + first_bound, n.inputs.end());
  return apply(slice, bounds(n.params), std::move(inputs), n.where);
}

Part part_along(const Tensor& t, std::size_t axis) {
  const Params& p = node(t).params;
  return {p.list("start")[axis], p.list("stop")[axis], p.list("step")[axis], type(node(t).inputs[0]).shape[axis]};
}

bool are_apart(const Part& one, const Part& other) {
  const Part a = one.counted(), b = other.counted();
  return is_empty(a) || is_empty(b) || ends_before(a, b) || ends_before(b, a);
}

bool are_apart(const Tensor& one, const Tensor& other) {
  for (std::size_t axis = 0; axis < type(node(one).inputs[0]).shape.size(); ++axis) {
    const Part a = part_along(one, axis), b = part_along(other, axis);
    if (a.is_known() && b.is_known() && are_apart(a, b)) return true;
  }
  return false;
}

}  // namespace croton::ops
