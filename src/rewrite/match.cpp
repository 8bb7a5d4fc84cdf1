// Whether a node is an instance of a rule's left side, and of what.
#include <algorithm>
#include <array>

#include "array/access.h"
#include "ops/elementwise.h"
#include "ops/reduction.h"
#include "ops/registry.h"
#include "rewrite/rule.h"

namespace croton::rewrite {
namespace {

bool commutes(const Op* op) {
  for (const Op* c :
       {&ops::add, &ops::mul, &ops::maximum, &ops::minimum, &ops::equal, &ops::logical_and, &ops::logical_or})
    if (op == c) return true;
  return false;
}

/// Whether a permute only puts back, with extent 1, the axes that the reduction under it took.
bool keeps_dims(const Tensor& permute) {
  const Tensor& fold = node(permute).inputs[0];
  if (!is_op(permute, ops::permute) || !meaning<Reduce>(fold)) return false;
  const std::vector<Index>& axes = node(fold).params.list("axes");
  const std::vector<Index>& order = node(permute).params.list("axes");
  if (order.size() != type(node(fold).inputs[0]).shape.size()) return false;
  Index from = 0;
  for (std::size_t d = 0; d < order.size(); ++d)
    if (order[d] != (std::binary_search(axes.begin(), axes.end(), static_cast<Index>(d)) ? -1 : from++)) return false;
  return true;
}

struct Matcher {
  const Rule& rule;
  const NodeSet& keep;
  std::array<Tensor, 2> bound = {};
  std::optional<std::vector<int>> axes = {};

  bool matches(const Tensor& pattern, const Tensor& t) {
    const Node& p = node(pattern);
    const Node& n = node(t);
    if (p.kind == NodeKind::input) return bind(pattern, t);
    if (p.kind == NodeKind::constant)
      return n.kind == NodeKind::constant && n.value.size() == 1 && get(n.value, 0) == get(p.value, 0);
    if (p.op != n.op || p.inputs.size() != n.inputs.size() || keep.contains(&n)) return false;
    return parameters_match(pattern, t) && inputs_match(p, n);
  }

 private:
  bool bind(const Tensor& wildcard, const Tensor& t) {
    const std::size_t i = same(wildcard, rule.wildcards[0]) ? 0 : 1;
    if (!bound[i].node()) bound[i] = t;
    return same(bound[i], t);
  }
  bool bind_axes(std::vector<int> found) {
    if (rule.one_axis && found.size() != 1) return false;
    if (!axes)
      axes = std::move(found);
    else if (*axes != found)
      return false;
    return true;
  }
  bool parameters_match(const Tensor& pattern, const Tensor& t) {
    const Params &p = node(pattern).params, &n = node(t).params;
    if (p.empty()) return n.empty();
    if (is_op(pattern, ops::permute) && keeps_dims(pattern)) return keeps_dims(t);
    const auto& [name, value] = *p.begin();
    if (name == "axis" && meaning<Expansion>(pattern)) return bind_axes({static_cast<int>(n.integer("axis"))});
    if (name == "axes" && !is_op(pattern, ops::permute)) {
      const std::vector<Index>& list = n.list("axes");
      return bind_axes(std::vector<int>(list.begin(), list.end()));
    }
    return p == n;
  }
  bool inputs_match(const Node& p, const Node& n) {
    const Matcher before = *this;
    if (in_order(p, n.inputs)) return true;
    if (!commutes(p.op)) return false;
    bound = before.bound;
    axes = before.axes;
    return in_order(p, {n.inputs[1], n.inputs[0]});
  }
  bool in_order(const Node& p, const std::vector<Tensor>& inputs) {
    for (std::size_t i = 0; i < inputs.size(); ++i)
      if (!matches(p.inputs[i], inputs[i])) return false;
    return true;
  }
};

}  // namespace

Tensor replacement(const Rule& r, const Tensor& t, const NodeSet& keep) {
  if (r.root != node(t).op || keep.contains(t.node())) return {};
  const WhereScope place(node(t));
  Tensor made;
  if (r.code) {
    made = r.code(t, keep);
  } else {
    Matcher m{r, keep};
    if (!m.matches(r.pattern, t)) return {};
    const std::span<const Tensor> bound(m.bound.data(), r.wildcards.size());
    if (r.guard && !r.guard(bound)) return {};
    made = r.equation(bound, m.axes.value_or(std::vector<int>{0})).right;
  }
  // another type would change what depends on it: a number that broadcast, an int that became a float
  if (!made.node() || same(made, t) || type(made) != type(t)) return {};
  const bool is_new = node(made).id > node(t).id && node(made).kind == NodeKind::apply;
  if (is_new && made.name().empty()) made.node()->name = t.name();
  return made;
}

}  // namespace croton::rewrite
