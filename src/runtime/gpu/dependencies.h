// Which pieces of work must wait for which: pieces are given one after another with the memory that they touch, and two
// that do not write what the other touches may run side by side.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "runtime/device.h"

namespace croton::runtime::gpu {

class Dependencies {
 public:
  /// The piece that comes next. Gives the numbers of those before it (the first is 0) that it must wait for, the latest
  /// first: it reads what they write, writes what they read, or writes what they write, if only a byte of it. Left out
  /// are those that one of the given waits for anyway (in graphs of more than most_chains branches, only those that it
  /// is known to wait for). A piece that names no memory may touch any.
  std::vector<int> add(std::span<const BufferUse>);
  static constexpr std::size_t most_chains = 64;

  /// What has been looked at so far (ranges, their readers, pieces): what it costs, for tests.
  std::uint64_t looked_at() const { return looked_at_; }

 private:
  // Each piece belongs to a chain, in which every one waits for the one before it.
  struct Piece {
    int chain;
    std::vector<int> follows;  // of each other chain the latest that it waits for, directly or by way of others
  };
  // Memory from the key of ranges_ to `end`: who wrote it last, and who has read it since.
  struct Range {
    std::uintptr_t end;
    int writer = -1;
    int readers = -1;  // the first of a list in readers_, which ranges may share
  };
  struct Reader {
    int piece, next;
    int met_by;  // the last piece that looked at it, and at those after it
  };
  using Ranges = std::map<std::uintptr_t, Range>;

  std::vector<int> meet(std::span<const BufferUse> uses);
  Ranges::iterator cut(std::uintptr_t address);
  void meet_readers(int first, std::vector<int>& met);
  void read(std::uintptr_t first, std::uintptr_t end);
  int chain_after(std::span<const int> waits);
  int next() const { return static_cast<int>(pieces_.size()); }

  std::vector<Piece> pieces_;
  std::vector<int> ends_;  // of each chain its latest piece
  Ranges ranges_;
  std::vector<Reader> readers_;
  std::uint64_t looked_at_ = 0;
};

/// What a product touches: A, B and C, each as one range from its first element to its last.
std::array<BufferUse, 4> uses_of(const Gemm&);

}  // namespace croton::runtime::gpu
