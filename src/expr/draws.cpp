// References of draws by rejection: the words, attempts and decisions of kernels/math_draws.h, one element at a time,
// with logarithms of probabilities in place of factors and exponents.
#include <bit>
#include <cmath>
#include <numbers>

#include "expr/philox.h"
#include "expr/reference.h"

namespace croton::expr {
namespace {

constexpr Real nan = std::numeric_limits<Real>::quiet_NaN(), infinity = std::numeric_limits<Real>::infinity();
constexpr Real greatest_count = 9.2e18L, most_by_sums = 32;
constexpr std::uint64_t most_attempts = 128;

bool is_uniform(Real u) { return u >= 0 && u < 1; }

/// Word n that is made of u's bits.
std::uint64_t word_of(Real u, std::uint64_t n) {
  return philox(std::bit_cast<std::uint64_t>(static_cast<double>(u)), n);
}
/// In (0, 1): the upper 52 bits, taken in the middle of their step.
Real unit_of(std::uint64_t word) { return std::ldexp(static_cast<Real>(word >> 12) + 0.5L, -52); }

/// (1 + t)^3 for the t = c x that is taken; c = 1 / sqrt(9 d).
Real cube_taken(Real u, Real d) {
  for (std::uint64_t i = 1; i < most_attempts; ++i) {
    const std::uint64_t word = word_of(u, 2 * i + 1);
    const Real turn = 0.5L * unit_of(word << 32 | 0x80000000) - 0.25L, share = unit_of(word);
    const Real x = box_muller(unit_of(word_of(u, 2 * i)), turn), t = x / (3 * std::sqrt(d));
    if (t <= -1) continue;
    const Real bend = std::log1p(t) - t * (1 - t * (0.5L - t / 3));
    if (std::log(share) < 3 * d * bend) return std::pow(1 + t, 3);
  }
  return 1;
}

/// log(m^x e^-m / x!).
Real log_mass(Real x, Real m) {
  if (x < 30) return x * std::log(m) - m - log_gamma(1 + x);
  const Real w = 1 / (x * x), rest = (1.0L / 12 - w * (1.0L / 360 - w * (1.0L / 1260 - w / 1680))) / x;
  return -deviance(x, m, m - x) - rest - std::log(2 * std::numbers::pi_v<Real> * x) / 2;
}

struct Hat {
  Real a, b, mean, shift, height, sure;
};
template <class F>
Real count_under(const Hat& hat, Real u, Real most, F log_ratio) {
  for (std::uint64_t i = 1; i < most_attempts; ++i) {
    const Real at = unit_of(word_of(u, 2 * i)) - 0.5L, share = unit_of(word_of(u, 2 * i + 1));
    const Real edge = 0.5L - std::fabs(at), x = std::floor((2 * hat.a / edge + hat.b) * at + hat.mean + hat.shift);
    if (edge >= 0.07L && share <= hat.sure) return x;
    if (x < 0 || x > most) continue;
    if (share * hat.height <= (hat.a / (edge * edge) + hat.b) * std::exp(log_ratio(x))) return x;
  }
  return 0;
}
/// The count where the sum of masses passes u; each is (more + scale * i) / i times the one before.
Real count_by_sum(Real u, Real mass, Real more, Real scale) {
  const Real least = std::fmin(mass, 0x1p-57L);
  Real rest = u, count = 0;
  while (rest >= mass && count < 255) {
    rest -= mass;
    mass *= more / ++count + scale;
    if (mass <= least) break;
  }
  return count;
}

}  // namespace

Real gamma_draw(Real u, Real k) {
  if (!is_uniform(u) || !(k >= 0 && k < infinity)) return nan;
  return k == 0 ? 0 : k < 1 ? std::exp(log_gamma_draw(u, k)) : (k - 1 / 3.0L) * cube_taken(u, k - 1 / 3.0L);
}

Real log_gamma_draw(Real u, Real k) {
  if (!is_uniform(u) || !(k >= 0 && k < infinity)) return nan;
  if (k == 0) return -infinity;
  const Real d = (k < 1 ? k + 1 : k) - 1 / 3.0L, l = std::log(d * cube_taken(u, d));
  return k < 1 ? l + std::log(unit_of(word_of(u, 1))) / std::fmax(k, 0x1p-1000L) : l;
}

Real poisson_draw(Real u, Real rate) {
  if (!is_uniform(u) || !(rate >= 0 && rate <= greatest_count)) return -1;
  if (rate < most_by_sums) return count_by_sum(u, std::exp(-rate), rate, 0);
  const Real b = 0.931L + 2.53L * std::sqrt(rate);
  const Hat hat{-0.059L + 0.02483L * b, b, rate, 0.43L, 1.1313L + 1.1328L / (b - 3.4L), 0.916L - 3.6224L / (b - 2)};
  return count_under(hat, u, infinity, [rate](Real x) { return log_mass(x, rate); });
}

Real binomial_draw(Real u, Real n0, Real p0) {
  if (!is_uniform(u) || !(n0 >= 0 && n0 <= greatest_count) || !(p0 >= 0 && p0 <= 1)) return -1;
  const Real n = std::fabs(n0);  // -0 is 0
  if (p0 > 0.5L) return n - binomial_draw(u, n, 1 - p0);
  const Real p = p0, q = 1 - p, odds = p / q, np = static_cast<double>(n * p);  // a number that kernels have
  if (np < most_by_sums) return std::fmin(n, count_by_sum(u, std::exp(n * std::log1p(-p)), (n + 1) * odds, -odds));
  const Real deviation = std::sqrt(np * q), b = 1.15L + 2.53L * deviation, mode = std::floor((n + 1) * p);
  const Hat hat{-0.0873L + 0.0248L * b + 0.01L * p, b, np, 0.5L, (2.83L + 5.1L / b) * deviation, 0.92L - 4.2L / b};
  const auto of = [&](Real x) { return log_mass(x, np) + log_mass(n - x, n * q); };
  return count_under(hat, u, n, [&](Real x) { return of(x) - of(mode); });
}

}  // namespace croton::expr
