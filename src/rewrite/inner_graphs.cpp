#include <algorithm>

#include "ops/nested.h"
#include "rewrite/steps.h"

namespace croton::rewrite {
namespace {

/// Graphs with what they became: the nodes of one run keep the same ones.
class InnerGraphs {
 public:
  explicit InnerGraphs(const GraphRewrite& rewritten) : rewritten_(rewritten) {}
  const SubgraphHandle& now(const SubgraphHandle& was) {
    const auto known = std::find_if(done_.begin(), done_.end(), [&](const auto& d) { return equal(*d.first, *was); });
    if (known != done_.end()) return known->second;
    done_.emplace_back(was, std::make_shared<const Subgraph>(Subgraph{was->inputs, rewritten_(was->outputs)}));
    return done_.back().second;
  }

 private:
  const GraphRewrite& rewritten_;
  std::vector<std::pair<SubgraphHandle, SubgraphHandle>> done_;
};

}  // namespace

std::vector<Tensor> with_inner_graphs(std::span<const Tensor> outputs, const GraphRewrite& rewritten) {
  InnerGraphs graphs(rewritten);
  Replacements now;
  const std::vector<Tensor> nodes = topological(outputs);
  if (std::none_of(nodes.begin(), nodes.end(), [](const Tensor& t) { return ops::runs_graphs(t); }))
    return {outputs.begin(), outputs.end()};
  for (const Tensor& t : nodes) {
    std::vector<Tensor> inputs;
    for (const Tensor& x : node(t).inputs) inputs.push_back(now.at(x.node()));
    if (ops::runs_graphs(t)) {
      Params params = node(t).params;
      for (const auto& [name, value] : node(t).params)
        if (const auto* graph = std::get_if<SubgraphHandle>(&value)) params.set(name, graphs.now(*graph));
      Tensor made = make_node(*node(t).op, std::move(params), std::move(inputs), node(t).where, node(t).part_of);
      now.emplace(t.node(), made.named(node(t).name));
    } else {
      now.emplace(t.node(), inputs.empty() ? t : with_inputs(t, std::move(inputs)));
    }
  }
  std::vector<Tensor> out;
  for (const Tensor& t : outputs) out.push_back(now.at(t.node()));
  return out;
}

}  // namespace croton::rewrite
