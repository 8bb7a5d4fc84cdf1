#include "runtime/arena.h"

#include <limits>
#include <numeric>

namespace croton::runtime {
namespace {

// Whole lines; of more than some pages whole pages, which begin like arguments and results do (array/block.cpp says
// why), for the larger ones come first.
std::size_t room(std::size_t bytes) {
  const std::size_t unit = bytes >= 64 << 10 ? 4096 : 64;
  return (bytes + unit - 1) / unit * unit;
}

}  // namespace

// Greedy by size: the largest buffer first, each into the smallest gap between those placed before it that share a step
// with it.
Arena lay_out(const std::vector<Lifetime>& lives, bool separate) {
  Arena arena{.offsets = std::vector<std::size_t>(lives.size(), 0)};
  std::vector<std::size_t> order;
  for (std::size_t b = 0; b < lives.size(); ++b)
    if (lives[b].bytes > 0) order.push_back(b);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return lives[a].bytes > lives[b].bytes; });
  std::vector<std::size_t> placed;  // by offset
  for (const std::size_t b : order) {
    const std::size_t need = room(lives[b].bytes);
    std::size_t best = std::numeric_limits<std::size_t>::max(), best_gap = best, end = 0;
    for (const std::size_t p : placed) {
      if (!separate && (lives[p].last < lives[b].first || lives[b].last < lives[p].first)) continue;
      if (arena.offsets[p] >= end + need && arena.offsets[p] - end < best_gap)
        best = end, best_gap = arena.offsets[p] - end;
      end = std::max(end, arena.offsets[p] + room(lives[p].bytes));
    }
    arena.offsets[b] = best == std::numeric_limits<std::size_t>::max() ? end : best;
    arena.bytes = std::max(arena.bytes, arena.offsets[b] + need);
    const auto after = [&](std::size_t x, std::size_t y) { return arena.offsets[x] < arena.offsets[y]; };
    placed.insert(std::upper_bound(placed.begin(), placed.end(), b, after), b);
  }
  return arena;
}

}  // namespace croton::runtime
