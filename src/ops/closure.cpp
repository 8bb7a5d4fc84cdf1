#include "ops/closure.h"

#include <algorithm>

#include "ops/nested.h"

namespace croton::ops {
namespace {

class Cutter {
 public:
  Cutter(const std::vector<Tensor>& inputs, NodeSet inside) : graph_{inputs, {}}, inside_(std::move(inside)) {}

  Closure cut(const std::vector<Tensor>& outputs) {
    const std::vector<Tensor> nodes = topological(outputs);
    for (const Tensor& t : nodes) find_if_stays(t);
    for (const Tensor& t : nodes)
      if (inside_.contains(t.node()))
        for (const Tensor& x : node(t).inputs) capture(x);
    for (const Tensor& t : outputs) capture(t);
    graph_.outputs = rebuild(outputs, stand_ins_);
    return {std::move(graph_), std::move(captured_)};
  }

 private:
  void find_if_stays(const Tensor& t) {
    const Node& n = node(t);
    const bool of_leaf = meaning<ShapeOf>(t) && node(n.inputs[0]).kind != NodeKind::apply;
    const bool computed =
        n.kind == NodeKind::apply && !meaning<HostCall>(t) && !runs_graphs(t) &&
        std::all_of(n.inputs.begin(), n.inputs.end(), [&](const Tensor& x) { return stays_.contains(x.node()); });
    if (n.kind == NodeKind::constant || computed || of_leaf) stays_.insert(t.node());
  }

  void capture(const Tensor& t) {
    if (inside_.contains(t.node()) || stand_ins_.contains(t.node())) return;
    if (meaning<ShapeOf>(t)) capture(node(t).inputs[0]);  // a leaf, where it stays
    if (stays_.contains(t.node())) {
      for (const Tensor& x : node(t).inputs) capture(x);
      return;
    }
    captured_.push_back(t);
    graph_.inputs.push_back(make_input(type(t), t.name(), node(t).where));
    stand_ins_.emplace(t.node(), graph_.inputs.back());
  }

  Subgraph graph_;
  std::vector<Tensor> captured_;
  Replacements stand_ins_;
  NodeSet inside_, stays_;
};

}  // namespace

Closure closed(const std::vector<Tensor>& outputs, const std::vector<Tensor>& inputs) {
  NodeSet inside;
  for (const Tensor& t : inputs) inside.insert(t.node());
  for (const Tensor& t : topological(outputs)) {
    const auto& from = node(t).inputs;
    if (std::any_of(from.begin(), from.end(), [&](const Tensor& x) { return inside.contains(x.node()); }))
      inside.insert(t.node());
  }
  return Cutter(inputs, std::move(inside)).cut(outputs);
}

Closure closed(const std::vector<Tensor>& outputs, NodeSet inside) {
  return Cutter({}, std::move(inside)).cut(outputs);
}

}  // namespace croton::ops
