// The graph's notation (parse.h reads it back) and the tree that debugprint shows.
#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "graph/notation.h"
#include "graph/op.h"
#include "graph/subgraph.h"
#include "graph/walk.h"

namespace croton {
namespace {

constexpr Index most_elements = 1024;  // of a constant, in the notation

std::string elements(const Array& a) {
  if (a.ndim() == 0) return number_text(a, 0);
  if (a.size() > most_elements) return fmt::format("... {} elements", a.size());
  std::string out = "[";
  for (Index i = 0; i < a.size(); ++i) {
    if (i) out += ", ";
    out += number_text(a, i);
  }
  return out + "]";
}

using Numbers = std::unordered_map<const Node*, std::size_t>;

std::string application(const Node& n, const Numbers& numbers) {
  switch (n.kind) {
    case NodeKind::input: return "input()";
    case NodeKind::shared: return fmt::format("shared({})", n.shared ? n.shared->id : 0);
    case NodeKind::constant: return fmt::format("{}({})", n.weak ? "weak" : "constant", elements(n.value));
    case NodeKind::apply: break;
  }
  std::string out = fmt::format("{}(", n.op->name);
  for (std::size_t i = 0; i < n.inputs.size(); ++i)
    out += fmt::format("{}%{}", i ? ", " : "", numbers.at(n.inputs[i].node()));
  out += ")";
  if (!n.params.empty()) out += " " + n.params.text();
  return out;
}

std::string comment(const Node& n, bool with_places) {
  const std::string at = with_places ? place(n.where) : "";
  if (n.name.empty() && at.empty()) return {};
  return fmt::format("  # {}{}{}", one_line(n.name), n.name.empty() || at.empty() ? "" : ", ", at);
}

/// Its parameters but for graphs, which stand below it; an index and extents as formulas write them.
std::string params_line(const Node& n) {
  std::string out;
  const WriteInput held = [&](const Tensor& t) { out += formula(t); };
  const auto begin = [&] { out += out.empty() ? "{" : ", "; };
  for (const Params::Entry& e : n.params) {
    if (std::holds_alternative<SubgraphHandle>(e.second) || e.first == "stop" || e.first == "step") continue;
    begin();
    if (e.first == "start") {
      out += "index=[";
      write_index(out, n, held);
      out += ']';
    } else if (e.first == "dims") {
      out += "dims=[";
      write_extents(out, n, held);
      out += ']';
    } else {
      const std::string one = Params({e}).text();
      out += std::string_view(one).substr(1, one.size() - 2);
    }
  }
  return out.empty() ? out : out + '}';
}

std::string call_line(const Node& n) {
  if (meaning<Contract>(*n.op)) {
    const std::string labels = subscripts(n);
    return labels.empty() ? std::string(spelling(n)) : "einsum{" + labels + "}";
  }
  return std::string(spelling(n)) + params_line(n);
}

std::string tree_line(const Node& n) {
  std::string out = n.kind == NodeKind::apply ? call_line(n)
                    : n.kind == NodeKind::constant
                        ? fmt::format("constant {}", n.value.size() > 8 ? "..." : elements(n.value))
                        : std::string(n.kind == NodeKind::shared ? "shared" : "input");
  out += " : " + text(n.type);
  if (!n.name.empty()) out += "  " + one_line(n.name);
  return out;
}

}  // namespace

std::string print_graph(std::span<const Tensor> outputs, bool with_places) {
  Numbers numbers;
  std::string out;
  for (const Tensor& t : topological(outputs)) {
    const Node& n = node(t);
    const std::size_t number = numbers.size();
    out += fmt::format("%{} = {} : {}{}\n", number, application(n, numbers), text(n.type), comment(n, with_places));
    numbers.emplace(&n, number);
  }
  out += "return";
  for (std::size_t i = 0; i < outputs.size(); ++i)
    out += fmt::format("{} %{}", i ? "," : "", numbers.at(outputs[i].node()));
  return out + "\n";
}

std::string debugprint(const Tensor& root) {
  if (!root.node()) return "an empty Tensor\n";
  std::unordered_map<const Node*, std::size_t> uses;
  for (const Tensor& t : topological({&root, 1}))
    for (const Tensor& x : node(t).inputs) ++uses[x.node()];
  Numbers numbers;  // of shared parts, in the order they are met
  struct Line {
    const Node* n;
    std::size_t depth;
  };
  std::vector<Line> todo{{root.node(), 0}};
  std::string out;
  while (!todo.empty()) {
    const auto [n, depth] = todo.back();
    todo.pop_back();
    constexpr std::size_t deepest = 40;  // deeper parts are not indented further
    out.append(2 * std::min(depth, deepest), ' ');
    if (depth > deepest) out += fmt::format("({}) ", depth);
    const bool is_shared_part = n->kind == NodeKind::apply && uses[n] > 1;
    const auto [number, is_new] =
        is_shared_part ? numbers.try_emplace(n, numbers.size() + 1) : std::pair(numbers.end(), true);
    if (!is_new) {
      out += fmt::format("[{}] (above)\n", number->second);
      continue;
    }
    if (is_shared_part) out += fmt::format("[{}] ", number->second);
    out += tree_line(*n) + "\n";
    for (const auto& [name, value] : n->params)
      if (const auto* g = std::get_if<SubgraphHandle>(&value)) {
        const std::string step = print_graph((*g)->outputs, false);
        for (const std::string_view line : split(trim(step), '\n'))
          out += fmt::format("{:{}}| {}\n", "", 2 * (std::min(depth, deepest) + 1), line);
      }
    for (auto x = n->inputs.rbegin(); x != n->inputs.rend(); ++x) todo.push_back({x->node(), depth + 1});
  }
  return out;
}

}  // namespace croton
