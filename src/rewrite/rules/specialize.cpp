#include "rewrite/rules/rules.h"

namespace croton::rewrite {
namespace {

RuleBook made() {
  RuleBook b = canonical_rules();
  b += rule("rsqrt", [](const Tensor& x) { return Equation{1 / sqrt(x), rsqrt(x)}; }).over({0.1, 9});
  b += rule("reciprocal_of_sqrt", [](const Tensor& x) {
         return Equation{reciprocal(sqrt(x)), rsqrt(x)};
       }).over({0.1, 9});
  b += rule("pow_three", [](const Tensor& x) { return Equation{pow(x, 3), x * square(x)}; });
  b += rule("pow_four", [](const Tensor& x) { return Equation{pow(x, 4), square(square(x))}; });
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
