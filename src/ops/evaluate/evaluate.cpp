// The walk: nodes in order of id, each value let go after its last use.
#include "ops/evaluate.h"

#include <algorithm>
#include <unordered_set>

#include "base/error.h"
#include "base/float_control.h"
#include "ops/evaluate/steps.h"
#include "ops/evaluate/walk.h"

namespace croton::ops {

std::vector<const Node*> needed(std::span<const Tensor> outputs, const std::function<bool(const Node&)>& known) {
  std::vector<const Node*> order, open;
  std::unordered_set<const Node*> seen;
  const auto visit = [&](const Tensor& t) {
    if (seen.insert(&node(t)).second) open.push_back(&node(t));
  };
  for (const Tensor& t : outputs) visit(t);
  while (!open.empty()) {
    const Node* n = open.back();
    open.pop_back();
    order.push_back(n);
    if (known(*n)) continue;
    for (const Tensor& x : n->inputs) visit(x);
  }
  std::sort(order.begin(), order.end(), [](const Node* a, const Node* b) { return a->id < b->id; });
  return order;
}

const Array& leaf_value(const Node& n, const Values& leaves) {
  if (const auto given = leaves.find(&n); given != leaves.end()) {
    const Array& a = given->second;
    const Tensor t(const_cast<Node*>(&n));
    bool fits = a.dtype() == n.type.dtype && a.ndim() == n.type.rank();
    for (int i = 0; fits && i < a.ndim(); ++i) fits = !n.type.broadcasts(i) || a.shape(i) == 1;
    if (fits) return a;
    if (a.dtype() != n.type.dtype)
      fail_at<DTypeError>(n.where, "{} is {}, its value is {}", describe(t), text(n.type), type_text(a));
    fail_at<ShapeError>(n.where, "{} is {}, its value is {}", describe(t), text(n.type), type_text(a));
  }
  if (n.kind == NodeKind::constant) return n.value;
  fail<GraphError>(
      "{} has no value: only expressions without inputs can be evaluated, or those whose inputs are all given",
      describe(Tensor(const_cast<Node*>(&n))));
}

std::vector<Array> evaluate(std::span<const Tensor> outputs, const Values& leaves) {
  const FloatControl control;
  const auto leaf = [&](const Node& n) -> Array { return leaf_value(n, leaves); };
  const auto step = [](const Tensor& t, std::vector<Array>&& arguments) { return evaluate_node(t, arguments); };
  std::vector<Array> results = walk<Array>(outputs, leaves, leaf, step);
  for (Array& a : results) a = contiguous(a);
  return results;
}

}  // namespace croton::ops
