// Special functions and activations of each element.
#include "croton/numpy.h"
#include "croton/ops.h"
#include "ops/elementwise.h"
#include "ops/families.h"
#include "ops/pointwise.h"

namespace croton {
namespace ops {
namespace {

/// The derivative of erf: 2 / sqrt(pi) exp(-x^2).
Tensor bell(const Tensor& x) { return 1.12837916709551257390 * croton::exp(-croton::square(x)); }

constexpr double half_sqrt_pi = 0.886226925452758013649;

Tensor silu_slope(const At& at) {
  const Tensor s = croton::sigmoid(at.x[0]);
  return s + at.y * (1 - s);
}

/// The distribution function plus x times the density.
Tensor gelu_slope(const Tensor& x) {
  constexpr double sqrt_half = 0.707106781186547524401, sqrt_2_pi = 2.506628274631000502416;
  return 0.5 * croton::erfc(-x * sqrt_half) + x * croton::exp(-0.5 * croton::square(x)) / sqrt_2_pi;
}

/// 2 x y - 2 / sqrt(pi), whose terms cancel far out: there the asymptotic series (the derivative of Abramowitz and
/// Stegun 7.1.23), whose first term left out is below 1e-14 (float64) or 1e-7 of the result.
Tensor erfcx_slope(const At& at) {
  constexpr double two_over_sqrt_pi = 1.12837916709551257390;
  const Tensor& x = at.x[0];
  const double far = x.dtype() == float64 ? 30 : 8;
  const Tensor v = 1 / croton::maximum(x, far), u = 0.5 * croton::square(v);
  const Tensor series = 1 - u * (3 - u * (15 - u * (105 - u * (945 - u * 10395))));
  return where(x > far, -two_over_sqrt_pi * u * series, 2 * x * at.y - two_over_sqrt_pi);
}

/// y / x, which is 1/2 at 0 for i1 and i1e.
Tensor over_argument(const At& at) {
  const Tensor zero = at.x[0] == 0;
  return where(zero, 0.5, at.y / where(zero, 1, at.x[0]));
}

/// i0(x) - i1(x) / x, infinite where both are.
Tensor i1_slope(const At& at) {
  const Tensor whole = croton::i0(at.x[0]);
  return where(croton::isinf(at.y), whole, whole - over_argument(at));
}

/// The slope of gammainc along x: x^(a-1) e^-x / Gamma(a), 0 at infinity.
Tensor gamma_density(const Tensor& a, const Tensor& x) {
  const Tensor far = croton::isinf(x), here = where(far, 1, x);
  return where(far, 0, croton::exp(croton::xlogy(a - 1, here) - here - croton::gammaln(a)));
}
/// The slope of betainc along x: x^(a-1) (1-x)^(b-1) / B(a, b).
Tensor beta_density(const Tensor& a, const Tensor& b, const Tensor& x) {
  const Tensor log_beta = croton::gammaln(a) + croton::gammaln(b) - croton::gammaln(a + b);
  return croton::exp(croton::xlogy(a - 1, x) + croton::xlog1py(b - 1, -x) - log_beta);
}

}  // namespace

constinit const Op sigmoid{.name = "sigmoid",
                           .doc = "1 / (1 + exp(-x)) (SciPy's expit).",
                           .type = pointwise_type,
                           .meaning = Pointwise{"sigmoid"},
                           .pullback = [](const At& at) -> Gradients { return {at.y_bar * at.y * (1 - at.y)}; },
                           .samples =
                               [] {
                                 return float_samples({{-4, 4}});
                               }};

constinit const Op softplus{.name = "softplus",
                            .doc = "log(1 + exp(x)), finite for every finite x.",
                            .type = pointwise_type,
                            .meaning = Pointwise{"softplus"},
                            .pullback = [](const At& at) -> Gradients { return {at.y_bar * croton::sigmoid(at.x[0])}; },
                            .samples =
                                [] {
                                  return float_samples({{-4, 4}});
                                }};

constinit const Op relu{.name = "relu",
                        .doc = "maximum(x, 0); its gradient at 0 is 0.",
                        .type = pointwise_type,
                        .meaning = Pointwise{"relu"},
                        .pullback = [](const At& at) -> Gradients { return {where(at.y > 0, at.y_bar, 0)}; },
                        .samples =
                            [] {
                              return join(float_samples({{-4, 4}}), int_samples({{-4, 4}}));
                            }};

constinit const Op erf{.name = "erf",
                       .doc = "The error function (SciPy's erf).",
                       .type = pointwise_type,
                       .meaning = Pointwise{"erf"},
                       .pullback = [](const At& at) -> Gradients { return {at.y_bar * bell(at.x[0])}; },
                       .samples =
                           [] {
                             return float_samples({{-4, 4}});
                           }};

constinit const Op erfc{.name = "erfc",
                        .doc = "1 - erf(x), exact for large x (SciPy's erfc).",
                        .type = pointwise_type,
                        .meaning = Pointwise{"erfc"},
                        .pullback = [](const At& at) -> Gradients { return {-at.y_bar * bell(at.x[0])}; },
                        .samples =
                            [] {
                              return float_samples({{-4, 4}});
                            }};

constinit const Op erfinv{.name = "erfinv",
                          .doc = "The inverse of erf (SciPy's erfinv).",
                          .type = pointwise_type,
                          .meaning = Pointwise{"erfinv"},
                          .pullback = [](const At& at) -> Gradients {
                            return {masked(at.y_bar, half_sqrt_pi * croton::exp(croton::square(at.y)))};
                          },
                          .samples =
                              [] {
                                return float_samples({{-0.9, 0.9}});
                              }};

constinit const Op erfcx{.name = "erfcx",
                         .doc = "exp(x * x) * erfc(x) (SciPy's erfcx).",
                         .type = pointwise_type,
                         .meaning = Pointwise{"erfcx"},
                         .pullback = [](const At& at) -> Gradients { return {masked(at.y_bar, erfcx_slope(at))}; },
                         .samples =
                             [] {
                               return join(float_samples({{-4, 4}}), float_samples({{20, 60}}));
                             }};

constinit const Op i0{.name = "i0",
                      .doc = "The modified Bessel function of the first kind, of order 0 (SciPy's i0).",
                      .type = pointwise_type,
                      .meaning = Pointwise{"i0"},
                      .pullback = [](const At& at) -> Gradients { return {masked(at.y_bar, croton::i1(at.x[0]))}; },
                      .samples =
                          [] {
                            return float_samples({{-4, 4}});
                          }};

constinit const Op i1{.name = "i1",
                      .doc = "The modified Bessel function of the first kind, of order 1 (SciPy's i1).",
                      .type = pointwise_type,
                      .meaning = Pointwise{"i1"},
                      .pullback = [](const At& at) -> Gradients { return {masked(at.y_bar, i1_slope(at))}; },
                      .samples =
                          [] {
                            return float_samples({{-4, 4}});
                          }};

constinit const Op i0e{.name = "i0e",
                       .doc = "exp(-|x|) * i0(x) (SciPy's i0e); its gradient at 0 is 0.",
                       .type = pointwise_type,
                       .meaning = Pointwise{"i0e"},
                       .pullback = [](const At& at) -> Gradients {
                         return {masked(at.y_bar, croton::i1e(at.x[0]) - croton::sign(at.x[0]) * at.y)};
                       },
                       .samples =
                           [] {
                             return float_samples({{-4, 4}});
                           }};

constinit const Op i1e{
    .name = "i1e",
    .doc = "exp(-|x|) * i1(x) (SciPy's i1e).",
    .type = pointwise_type,
    .meaning = Pointwise{"i1e"},
    .pullback = [](const At& at) -> Gradients {
      return {masked(at.y_bar, croton::i0e(at.x[0]) - over_argument(at) - croton::sign(at.x[0]) * at.y)};
    },
    .samples =
        [] {
          return float_samples({{-4, 4}});
        }};

constinit const Op gammaln{
    .name = "gammaln",
    .doc = "The logarithm of |gamma(x)| (SciPy's gammaln).",
    .type = pointwise_type,
    .meaning = Pointwise{"lgamma"},
    .pullback = [](const At& at) -> Gradients { return {masked(at.y_bar, croton::digamma(at.x[0]))}; },
    .samples =
        [] {
          return float_samples({{0.3, 8}});
        }};

constinit const Op digamma{
    .name = "digamma",
    .doc = "The derivative of gammaln (SciPy's digamma).",
    .type = pointwise_type,
    .meaning = Pointwise{"digamma"},
    .pullback = [](const At& at) -> Gradients { return {masked(at.y_bar, croton::trigamma(at.x[0]))}; },
    .samples =
        [] {
          return float_samples({{0.3, 8}});
        }};

constinit const Op gammainc{.name = "gammainc",
                            .doc = "The regularized lower incomplete gamma function of a and x (SciPy's gammainc).",
                            .arity = 2,
                            .type = pointwise_type,
                            .meaning = Pointwise{"gammainc"},
                            .pullback = [](const At& at) -> Gradients {
                              return {Tensor(), masked(at.y_bar, gamma_density(at.x[0], at.x[1]))};
                            },
                            .samples =
                                [] {
                                  return float_samples({{0.3, 8}, {0.3, 8}});
                                },
                            .parameters = 1};

constinit const Op gammaincc{
    .name = "gammaincc",
    .doc =
        "The regularized upper incomplete gamma function, 1 - gammainc, exact where it is small (SciPy's gammaincc).",
    .arity = 2,
    .type = pointwise_type,
    .meaning = Pointwise{"gammaincc"},
    .pullback = [](const At& at) -> Gradients {
      return {Tensor(), masked(-at.y_bar, gamma_density(at.x[0], at.x[1]))};
    },
    .samples =
        [] {
          return float_samples({{0.3, 8}, {0.3, 8}});
        },
    .parameters = 1};

constinit const Op betainc{.name = "betainc",
                           .doc = "The regularized incomplete beta function of a, b and x (SciPy's betainc).",
                           .arity = 3,
                           .type = pointwise_type,
                           .meaning = Pointwise{"betainc"},
                           .pullback = [](const At& at) -> Gradients {
                             return {Tensor(), Tensor(), masked(at.y_bar, beta_density(at.x[0], at.x[1], at.x[2]))};
                           },
                           .samples =
                               [] {
                                 return float_samples({{0.3, 8}, {0.3, 8}, {0.1, 0.9}});
                               },
                           .parameters = 2};

constinit const Op silu{.name = "silu",
                        .doc = "x * sigmoid(x).",
                        .type = pointwise_type,
                        .meaning = Pointwise{"silu"},
                        .pullback = [](const At& at) -> Gradients { return {at.y_bar * silu_slope(at)}; },
                        .samples =
                            [] {
                              return float_samples({{-4, 4}});
                            }};

constinit const Op gelu{.name = "gelu",
                        .doc = "x times the normal distribution function at x (the exact gelu).",
                        .type = pointwise_type,
                        .meaning = Pointwise{"gelu"},
                        .pullback = [](const At& at) -> Gradients { return {at.y_bar * gelu_slope(at.x[0])}; },
                        .samples =
                            [] {
                              return float_samples({{-4, 4}});
                            }};

Family special_ops() {
  static constexpr const Op* list[] = {&sigmoid, &softplus, &relu,      &erf,     &erfc, &erfinv,
                                       &erfcx,   &i0,       &i1,        &i0e,     &i1e,  &gammaln,
                                       &digamma, &gammainc, &gammaincc, &betainc, &silu, &gelu};
  return list;
}

}  // namespace ops

Tensor sigmoid(const Tensor& x, Where w) { return ops::pointwise(ops::sigmoid, {x}, w); }
Tensor softplus(const Operand& x, Where w) { return ops::pointwise(ops::softplus, {x}, w); }
Tensor relu(const Tensor& x, Where w) { return ops::pointwise(ops::relu, {x}, w); }
Tensor erf(const Operand& x, Where w) { return ops::pointwise(ops::erf, {x}, w); }
Tensor erfc(const Operand& x, Where w) { return ops::pointwise(ops::erfc, {x}, w); }
Tensor erfinv(const Operand& x, Where w) { return ops::pointwise(ops::erfinv, {x}, w); }
Tensor erfcx(const Operand& x, Where w) { return ops::pointwise(ops::erfcx, {x}, w); }
Tensor i0(const Operand& x, Where w) { return ops::pointwise(ops::i0, {x}, w); }
Tensor i1(const Operand& x, Where w) { return ops::pointwise(ops::i1, {x}, w); }
Tensor i0e(const Operand& x, Where w) { return ops::pointwise(ops::i0e, {x}, w); }
Tensor i1e(const Operand& x, Where w) { return ops::pointwise(ops::i1e, {x}, w); }
Tensor gammaln(const Operand& x, Where w) { return ops::pointwise(ops::gammaln, {x}, w); }
Tensor digamma(const Operand& x, Where w) { return ops::pointwise(ops::digamma, {x}, w); }
Tensor gammainc(const Operand& a, const Operand& x, Where w) { return ops::pointwise(ops::gammainc, {a, x}, w); }
Tensor gammaincc(const Operand& a, const Operand& x, Where w) { return ops::pointwise(ops::gammaincc, {a, x}, w); }
Tensor betainc(const Operand& a, const Operand& b, const Operand& x, Where w) {
  return ops::pointwise(ops::betainc, {a, b, x}, w);
}
Tensor silu(const Operand& x, Where w) { return ops::pointwise(ops::silu, {x}, w); }
Tensor gelu(const Operand& x, Where w) { return ops::pointwise(ops::gelu, {x}, w); }

}  // namespace croton
