#include "ops/evaluate.h"
#include "ops/ifelse.h"
#include "rewrite/rule.h"
#include "rewrite/steps.h"

namespace croton::rewrite {
namespace {

constexpr Index most_elements = 4096;

/// -1 where an extent is not known.
Index elements(const Shape& s) {
  Index n = 1;
  for (const Index e : s) {
    if (e < 0) return -1;
    n = std::min(n * std::min(e, most_elements + 1), most_elements + 1);
  }
  return n;
}

/// Worth a constant: small, and no larger than what it is made from, unless tiny. A number spread over a shape stays a
/// number.
bool is_small(const Node& n) {
  constexpr Index tiny = 16;
  const Index size = elements(n.type.shape);
  if (size < 0 || size > most_elements) return false;
  Index from = 0;
  for (const Tensor& x : n.inputs) from += node(x).value.size();
  return size <= from || (size <= tiny && !meaning<View>(*n.op));
}

bool is_constant_expression(const Tensor& t) {
  const Node& n = node(t);
  if (!n.op || n.inputs.empty() || ops::runs_graphs(t)) return false;
  if (meaning<HostCall>(t) || meaning<Expansion>(t) || meaning<Iota>(t)) return false;
  for (const Tensor& x : n.inputs)
    if (node(x).kind != NodeKind::constant) return false;
  return is_small(n);
}

/// The node as a constant of its own type, name and place; an empty handle where it has no value (an index out of range
/// stays an error of the call that runs into it).
Tensor value_of(const Tensor& t) {
  const Node& n = node(t);
  std::vector<Array> arguments;
  for (const Tensor& x : n.inputs) arguments.push_back(node(x).value);
  try {
    Tensor c = make_constant(ops::evaluate_node(t, arguments), n.name, n.where);
    return type(c) == n.type ? c : Tensor();
  } catch (const Error&) { return {}; }
}

/// The graph of the side that a constant condition takes.
Tensor taken_side(const Tensor& t) {
  const std::vector<Tensor>& inputs = node(t).inputs;
  const Subgraph& side = ops::sides_of(t).side(ops::holds(node(inputs[0]).value));
  return applied(side, {inputs.begin() + 1, inputs.end()})[ops::result_of(t)];
}

class Folder {
 public:
  Tensor folded(const Tensor& t) {
    std::vector<Tensor> inputs;
    bool from_shared = node(t).kind == NodeKind::shared;
    for (const Tensor& x : node(t).inputs) {
      inputs.push_back(now_.at(x.node()));
      from_shared |= from_shared_.contains(x.node());
    }
    if (from_shared) from_shared_.insert(t.node());
    Tensor made = inputs.empty() ? t : with_inputs(t, std::move(inputs));
    if (meaning<ShapeOf>(t))
      made = extent(t, made);
    else if (meaning<IfElse>(made) && node(node(made).inputs[0]).kind == NodeKind::constant)
      made = taken_side(made);
    else if (is_constant_expression(made)) {
      if (Tensor c = value_of(made); c.node()) made = std::move(c);
    }
    now_.emplace(t.node(), made);
    return made;
  }
  Tensor now(const Tensor& t) const { return now_.at(t.node()); }

 private:
  Tensor extent(const Tensor& t, const Tensor& made) const {
    const Node& n = node(made);
    const Index e = type(n.inputs[0]).shape[static_cast<std::size_t>(n.params.integer("axis"))];
    const bool is_certain = e == 1 || (e >= 0 && !from_shared_.contains(node(t).inputs[0].node()));
    return is_certain ? make_constant(Array::scalar(e), n.name, n.where) : made;
  }

  Replacements now_;
  NodeSet from_shared_;
};

}  // namespace

std::vector<Tensor> fold(std::span<const Tensor> outputs) {
  Folder folder;
  for (const Tensor& t : topological(outputs)) folder.folded(t);
  std::vector<Tensor> out;
  for (const Tensor& t : outputs) out.push_back(folder.now(t));
  return out;
}

}  // namespace croton::rewrite
