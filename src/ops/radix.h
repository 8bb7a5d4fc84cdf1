// Sorting by digits of eight bits, the lowest first (Knuth, The Art of Computer Programming, volume 3, 5.2.5), and the
// k-th smallest by digits, the highest first: no comparisons, and so no branches that go either way. Equal keys keep
// their order, so that a result does not depend on who sorted which part.
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "ops/host.h"

namespace croton::ops {

/// A key and where it stands: in one word where the key has up to 32 bits.
struct LongKeyed {
  std::uint64_t key, at;
};
template <class K>
using Keyed = std::conditional_t<sizeof(K) <= 4, std::uint64_t, LongKeyed>;

template <class K>
Keyed<K> keyed(K key, std::size_t at) {
  if constexpr (sizeof(K) <= 4)
    return std::uint64_t{key} << 32 | at;
  else
    return {key, at};
}
template <class K>
K key_of(const Keyed<K>& w) {
  if constexpr (sizeof(K) <= 4)
    return static_cast<K>(w >> 32);
  else
    return w.key;
}
inline std::size_t place_of(std::uint64_t w) { return w & 0xffffffff; }
inline std::size_t place_of(const LongKeyed& w) { return w.at; }

/// What words are sorted by: so many bits of them from `first` on.
struct KeyBits {
  unsigned first, count;
};
template <class K>
constexpr KeyBits whole_key{0, 8 * sizeof(K)};
template <class K>
constexpr KeyBits key_of_keyed{sizeof(K) <= 4 ? 32u : 0u, 8 * sizeof(K)};

namespace radix {

constexpr unsigned digit_bits = 8;
using Counts = std::array<std::uint32_t, std::size_t{1} << digit_bits>;

template <class W>
std::size_t digit(const W& w, unsigned shift) {
  constexpr std::uint64_t mask = (1u << digit_bits) - 1;
  if constexpr (std::is_same_v<W, LongKeyed>)
    return (w.key >> shift) & mask;
  else
    return static_cast<std::size_t>((std::uint64_t{w} >> shift) & mask);
}

template <class W>
bool comes_before(const W& a, const W& b) {
  if constexpr (std::is_same_v<W, LongKeyed>)
    return a.key < b.key || (a.key == b.key && a.at < b.at);
  else
    return a < b;
}

}  // namespace radix

/// The most elements of a line that can be sorted.
inline constexpr std::uint64_t most_sorted = 0xffffffff;

/// Puts n words in the order of their keys; `other` has room for as many. Words hold no bits but the key, and a place
/// that rises.
template <class W>
void sort_words(W* words, W* other, std::size_t n, KeyBits bits) {
  constexpr std::size_t most_passes = 64 / radix::digit_bits, worth_a_pass = 8;  // measured: 32 words of 32 bits
  const unsigned passes = bits.count / radix::digit_bits;
  if (n < worth_a_pass * passes) return std::sort(words, words + n, radix::comes_before<W>);
  std::array<radix::Counts, most_passes> counts;
  std::fill_n(counts.begin(), passes, radix::Counts{});
  for (std::size_t i = 0; i < n; ++i)
    for (unsigned p = 0; p < passes; ++p) ++counts[p][radix::digit(words[i], bits.first + radix::digit_bits * p)];
  W *from = words, *to = other;
  for (unsigned p = 0; p < passes; ++p) {
    const unsigned shift = bits.first + radix::digit_bits * p;
    radix::Counts& next = counts[p];
    if (next[radix::digit(from[0], shift)] == n) continue;  // all have that digit
    std::uint32_t sum = 0;
    for (std::uint32_t& c : next) sum += std::exchange(c, sum);
    for (std::size_t i = 0; i < n; ++i) to[next[radix::digit(from[i], shift)]++] = from[i];
    std::swap(from, to);
  }
  if (from != words) std::copy_n(from, n, words);
}

/// The pieces that threads share a long line by.
struct Pieces {
  explicit Pieces(std::size_t elements) : n(elements) {}
  std::size_t n, size = std::size_t{1} << 16;
  std::size_t count() const { return (n + size - 1) / size; }
  /// Calls f(i, number of its piece) for each element.
  template <class F>
  void each(const Host& host, F&& f) const {
    host.each(static_cast<long>(count()), 0, [&](long piece, void*) {
      const std::size_t begin = static_cast<std::size_t>(piece) * size, end = std::min(begin + size, n);
      for (std::size_t i = begin; i < end; ++i) f(i, static_cast<std::size_t>(piece));
    });
  }
};

/// The same of a long line, by the host's threads.
template <class W>
void sort_long(W* words, W* other, std::size_t n, KeyBits bits, const Host& host) {
  const Pieces pieces(n);
  std::vector<radix::Counts> counts(pieces.count());
  W *from = words, *to = other;
  for (unsigned shift = bits.first; shift < bits.first + bits.count; shift += radix::digit_bits) {
    std::fill(counts.begin(), counts.end(), radix::Counts{});
    pieces.each(host, [&](std::size_t i, std::size_t piece) { ++counts[piece][radix::digit(from[i], shift)]; });
    std::size_t alike = 0;
    for (const radix::Counts& c : counts) alike += c[radix::digit(from[0], shift)];
    if (alike == n) continue;
    std::uint32_t sum = 0;
    for (std::size_t d = 0; d < counts[0].size(); ++d)
      for (radix::Counts& c : counts) sum += std::exchange(c[d], sum);
    pieces.each(host,
                [&](std::size_t i, std::size_t piece) { to[counts[piece][radix::digit(from[i], shift)]++] = from[i]; });
    std::swap(from, to);
  }
  if (from != words) std::copy_n(from, n, words);
}

/// The k-th smallest of n keys, from 0 on, which are moved about.
template <class K>
K selected(K* keys, std::size_t n, std::size_t k) {
  constexpr std::size_t few = 1024;
  for (unsigned shift = 8 * sizeof(K); n > few && shift > 0;) {
    shift -= radix::digit_bits;
    radix::Counts counts{};
    for (std::size_t i = 0; i < n; ++i) ++counts[radix::digit(keys[i], shift)];
    std::size_t wanted = 0;
    while (k >= counts[wanted]) k -= counts[wanted++];
    if (counts[wanted] == n) continue;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < n; ++i) {
      keys[kept] = keys[i];
      kept += radix::digit(keys[i], shift) == wanted ? 1 : 0;
    }
    n = kept;
  }
  std::nth_element(keys, keys + k, keys + n);
  return keys[k];
}

}  // namespace croton::ops
