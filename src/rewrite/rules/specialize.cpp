#include "ops/elementwise.h"
#include "ops/extents.h"
#include "ops/registry.h"
#include "rewrite/rules/rules.h"

namespace croton::rewrite {
namespace {

/// sum(c sum(x)) and sum(sum(x) / c), c one number: one fold, scaled once. The mean of a mean. (Of halves the sum of
/// all could overflow.)
Tensor sum_of_scaled_sum(const Tensor& t, const NodeSet& keep) {
  const Tensor& scaled = node(t).inputs[0];
  const bool divides = is_op(scaled, ops::div);
  if (keep.contains(scaled.node()) || !(divides || is_op(scaled, ops::mul))) return {};
  if (t.dtype() != float32 && t.dtype() != float64) return {};
  for (std::size_t k = 0; k < (divides ? 1 : 2); ++k) {
    const Tensor &first = node(scaled).inputs[k], &number = node(scaled).inputs[1 - k];
    if (!is_op(first, ops::sum) || keep.contains(first.node()) || !is_of_one(number)) continue;
    std::vector<Tensor> inputs(2);
    inputs[k] = apply(ops::sum, {{"axes", axes_of_both(t, first)}}, {node(first).inputs[0]}, node(t).where);
    inputs[1 - k] = ops::permuted(number, axes_left(t), node(t).where);
    return apply(*node(scaled).op, {}, std::move(inputs), node(scaled).where);
  }
  return {};
}

RuleBook made() {
  RuleBook b = canonical_rules();
  b += rule("rsqrt", [](const Tensor& x) { return Equation{1 / sqrt(x), rsqrt(x)}; }).over({0.1, 9});
  b += rule("reciprocal_of_sqrt", [](const Tensor& x) {
         return Equation{reciprocal(sqrt(x)), rsqrt(x)};
       }).over({0.1, 9});
  b += rule("pow_three", [](const Tensor& x) { return Equation{pow(x, 3), x * square(x)}; });
  b += rule("pow_four", [](const Tensor& x) { return Equation{pow(x, 4), square(square(x))}; });
  b += rule("sum_of_scaled_sum", ops::sum, sum_of_scaled_sum);
  b += rule("pow_minus_one", [](const Tensor& x) { return Equation{pow(x, -1), 1 / x}; }).over({0.5, 4});
  return b;
}

RuleBook made_unsafe() {
  RuleBook b;
  b += rule("itself_over_itself", [](const Tensor& x) { return Equation{x / x, ones_like(x)}; });
  b += rule("minus_itself", [](const Tensor& x) { return Equation{x - x, zeros_like(x)}; });
  b += rule("times_zero", [](const Tensor& x) { return Equation{x * 0, zeros_like(x)}; });
  return b;
}

}  // namespace

const RuleBook& specializing_rules() {
  static const RuleBook& book = *new RuleBook(made());
  return book;
}

const RuleBook& unsafe_rules() {
  static const RuleBook& book = *new RuleBook(made_unsafe());
  return book;
}

}  // namespace croton::rewrite
