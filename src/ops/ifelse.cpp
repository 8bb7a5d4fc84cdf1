#include "ops/ifelse.h"

#include <algorithm>

#include "array/access.h"
#include "base/dtype.h"
#include "base/error.h"
#include "croton/ifelse.h"
#include "graph/walk.h"
#include "ops/closure.h"
#include "ops/families.h"
#include "ops/pointwise.h"
#include "ops/registry.h"

namespace croton {
namespace ops {
namespace {

/// The sides have the types of the node's inputs, as a loop's step has.
Params fitted_sides(const Params& p, std::span<const Tensor> x) {
  std::vector<Type> types;
  for (const Tensor& t : x.subspan(1)) types.push_back(type(t));
  Params made = p;
  for (const char* side : {"then", "otherwise"}) made.set(side, with_types(p.graph(side), types));
  return made;
}

/// An extent on which both sides agree stays.
Type ifelse_type(const TypeAt& t) {
  const auto result = static_cast<std::size_t>(t.params.integer("result"));
  const Sides s = sides_of(t.params);
  Type made = type(s.then->outputs[result]);
  const Shape& other = type(s.otherwise->outputs[result]).shape;
  for (std::size_t k = 0; k < other.size(); ++k)
    if (made.shape[k] != other[k]) made.shape[k] = any_extent;
  return made;
}

std::vector<Sample> ifelse_samples() {
  const Tensor x = make_input({float64, {3}}, "x", {}), y = make_input({float64, {3}}, "y", {});
  const auto side = [&](const Op& op) {
    const Tensor first = apply(op, {}, {x, y}, {});
    return std::make_shared<const Subgraph>(Subgraph{{x, y}, {first, apply(mul, {}, {first, x}, {})}});
  };
  std::vector<Sample> all;
  for (const double condition : {0., 1.})
    for (Index result = 0; result < 2; ++result)
      all.push_back({{{boolean, {}}, {float64, {3}}, {float64, {3}}},
                     {{"then", side(add)}, {"otherwise", side(sub)}, {"result", result}},
                     {{condition, condition}}});
  return all;
}

/// What is computed for one side alone. Draws are made whichever side is taken.
NodeSet needed_once(const std::vector<Tensor>& then, const std::vector<Tensor>& otherwise) {
  const auto computed = [](const std::vector<Tensor>& side) {
    NodeSet nodes;
    for (const Tensor& t : topological(side))
      if (node(t).kind == NodeKind::apply && !is_draw(t)) nodes.insert(t.node());
    return nodes;
  };
  NodeSet once = computed(then);
  for (const Node* n : computed(otherwise))
    if (!once.insert(n).second) once.erase(n);
  return once;
}

}  // namespace

constinit const Op ifelse{.name = "ifelse",
                          .doc = "One of two graphs, by a condition; the other is not computed. Theano's ifelse.",
                          .arity = -1,
                          .type = ifelse_type,
                          .meaning = IfElse{},
                          .no_gradient = "the gradients of all its results are one ifelse, made by gradient/ifelse",
                          .samples = ifelse_samples,
                          .fitted = fitted_sides};

Family ifelse_ops() {
  static constexpr const Op* list[] = {&ifelse};
  return list;
}

Sides sides_of(const Params& p) { return {p.graph("then"), p.graph("otherwise")}; }

Tensor ifelse_result(const Sides& s, std::size_t result, std::vector<Tensor> inputs, Where w) {
  return apply(ifelse, {{"then", s.then}, {"otherwise", s.otherwise}, {"result", static_cast<Index>(result)}},
               std::move(inputs), w);
}

}  // namespace ops

std::vector<Tensor> ifelse(const Tensor& condition, const Tensors& then, const Tensors& otherwise, Where w) {
  std::vector<Tensor> a = then.list(), b = otherwise.list();
  refuse_empty("ifelse", {&condition, 1}, w);
  for (const auto& side : {a, b}) refuse_empty("ifelse", side, w);
  if (condition.ndim() != 0)
    fail_at<ShapeError>(w, "ifelse: the condition {} is {}: it must be a scalar; where() chooses for each element",
                        formula(condition), text(type(condition)));
  if (a.size() != b.size())
    fail_at<ShapeError>(w, "ifelse: one side has {} values, the other {}: they need as many", a.size(), b.size());
  for (std::size_t k = 0; k < a.size(); ++k) {
    if (a[k].ndim() != b[k].ndim())
      fail_at<ShapeError>(w, "ifelse: {} is {}, {} is {}: both sides need the same number of axes", formula(a[k]),
                          text(type(a[k])), formula(b[k]), text(type(b[k])));
    const DType d = ops::common_dtype("ifelse", std::array{a[k], b[k]}, w);
    a[k] = ops::converted(a[k], d, w);
    b[k] = ops::converted(b[k], d, w);
  }
  std::vector<Tensor> both = a;
  both.insert(both.end(), b.begin(), b.end());
  const NodeSet inside = ops::needed_once(a, b);
  const ops::Closure closure = ops::closed(both, inside);
  std::vector<std::uint64_t> hidden;
  for (const Node* n : inside) {
    hidden.push_back(n->id);
    for (const auto& [name, value] : n->params)
      if (const auto* graph = std::get_if<SubgraphHandle>(&value))
        hidden.insert(hidden.end(), (*graph)->hidden.begin(), (*graph)->hidden.end());
  }
  std::vector<Tensor> inputs{ops::converted(condition, boolean, w)}, made;
  inputs.insert(inputs.end(), closure.captured.begin(), closure.captured.end());
  const auto half = closure.graph.outputs.begin() + static_cast<std::ptrdiff_t>(a.size());
  const auto side = [&](auto begin, auto end) {
    return std::make_shared<const Subgraph>(Subgraph{closure.graph.inputs, {begin, end}, hidden});
  };
  const ops::Sides sides{side(closure.graph.outputs.begin(), half), side(half, closure.graph.outputs.end())};
  for (std::size_t k = 0; k < a.size(); ++k) made.push_back(ops::ifelse_result(sides, k, inputs, w));
  return made;
}

Tensor ifelse(const Tensor& condition, const Tensor& then, const Tensor& otherwise, Where w) {
  return ifelse(condition, Tensors{then}, Tensors{otherwise}, w)[0];
}

}  // namespace croton
