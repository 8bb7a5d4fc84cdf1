// Exponentials, logarithms and roots of each element.
#include "croton/ops.h"
#include "ops/elementwise.h"
#include "ops/families.h"
#include "ops/pointwise.h"
#include "ops/quotient.h"

namespace croton {
namespace ops {

namespace {

/// x / hypot, 0 at the origin.
Tensor cosine(const Tensor& x, const Tensor& y) {
  const Tensor origin = y == 0;
  return where(origin, 0, x / where(origin, 1, y));
}

}  // namespace

static constexpr double log_of_2 = 0.693147180559945309417, log_of_10 = 2.302585092994045684018;

namespace {

/// The root of a sum of squares is a norm, whose gradient at 0 is 0; the root itself has none there.
Gradients root_pullback(const At& at) {
  const Tensor g = quotient(at.y_bar * 0.5, at.y);
  return {is_sum_of_squares(at.x[0]) ? croton::where(at.y == 0, 0, g) : g};
}

}  // namespace

constinit const Op exp{.name = "exp",
                       .doc = "e to the power of x (NumPy's exp).",
                       .type = pointwise_type,
                       .meaning = Pointwise{"exp"},
                       .pullback = [](const At& at) -> Gradients { return {at.y_bar * at.y}; },
                       .samples =
                           [] {
                             return float_samples({{-4, 4}});
                           }};

constinit const Op exp2{.name = "exp2",
                        .doc = "2 to the power of x (NumPy's exp2).",
                        .type = pointwise_type,
                        .meaning = Pointwise{"exp2"},
                        .pullback = [](const At& at) -> Gradients { return {at.y_bar * at.y * log_of_2}; },
                        .samples =
                            [] {
                              return float_samples({{-4, 4}});
                            }};

constinit const Op expm1{.name = "expm1",
                         .doc = "exp(x) - 1, exact near 0 (NumPy's expm1).",
                         .type = pointwise_type,
                         .meaning = Pointwise{"expm1"},
                         .pullback = [](const At& at) -> Gradients { return {at.y_bar * croton::exp(at.x[0])}; },
                         .samples =
                             [] {
                               return float_samples({{-4, 4}});
                             }};

constinit const Op log{.name = "log",
                       .doc = "The natural logarithm (NumPy's log).",
                       .type = pointwise_type,
                       .meaning = Pointwise{"log"},
                       .pullback = [](const At& at) -> Gradients { return {quotient(at.y_bar, at.x[0])}; },
                       .samples =
                           [] {
                             return float_samples({{0.1, 9}});
                           }};

constinit const Op log2{.name = "log2",
                        .doc = "The logarithm to base 2 (NumPy's log2).",
                        .type = pointwise_type,
                        .meaning = Pointwise{"log2"},
                        .pullback = [](const At& at) -> Gradients { return {quotient(at.y_bar / log_of_2, at.x[0])}; },
                        .samples =
                            [] {
                              return float_samples({{0.1, 9}});
                            }};

constinit const Op log10{
    .name = "log10",
    .doc = "The logarithm to base 10 (NumPy's log10).",
    .type = pointwise_type,
    .meaning = Pointwise{"log10"},
    .pullback = [](const At& at) -> Gradients { return {quotient(at.y_bar / log_of_10, at.x[0])}; },
    .samples =
        [] {
          return float_samples({{0.1, 9}});
        }};

constinit const Op log1p{.name = "log1p",
                         .doc = "log(1 + x), exact near 0 (NumPy's log1p).",
                         .type = pointwise_type,
                         .meaning = Pointwise{"log1p"},
                         .pullback = [](const At& at) -> Gradients { return {quotient(at.y_bar, 1 + at.x[0])}; },
                         .samples =
                             [] {
                               return float_samples({{-0.9, 4}});
                             }};

constinit const Op sqrt{.name = "sqrt",
                        .doc = "The square root (NumPy's sqrt).",
                        .type = pointwise_type,
                        .meaning = Pointwise{"sqrt"},
                        .pullback = root_pullback,
                        .samples = [] {
                          return float_samples({{0.1, 9}});
                        }};

constinit const Op rsqrt{
    .name = "rsqrt",
    .doc = "1 / sqrt(x).",
    .type = pointwise_type,
    .meaning = Pointwise{"rsqrt"},
    .pullback = [](const At& at) -> Gradients { return {masked(at.y_bar, -0.5 * at.y / at.x[0])}; },
    .samples =
        [] {
          return float_samples({{0.1, 9}});
        }};

constinit const Op cbrt{
    .name = "cbrt",
    .doc = "The cube root, also of negative x (NumPy's cbrt).",
    .type = pointwise_type,
    .meaning = Pointwise{"cbrt"},
    .pullback = [](const At& at) -> Gradients { return {quotient(at.y_bar, 3 * croton::square(at.y))}; },
    .samples =
        [] {
          return float_samples({{0.2, 4}});
        }};

constinit const Op hypot{.name = "hypot",
                         .doc = "sqrt(a * a + b * b) without overflow (NumPy's hypot); its gradient at 0 is 0.",
                         .arity = 2,
                         .type = pointwise_type,
                         .meaning = Pointwise{"hypot"},
                         .pullback = [](const At& at) -> Gradients {
                           return {at.y_bar * cosine(at.x[0], at.y), at.y_bar * cosine(at.x[1], at.y)};
                         },
                         .samples =
                             [] {
                               return float_samples({{-4, 4}, {0.5, 4}});
                             }};

Family exponential_ops() {
  static constexpr const Op* list[] = {&exp, &exp2, &expm1, &log, &log2, &log10, &log1p, &sqrt, &rsqrt, &cbrt, &hypot};
  return list;
}

}  // namespace ops

Tensor exp(const Tensor& x, Where w) { return ops::pointwise(ops::exp, {x}, w); }
Tensor exp2(const Operand& x, Where w) { return ops::pointwise(ops::exp2, {x}, w); }
Tensor expm1(const Operand& x, Where w) { return ops::pointwise(ops::expm1, {x}, w); }
Tensor log(const Tensor& x, Where w) { return ops::pointwise(ops::log, {x}, w); }
Tensor log2(const Operand& x, Where w) { return ops::pointwise(ops::log2, {x}, w); }
Tensor log10(const Operand& x, Where w) { return ops::pointwise(ops::log10, {x}, w); }
Tensor log1p(const Tensor& x, Where w) { return ops::pointwise(ops::log1p, {x}, w); }
Tensor sqrt(const Tensor& x, Where w) { return ops::pointwise(ops::sqrt, {x}, w); }
Tensor rsqrt(const Operand& x, Where w) { return ops::pointwise(ops::rsqrt, {x}, w); }
Tensor cbrt(const Operand& x, Where w) { return ops::pointwise(ops::cbrt, {x}, w); }
Tensor hypot(const Operand& a, const Operand& b, Where w) { return ops::pointwise(ops::hypot, {a, b}, w); }

}  // namespace croton
