#include <algorithm>

#include "graph/subgraph.h"
#include "ops/loop.h"
#include "rewrite/steps.h"

namespace croton::rewrite {
namespace {

/// Steps with what they became: the nodes of one loop keep one step.
class Steps {
 public:
  explicit Steps(const GraphRewrite& rewritten) : rewritten_(rewritten) {}
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

std::vector<Tensor> with_steps(std::span<const Tensor> outputs, const GraphRewrite& rewritten) {
  Steps steps(rewritten);
  Replacements now;
  const std::vector<Tensor> nodes = topological(outputs);
  if (std::none_of(nodes.begin(), nodes.end(), [](const Tensor& t) { return meaning<Loop>(t) != nullptr; }))
    return {outputs.begin(), outputs.end()};
  for (const Tensor& t : nodes) {
    std::vector<Tensor> inputs;
    for (const Tensor& x : node(t).inputs) inputs.push_back(now.at(x.node()));
    if (meaning<Loop>(t)) {
      Params params = node(t).params;
      params.set("step", steps.now(params.graph("step")));
      Tensor made = make_node(*node(t).op, std::move(params), std::move(inputs), node(t).where);
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
