// Arithmetic on each element: the four operations and their kin.
#include "array/access.h"
#include "base/dtype.h"
#include "base/error.h"
#include "croton/ops.h"
#include "graph/walk.h"
#include "ops/elementwise.h"
#include "ops/families.h"
#include "ops/pointwise.h"
#include "ops/registry.h"

namespace croton {
namespace ops {
namespace {

std::vector<Sample> number_samples(const std::vector<Interval>& i) { return join(float_samples(i), int_samples(i)); }

/// d a^b / da = b a^(b - 1), which is 0 for b = 0 at every a, also at 0.
Tensor base_factor(const Tensor& a, const Tensor& b) { return where(b == 0, 0, b * croton::pow(a, b - 1)); }
/// d a^b / db = a^b log a; a base that is not positive has no logarithm and counts as constant.
Tensor exponent_factor(const At& at) {
  const Tensor positive = at.x[0] > 0;
  return where(positive, at.y * croton::log(where(positive, at.x[0], 1)), 0);
}

/// The larger (or smaller) operand gets the gradient, equal ones half of it each.
Gradients shared_among_ties(const At& at, const Tensor& first_wins) {
  const Tensor tie = at.x[0] == at.x[1];
  const Tensor half = at.y_bar * 0.5;
  return {where(tie, half, where(first_wins, at.y_bar, 0)), where(tie, half, where(first_wins, 0, at.y_bar))};
}

}  // namespace

constinit const Op add{.name = "add",
                       .doc = "a + b (NumPy's add).",
                       .arity = 2,
                       .type = pointwise_type,
                       .meaning = Pointwise{"add"},
                       .pullback = [](const At& at) -> Gradients {
                         return {at.y_bar, at.y_bar};
                       },
                       .samples =
                           [] {
                             return number_samples({{-4, 4}, {-4, 4}});
                           }};

constinit const Op sub{.name = "sub",
                       .doc = "a - b (NumPy's subtract).",
                       .arity = 2,
                       .type = pointwise_type,
                       .meaning = Pointwise{"sub"},
                       .pullback = [](const At& at) -> Gradients {
                         return {at.y_bar, -at.y_bar};
                       },
                       .samples =
                           [] {
                             return number_samples({{-4, 4}, {-4, 4}});
                           }};

constinit const Op mul{.name = "mul",
                       .doc = "a * b (NumPy's multiply).",
                       .arity = 2,
                       .type = pointwise_type,
                       .meaning = Pointwise{"mul"},
                       .pullback = [](const At& at) -> Gradients {
                         return {at.y_bar * at.x[1], at.y_bar * at.x[0]};
                       },
                       .samples =
                           [] {
                             return number_samples({{-4, 4}, {-4, 4}});
                           }};

constinit const Op div{.name = "div",
                       .doc = "a / b of floats (NumPy's true_divide); integers are converted to floatX first.",
                       .arity = 2,
                       .type = pointwise_type,
                       .meaning = Pointwise{"div"},
                       .pullback = [](const At& at) -> Gradients {
                         const Tensor to_a = quotient(at.y_bar, at.x[1]);
                         return {to_a, masked(-to_a, at.y)};
                       },
                       .samples =
                           [] {
                             return float_samples({{-4, 4}, {0.5, 4}});
                           }};

constinit const Op neg{.name = "neg",
                       .doc = "-x (NumPy's negative).",
                       .type = pointwise_type,
                       .meaning = Pointwise{"neg"},
                       .pullback = [](const At& at) -> Gradients { return {-at.y_bar}; },
                       .samples =
                           [] {
                             return number_samples({{-4, 4}});
                           }};

constinit const Op mod{
    .name = "mod",
    .doc = "The remainder of a / b with the sign of b (NumPy's remainder, Python's %); 0 for an integer b of 0.",
    .arity = 2,
    .type = pointwise_type,
    .meaning = Pointwise{"mod"},
    .pullback = [](const At& at) -> Gradients {
      return {at.y_bar, masked(-at.y_bar, croton::floor_divide(at.x[0], at.x[1]))};
    },
    .samples =
        [] {
          return join(float_samples({{2.8, 2.95}, {1.05, 1.35}}), int_samples({{-9, 9}, {-3, 4}}));
        }};

constinit const Op floor_divide{
    .name = "floor_divide",
    .doc = "floor(a / b) of the exact quotient (NumPy's floor_divide); 0 for an integer b of 0.",
    .arity = 2,
    .type = pointwise_type,
    .meaning = Pointwise{"floor_div"},
    .pullback = [](const At& at) -> Gradients {
      return {croton::zeros_like(at.x[0]), croton::zeros_like(at.x[1])};
    },
    .samples =
        [] {
          return join(float_samples({{2.1, 2.9}, {1.5, 1.9}}), int_samples({{-9, 9}, {-3, 4}}));
        }};

constinit const Op pow{.name = "pow",
                       .doc = "a to the power of b (NumPy's power); x ** 0 is 1 for every x, NaN too.",
                       .arity = 2,
                       .type = pointwise_type,
                       .meaning = Pointwise{"pow"},
                       .pullback = [](const At& at) -> Gradients {
                         return {masked(at.y_bar, base_factor(at.x[0], at.x[1])), at.y_bar * exponent_factor(at)};
                       },
                       .samples =
                           [] {
                             return join(float_samples({{0.2, 3}, {-3, 3}}), int_samples({{0, 4}, {0, 4}}));
                           }};

constinit const Op square{.name = "square",
                          .doc = "x * x (NumPy's square, Theano's sqr).",
                          .type = pointwise_type,
                          .meaning = Pointwise{"square"},
                          .pullback = [](const At& at) -> Gradients { return {at.y_bar * 2 * at.x[0]}; },
                          .samples =
                              [] {
                                return number_samples({{-4, 4}});
                              }};

constinit const Op reciprocal{
    .name = "reciprocal",
    .doc = "1 / x of floats (NumPy's reciprocal, Theano's inv).",
    .type = pointwise_type,
    .meaning = Pointwise{"reciprocal"},
    .pullback = [](const At& at) -> Gradients { return {masked(at.y_bar, -croton::square(at.y))}; },
    .samples =
        [] {
          return float_samples({{0.5, 4}});
        }};

constinit const Op abs{.name = "abs",
                       .doc = "|x| (NumPy's absolute); its gradient at 0 is 0.",
                       .type = pointwise_type,
                       .meaning = Pointwise{"abs"},
                       .pullback = [](const At& at) -> Gradients { return {at.y_bar * croton::sign(at.x[0])}; },
                       .samples =
                           [] {
                             return number_samples({{-4, 4}});
                           }};

constinit const Op sign{.name = "sign",
                        .doc = "-1, 0 or 1 by the sign of x, NaN for NaN (NumPy's sign, Theano's sgn).",
                        .type = pointwise_type,
                        .meaning = Pointwise{"sign"},
                        .pullback = [](const At& at) -> Gradients { return {croton::zeros_like(at.x[0])}; },
                        .samples =
                            [] {
                              return number_samples({{-4, 4}});
                            }};

constinit const Op maximum{
    .name = "maximum",
    .doc = "The larger of a and b; NaN wins (NumPy's maximum). Equal operands share the gradient.",
    .arity = 2,
    .type = pointwise_type,
    .meaning = Pointwise{"max"},
    .pullback = [](const At& at) -> Gradients { return shared_among_ties(at, at.x[0] > at.x[1]); },
    .samples =
        [] {
          return number_samples({{-4, 4}, {-4, 4}});
        }};

constinit const Op minimum{
    .name = "minimum",
    .doc = "The smaller of a and b; NaN wins (NumPy's minimum). Equal operands share the gradient.",
    .arity = 2,
    .type = pointwise_type,
    .meaning = Pointwise{"min"},
    .pullback = [](const At& at) -> Gradients { return shared_among_ties(at, at.x[0] < at.x[1]); },
    .samples =
        [] {
          return number_samples({{-4, 4}, {-4, 4}});
        }};

constinit const Op copysign{
    .name = "copysign",
    .doc = "|a| with the sign of b (NumPy's copysign).",
    .arity = 2,
    .type = pointwise_type,
    .meaning = Pointwise{"copysign"},
    .pullback = [](const At& at) -> Gradients {
      return {at.y_bar * croton::sign(at.x[0]) * croton::sign(at.y), croton::zeros_like(at.x[1])};
    },
    .samples =
        [] {
          return float_samples({{-4, 4}, {-4, 4}});
        }};

Family arithmetic_ops() {
  static constexpr const Op* list[] = {&add,    &sub,        &mul, &div,  &neg,     &mod,     &floor_divide, &pow,
                                       &square, &reciprocal, &abs, &sign, &maximum, &minimum, &copysign};
  return list;
}

Tensor add_all(std::span<const Tensor> terms, Where where) {
  if (terms.empty()) fail_at<GraphError>(where, "add_all: there are no terms");
  Tensor total = terms[0];
  for (const Tensor& t : terms.subspan(1)) total = pointwise(add, {total, t}, where);
  return total;
}

}  // namespace ops

namespace {

/// NumPy refuses negative exponents of integers; here they are seen where they are constants.
void refuse_negative_exponent(const Operand& base, const Operand& exponent, Where where) {
  const Tensor a = base.get(), b = exponent.get();
  if (!a.node() || !b.node() || is_float(a.dtype()) || is_float(b.dtype()) || node(b).kind != NodeKind::constant)
    return;
  const Array& values = node(b).value;
  for (Index i = 0; i < values.size(); ++i)
    if (get(values, i) < 0)
      fail_at<DTypeError>(
          where, "pow: an integer to the negative power {} is no integer; convert the base with astype(floatX())",
          get_index(values, i));
}

bool is_bool(const Operand& o) {
  if (o.expr()) return o.expr()->node() && o.expr()->dtype() == boolean;
  return o.array() && o.array()->dtype() == boolean;
}
/// Two bools add to whether one is true and multiply to whether both are, as in NumPy and Theano.
Tensor sum_of(const Operand& a, const Operand& b, Where w) {
  return ops::pointwise(is_bool(a) && is_bool(b) ? ops::logical_or : ops::add, {a, b}, w);
}
Tensor product_of(const Operand& a, const Operand& b, Where w) {
  return ops::pointwise(is_bool(a) && is_bool(b) ? ops::logical_and : ops::mul, {a, b}, w);
}
/// As an operand in a formula.
std::string in_formula(const Operand& x) {
  const std::string f = formula(x.get());
  return f.find(' ') == std::string::npos ? f : "(" + f + ")";
}
Tensor difference_of(const Operand& a, const Operand& b, Where w) {
  if (is_bool(a) && is_bool(b))
    fail_at<DTypeError>(ambient(w),
                        "sub: {} - {} of two bools is refused: write ^ for whether they differ, or convert with "
                        "astype(int64)",
                        in_formula(a), in_formula(b));
  return ops::pointwise(ops::sub, {a, b}, w);
}

}  // namespace

Tensor operator+(Operand a, Operand b) { return sum_of(a, b, a.where()); }
Tensor operator-(Operand a, Operand b) { return difference_of(a, b, a.where()); }
Tensor operator*(Operand a, Operand b) { return product_of(a, b, a.where()); }
Tensor operator/(Operand a, Operand b) { return ops::pointwise(ops::div, {a, b}, a.where()); }
Tensor operator%(Operand a, Operand b) { return ops::pointwise(ops::mod, {a, b}, a.where()); }
Tensor operator-(Operand x) {
  if (is_bool(x))
    fail_at<DTypeError>(ambient(x.where()),
                        "neg: -{} of a bool is refused: write ! for its opposite, or convert with astype(int64)",
                        in_formula(x));
  return ops::pointwise(ops::neg, {x}, x.where());
}

Tensor& Tensor::operator+=(const Operand& b) & { return *this = sum_of(*this, b, b.where()); }
Tensor& Tensor::operator-=(const Operand& b) & { return *this = difference_of(*this, b, b.where()); }
Tensor& Tensor::operator*=(const Operand& b) & { return *this = product_of(*this, b, b.where()); }
Tensor& Tensor::operator/=(const Operand& b) & { return *this = ops::pointwise(ops::div, {*this, b}, b.where()); }

Tensor pow(const Operand& a, const Operand& b, Where w) {
  refuse_negative_exponent(a, b, w);
  return ops::pointwise(ops::pow, {a, b}, w);
}
Tensor floor_divide(const Operand& a, const Operand& b, Where w) {
  return ops::pointwise(ops::floor_divide, {a, b}, w);
}
Tensor maximum(const Operand& a, const Operand& b, Where w) { return ops::pointwise(ops::maximum, {a, b}, w); }
Tensor minimum(const Operand& a, const Operand& b, Where w) { return ops::pointwise(ops::minimum, {a, b}, w); }
Tensor square(const Tensor& x, Where w) { return ops::pointwise(ops::square, {x}, w); }
Tensor sqr(const Tensor& x, Where w) { return square(x, w); }
Tensor reciprocal(const Operand& x, Where w) { return ops::pointwise(ops::reciprocal, {x}, w); }
Tensor abs(const Tensor& x, Where w) { return ops::pointwise(ops::abs, {x}, w); }
Tensor sign(const Operand& x, Where w) { return ops::pointwise(ops::sign, {x}, w); }
Tensor copysign(const Operand& a, const Operand& b, Where w) { return ops::pointwise(ops::copysign, {a, b}, w); }

}  // namespace croton
