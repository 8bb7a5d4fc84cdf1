// Matrices on the host, as the ops of linear algebra see them: one after another out of a batch, in the next wider
// type by algorithms of our own, or in float64 by a library's, where they are large and it is there.
#pragma once
#include <algorithm>
#include <cmath>
#include <exception>
#include <mutex>

#include "ops/evaluate/loops.h"
#include "ops/host.h"

namespace croton::ops {

/// Rows one after another.
template <class W>
struct Matrix {
  std::size_t rows, columns;
  std::vector<W> elements;
  Matrix(std::size_t r, std::size_t c) : rows(r), columns(c), elements(r * c) {}
  W* operator[](std::size_t row) { return elements.data() + row * columns; }
  const W* operator[](std::size_t row) const { return elements.data() + row * columns; }
};

/// Who computes: we ourselves, or a library, by the host's threads where its routines leave something to share.
struct Ours {};
struct Library {
  const Lapack& lapack;
  const Host& host;
};
/// What matrices of that type are computed in.
template <class T, class By>
using Wide = std::conditional_t<std::is_same_v<T, double> && std::is_same_v<By, Ours>, long double, double>;

/// Matrix number `at` of a row-major batch.
template <class T, class By>
Matrix<Wide<T, By>> matrix_of(const Array& batch, std::size_t at, const By&) {
  const auto rank = static_cast<std::size_t>(batch.ndim());
  Matrix<Wide<T, By>> m(static_cast<std::size_t>(batch.shape()[rank - 2]),
                        static_cast<std::size_t>(batch.shape()[rank - 1]));
  const T* from = data_as<T>(batch) + at * m.elements.size();
  for (std::size_t i = 0; i < m.elements.size(); ++i) m.elements[i] = widened<Wide<T, By>>(from[i]);
  return m;
}

/// Writes it there.
template <class T, class W>
void put(const Matrix<W>& m, T* batch, std::size_t at) {
  for (std::size_t i = 0; i < m.elements.size(); ++i) batch[at * m.elements.size() + i] = narrowed<T>(m.elements[i]);
}

/// What of a matrix is read.
enum class Part : std::uint8_t { whole, lower, upper };

/// Whether neither NaN nor an infinity is in that part: libraries hang or say nothing of use where one is.
template <class T>
bool finite(const T* m, std::size_t rows, std::size_t columns, Part part) {
  for (std::size_t i = 0; i < rows; ++i) {
    const std::size_t begin = part == Part::upper ? i : 0, end = part == Part::lower ? i + 1 : columns;
    int others = 0;
    for (std::size_t j = begin; j < end; ++j) others |= std::isfinite(widened<double>(m[i * columns + j])) ? 0 : 1;
    if (others != 0) return false;
  }
  return true;
}

/// Calls f(at) for each at < count, `apart` of them by one thread each. Throws what the f of the least number threw.
template <class F>
void each_shared_out(std::size_t count, std::size_t apart, const Host& host, F&& f) {
  std::mutex door;
  std::size_t failed = count;
  std::exception_ptr why;
  host.each(static_cast<long>((count + apart - 1) / apart), 0, [&](long chunk, void*) {
    const std::size_t begin = static_cast<std::size_t>(chunk) * apart;
    for (std::size_t at = begin; at < std::min(begin + apart, count); ++at) try {
        f(at);
      } catch (...) {
        const std::lock_guard guard(door);
        if (at < failed) failed = at, why = std::current_exception();
        return;
      }
  });
  if (why) std::rethrow_exception(why);
}

/// Calls f<T>(number of the matrix, Ours or Library) for each matrix of a batch of floats, some by each thread. From
/// `large` rows and columns on (measured) a library is the faster one.
template <class F>
void each_matrix(const Array& batch, Part part, Index large, const Host& host, F&& f) {
  constexpr Index most = 20000;  // the library counts its memory beside the matrix by 32 bits
  constexpr std::size_t worth_a_chunk = 4096;
  std::size_t count = 1;
  for (int d = 0; d + 2 < batch.ndim(); ++d) count *= static_cast<std::size_t>(batch.shape(d));
  const Index rows = batch.shape(batch.ndim() - 2), columns = batch.shape(batch.ndim() - 1);
  const bool fits = std::min(rows, columns) >= large && std::max(rows, columns) <= most;
  const Lapack* const lapack = fits && count > 0 ? host.lapack() : nullptr;
  const auto m = static_cast<std::size_t>(rows), n = static_cast<std::size_t>(columns);
  visit_dtype(batch.dtype(), [&]<class T>(T) {
    if constexpr (!std::is_integral_v<T>) {
      const T* const first = data_as<T>(batch);
      each_shared_out(count, worth_a_chunk / (m * n + 1) + 1, host, [&](std::size_t at) {
        if (lapack != nullptr && finite(first + at * m * n, m, n, part))
          f.template operator()<T>(at, Library{*lapack, host});
        else
          f.template operator()<T>(at, Ours());
      });
    }
  });
}

}  // namespace croton::ops
