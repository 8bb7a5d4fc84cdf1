// Trigonometric and hyperbolic functions of each element.
#include "croton/ops.h"
#include "ops/elementwise.h"
#include "ops/families.h"
#include "ops/pointwise.h"

namespace croton {
namespace ops {
namespace {

/// 1 / sqrt(1 - x^2), without cancellation near 1.
Tensor side(const Tensor& x) { return croton::rsqrt((1 - x) * (1 + x)); }

/// x / (x[0]^2 + x[1]^2), 0 at the origin.
Tensor over_square(const Tensor& x, const At& at) {
  const Tensor r = croton::square(at.x[0]) + croton::square(at.x[1]);
  const Tensor origin = r == 0;
  return where(origin, 0, x / where(origin, 1, r));
}

}  // namespace

constinit const Op sin{.name = "sin",
                       .doc = "The sine; radians (NumPy's sin).",
                       .type = pointwise_type,
                       .meaning = Pointwise{"sin"},
                       .pullback = [](const At& at) -> Gradients { return {at.y_bar * croton::cos(at.x[0])}; },
                       .samples =
                           [] {
                             return float_samples({{-4, 4}});
                           }};

constinit const Op cos{.name = "cos",
                       .doc = "The cosine; radians (NumPy's cos).",
                       .type = pointwise_type,
                       .meaning = Pointwise{"cos"},
                       .pullback = [](const At& at) -> Gradients { return {-at.y_bar * croton::sin(at.x[0])}; },
                       .samples =
                           [] {
                             return float_samples({{-4, 4}});
                           }};

constinit const Op tan{.name = "tan",
                       .doc = "The tangent; radians (NumPy's tan).",
                       .type = pointwise_type,
                       .meaning = Pointwise{"tan"},
                       .pullback = [](const At& at) -> Gradients { return {at.y_bar * (1 + croton::square(at.y))}; },
                       .samples =
                           [] {
                             return float_samples({{-1.2, 1.2}});
                           }};

constinit const Op arcsin{.name = "arcsin",
                          .doc = "The angle in [-pi/2, pi/2] whose sine is x (NumPy's arcsin).",
                          .type = pointwise_type,
                          .meaning = Pointwise{"asin"},
                          .pullback = [](const At& at) -> Gradients { return {masked(at.y_bar, side(at.x[0]))}; },
                          .samples =
                              [] {
                                return float_samples({{-0.9, 0.9}});
                              }};

constinit const Op arccos{.name = "arccos",
                          .doc = "The angle in [0, pi] whose cosine is x (NumPy's arccos).",
                          .type = pointwise_type,
                          .meaning = Pointwise{"acos"},
                          .pullback = [](const At& at) -> Gradients { return {masked(at.y_bar, -side(at.x[0]))}; },
                          .samples =
                              [] {
                                return float_samples({{-0.9, 0.9}});
                              }};

constinit const Op arctan{
    .name = "arctan",
    .doc = "The angle in [-pi/2, pi/2] whose tangent is x (NumPy's arctan).",
    .type = pointwise_type,
    .meaning = Pointwise{"atan"},
    .pullback = [](const At& at) -> Gradients { return {at.y_bar / (1 + croton::square(at.x[0]))}; },
    .samples =
        [] {
          return float_samples({{-4, 4}});
        }};

constinit const Op arctan2{
    .name = "arctan2",
    .doc = "The angle in [-pi, pi] of the point (b, a) (NumPy's arctan2); its gradient at the origin is 0.",
    .arity = 2,
    .type = pointwise_type,
    .meaning = Pointwise{"atan2"},
    .pullback = [](const At& at) -> Gradients {
      return {at.y_bar * over_square(at.x[1], at), -at.y_bar * over_square(at.x[0], at)};
    },
    .samples =
        [] {
          return float_samples({{0.2, 4}, {-4, 4}});
        }};

constinit const Op sinh{.name = "sinh",
                        .doc = "The hyperbolic sine (NumPy's sinh).",
                        .type = pointwise_type,
                        .meaning = Pointwise{"sinh"},
                        .pullback = [](const At& at) -> Gradients { return {at.y_bar * croton::cosh(at.x[0])}; },
                        .samples =
                            [] {
                              return float_samples({{-4, 4}});
                            }};

constinit const Op cosh{.name = "cosh",
                        .doc = "The hyperbolic cosine (NumPy's cosh).",
                        .type = pointwise_type,
                        .meaning = Pointwise{"cosh"},
                        .pullback = [](const At& at) -> Gradients { return {at.y_bar * croton::sinh(at.x[0])}; },
                        .samples =
                            [] {
                              return float_samples({{-4, 4}});
                            }};

constinit const Op tanh{.name = "tanh",
                        .doc = "The hyperbolic tangent (NumPy's tanh).",
                        .type = pointwise_type,
                        .meaning = Pointwise{"tanh"},
                        .pullback = [](const At& at) -> Gradients { return {at.y_bar * (1 - croton::square(at.y))}; },
                        .samples =
                            [] {
                              return float_samples({{-4, 4}});
                            }};

constinit const Op arcsinh{
    .name = "arcsinh",
    .doc = "The inverse of sinh (NumPy's arcsinh).",
    .type = pointwise_type,
    .meaning = Pointwise{"asinh"},
    .pullback = [](const At& at) -> Gradients { return {at.y_bar * croton::rsqrt(1 + croton::square(at.x[0]))}; },
    .samples =
        [] {
          return float_samples({{-4, 4}});
        }};

constinit const Op arccosh{.name = "arccosh",
                           .doc = "The inverse of cosh for x >= 1, NaN below (NumPy's arccosh).",
                           .type = pointwise_type,
                           .meaning = Pointwise{"acosh"},
                           .pullback = [](const At& at) -> Gradients {
                             return {masked(at.y_bar, croton::rsqrt((at.x[0] - 1) * (at.x[0] + 1)))};
                           },
                           .samples =
                               [] {
                                 return float_samples({{1.2, 4}});
                               }};

constinit const Op arctanh{
    .name = "arctanh",
    .doc = "The inverse of tanh (NumPy's arctanh).",
    .type = pointwise_type,
    .meaning = Pointwise{"atanh"},
    .pullback = [](const At& at) -> Gradients { return {quotient(at.y_bar, (1 - at.x[0]) * (1 + at.x[0]))}; },
    .samples =
        [] {
          return float_samples({{-0.9, 0.9}});
        }};

Family trigonometric_ops() {
  static constexpr const Op* list[] = {&sin,  &cos,  &tan,  &arcsin,  &arccos,  &arctan, &arctan2,
                                       &sinh, &cosh, &tanh, &arcsinh, &arccosh, &arctanh};
  return list;
}

}  // namespace ops

Tensor sin(const Tensor& x, Where w) { return ops::pointwise(ops::sin, {x}, w); }
Tensor cos(const Tensor& x, Where w) { return ops::pointwise(ops::cos, {x}, w); }
Tensor tan(const Operand& x, Where w) { return ops::pointwise(ops::tan, {x}, w); }
Tensor arcsin(const Operand& x, Where w) { return ops::pointwise(ops::arcsin, {x}, w); }
Tensor arccos(const Operand& x, Where w) { return ops::pointwise(ops::arccos, {x}, w); }
Tensor arctan(const Operand& x, Where w) { return ops::pointwise(ops::arctan, {x}, w); }
Tensor sinh(const Operand& x, Where w) { return ops::pointwise(ops::sinh, {x}, w); }
Tensor cosh(const Operand& x, Where w) { return ops::pointwise(ops::cosh, {x}, w); }
Tensor tanh(const Tensor& x, Where w) { return ops::pointwise(ops::tanh, {x}, w); }
Tensor arctan2(const Operand& a, const Operand& b, Where w) { return ops::pointwise(ops::arctan2, {a, b}, w); }
Tensor arcsinh(const Operand& x, Where w) { return ops::pointwise(ops::arcsinh, {x}, w); }
Tensor arccosh(const Operand& x, Where w) { return ops::pointwise(ops::arccosh, {x}, w); }
Tensor arctanh(const Operand& x, Where w) { return ops::pointwise(ops::arctanh, {x}, w); }

}  // namespace croton
