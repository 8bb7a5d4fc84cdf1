// Laying buffers out in one block of memory by the time they live: best fit, on 64-byte lines, large ones on pages.
#pragma once
#include <algorithm>
#include <cstddef>
#include <vector>

namespace croton::runtime {

struct Lifetime {
  int first = -1, last = -1;  // steps
  std::size_t bytes = 0;      // 0: no place needed
  void touch(int step) {
    if (first < 0) first = step;
    last = std::max(last, step);
  }
};
struct Arena {
  std::vector<std::size_t> offsets;
  std::size_t bytes = 0;
};
/// Offsets such that buffers that live in a common step do not overlap; `separate`: that no two overlap at all.
Arena lay_out(const std::vector<Lifetime>& lives, bool separate = false);

}  // namespace croton::runtime
