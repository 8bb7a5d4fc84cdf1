#include "base/dtype.h"
#include "rewrite/rules/rules.h"

namespace croton::rewrite {
namespace {

// What integers that wrap around make wrong.
bool is_of_floats(const Tensor& x) { return is_float(x.dtype()); }

RuleBook made() {
  RuleBook b;
  b += rule("neg_neg", [](const Tensor& x) { return Equation{-(-x), x}; });
  b += rule("times_one", [](const Tensor& x) { return Equation{x * 1, x}; });
  b += rule("plus_zero", [](const Tensor& x) { return Equation{x + 0, x}; });  // -0 + 0 is 0, which equals -0
  b += rule("minus_zero", [](const Tensor& x) { return Equation{x - 0, x}; });
  b += rule("over_one", [](const Tensor& x) { return Equation{x / 1, x}; });
  b += rule("times_minus_one", [](const Tensor& x) { return Equation{x * -1, -x}; });
  b += rule("over_minus_one", [](const Tensor& x) { return Equation{x / -1, -x}; });
  b += rule("plus_neg", [](const Tensor& x, const Tensor& y) { return Equation{x + -y, x - y}; });
  b += rule("minus_neg", [](const Tensor& x, const Tensor& y) { return Equation{x - -y, x + y}; });
  b += rule("neg_times_neg", [](const Tensor& x, const Tensor& y) { return Equation{-x * -y, x * y}; });
  b += rule("neg_over_neg", [](const Tensor& x, const Tensor& y) { return Equation{-x / -y, x / y}; });
  b += rule("pow_one", [](const Tensor& x) { return Equation{pow(x, 1), x}; });
  b += rule("pow_two", [](const Tensor& x) { return Equation{pow(x, 2), square(x)}; });
  b += rule("pow_half", [](const Tensor& x) { return Equation{pow(x, 0.5), sqrt(x)}; }).over({0, 9});
  b += rule("square", [](const Tensor& x) { return Equation{x * x, square(x)}; });
  b += rule("square_of_neg", [](const Tensor& x) { return Equation{square(-x), square(x)}; });
  b += rule("abs_of_neg", [](const Tensor& x) { return Equation{abs(-x), abs(x)}; }).when(is_of_floats);
  b += rule("abs_of_abs", [](const Tensor& x) { return Equation{abs(abs(x)), abs(x)}; });
  b += rule("abs_of_square", [](const Tensor& x) { return Equation{abs(square(x)), square(x)}; }).when(is_of_floats);
  b += rule("maximum_of_itself", [](const Tensor& x) { return Equation{maximum(x, x), x}; });
  b += rule("minimum_of_itself", [](const Tensor& x) { return Equation{minimum(x, x), x}; });
  b += structural_rules();
  b += selection_rules();
  b += writing_rules();
  return b;
}

}  // namespace

const RuleBook& canonical_rules() {
  static const RuleBook& book = *new RuleBook(made());
  return book;
}

}  // namespace croton::rewrite
