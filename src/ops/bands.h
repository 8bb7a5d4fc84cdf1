// Lines gone along side by side, by several threads: what runs along an axis reads whole rows of memory.
#pragma once
#include <algorithm>

#include "ops/host.h"
#include "ops/lines.h"

namespace croton::ops {

/// Lines that lie side by side: element i of line k lies at start + i * step + k.
struct Band {
  Index start, step, count, length;

  static constexpr Index widest = 512;

  /// f(at, i, k) for all elements, those of one i before the next.
  template <class F>
  void each_element(F&& f) const {
    for (Index i = 0; i < length; ++i)
      for (Index k = 0; k < count; ++k) f(start + i * step + k, i, k);
  }
  /// The same from the last i to the first.
  Band reversed() const { return {start + (length - 1) * step, -step, count, length}; }
  Band line(Index k) const { return {start + k, step, 1, length}; }
  /// Of its lines those elements.
  Band part(Index first, Index elements) const { return {start + first * step, step, count, elements}; }
};

struct Bands {
  explicit Bands(const Lines& l)
      : lines(l),
        of_a_block((l.step + Band::widest - 1) / Band::widest),
        count(l.count * l.length == 0 ? 0 : l.count / l.step * of_a_block) {}
  Band operator[](Index n) const {
    const Index block = of_a_block == 1 ? n : n / of_a_block, first = (n - block * of_a_block) * Band::widest;
    return {block * lines.step * lines.length + first, lines.step, std::min(Band::widest, lines.step - first),
            lines.length};
  }

  Lines lines;
  Index of_a_block, count;
};

/// f(n) for n in [0, count), each of so many elements, on the threads that the host lends. Nothing that f does may
/// throw.
template <class F>
void each_of(Index count, Index elements, const Host& host, F&& f) {
  constexpr Index elements_of_a_chunk = 1 << 14;
  const Index of_a_chunk = std::max<Index>(1, elements_of_a_chunk / std::max<Index>(1, elements));
  host.each((count + of_a_chunk - 1) / of_a_chunk, 0, [&](long chunk, void*) {
    for (Index n = chunk * of_a_chunk; n < std::min(count, (chunk + 1) * of_a_chunk); ++n) f(n);
  });
}

}  // namespace croton::ops
