// Applying a book of rules to a whole graph, inputs first.
#include <fmt/format.h>

#include "base/log.h"
#include "rewrite/rule.h"

namespace croton::rewrite {
namespace {

class Rewriter {
 public:
  Rewriter(const RuleBook& book, const NodeSet& keep, std::size_t nodes,
           std::unordered_map<std::string_view, std::size_t>* fired)
      : book_(book), keep_(keep), nodes_(nodes), left_(1000 + 20 * nodes), fired_(fired) {}

  Tensor normal(const Tensor& root) {
    open_.push_back({root, {}});
    while (!open_.empty()) step();
    return normal_.at(root.node()).second;
  }

 private:
  struct Open {
    Tensor t, made;  // `made` by a rule: then t's normal form is made's
  };

  void step() {
    const auto [t, made] = open_.back();
    if (normal_.contains(t.node())) return open_.pop_back();
    if (made.node()) return close(t, normal_.at(made.node()).second);
    if (node(t).inputs.empty() || keep_.contains(t.node())) return close(t, t);
    bool ready = true;
    for (const Tensor& x : node(t).inputs)
      if (!normal_.contains(x.node())) {
        open_.push_back({x, {}});
        ready = false;
      }
    if (!ready) return;
    std::vector<Tensor> inputs;
    inputs.reserve(node(t).inputs.size());
    for (const Tensor& x : node(t).inputs) inputs.push_back(normal_.at(x.node()).second);
    const Tensor candidate = with_inputs(t, std::move(inputs));
    Tensor r = first_replacement(candidate);
    if (!r.node()) return close(t, candidate);
    open_.back().made = r;
    open_.push_back({std::move(r), {}});
  }

  void close(const Tensor& t, const Tensor& n) {
    open_.pop_back();
    normal_.try_emplace(t.node(), t, n);
    normal_.try_emplace(n.node(), n, n);
  }

  Tensor first_replacement(const Tensor& t) {
    for (const std::size_t i : book_.at(node(t).op)) {
      const Rule& rule = book_.all()[i];
      if (left_ == 0) return {};
      Tensor r = replacement(rule, t, keep_);
      if (!r.node()) continue;
      if (--left_ == 0)
        warn(
            fmt::format("rewriting a graph of {} nodes stopped after {} replacements, the last by the rule {}: the "
                        "rest is computed "
                        "as it is written",
                        nodes_, 1000 + 20 * nodes_, rule.name));
      if (fired_) ++(*fired_)[rule.name];
      return r;
    }
    return {};
  }

  const RuleBook& book_;
  const NodeSet& keep_;
  std::size_t nodes_, left_;  // replacements until we stop, finished or not
  std::unordered_map<std::string_view, std::size_t>* fired_;
  std::vector<Open> open_;
  /// Node -> (the node itself, so that its address is not used again; its normal form).
  std::unordered_map<const Node*, std::pair<Tensor, Tensor>> normal_;
};

}  // namespace

std::vector<Tensor> rewritten(std::span<const Tensor> outputs, const RuleBook& book, const NodeSet& keep,
                              std::unordered_map<std::string_view, std::size_t>* fired) {
  Rewriter rewriter(book, keep, topological(outputs).size(), fired);
  std::vector<Tensor> out;
  out.reserve(outputs.size());
  for (const Tensor& t : outputs) out.push_back(rewriter.normal(t));
  return out;
}

}  // namespace croton::rewrite
