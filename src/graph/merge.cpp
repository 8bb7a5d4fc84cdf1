// Common subexpressions: equal nodes become one.
#include <cstring>
#include <string_view>

#include "array/access.h"
#include "graph/walk.h"

namespace croton {
namespace {

std::string_view bytes_of(const Array& a) {
  if (a.size() == 0) return {};
  return {reinterpret_cast<const char*>(data(a)), static_cast<std::size_t>(a.size()) * size_of(a.dtype())};
}

std::size_t mix(std::size_t h, std::size_t v) { return (h ^ v) * 0x9e3779b97f4a7c15u + (h >> 29); }

std::size_t hash_of(const Node& n) {
  auto h = static_cast<std::size_t>(n.kind);
  switch (n.kind) {
    case NodeKind::input: return mix(h, n.id);
    case NodeKind::shared: return mix(h, n.shared ? n.shared->id : n.id);
    case NodeKind::constant:
      return mix(mix(h, static_cast<std::size_t>(n.type.dtype)),
                 std::hash<std::string_view>()(bytes_of(contiguous(n.value))));
    case NodeKind::apply: break;
  }
  h = mix(mix(h, std::hash<const Op*>()(n.op)), n.params.hash());
  for (const Tensor& x : n.inputs) h = mix(h, node(x).id);
  return h;
}

bool equal(const Node& a, const Node& b) {
  if (&a == &b) return true;
  if (a.kind != b.kind) return false;
  switch (a.kind) {
    case NodeKind::input: return false;
    case NodeKind::shared: return a.shared && b.shared && a.shared->id == b.shared->id;
    case NodeKind::constant: return a.weak == b.weak && bits_equal(a.value, b.value);
    case NodeKind::apply: break;
  }
  if (a.op != b.op || a.inputs.size() != b.inputs.size() || !(a.params == b.params)) return false;
  for (std::size_t i = 0; i < a.inputs.size(); ++i)
    if (!same(a.inputs[i], b.inputs[i])) return false;
  return true;
}

}  // namespace

std::vector<Tensor> merge(std::span<const Tensor> outputs) {
  std::unordered_multimap<std::size_t, Tensor> first;  // by hash of the node on merged inputs
  Replacements now;
  const auto merged = [&](const Tensor& t) { return now.at(t.node()); };
  for (const Tensor& t : topological(outputs)) {
    std::vector<Tensor> inputs;
    inputs.reserve(node(t).inputs.size());
    for (const Tensor& x : node(t).inputs) inputs.push_back(merged(x));
    Tensor candidate = inputs.empty() ? t : with_inputs(t, std::move(inputs));
    const std::size_t h = hash_of(node(candidate));
    const auto [begin, end] = first.equal_range(h);
    auto it = begin;
    while (it != end && !equal(node(it->second), node(candidate))) ++it;
    if (it == end) first.emplace(h, candidate);
    now.emplace(t.node(), it == end ? std::move(candidate) : it->second);
  }
  std::vector<Tensor> out;
  out.reserve(outputs.size());
  for (const Tensor& t : outputs) out.push_back(merged(t));
  return out;
}

}  // namespace croton
