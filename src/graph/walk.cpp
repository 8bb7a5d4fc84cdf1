#include "graph/walk.h"

#include <algorithm>
#include <unordered_set>

namespace croton {
namespace {

/// Everything reachable without passing through a replaced node, by id.
std::vector<Node*> reachable(std::span<const Tensor> outputs, const Replacements& stops) {
  std::vector<Node*> found;
  std::unordered_set<const Node*> seen;
  const auto visit = [&](const Tensor& t) {
    if (t.node() && seen.insert(t.node()).second) found.push_back(t.node());
  };
  for (const Tensor& t : outputs) visit(t);
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (stops.contains(found[i])) continue;
    for (const Tensor& x : found[i]->inputs) visit(x);
  }
  std::sort(found.begin(), found.end(), [](const Node* a, const Node* b) { return a->id < b->id; });
  return found;
}

}  // namespace

std::vector<Tensor> topological(std::span<const Tensor> outputs) {
  const std::vector<Node*> found = reachable(outputs, {});
  std::vector<Tensor> nodes;
  nodes.reserve(found.size());
  for (Node* n : found) nodes.emplace_back(n);
  return nodes;
}

std::vector<Tensor> leaves(std::span<const Tensor> outputs, NodeKind kind) {
  std::vector<Tensor> out;
  for (Node* n : reachable(outputs, {}))
    if (n->kind == kind) out.emplace_back(n);
  return out;
}

std::unordered_map<const Node*, std::vector<const Node*>> users(std::span<const Tensor> nodes) {
  std::unordered_map<const Node*, std::vector<const Node*>> out;
  out.reserve(nodes.size());
  for (const Tensor& t : nodes) {
    out.try_emplace(t.node());
    for (const Tensor& x : node(t).inputs) {
      std::vector<const Node*>& of = out[x.node()];
      if (of.empty() || of.back() != t.node()) of.push_back(t.node());  // f(x, x) uses x once
    }
  }
  return out;
}

Tensor with_inputs(const Tensor& t, std::vector<Tensor> inputs) {
  const Node& n = node(t);
  if (std::equal(inputs.begin(), inputs.end(), n.inputs.begin(), n.inputs.end(), same)) return t;
  Tensor made = make_node(*n.op, n.params, std::move(inputs), n.where, n.part_of);
  made.node()->name = n.name;
  return made;
}

std::vector<Tensor> rebuild(std::span<const Tensor> outputs, const Replacements& replacements) {
  Replacements made;  // only what differs from the original
  const auto now = [&](const Tensor& t) {
    if (const auto r = replacements.find(t.node()); r != replacements.end()) return r->second;
    const auto m = made.find(t.node());
    return m == made.end() ? t : m->second;
  };
  for (Node* n : reachable(outputs, replacements)) {
    if (replacements.contains(n) || n->inputs.empty()) continue;
    std::vector<Tensor> inputs;
    inputs.reserve(n->inputs.size());
    for (const Tensor& x : n->inputs) inputs.push_back(now(x));
    const Tensor old(n);
    Tensor t = with_inputs(old, std::move(inputs));
    if (!same(t, old)) made.emplace(n, std::move(t));
  }
  std::vector<Tensor> out;
  out.reserve(outputs.size());
  for (const Tensor& t : outputs) out.push_back(now(t));
  return out;
}

}  // namespace croton
