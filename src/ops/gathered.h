// Lines gathered into words that lie one after another, for steps that put lines in order: short lines by strips, each
// by one thread, long ones one after another, each by all threads.
#pragma once
#include "ops/lines.h"
#include "ops/radix.h"

namespace croton::ops {

/// Some lines of one array, with a word for each of their elements.
template <class W>
class Gathered {
 public:
  /// `threads`: those that each_element and sort may use; null where this thread is one of them.
  Gathered(const Lines& lines, Index first_line, std::size_t count, W* words, const Host* threads)
      : lines_(lines), first_(first_line), count_(count), words_(words), threads_(threads) {}

  std::size_t count() const { return count_; }
  std::size_t length() const { return static_cast<std::size_t>(lines_.length); }
  Index number(std::size_t line) const { return first_ + static_cast<Index>(line); }
  W* line(std::size_t at) const { return words_ + at * length(); }
  /// Room for one line more.
  W* spare() const { return line(count_); }

  /// Calls f(word, element, i) for element i of each line, where it lies in the array, in the order of memory.
  template <class F>
  void each_element(F&& f) const {
    const Index start = lines_.start(first_);
    if (threads_ != nullptr)
      return Pieces(length()).each(
          *threads_, [&](std::size_t i, std::size_t) { f(words_[i], start + static_cast<Index>(i) * lines_.step, i); });
    if (lines_.step == 1) {
      for (std::size_t l = 0; l < count_; ++l)
        for (std::size_t i = 0; i < length(); ++i) f(line(l)[i], start + static_cast<Index>(l * length() + i), i);
    } else {
      for (std::size_t i = 0; i < length(); ++i)
        for (std::size_t l = 0; l < count_; ++l)
          f(line(l)[i], start + static_cast<Index>(i) * lines_.step + static_cast<Index>(l), i);
    }
  }
  void sort(KeyBits bits) const {
    if (threads_ != nullptr) return sort_long(words_, spare(), length(), bits, *threads_);
    for (std::size_t l = 0; l < count_; ++l) sort_words(line(l), spare(), length(), bits);
  }

 private:
  const Lines& lines_;
  Index first_;
  std::size_t count_;
  W* words_;
  const Host* threads_;
};

/// Calls f(const Gathered<W>&) until all lines were given, perhaps on several threads at once. f does not throw.
template <class W, class F>
void each_gathered(const Lines& lines, const Host& host, F&& f) {
  constexpr Index long_line = 1 << 16, words_of_a_strip = 1 << 14;
  constexpr Index side_by_side_words = 1 << 18, line_of_cache = 16;
  if (lines.count == 0 || lines.length == 0) return;
  if (lines.length > long_line) {
    Array room = empty(Extents{2 * lines.length * static_cast<Index>(sizeof(W))}, uint8);
    auto* const words = reinterpret_cast<W*>(mutable_data_as<std::uint8_t>(room));
    for (Index l = 0; l < lines.count; ++l) f(Gathered<W>(lines, l, 1, words, &host));
    return;
  }
  // lines side by side lie in the same lines of the cache
  const Index side_by_side = lines.step == 1 ? lines.count : lines.step;
  const Index most = lines.step == 1 ? std::max<Index>(words_of_a_strip / lines.length, 1)
                                     : std::min(side_by_side_words / lines.length, line_of_cache);
  const Index width = std::min(side_by_side, most);
  const Index strips = (side_by_side + width - 1) / width;
  const auto bytes = static_cast<std::size_t>((width + 1) * lines.length) * sizeof(W);
  host.each(static_cast<long>(lines.count / side_by_side * strips), bytes, [&](long chunk, void* scratch) {
    const Index begin = chunk % strips * width, count = std::min(width, side_by_side - begin);
    f(Gathered<W>(lines, chunk / strips * side_by_side + begin, static_cast<std::size_t>(count),
                  static_cast<W*>(scratch), nullptr));
  });
}

}  // namespace croton::ops
