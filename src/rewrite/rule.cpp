#include "rewrite/rule.h"

#include <stdexcept>

#include <fmt/format.h>

namespace croton::rewrite {

Rule finished(Rule r) {
  constexpr std::string_view names[] = {"x", "y"};
  for (std::size_t i = 0; i < r.wildcards.size(); ++i) r.wildcards[i] = vector(names[i], float64);
  r.pattern = r.equation(r.wildcards, {0}).left;
  r.root = node(r.pattern).op;
  if (!r.root) throw std::logic_error(fmt::format("rule {}: the left side is a leaf", r.name));
  return r;
}

Rule rule(std::string_view name, const Op& root, Tensor (*code)(const Tensor&, const NodeSet&)) {
  Rule r;
  r.name = name;
  r.root = &root;
  r.code = code;
  return r;
}

RuleBook& RuleBook::operator+=(Rule r) {
  by_root_[r.root].push_back(rules_.size());
  rules_.push_back(std::move(r));
  return *this;
}

RuleBook& RuleBook::operator+=(const RuleBook& other) {
  for (const Rule& r : other.all()) *this += r;
  return *this;
}

std::span<const std::size_t> RuleBook::at(const Op* op) const {
  const auto it = by_root_.find(op);
  return it == by_root_.end() ? std::span<const std::size_t>() : it->second;
}

}  // namespace croton::rewrite
