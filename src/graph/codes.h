// Integers in an op's parameters that are no plain numbers: extents and bounds that are not given, or are held by
// inputs.
#pragma once
#include <limits>
#include <optional>

#include "croton/base.h"

namespace croton {

/// In `dims` of broadcast: the extent that x has here; of reshape: what is left of x's count of elements (once at
/// most). Other negative ones, -1-k: held by the k-th of the inputs that hold extents.
inline constexpr Index own_extent = std::numeric_limits<Index>::min();
/// In start/stop/step of slice and write: not given. absent_bound + 1 + k: held by the k-th of the inputs that hold
/// bounds; larger ones than last_held_bound are numbers.
inline constexpr Index absent_bound = std::numeric_limits<Index>::min(), last_held_bound = absent_bound + (1 << 20);

/// Which of the inputs that hold them holds this one.
inline std::optional<std::size_t> holder_of_extent(Index n) {
  if (n >= 0 || n == own_extent) return {};
  return static_cast<std::size_t>(-1 - n);
}
inline std::optional<std::size_t> holder_of_bound(Index n) {
  if (n == absent_bound || n > last_held_bound) return {};
  return static_cast<std::size_t>(n - absent_bound - 1);
}

}  // namespace croton
