// Lines gathered into words, for steps that put lines in order: many short lines side by side, others one after
// another, by strips, each by one thread; long ones one at a time, each by all threads.
#pragma once
#include "ops/lines.h"
#include "ops/network.h"
#include "ops/radix.h"

namespace croton::ops {

/// Longer lines are shared out among threads.
inline constexpr Index long_line = 1 << 16;

/// Lines that lie side by side in memory, or follow each other there.
inline Index lines_in_a_row(const Lines& lines) { return lines.step == 1 ? lines.count : lines.step; }

/// Whether lines are gathered side by side: they are short and many enough.
template <class W>
bool short_and_many(const Lines& lines) {
  constexpr Index most = 2048;  // measured: from there on digits are as fast
  return std::is_unsigned_v<W> && lines.length <= most &&
         lines_in_a_row(lines) >= static_cast<Index>(lines_abreast<W> / 2);
}

/// Some lines of one array, with a word for each of their elements.
template <class W>
class Gathered {
 public:
  /// `threads`: those that each_element and sort may use; null where this thread is one of them.
  Gathered(const Lines& lines, Index first_line, std::size_t count, W* words, bool abreast, const Host* threads)
      : lines_(lines),
        first_(first_line),
        count_(count),
        words_(words),
        across_(abreast ? 1 : length()),
        along_(abreast ? lines_abreast<W> : 1),
        threads_(threads) {}

  std::size_t count() const { return count_; }
  std::size_t length() const { return static_cast<std::size_t>(lines_.length); }
  Index number(std::size_t line) const { return first_ + static_cast<Index>(line); }
  bool abreast() const { return along_ != 1; }
  W& word(std::size_t line, std::size_t i) const { return words_[line * across_ + i * along_]; }
  /// A line that is not gathered side by side with others, and room for one line more.
  W* line(std::size_t at) const { return words_ + at * length(); }
  W* spare() const { return line(count_); }

  /// Calls f(word, element, i) for element i of each line, where it lies in the array, in the order of memory.
  template <class F>
  void each_element(F&& f) const {
    const Index start = lines_.start(first_);
    if (threads_ != nullptr)
      return Pieces(length()).each(
          *threads_, [&](std::size_t i, std::size_t) { f(words_[i], start + static_cast<Index>(i) * lines_.step, i); });
    const std::size_t n = length(), count = count_, across = across_, along = along_;
    const Index step = lines_.step;
    W* const words = words_;
    if (step == 1) {
      for (std::size_t l = 0; l < count; ++l)
        for (std::size_t i = 0; i < n; ++i) f(words[l * across + i * along], start + static_cast<Index>(l * n + i), i);
    } else {
      for (std::size_t i = 0; i < n; ++i)
        for (std::size_t l = 0; l < count; ++l)
          f(words[l * across + i * along], start + static_cast<Index>(i) * step + static_cast<Index>(l), i);
    }
  }
  /// Calls f(word) for each word, and perhaps for some that belong to no line.
  template <class F>
  void each_word(F&& f) const {
    if (threads_ != nullptr) return Pieces(length()).each(*threads_, [&](std::size_t i, std::size_t) { f(words_[i]); });
    by_vectors(
        [&f]<std::size_t>(W* words, std::size_t n) {
          for (std::size_t i = 0; i < n; ++i) f(words[i]);
        },
        words_, all());
  }
  void sort(KeyBits bits) const {
    if (threads_ != nullptr) return sort_long(words_, spare(), length(), bits, *threads_);
    if constexpr (std::is_unsigned_v<W>)
      if (abreast()) return sort_abreast(words_, length());
    for (std::size_t l = 0; l < count_; ++l) sort_words(line(l), spare(), length(), bits);
  }
  /// How many words of a sorted line come before that one.
  std::size_t before(std::size_t line, W w) const {
    std::size_t first = 0;
    for (std::size_t n = length(); n > 0;) {
      const std::size_t half = n / 2;
      const bool less = word(line, first + half) < w;
      first += less ? half + 1 : 0;
      n = less ? n - half - 1 : half;
    }
    return first;
  }
  /// Whether none of all words is that one, if that is known sooner than a look into each line would say.
  bool lacks(W w) const {
    if (!abreast()) return false;
    return by_vectors(
        []<std::size_t>(const W* words, std::size_t n, W wanted) {
          W found = 0;
          for (std::size_t i = 0; i < n; ++i) found |= words[i] == wanted ? 1 : 0;
          return found == 0;
        },
        words_, all(), w);
  }

 private:
  std::size_t all() const { return length() * (abreast() ? along_ : count_); }

  const Lines& lines_;
  Index first_;
  std::size_t count_;
  W* words_;
  std::size_t across_, along_;  // words from a line to the next, and from an element to the next
  const Host* threads_;
};

/// Calls f(const Gathered<W>&) until all lines were given, perhaps on several threads at once. f does not throw.
template <class W, class F>
void each_gathered(const Lines& lines, const Host& host, F&& f) {
  constexpr Index words_of_a_strip = 1 << 14, side_by_side_words = 1 << 18, line_of_cache = 16;
  if (lines.count == 0 || lines.length == 0) return;
  if (lines.length > long_line) {
    Array room = empty(Extents{2 * lines.length * static_cast<Index>(sizeof(W))}, uint8);
    auto* const words = reinterpret_cast<W*>(mutable_data_as<std::uint8_t>(room));
    for (Index l = 0; l < lines.count; ++l) f(Gathered<W>(lines, l, 1, words, false, &host));
    return;
  }
  const Index in_a_row = lines_in_a_row(lines), of_a_strip = std::max<Index>(words_of_a_strip / lines.length, 1);
  const bool abreast = short_and_many<W>(lines);
  // those that are gathered at once: lines side by side lie in the same lines of the cache
  const Index group = abreast           ? static_cast<Index>(lines_abreast<W>)
                      : lines.step == 1 ? std::min(in_a_row, of_a_strip)
                                        : std::min({in_a_row, side_by_side_words / lines.length, line_of_cache});
  const Index width = abreast ? std::max<Index>(of_a_strip / group, 1) * group : group;
  const Index strips = (in_a_row + width - 1) / width;
  const auto bytes = static_cast<std::size_t>((abreast ? group : group + 1) * lines.length) * sizeof(W);
  host.each(static_cast<long>(lines.count / in_a_row * strips), bytes, [&](long chunk, void* scratch) {
    const Index begin = chunk % strips * width, end = std::min(begin + width, in_a_row);
    for (Index at = begin; at < end; at += group)
      f(Gathered<W>(lines, chunk / strips * in_a_row + at, static_cast<std::size_t>(std::min(group, end - at)),
                    static_cast<W*>(scratch), abreast, nullptr));
  });
}

}  // namespace croton::ops
