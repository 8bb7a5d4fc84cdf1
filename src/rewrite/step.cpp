#include "rewrite/step.h"

#include <algorithm>

#include "ops/registry.h"

namespace croton::rewrite {

Step::Step(const OpenLoop& loop) : nodes_(topological(loop.outputs())) {
  for (const Bound& b : loop.carries) of_[b.inner.node()].carries = of_[b.inner.node()].values = true;
  for (const Bound& b : loop.rows) of_[b.inner.node()].rows = of_[b.inner.node()].values = true;
  for (const Tensor& t : nodes_) {
    On& on = of_[t.node()];
    for (const Tensor& x : node(t).inputs) {
      On& from = of_[x.node()];
      on.carries |= from.carries;
      on.rows |= from.rows;
      on.values |= from.values && !meaning<ShapeOf>(t);
      if (from.users.empty() || from.users.back() != t.node()) from.users.push_back(t.node());
    }
  }
  for (const Tensor& t : loop.outputs()) ++of_[t.node()].outputs;
}

const Node* Step::only_output(const Node* n) const {
  for (;;) {
    const On& on = of_.at(n);
    if (on.uses() != 1) return nullptr;
    if (on.users.empty()) return n;
    n = on.users[0];
  }
}

const Tensor* Step::changing_operand(const Tensor& t) const {
  if (!meaning<Contract>(t)) return nullptr;
  const auto& x = node(t).inputs;
  return changes(x[0]) == changes(x[1]) ? nullptr : &x[changes(x[0]) ? 0 : 1];
}

bool Step::goes_for_many(const Tensor& t) const {
  if (meaning<Pointwise>(t) || meaning<Convert>(t) || meaning<Reduce>(t) || meaning<Contract>(t) ||
      meaning<Concatenate>(t) || meaning<ShapeOf>(t))
    return true;
  const bool is_view = is_op(t, ops::permute) || is_op(t, ops::slice) || is_op(t, ops::broadcast);
  if (!is_view && !meaning<Reshape>(t)) return false;
  const auto& x = node(t).inputs;
  return std::none_of(x.begin() + 1, x.end(), [&](const Tensor& number) { return varies(number); });
}

NodeSet Step::of_rows(double most) const {
  NodeSet r;
  for (const Tensor& t : nodes_) {
    const auto& x = node(t).inputs;
    const bool from_rows =
        std::all_of(x.begin(), x.end(), [&](const Tensor& from) { return !changes(from) || r.contains(from.node()); });
    if (changes(t) && !on_carries(t) && from_rows && elements(t) <= most && (x.empty() || goes_for_many(t)))
      r.insert(t.node());
  }
  return r;
}

}  // namespace croton::rewrite
