#include "ops/nested.h"

#include <algorithm>
#include <unordered_map>

#include "array/access.h"
#include "base/error.h"
#include "graph/walk.h"
#include "ops/registry.h"

namespace croton::ops {

std::size_t result_of(const Tensor& t) { return static_cast<std::size_t>(node(t).params.integer("result")); }

bool same_run(const Tensor& a, const Tensor& b) {
  const Node &x = node(a), &y = node(b);
  if (x.op != y.op || !std::equal(x.inputs.begin(), x.inputs.end(), y.inputs.begin(), y.inputs.end(), same))
    return false;
  Params other = y.params;
  other.set("result", x.params.integer("result"));
  return x.params == other;
}

std::vector<std::vector<Tensor>> by_run(std::span<const Tensor> nodes) {
  std::vector<std::vector<Tensor>> groups;
  for (const Tensor& t : nodes) {
    const auto is_its = [&](const std::vector<Tensor>& g) { return runs_graphs(g[0]) && same_run(g[0], t); };
    const auto there = runs_graphs(t) ? std::find_if(groups.begin(), groups.end(), is_its) : groups.end();
    if (there == groups.end())
      groups.push_back({t});
    else
      there->push_back(t);
  }
  return groups;
}

SubgraphHandle with_types(const SubgraphHandle& g, std::span<const Type> types) {
  std::vector<Tensor> inputs;
  bool other = false;
  for (std::size_t k = 0; k < g->inputs.size(); ++k) {
    const Tensor& was = g->inputs[k];
    inputs.push_back(types[k] == type(was) ? was : make_input(types[k], was.name(), node(was).where));
    other |= !same(inputs.back(), was);
  }
  return other ? std::make_shared<const Subgraph>(Subgraph{inputs, applied(*g, inputs), g->hidden}) : g;
}

void refuse_hidden(std::string_view verb, std::span<const Tensor> these, std::span<const Tensor> roots, Where w) {
  std::unordered_map<std::uint64_t, Tensor> hidden;  // with what hides it
  for (const Tensor& t : topological(roots))
    if (runs_graphs(t))
      for (const auto& [name, value] : node(t).params)
        if (const auto* graph = std::get_if<SubgraphHandle>(&value))
          for (const std::uint64_t id : (*graph)->hidden) hidden.emplace(id, t);
  if (hidden.empty()) return;
  for (const Tensor& t : these)
    if (const auto found = hidden.find(node(t).id); found != hidden.end())
      fail_at<GraphError>(w,
                          "{}: {} is computed inside {}, by the side that alone needs it, and cannot be reached there: "
                          "name what both sides need, or what it is made of",
                          verb, describe(t), describe(found->second));
}

bool holds(const Array& condition) { return get_index(condition, 0) != 0; }

bool is_draw(const Tensor& t) {
  return is_op(t, normal) || is_op(t, uniform) || is_op(t, stream_normal) || is_op(t, stream_uniform);
}

}  // namespace croton::ops
