// A rewrite rule is an equation in the user's own language, checked by a sweep that evaluates both sides:
//   rule("log1p", [](Tensor x) { return Equation{log(1 + x), log1p(x)}; })
// The function is called with wildcards to make the pattern, and with what they matched to make the replacement, so
// that dtypes, ranks and constants come out as if the user had written the right side.
#pragma once
#include <functional>
#include <optional>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>

#include "croton/ops.h"
#include "graph/walk.h"

namespace croton::rewrite {

struct Equation {
  Tensor left, right;
};

/// A wildcard for the axis of the left side (params "axis" or "axes" of its ops, all the same): exactly one.
struct Axis {
  int number = 0;
  operator int() const { return number; }
  operator Axes() const { return Axes{number}; }
};
/// The same for any number of axes.
struct Along {
  std::vector<int> list{0};
  operator Axes() const { return Axes(list); }
};

struct Rule {
  std::string_view name;
  const Op* root = nullptr;  // the op at the top of the left side
  /// Equations: from what the wildcards stand for. Empty for rules in code.
  std::function<Equation(std::span<const Tensor>, const std::vector<int>& axes)> equation;
  Tensor pattern;
  std::vector<Tensor> wildcards;
  bool one_axis = false;
  /// Rules in code: the node in, its replacement out, or an empty handle. They look through no node in `keep` either.
  Tensor (*code)(const Tensor&, const NodeSet& keep) = nullptr;
  std::function<bool(std::span<const Tensor>)> guard;
  /// What the sweep feeds each wildcard.
  Interval domain;

  /// A condition on what the wildcards matched.
  template <class F>
  Rule when(F condition) && {
    guard = [condition](std::span<const Tensor> x) {
      if constexpr (std::is_invocable_v<F, Tensor>)
        return condition(x[0]);
      else
        return condition(x[0], x[1]);
    };
    return std::move(*this);
  }
  /// Where the left side can be computed at all.
  Rule over(Interval i) && {
    domain = i;
    return std::move(*this);
  }
};

/// Makes the pattern and finds its root; std::logic_error for a left side that is a leaf.
Rule finished(Rule);

template <class F>
Rule rule(std::string_view name, F f) {
  constexpr bool one = std::is_invocable_v<F, Tensor>, two = std::is_invocable_v<F, Tensor, Tensor>;
  constexpr bool along = std::is_invocable_v<F, Tensor, Along> && !two;
  constexpr bool axis = std::is_invocable_v<F, Tensor, Axis> && !two && !along;
  static_assert(one || two || along || axis, "a rule takes one or two Tensors, or a Tensor and an Axis or Along");
  Rule r;
  r.name = name;
  r.one_axis = axis;
  r.equation = [f](std::span<const Tensor> x, [[maybe_unused]] const std::vector<int>& axes) -> Equation {
    if constexpr (one)
      return f(x[0]);
    else if constexpr (two)
      return f(x[0], x[1]);
    else if constexpr (along)
      return f(x[0], Along{axes});
    else
      return f(x[0], Axis{axes.front()});
  };
  r.wildcards.resize(two ? 2 : 1);
  return finished(std::move(r));
}

/// A rule that needs code: parameters to compute, chains to walk.
Rule rule(std::string_view name, const Op& root, Tensor (*code)(const Tensor&, const NodeSet& keep));

/// Rules by the op at their root, in the order given.
class RuleBook {
 public:
  RuleBook& operator+=(Rule r);
  RuleBook& operator+=(const RuleBook&);
  std::span<const Rule> all() const { return rules_; }
  /// Indices into all().
  std::span<const std::size_t> at(const Op*) const;

 private:
  std::vector<Rule> rules_;
  std::unordered_map<const Op*, std::vector<std::size_t>> by_root_;
};

/// What the rule makes of the node; an empty handle where it does not apply. No rule looks through a node in `keep`.
Tensor replacement(const Rule&, const Tensor& node, const NodeSet& keep = {});

/// The outputs, each node replaced by the first rule that applies until none does: inputs first, what a rule makes
/// again. `fired` counts by the rules' names. It ends after a number of replacements linear in the graph's size,
/// whatever the rules, and warns if it stops there.
std::vector<Tensor> rewritten(std::span<const Tensor> outputs, const RuleBook&, const NodeSet& keep = {},
                              std::unordered_map<std::string_view, std::size_t>* fired = nullptr);

}  // namespace croton::rewrite
