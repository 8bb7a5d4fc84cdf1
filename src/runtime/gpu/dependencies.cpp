#include "runtime/gpu/dependencies.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <unordered_map>

namespace croton::runtime::gpu {
namespace {

// All of memory.
constexpr BufferUse anything{nullptr, SIZE_MAX, Access::rw, "anything"};

std::size_t at(int i) { return static_cast<std::size_t>(i); }

}  // namespace

// From the latest to the first: whatever is waited for by way of another has been met by then.
std::vector<int> Dependencies::add(std::span<const BufferUse> uses) {
  std::unordered_map<int, int> latest;  // by chain, of those that are waited for
  const auto follow = [&](int k) {
    int& known = latest.emplace(pieces_[at(k)].chain, k).first->second;
    known = std::max(known, k);
    ++looked_at_;
  };
  std::vector<int> waits;
  for (const int k : meet(uses.empty() ? std::span(&anything, 1) : uses)) {
    const auto known = latest.find(pieces_[at(k)].chain);
    if (known != latest.end() && known->second >= k) continue;
    waits.push_back(k);
    follow(k);
    for (const int j : pieces_[at(k)].follows) follow(j);
  }
  Piece piece{chain_after(waits), {}};
  for (const auto& [chain, k] : latest)
    if (chain != piece.chain) piece.follows.push_back(k);
  std::sort(piece.follows.begin(), piece.follows.end(), std::greater<>());
  piece.follows.resize(std::min(piece.follows.size(), most_chains));
  pieces_.push_back(std::move(piece));
  return waits;
}

int Dependencies::chain_after(std::span<const int> waits) {
  for (const int k : waits)
    if (int& end = ends_[at(pieces_[at(k)].chain)]; end == k) {
      end = next();
      return pieces_[at(k)].chain;
    }
  ends_.push_back(next());
  return static_cast<int>(ends_.size()) - 1;
}

// Who has last written what the next piece touches, and who has read since what it writes, the latest first. Those
// before them are waited for by way of these.
std::vector<int> Dependencies::meet(std::span<const BufferUse> uses) {
  std::vector<int> met;
  for (const BufferUse& use : uses) {
    const auto first = reinterpret_cast<std::uintptr_t>(use.data), end = first + use.bytes;
    if (use.bytes == 0) continue;
    const auto from = cut(first), to = cut(end);
    for (auto it = from; it != to; ++it) {
      ++looked_at_;
      if (it->second.writer >= 0) met.push_back(it->second.writer);
      if (use.access != Access::r) meet_readers(it->second.readers, met);
    }
    if (use.access == Access::r) {
      read(first, end);
    } else {
      ranges_.erase(from, to);
      ranges_.emplace(first, Range{end, next()});
    }
  }
  std::sort(met.begin(), met.end(), std::greater<>());
  met.erase(std::unique(met.begin(), met.end()), met.end());
  if (!met.empty() && met.front() == next()) met.erase(met.begin());
  return met;
}

// The first range that begins there or later; one around the address becomes two.
Dependencies::Ranges::iterator Dependencies::cut(std::uintptr_t address) {
  const auto after = ranges_.lower_bound(address);
  if (after == ranges_.begin()) return after;
  Range& before = std::prev(after)->second;
  if (before.end <= address) return after;
  Range rest = before;
  before.end = address;
  return ranges_.emplace_hint(after, address, rest);
}

void Dependencies::meet_readers(int first, std::vector<int>& met) {
  for (int r = first; r >= 0 && readers_[at(r)].met_by != next(); r = readers_[at(r)].next) {
    ++looked_at_;
    readers_[at(r)].met_by = next();
    met.push_back(readers_[at(r)].piece);
  }
}

// Borders are cut already.
void Dependencies::read(std::uintptr_t first, std::uintptr_t end) {
  const auto add = [&](Range& r) {
    readers_.push_back({next(), r.readers, -1});
    r.readers = static_cast<int>(readers_.size()) - 1;
  };
  for (auto it = ranges_.lower_bound(first); first < end; ++it) {
    if (it == ranges_.end() || it->first > first)
      it = ranges_.emplace_hint(it, first, Range{it == ranges_.end() ? end : std::min(end, it->first)});
    add(it->second);
    first = it->second.end;
  }
}

std::array<BufferUse, 4> uses_of(const Gemm& g) {
  const auto bytes = [&](Index rows, Index columns, Index from_row_to_row, Index from_one_to_next) {
    if (rows == 0 || columns == 0 || g.batch <= 0) return std::size_t{0};
    const Index items = (g.batch - 1) * from_one_to_next + (rows - 1) * from_row_to_row + columns;
    return static_cast<std::size_t>(items) * size_of(g.dtype);
  };
  const std::size_t a = g.transpose_a ? bytes(g.k, g.m, g.lda, g.stride_a) : bytes(g.m, g.k, g.lda, g.stride_a);
  const std::size_t b = g.transpose_b ? bytes(g.n, g.k, g.ldb, g.stride_b) : bytes(g.k, g.n, g.ldb, g.stride_b);
  return {{{const_cast<void*>(g.a), a, Access::r, "a factor"},
           {const_cast<void*>(g.b), b, Access::r, "a factor"},
           {g.c, bytes(g.m, g.n, g.ldc, g.stride_c), g.beta == 0 ? Access::w : Access::rw, "a product"},
           {const_cast<void*>(g.bias), g.bias == nullptr ? 0 : bytes(1, g.n, g.n, 0), Access::r, "a bias"}}};
}

}  // namespace croton::runtime::gpu
