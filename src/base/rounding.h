// Integers that are cut into units.
#pragma once
#include <cstdint>

namespace croton {

/// n / by, for n >= 0 and by > 0, rounded up.
constexpr std::int64_t quotient_up(std::int64_t n, std::int64_t by) { return (n + by - 1) / by; }
/// The first multiple of `unit` from n on.
constexpr std::int64_t rounded_up(std::int64_t n, std::int64_t unit) { return quotient_up(n, unit) * unit; }

}  // namespace croton
