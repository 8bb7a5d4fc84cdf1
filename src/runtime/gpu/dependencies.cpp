#include "runtime/gpu/dependencies.h"

#include <algorithm>
#include <cstdint>

namespace croton::runtime::gpu {
namespace {

// All of memory.
constexpr BufferUse anything{nullptr, SIZE_MAX, Access::rw, "anything"};

bool overlap(const BufferUse& a, const BufferUse& b) {
  const auto first_a = reinterpret_cast<std::uintptr_t>(a.data), first_b = reinterpret_cast<std::uintptr_t>(b.data);
  return first_a < first_b + b.bytes && first_b < first_a + a.bytes && a.bytes != 0 && b.bytes != 0;
}

bool collide(std::span<const BufferUse> earlier, std::span<const BufferUse> later) {
  return std::any_of(earlier.begin(), earlier.end(), [&](const BufferUse& a) {
    return std::any_of(later.begin(), later.end(), [&](const BufferUse& b) {
      return (a.access != Access::r || b.access != Access::r) && overlap(a, b);
    });
  });
}

}  // namespace

// From the latest to the first: whatever is waited for by way of another has been met by then.
std::vector<int> Dependencies::add(std::span<const BufferUse> uses) {
  Piece piece{{uses.begin(), uses.end()}, std::vector<bool>(pieces_.size())};
  if (uses.empty()) piece.uses.push_back(anything);
  std::vector<int> waits;
  for (std::size_t k = pieces_.size(); k-- > 0;) {
    if (piece.follows[k] || !collide(pieces_[k].uses, piece.uses)) continue;
    waits.push_back(static_cast<int>(k));
    piece.follows[k] = true;
    const std::vector<bool>& before = pieces_[k].follows;
    for (std::size_t j = 0; j < before.size(); ++j) piece.follows[j] = piece.follows[j] || before[j];
  }
  pieces_.push_back(std::move(piece));
  return waits;
}

std::array<BufferUse, 3> uses_of(const Gemm& g) {
  const auto bytes = [&](Index rows, Index columns, Index from_row_to_row, Index from_one_to_next) {
    if (rows == 0 || columns == 0 || g.batch <= 0) return std::size_t{0};
    const Index items = (g.batch - 1) * from_one_to_next + (rows - 1) * from_row_to_row + columns;
    return static_cast<std::size_t>(items) * size_of(g.dtype);
  };
  const std::size_t a = g.transpose_a ? bytes(g.k, g.m, g.lda, g.stride_a) : bytes(g.m, g.k, g.lda, g.stride_a);
  const std::size_t b = g.transpose_b ? bytes(g.n, g.k, g.ldb, g.stride_b) : bytes(g.k, g.n, g.ldb, g.stride_b);
  return {{{const_cast<void*>(g.a), a, Access::r, "a factor"},
           {const_cast<void*>(g.b), b, Access::r, "a factor"},
           {g.c, bytes(g.m, g.n, g.ldc, g.stride_c), g.beta == 0 ? Access::w : Access::rw, "a product"}}};
}

}  // namespace croton::runtime::gpu
