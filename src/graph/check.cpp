// What every graph must satisfy, asked after each pass when check_ir is on.
#include <stdexcept>

#include <fmt/format.h>

#include "graph/walk.h"

namespace croton {
namespace {

std::string fault(const Tensor& t) {
  const Node& n = node(t);
  if (n.kind == NodeKind::constant) {
    const Extents& e = n.value.shape();
    if (n.type != Type{n.value.dtype(), Shape(e.begin(), e.end())}) return "its type is not its value's";
  }
  if (n.kind == NodeKind::shared && !n.shared) return "it has no shared variable";
  if (n.kind != NodeKind::apply) return n.inputs.empty() && !n.op ? "" : "a leaf has an op or inputs";
  if (!n.op) return "it has no op";
  if (n.op->arity >= 0 && n.inputs.size() != static_cast<std::size_t>(n.op->arity))
    return fmt::format("it has {} inputs, {} takes {}", n.inputs.size(), n.op->name, n.op->arity);
  for (const Tensor& x : n.inputs) {
    if (!x.node()) return "an input is an empty handle";
    if (node(x).id >= n.id) return "an input is younger than it";
  }
  if (const Type rule = type_by_rule(n); rule != n.type)
    return fmt::format("its type is {}, the rule of {} gives {}", text(n.type), n.op->name, text(rule));
  return {};
}

}  // namespace

void check_graph(std::span<const Tensor> outputs, std::string_view after) {
  for (const Tensor& t : outputs)
    if (!t.node()) throw std::logic_error(fmt::format("graph after {}: an output is an empty handle", after));
  for (const Tensor& t : topological(outputs))
    if (const std::string what = fault(t); !what.empty())
      throw std::logic_error(
          fmt::format("graph after {}: {} ({}): {}\n{}", after, describe(t), formula(t), what, print_graph(outputs)));
}

}  // namespace croton
