// Philox 2x32-10, the counter-based generator of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1,
// 2, 3" (SC11): block n of a stream is a function of n and the stream's key alone. kernels/random.h is its twin.
#pragma once
#include <cstdint>

namespace croton::expr {

/// The block of that number under the low 32 bits of `key`: two numbers of 32 bits, the first one low.
constexpr std::uint64_t philox(std::uint64_t block, std::uint64_t key) {
  constexpr std::uint64_t low = 0xffffffff;
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t product = (block & low) * 0xd256d193;
    block = (product << 32 | product >> 32) ^ (block >> 32) ^ (key & low);
    key += 0x9e3779b9;
  }
  return block;
}

}  // namespace croton::expr
