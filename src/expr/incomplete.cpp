// References of the incomplete gamma and beta functions, by other ways than those of kernels/ where there are any.
#include <cmath>
#include <limits>
#include <numbers>

#include "expr/reference.h"

namespace croton::expr {
namespace {

constexpr Real pi = std::numbers::pi_v<Real>, epsilon = std::numeric_limits<Real>::epsilon();
constexpr Real nan = std::numeric_limits<Real>::quiet_NaN(), infinity = std::numeric_limits<Real>::infinity();

}  // namespace

Real deviance(Real a, Real x, Real d) {
  const Real t = d / (x + a);
  if (std::fabs(t) > 0.5L) return d - a * std::log(x / a);
  Real rest = 0, power = 2 * t * t * t;
  for (int k = 3; k < 200 && std::fabs(power) > epsilon / 64 * std::fabs(rest); k += 2, power *= t * t)
    rest += power / static_cast<Real>(k);
  return d * t - a * rest;
}

namespace {

constexpr Real stirling_terms[] = {1.0L / 12,   -1.0L / 360,      1.0L / 1260, -1.0L / 1680,
                                   1.0L / 1188, -691.0L / 360360, 1.0L / 156,  -3617.0L / 122400};

/// log Gamma(a) less (a - 1/2) log a - a + log(2 pi) / 2, for a >= 20.
Real stirling_rest(Real a) {
  Real sum = 0;
  for (int k = 7; k >= 0; --k) sum = sum / (a * a) + stirling_terms[k];
  return sum / a;
}

/// log Gamma(c + b) - log Gamma(c) for c > 0 and 0 <= b < 2: exact near b = 0 too.
Real log_gamma_step(Real c, Real b) {
  Real step = 0;
  while (c < 30) {
    step -= std::log1p(b / c);
    c += 1;
  }
  const Real share = std::log1p(b / c);
  step += (c - 0.5L) * share + b * std::log(c + b) - b;
  Real power = 1 / c;
  for (int k = 0; k < 8; ++k, power /= c * c)
    step += stirling_terms[k] * power * std::expm1(static_cast<Real>(-1 - 2 * k) * share);
  return step;
}

/// The integral of f from 0 to infinity, where f falls below e^-50 of f(0) before `end`: by a double exponential
/// substitution.
template <class F>
Real integral_to(Real end, F f) {
  constexpr Real step = 1.0L / 16;
  Real sum = 0;
  for (int i = -56; i <= 56; ++i) {
    const Real t = step * static_cast<Real>(i), e = std::exp(-pi * std::sinh(t)), share = 1 / (1 + e);
    sum += f(end * share) * pi * std::cosh(t) * e * share * share;
  }
  return end * step * sum;
}
/// Where slope u + curvature u^2 / 2 is 70: bends differ from curvature u^2 / 2 by less than a quarter there.
Real end_of(Real slope, Real curvature) { return 140 / (slope + std::sqrt(slope * slope + 140 * curvature)); }

/// e^u - 1 - u.
Real expm1_less(Real u) {
  if (std::fabs(u) > 0.5L) return std::expm1(u) - u;
  Real sum = 0, power = u * u / 2;
  for (int k = 3; std::fabs(power) > epsilon / 64 * std::fabs(sum); ++k, power *= u / static_cast<Real>(k - 1))
    sum += power;
  return sum;
}

/// z - log(1 + z).
Real log1p_less(Real z) { return deviance(1, 1 + z, z); }

/// x^a e^-x / Gamma(1 + a).
Real gamma_weight(Real a, Real x) {
  if (a < 20) return std::exp(a * std::log(x) - x - log_gamma(1 + a));
  return std::exp(-deviance(a, x, x - a) - stirling_rest(a)) / std::sqrt(2 * pi * a);
}
/// P over that.
Real gamma_series(Real a, Real x) {
  Real sum = 1, term = 1;
  for (Real n = 1; term > epsilon / 4 * sum; ++n) {
    term *= x / (a + n);
    sum += term;
  }
  return sum;
}
/// Q over that: Lentz's continued fraction.
Real gamma_fraction(Real a, Real x) {
  Real b = x + 1 - a, d = 1 / b, c = infinity, h = d;
  for (Real n = 1, change = 0; std::fabs(change - 1) > epsilon; ++n) {
    b += 2;
    d = 1 / (n * (a - n) * d + b);
    c = b + n * (a - n) / c;
    change = c * d;
    h *= change;
  }
  return a * h;
}
Real gamma_integral(Real a, Real x) {
  const Real slope = std::fabs(x - a), sign = x < a ? -1 : 1;
  return a * integral_to(end_of(slope, x), [&](Real u) { return std::exp(-slope * u - x * expm1_less(sign * u)); });
}
/// Q for small a and x, where 1 - P would cancel; `l` = a log x - log Gamma(1 + a).
Real gamma_complement(Real a, Real x, Real l) {
  Real sum = 0, power = 1;
  for (int n = 1; n < 40; ++n) {
    const auto k = static_cast<Real>(n);
    power *= -x / k;
    sum += power / (a + k);
  }
  return -std::expm1(l) - std::exp(l) * a * sum;
}

/// A point of the incomplete beta function, x + y = 1.
struct BetaPoint {
  Real a, b, x, y, slope;  // slope = a - (a + b) x
  Real n() const { return a + b; }
};
/// a - (a + b) x, with what the sum and the product lose.
Real slope_of(Real a, Real b, Real x) {
  const Real n = a + b, part = n - a, lost = (a - (n - part)) + (b - part), product = n * x;
  return (a - product) - (std::fma(n, x, -product) + lost * x);
}
/// x^a y^b / (a B(a, b)), by the weights of gamma functions of n x, n y and n where Stirling's series hold.
Real beta_weight(const BetaPoint& p) {
  const Real n = p.n();
  Real l = std::log(p.b / n);
  const auto add = [&](Real c, Real share, Real d, Real sign) {
    if (c < 20)
      l += sign * (c * std::log(n * share) - n * share - log_gamma(1 + c));
    else
      l -= sign * (deviance(c, n * share, d) + stirling_rest(c) + std::log(2 * pi * c) / 2);
  };
  add(p.a, p.x, -p.slope, 1);
  add(p.b, p.y, p.slope, 1);
  add(n, 1, 0, -1);
  return std::exp(l);
}
/// I over that, for x below the mean or a little above it: Lentz's continued fraction (NIST DLMF 8.17.22, its even
/// part).
Real beta_fraction(const BetaPoint& p) {
  const Real a = p.a, b = p.b, x = p.x, y = p.y;
  const Real n = p.n(), first = p.slope + 1;
  const auto at = [&](Real k) {
    const Real under = a + 2 * k - 1;
    return k + k * (b - k) * x / under + (a + k) / (under + 2) * (first + k * (1 + y));
  };
  Real value = a / (a + 1) * first, c = value, d = 0;
  for (Real k = 1, change = 0; std::fabs(change - 1) > epsilon; ++k) {
    const Real under = a + 2 * k - 1, top = (a + (k - 1)) / under * ((n + (k - 1)) * x) * (k * (b - k) * x / under);
    d = 1 / (at(k) + top * d);
    c = at(k) + top / c;
    change = c * d;
    value *= change;
  }
  return a / value;
}
/// The same by an integral over log(t / (1 - t)), for a and b of some thousands and more.
Real beta_integral(const BetaPoint& p) {
  const Real n = p.n(), slope = p.slope, r = std::min(p.x, p.y), sign = p.x < p.y ? -1 : 1;
  return p.a * integral_to(end_of(slope, n * p.x * p.y), [&](Real u) {
           const Real less = expm1_less(sign * u), z = r * (sign * u + less);
           return std::exp(-slope * u - n * (r * less - log1p_less(z)));
         });
}
/// 1 - I for small a, where it would cancel; `l` = log(x^a / (a B(a, b))).
Real beta_complement(const BetaPoint& p, Real l) {
  Real sum = 0, power = 1;
  for (int n = 1; n < 300; ++n) {
    const auto k = static_cast<Real>(n);
    power *= (k - p.b) * p.x / k;
    sum += power / (p.a + k);
  }
  return -std::expm1(l) - std::exp(l) * p.a * sum;
}

}  // namespace

Real incomplete_gamma(Real a, Real x, bool upper) {
  if (!(a >= 0 && x >= 0) || (a == x && (a == 0 || std::isinf(a)))) return nan;
  if (a == 0 || std::isinf(x)) return upper ? 0 : 1;
  if (x == 0 || std::isinf(a)) return upper ? 1 : 0;
  Real p = 0, q = 0;
  const Real l = a < 1.5L ? a * std::log(x) - log_gamma_step(1, a) : -infinity;
  if (x < 1.5L && l > -1) {
    q = gamma_complement(a, x, l);
    p = 1 - q;
  } else if (a > 2000 && x > a / 2) {
    const Real tail = gamma_weight(a, x) * gamma_integral(a, x);
    p = x < a ? tail : 1 - tail;
    q = x < a ? 1 - tail : tail;
  } else if (x > a && x > 1) {
    q = gamma_weight(a, x) * gamma_fraction(a, x);
    p = 1 - q;
  } else {
    p = gamma_weight(a, x) * gamma_series(a, x);
    q = 1 - p;
  }
  return upper ? q : p;
}

Real incomplete_beta(Real a, Real b, Real x) {
  if (!(a >= 0 && b >= 0 && x >= 0 && x <= 1) || (a == b && (a == 0 || std::isinf(a)))) return nan;
  if (x == 0 || x == 1) return x == 0 ? 0 : 1;
  if (a == 0 || std::isinf(b)) return 1;
  if (b == 0 || std::isinf(a)) return 0;
  const bool above = x > (a + 1) / (a + b + 2);
  const Real slope = slope_of(a, b, x);
  const BetaPoint p = above ? BetaPoint{b, a, 1 - x, x, -slope} : BetaPoint{a, b, x, 1 - x, slope};
  if (above && p.a < 1.5L) {
    const Real l = p.a * std::log(p.x) + log_gamma_step(p.b, p.a) - log_gamma_step(1, p.a);
    if (l > -1) return beta_complement(p, l);
  }
  const Real i = beta_weight(p) * (a > 2000 && b > 2000 ? beta_integral(p) : beta_fraction(p));
  return above ? 1 - i : i;
}

}  // namespace croton::expr
