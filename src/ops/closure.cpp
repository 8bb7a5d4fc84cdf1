#include "ops/closure.h"

#include <algorithm>
#include <unordered_set>

#include "graph/walk.h"

namespace croton::ops {
namespace {

class Cutter {
 public:
  explicit Cutter(const std::vector<Tensor>& inputs) : graph_{inputs, {}} {
    for (const Tensor& t : inputs) depends_.insert(t.node());
  }

  Closure cut(const std::vector<Tensor>& outputs) {
    for (const Tensor& t : topological(outputs)) sort(t);
    for (const Tensor& t : topological(outputs))
      if (depends_.contains(t.node()))
        for (const Tensor& x : node(t).inputs) capture(x);
    for (const Tensor& t : outputs) capture(t);
    graph_.outputs = rebuild(outputs, stand_ins_);
    return {std::move(graph_), std::move(captured_)};
  }

 private:
  void sort(const Tensor& t) {
    const Node& n = node(t);
    const auto all = [&](const std::unordered_set<const Node*>& set) {
      return std::all_of(n.inputs.begin(), n.inputs.end(), [&](const Tensor& x) { return set.contains(x.node()); });
    };
    if (std::any_of(n.inputs.begin(), n.inputs.end(), [&](const Tensor& x) { return depends_.contains(x.node()); }))
      depends_.insert(t.node());
    const bool of_leaf = meaning<ShapeOf>(t) && node(n.inputs[0]).kind != NodeKind::apply;
    const bool computed = n.kind == NodeKind::apply && !meaning<HostCall>(t) && !meaning<Loop>(t) && all(stays_);
    if (n.kind == NodeKind::constant || computed || of_leaf) stays_.insert(t.node());
  }

  void capture(const Tensor& t) {
    if (depends_.contains(t.node()) || stand_ins_.contains(t.node())) return;
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
  std::unordered_set<const Node*> depends_, stays_;
};

}  // namespace

Closure closed(const std::vector<Tensor>& outputs, const std::vector<Tensor>& inputs) {
  return Cutter(inputs).cut(outputs);
}

}  // namespace croton::ops
