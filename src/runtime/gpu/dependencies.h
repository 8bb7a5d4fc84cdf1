// Which pieces of work must wait for which: pieces are given one after another with the memory that they touch, and two
// that do not write what the other touches may run side by side.
#pragma once
#include <array>
#include <span>
#include <vector>

#include "runtime/device.h"

namespace croton::runtime::gpu {

class Dependencies {
 public:
  /// The piece that comes next. Gives the numbers of those before it (the first is 0) that it must wait for, the latest
  /// first: it reads what they write, writes what they read, or writes what they write, if only a byte of it. Left out
  /// are those that one of the given waits for anyway. A piece that names no memory may touch any.
  std::vector<int> add(std::span<const BufferUse>);

 private:
  struct Piece {
    std::vector<BufferUse> uses;
    std::vector<bool> follows;  // by number: directly or by way of others
  };
  std::vector<Piece> pieces_;
};

/// What a product touches: A, B and C, each as one range from its first element to its last.
std::array<BufferUse, 3> uses_of(const Gemm&);

}  // namespace croton::runtime::gpu
