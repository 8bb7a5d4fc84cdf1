// Short lines put in order side by side, a lane of vectors each: the same places of all are compared and exchanged,
// whatever lies there (Batcher's merge exchange: Knuth, The Art of Computer Programming, volume 3, 5.2.2, algorithm M),
// so that there is no branch to miss.
#pragma once
#include <algorithm>
#include <bit>

#include "ops/wide.h"

namespace croton::ops {

/// So many lines stand side by side.
template <class W>
constexpr std::size_t lines_abreast = 64 / sizeof(W);

namespace network {

template <class W, std::size_t bytes>
struct VectorOf {
  typedef W type __attribute__((vector_size(bytes), may_alias));
};

/// Puts the lesser word of each lane in a, the greater in b.
template <class W, std::size_t bytes>
void put_in_order(W* a, W* b) {
  using V = typename VectorOf<W, bytes>::type;
  V *const lesser = reinterpret_cast<V*>(a), *const greater = reinterpret_cast<V*>(b);
  for (std::size_t k = 0; k < lines_abreast<W> * sizeof(W) / bytes; ++k) {
    const V u = lesser[k], v = greater[k];
    lesser[k] = u < v ? u : v;
    greater[k] = u < v ? v : u;
  }
}

template <std::size_t bytes, class W>
void sort(W* words, std::size_t n) {
  const std::size_t top = std::bit_ceil(n) / 2;
  for (std::size_t p = top; p > 0; p /= 2)
    for (std::size_t q = top, r = 0, d = p;; d = q - p, q /= 2, r = p) {
      for (std::size_t begin = r; begin + d < n; begin += 2 * p)
        for (std::size_t i = begin, end = std::min(begin + p, n - d); i < end; ++i)
          put_in_order<W, bytes>(words + i * lines_abreast<W>, words + (i + d) * lines_abreast<W>);
      if (q == p) break;
    }
}

}  // namespace network

/// Puts lines of n unsigned words in order: word i of line l is number i * lines_abreast<W> + l. Words begin at a
/// multiple of 64 bytes.
template <class W>
void sort_abreast(W* words, std::size_t n) {
  by_vectors([]<std::size_t bytes>(W* first, std::size_t count) { network::sort<bytes>(first, count); }, words, n);
}

}  // namespace croton::ops
