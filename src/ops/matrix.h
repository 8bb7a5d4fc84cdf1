// Matrices on the host, as the ops of linear algebra see them: one after another out of a batch, in the next wider
// type.
#pragma once
#include "ops/evaluate/loops.h"

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

/// What matrices of that type are computed in.
template <class T>
using Wide = std::conditional_t<std::is_same_v<T, double>, long double, double>;

/// Matrix number `at` of a row-major batch.
template <class T>
Matrix<Wide<T>> matrix_of(const Array& batch, std::size_t at) {
  const auto rank = static_cast<std::size_t>(batch.ndim());
  Matrix<Wide<T>> m(static_cast<std::size_t>(batch.shape()[rank - 2]),
                    static_cast<std::size_t>(batch.shape()[rank - 1]));
  const T* from = data_as<T>(batch) + at * m.elements.size();
  for (std::size_t i = 0; i < m.elements.size(); ++i) m.elements[i] = widened<Wide<T>>(from[i]);
  return m;
}

/// Writes it there.
template <class T, class W>
void put(const Matrix<W>& m, T* batch, std::size_t at) {
  for (std::size_t i = 0; i < m.elements.size(); ++i) batch[at * m.elements.size() + i] = narrowed<T>(m.elements[i]);
}

/// Calls f<T>(number of the matrix) for each matrix of a batch of floats.
template <class F>
void each_matrix(const Array& batch, F&& f) {
  std::size_t count = 1;
  for (int d = 0; d + 2 < batch.ndim(); ++d) count *= static_cast<std::size_t>(batch.shape(d));
  visit_dtype(batch.dtype(), [&]<class T>(T) {
    if constexpr (!std::is_integral_v<T>)
      for (std::size_t at = 0; at < count; ++at) f.template operator()<T>(at);
  });
}

}  // namespace croton::ops
