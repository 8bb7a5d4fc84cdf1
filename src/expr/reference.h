// References of the functions that <cmath> lacks or defines otherwise, in long double and in wrapping integers.
#pragma once
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>

namespace croton::expr {

using Real = long double;

/// Python's (and NumPy's): the quotient rounded down; a float divided by 0 as IEEE does, an integer gives 0.
Real floor_quotient(Real a, Real b);
/// a - b * floor_quotient(a, b), with b's sign, also for a zero; integer x % 0 is 0.
Real floor_remainder(Real a, Real b);
std::int64_t floor_quotient(std::int64_t a, std::int64_t b);
std::int64_t floor_remainder(std::int64_t a, std::int64_t b);
std::uint64_t floor_quotient(std::uint64_t a, std::uint64_t b);
std::uint64_t floor_remainder(std::uint64_t a, std::uint64_t b);

/// A shift by a negative count or by 64 and more: 0, or the sign for a signed value shifted right. (Of narrower types
/// too, as the operands are extended and the result is wrapped.)
std::int64_t shift_left(std::int64_t a, std::int64_t n);
std::int64_t shift_right(std::int64_t a, std::int64_t n);
std::uint64_t shift_left(std::uint64_t a, std::uint64_t n);
std::uint64_t shift_right(std::uint64_t a, std::uint64_t n);

/// Wrapping. A negative exponent: the whole part of the true value, and 0 for the base 0.
std::int64_t whole_power(std::int64_t a, std::int64_t n);
std::uint64_t whole_power(std::uint64_t a, std::uint64_t n);

/// maximum and minimum: NaN if an operand is, 0 greater than -0.
Real greater_of(Real a, Real b);
Real lesser_of(Real a, Real b);
/// -1, 0, 1; NaN stays.
Real sign_of(Real);

Real sigmoid(Real);
/// log(1 + e^x).
Real softplus(Real);
/// x times the normal distribution function at x (the exact gelu, not its tanh form).
Real gelu(Real);
Real log_gamma(Real);
Real digamma(Real);
/// Box and Muller: sqrt(-2 log(share)) sin(2 pi turn), for share in [2^-126, 1] and turn in [-1/4, 1/4]; NaN elsewhere.
template <class W>
W box_muller(W share, W turn) {
  const bool here = share >= 0x1p-126L && share <= 1 && std::fabs(turn) <= W{0.25};
  return here ? std::sqrt(-2 * std::log(share)) * std::sin(2 * std::numbers::pi_v<W> * turn)
              : std::numeric_limits<W>::quiet_NaN();
}
/// e^(x^2) erfc(x).
Real erfc_grown(Real);
/// The modified Bessel function of the first kind, of order 0 or 1; e^-|x| times it.
Real bessel_i(int order, Real);
Real bessel_ie(int order, Real);
/// The regularized incomplete gamma functions: P(a, x), or Q = 1 - P (SciPy's gammainc, gammaincc).
Real incomplete_gamma(Real a, Real x, bool upper);
/// The regularized incomplete beta function (SciPy's betainc).
Real incomplete_beta(Real a, Real b, Real x);
/// The inverse of erf; NaN outside [-1, 1].
Real erf_inverse(Real);

/// a (u - log(1 + u)) with 1 + u = x / a, d = x - a.
Real deviance(Real a, Real x, Real d);
/// Draws that all follow from u, a uniform draw in [0, 1), as kernels/math_draws.h makes them: of the gamma
/// distribution of shape k and scale 1 (NaN for a shape that is none), the logarithm of that,
Real gamma_draw(Real u, Real k);
Real log_gamma_draw(Real u, Real k);
/// of the Poisson distribution, and of the binomial one of n trials: counts, -1 for parameters that are none.
Real poisson_draw(Real u, Real rate);
Real binomial_draw(Real u, Real n, Real p);

}  // namespace croton::expr
