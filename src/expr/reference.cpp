#include "expr/reference.h"

#include <cmath>
#include <limits>

namespace croton::expr {

Real floor_remainder(Real a, Real b) {
  const Real r = std::fmod(a, b);
  if (std::isnan(r)) return r;
  if (r == 0) return std::copysign(Real{0}, b);
  return (r < 0) != (b < 0) ? r + b : r;
}
Real floor_quotient(Real a, Real b) {
  if (b == 0) return a / b;
  const Real r = std::fmod(a, b);
  Real q = (a - r) / b;
  if (r != 0 && (r < 0) != (b < 0)) q -= 1;
  if (q == 0) return std::copysign(Real{0}, a / b);
  const Real whole = std::floor(q);
  return q - whole > 0.5L ? whole + 1 : whole;
}

std::int64_t floor_quotient(std::int64_t a, std::int64_t b) {
  if (b == 0) return 0;
  if (b == -1) return static_cast<std::int64_t>(-static_cast<std::uint64_t>(a));
  const std::int64_t q = a / b;
  return q * b != a && (a < 0) != (b < 0) ? q - 1 : q;
}
std::int64_t floor_remainder(std::int64_t a, std::int64_t b) {
  if (b == 0 || b == -1) return 0;
  const std::int64_t r = a % b;
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}
std::uint64_t floor_quotient(std::uint64_t a, std::uint64_t b) { return b == 0 ? 0 : a / b; }
std::uint64_t floor_remainder(std::uint64_t a, std::uint64_t b) { return b == 0 ? 0 : a % b; }

std::int64_t shift_left(std::int64_t a, std::int64_t n) {
  return n < 0 || n >= 64 ? 0 : static_cast<std::int64_t>(static_cast<std::uint64_t>(a) << n);
}
std::int64_t shift_right(std::int64_t a, std::int64_t n) { return a >> (n < 0 || n >= 64 ? 63 : n); }
std::uint64_t shift_left(std::uint64_t a, std::uint64_t n) { return n >= 64 ? 0 : a << n; }
std::uint64_t shift_right(std::uint64_t a, std::uint64_t n) { return n >= 64 ? 0 : a >> n; }

std::uint64_t whole_power(std::uint64_t a, std::uint64_t n) {
  std::uint64_t r = 1;
  for (; n != 0; n >>= 1, a *= a)
    if (n & 1) r *= a;
  return r;
}
std::int64_t whole_power(std::int64_t a, std::int64_t n) {
  if (n >= 0)
    return static_cast<std::int64_t>(whole_power(static_cast<std::uint64_t>(a), static_cast<std::uint64_t>(n)));
  if (a == 1) return 1;
  if (a == -1) return n % 2 == 0 ? 1 : -1;
  return 0;
}

Real greater_of(Real a, Real b) {
  if (std::isnan(a) || std::isnan(b)) return a + b;
  if (a == b) return std::signbit(a) ? b : a;
  return a > b ? a : b;
}
Real lesser_of(Real a, Real b) {
  if (std::isnan(a) || std::isnan(b)) return a + b;
  if (a == b) return std::signbit(a) ? a : b;
  return a < b ? a : b;
}
Real sign_of(Real x) { return x > 0 ? 1 : x < 0 ? -1 : x == 0 ? 0 : x; }

Real sigmoid(Real x) {
  if (x >= 0) return 1 / (1 + std::exp(-x));
  const Real e = std::exp(x);
  return e / (1 + e);
}
Real softplus(Real x) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); }
Real gelu(Real x) { return x * std::erfc(x * -0.70710678118654752440084436210484903928L) / 2; }

namespace {
/// The C library's lgammal writes a global sign; this one does not.
Real lgamma_without_global(Real x) {
  int sign = 0;
  return ::lgammal_r(x, &sign);
}
constexpr Real pi = 3.14159265358979323846264338327950288L;

/// For x >= 1: the recurrence up to 20, then the asymptotic series.
Real digamma_positive(Real x) {
  Real shift = 0;
  while (x < 20) {
    shift += 1 / x;
    x += 1;
  }
  const Real z = 1 / (x * x);
  constexpr Real terms[] = {1.0L / 12,  -1.0L / 120,     1.0L / 252, -1.0L / 240,
                            1.0L / 132, -691.0L / 32760, 1.0L / 12,  -3617.0L / 8160};
  Real sum = 0;
  for (int i = 7; i >= 0; --i) sum = (sum + terms[i]) * z;
  return std::log(x) - 1 / (2 * x) - sum - shift;
}
}  // namespace

Real log_gamma(Real x) { return lgamma_without_global(x); }

Real digamma(Real x) {
  constexpr Real nan = std::numeric_limits<Real>::quiet_NaN(), inf = std::numeric_limits<Real>::infinity();
  if (std::isnan(x)) return x;
  if (x == 0) return std::copysign(inf, -x);
  if (std::isinf(x)) return x > 0 ? x : nan;
  if (x > 0) return digamma_positive(x);
  if (x == std::floor(x)) return nan;
  const Real t = x - std::round(x);  // tan has period pi: reduce before multiplying
  return digamma_positive(1 - x) - pi / std::tan(pi * t);
}

Real erf_inverse(Real y) {
  constexpr Real nan = std::numeric_limits<Real>::quiet_NaN(), inf = std::numeric_limits<Real>::infinity();
  if (!(y >= -1 && y <= 1)) return nan;
  if (y == 1 || y == -1) return std::copysign(inf, y);
  if (y == 0) return y;
  const Real a = std::fabs(y);
  const Real w = -std::log1p(-a * a), u = 2 / (pi * 0.147L) + w * -0.5L;
  Real x = std::sqrt(std::sqrt(u * u + w / 0.147L) - u);  // Winitzki's start, then Halley's steps
  for (int i = 0; i < 5; ++i) {
    const Real error = a < 0.5L ? std::erf(x) - a : (1 - a) - std::erfc(x);
    const Real step = error / (1.12837916709551257389615890312154517L * std::exp(-x * x));
    x -= step / (1 + x * step);
  }
  return std::copysign(x, y);
}

Real erfc_grown(Real x) {
  if (x < -100) return std::numeric_limits<Real>::infinity();
  const Real square = x * x, low = std::fma(x, x, -square);
  if (x < 3) return std::exp(square) * (1 + low) * std::erfc(x);
  Real below = x;  // the continued fraction (Abramowitz and Stegun, 7.1.14), from its 200th denominator upwards
  for (int k = 200; k >= 1; --k) below = x + k / (2 * below);
  return 1 / (std::sqrt(pi) * below);
}

namespace {

/// By the power series, whose terms are positive; from 40 on by the asymptotic one (Abramowitz and
/// Stegun, 9.6.10, 9.7.1). `grows`: times e^-x if not.
Real bessel_of_positive(int order, Real x, bool grows) {
  if (x < 40) {
    const Real z = x * x / 4;
    Real term = order == 0 ? 1 : x / 2, sum = 0;
    for (int k = 1; sum + term != sum; ++k) {
      sum += term;
      term *= z / (static_cast<Real>(k) * (k + order));
    }
    return grows ? sum : sum * std::exp(-x);
  }
  Real term = 1, sum = 0;
  for (int k = 1; sum + term != sum; ++k) {
    sum += term;
    term *= (static_cast<Real>(2 * k - 1) * (2 * k - 1) - 4 * order) / (8 * k * x);
  }
  return (grows ? std::exp(x) : 1) * sum / std::sqrt(2 * pi * x);
}
Real bessel(int order, Real x, bool grows) {
  if (std::isnan(x)) return x;
  if (std::isinf(x)) return order == 1 ? std::copysign(grows ? std::fabs(x) : 0, x) : grows ? std::fabs(x) : 0;
  const Real y = x == 0 && order == 1 ? 0 : bessel_of_positive(order, std::fabs(x), grows);
  return order == 1 ? std::copysign(y, x) : y;
}

}  // namespace

Real bessel_i(int order, Real x) { return bessel(order, x, true); }
Real bessel_ie(int order, Real x) { return bessel(order, x, false); }

}  // namespace croton::expr
