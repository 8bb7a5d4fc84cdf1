#include "graph/subgraph.h"

#include <algorithm>

#include <fmt/format.h>

#include "graph/walk.h"

namespace croton {

std::vector<Tensor> applied(const Subgraph& g, const std::vector<Tensor>& inputs) {
  Replacements now;
  for (std::size_t i = 0; i < inputs.size(); ++i) now.emplace(g.inputs[i].node(), inputs[i]);
  return rebuild(g.outputs, now);
}

bool equal(const Subgraph& a, const Subgraph& b) {
  if (&a == &b) return true;
  const auto same_types = [](const Tensor& x, const Tensor& y) { return type(x) == type(y); };
  if (!std::equal(a.inputs.begin(), a.inputs.end(), b.inputs.begin(), b.inputs.end(), same_types) ||
      !std::equal(a.outputs.begin(), a.outputs.end(), b.outputs.begin(), b.outputs.end(), same_types))
    return false;
  std::vector<Tensor> both = a.outputs;
  const std::vector<Tensor> other = applied(b, a.inputs);
  both.insert(both.end(), other.begin(), other.end());
  both = merge(both);
  const auto half = both.begin() + static_cast<std::ptrdiff_t>(other.size());
  return std::equal(both.begin(), half, half, same);
}

std::size_t hash_of(const Subgraph& g) {
  std::size_t h = g.inputs.size();
  for (const Tensor& t : g.outputs) h = h * 0x9e3779b97f4a7c15u + static_cast<std::size_t>(type(t).dtype);
  return h;
}

std::string text(const Subgraph& g) {
  std::vector<Tensor> all = g.outputs;
  all.insert(all.end(), g.inputs.begin(), g.inputs.end());
  return fmt::format("graph({}) ", g.inputs.size()) + quoted(print_graph(all, false));
}

}  // namespace croton
