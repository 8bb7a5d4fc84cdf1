#include "ops/infer.h"

#include <unordered_set>

#include "array/access.h"
#include "graph/walk.h"
#include "ops/evaluate.h"
#include "ops/extents.h"
#include "ops/registry.h"

namespace croton::ops {
namespace {

Array integer_array(const std::vector<Index>& values, const Tensor& t) {
  const Array wide(values.data(), t.ndim() == 0 ? Extents{} : Extents{values.size()});
  return wide.astype(t.dtype());
}

std::vector<Index> integers_in(const Array& a) {
  std::vector<Index> r;
  const Array wide = a.astype(int64);
  for (Index i = 0; i < wide.size(); ++i) r.push_back(get_index(wide, i));
  return r;
}

}  // namespace

Shape true_shape(const Tensor& t, std::span<const Shape> shapes,
                 std::span<const std::optional<std::vector<Index>>> values) {
  const Node& n = node(t);
  return n.op->type({*n.op, n.params, n.inputs, shapes, values, n.where, n.part_of}).shape;
}

TrueInputs::TrueInputs(const Node& n, const TrueShapes& all, const KnownIntegers& known) {
  for (const Tensor& x : n.inputs) {
    shapes.push_back(all.at(x.node()));
    const auto it = known.find(x.node());
    values.push_back(it == known.end() ? std::nullopt : it->second);
  }
}

std::optional<std::vector<Index>> true_integers(const Tensor& t, const TrueShapes& shapes, const KnownIntegers& known) {
  const Node& n = node(t);
  if (meaning<ShapeOf>(t))
    return std::vector<Index>{shapes.at(n.inputs[0].node())[static_cast<std::size_t>(n.params.integer("axis"))]};
  if (n.kind == NodeKind::constant) return holds_integers(t) ? std::optional(integers_in(n.value)) : std::nullopt;
  if (n.kind != NodeKind::apply) return std::nullopt;
  if (meaning<Scatter>(t) && !is_op(t, ops::scatter))
    return std::nullopt;  // a step of one, which kernels alone compute
  std::vector<Array> arguments;
  for (const Tensor& x : n.inputs) {
    const auto it = known.find(x.node());
    if (it == known.end() || !it->second) return std::nullopt;
    arguments.push_back(integer_array(*it->second, x));
  }
  if (!holds_integers(t)) return std::nullopt;
  return integers_in(evaluate_node(t, arguments));
}

void infer(const Tensor& t, TrueShapes& shapes, KnownIntegers& known, bool wanted) {
  const Node& n = node(t);
  if (n.kind == NodeKind::constant) shapes[t.node()] = n.type.shape;
  if (n.kind == NodeKind::apply) {
    const TrueInputs in(n, shapes, known);
    shapes[t.node()] = true_shape(t, in.shapes, in.values);
  }
  if (wanted && !known.contains(t.node())) known[t.node()] = true_integers(t, shapes, known);
}

void check_shapes(std::span<const Tensor> results, TrueShapes shapes, KnownIntegers known) {
  const std::vector<Tensor> nodes = topological(results);
  std::unordered_set<const Node*> decide;
  for (auto t = nodes.rbegin(); t != nodes.rend(); ++t) {
    for (const Tensor& x : deciding(*t)) decide.insert(x.node());
    if (decide.contains(t->node()) && !meaning<ShapeOf>(*t))
      for (const Tensor& x : node(*t).inputs) decide.insert(x.node());
  }
  for (const Tensor& t : nodes) infer(t, shapes, known, decide.contains(t.node()));
}

}  // namespace croton::ops
