#include <stdexcept>

#include <fmt/format.h>

#include "rewrite/steps.h"

namespace croton::rewrite {
namespace {

/// Walks down from the outputs, a composite's expansion in its place, without recursion.
class Expander {
 public:
  Tensor lowered(const Tensor& root) {
    open_.push_back({root, {}});
    while (!open_.empty()) step();
    return lowered_.at(root.node()).second;
  }

 private:
  struct Open {
    Tensor t, expansion;
  };

  void step() {
    const auto [t, expansion] = open_.back();
    if (lowered_.contains(t.node())) return open_.pop_back();
    if (expansion.node()) return close(t, lowered_.at(expansion.node()).second);
    if (const auto* composite = meaning<Expansion>(t)) {
      open_.back().expansion = expanded(t, *composite);
      open_.push_back({open_.back().expansion, {}});
      return;
    }
    bool ready = true;
    for (const Tensor& x : node(t).inputs)
      if (!lowered_.contains(x.node())) {
        open_.push_back({x, {}});
        ready = false;
      }
    if (!ready) return;
    std::vector<Tensor> inputs;
    for (const Tensor& x : node(t).inputs) inputs.push_back(lowered_.at(x.node()).second);
    close(t, inputs.empty() ? t : with_inputs(t, std::move(inputs)));
  }

  void close(const Tensor& t, const Tensor& result) {
    open_.pop_back();
    lowered_.try_emplace(t.node(), t, result);
  }

  static Tensor expanded(const Tensor& t, const Expansion& composite) {
    const Node& n = node(t);
    const WhereScope place(n);
    Tensor e = composite.expand({n.params, n.inputs, t, {}});
    if (type(e).dtype != n.type.dtype || type(e).rank() != n.type.rank())
      throw std::logic_error(
          fmt::format("the expansion of {} is {}, the node {}", n.op->name, text(type(e)), text(n.type)));
    if (e.name().empty() && node(e).id > n.id) e.node()->name = n.name;
    return e;
  }

  std::vector<Open> open_;
  /// Node -> (the node itself, so that its address is not used again; what it became).
  std::unordered_map<const Node*, std::pair<Tensor, Tensor>> lowered_;
};

}  // namespace

std::vector<Tensor> expand(std::span<const Tensor> outputs) {
  Expander expander;
  std::vector<Tensor> out;
  for (const Tensor& t : outputs) out.push_back(expander.lowered(t));
  return out;
}

}  // namespace croton::rewrite
