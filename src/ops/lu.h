// Gauss' elimination with exchanges of rows (Golub and Van Loan, Matrix Computations, 3.4): by ourselves, or a library.
#pragma once
#include "ops/lapack.h"
#include "ops/matrix.h"

namespace croton::ops {

template <class W>
void subtract_row(W* from, const W* row, W factor, std::size_t begin, std::size_t end) {
  for (std::size_t j = begin; j < end; ++j) from[j] -= factor * row[j];
}

/// Solves t x = b for a triangle, in place of b; x goes from the first row to the last for a lower one. `at(i, j)`
/// reads t.
template <class W, class At>
void substitute(Matrix<W>& b, bool lower, bool ones, At at) {
  const std::size_t n = b.rows;
  for (std::size_t k = 0; k < n; ++k) {
    const std::size_t i = lower ? k : n - 1 - k;
    for (std::size_t p = 0; p < k; ++p) {
      const std::size_t j = lower ? p : n - 1 - p;
      subtract_row(b[i], b[j], at(i, j), 0, b.columns);
    }
    for (std::size_t j = 0; !ones && j < b.columns; ++j) b[i][j] /= at(i, i);
  }
}

/// The triangle below (its diagonal of ones not stored) and on and above the diagonal of a with its rows exchanged.
template <class W>
struct Lu {
  Matrix<W> m;
  std::vector<std::size_t> row;  // which of a's rows each is
  bool odd = false;              // an odd number of exchanges
  bool singular = false;         // a pivot is 0

  explicit Lu(Matrix<W> a) : m(std::move(a)), row(m.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) row[i] = i;
    for (std::size_t k = 0; k < m.rows; ++k) eliminate(k);
  }
  /// x with a x = b.
  Matrix<W> solve(const Matrix<W>& b) const {
    Matrix<W> x(b.rows, b.columns);
    for (std::size_t i = 0; i < x.rows; ++i) std::copy_n(b[row[i]], x.columns, x[i]);
    const auto read = [&](std::size_t i, std::size_t j) { return m[i][j]; };
    substitute(x, true, true, read);
    substitute(x, false, false, read);
    return x;
  }

 private:
  void eliminate(std::size_t k) {
    std::size_t best = k;
    for (std::size_t i = k + 1; i < m.rows; ++i)
      if (std::fabs(m[i][k]) > std::fabs(m[best][k])) best = i;
    if (best != k) {
      std::swap_ranges(m[k], m[k] + m.columns, m[best]);
      std::swap(row[k], row[best]);
      odd = !odd;
    }
    if (m[k][k] == 0) {
      singular = true;
      return;
    }
    for (std::size_t i = k + 1; i < m.rows; ++i) {
      m[i][k] /= m[k][k];
      subtract_row(m[i], m[k], m[i][k], k + 1, m.columns);
    }
  }
};

template <class W>
Lu<W> lu_of(Matrix<W> a, const Ours&) {
  return Lu<W>(std::move(a));
}
inline LapackLu lu_of(Matrix<double> a, const Library& l) { return {std::move(a), l}; }

}  // namespace croton::ops
