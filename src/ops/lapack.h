// Large matrices by LAPACK's routines. Those see what lies row by row as column by column: a matrix as its transpose,
// its lower triangle as the upper one.
#pragma once
#include <algorithm>
#include <optional>

#include "ops/matrix.h"

namespace croton::ops {

inline int int_of(std::size_t n) { return static_cast<int>(n); }

/// x with t x = b in the place of b, for the lower or upper triangle of a, transposed or not: some columns by each
/// thread.
inline void solve_triangle(const Library& l, const Matrix<double>& a, bool lower, bool transposed, bool ones,
                           Matrix<double>& b) {
  constexpr std::size_t panel = 128;  // measured: 1000 columns at once are as fast on one thread
  const int all = int_of(b.columns), n = int_of(b.rows);
  auto solve = [&](long number, void*) {
    const std::size_t first = static_cast<std::size_t>(number) * panel;
    const int m = int_of(std::min(panel, b.columns - first));
    const double one = 1;
    l.lapack.dtrsm("R", lower ? "U" : "L", transposed ? "T" : "N", ones ? "U" : "N", &m, &n, &one, a.elements.data(),
                   &n, b[0] + first, &all, 1, 1, 1, 1);
  };
  l.host.each(static_cast<long>((b.columns + panel - 1) / panel), 0, solve);
}

/// Cholesky's factor in the place of the lower triangle. The number of the first rows and columns that are not positive
/// definite; 0: all are.
inline std::size_t factor(Matrix<double>& a, const Library& l) {
  const int n = int_of(a.rows);
  int info = 0;
  l.lapack.dpotrf("U", &n, a.elements.data(), &n, &info, 1);
  return static_cast<std::size_t>(info);
}

/// The triangles of a's transpose with its rows exchanged.
class LapackLu {
 public:
  Matrix<double> m;
  bool odd = false, singular = false;

  LapackLu(Matrix<double> a, const Library& l) : m(std::move(a)), library_(l), with_(m.rows) {
    const int n = int_of(m.rows);
    int info = 0;
    l.lapack.dgetrf(&n, &n, m.elements.data(), &n, with_.data(), &info);
    singular = info > 0;
    for (int i = 0; i < n; ++i) odd = odd != (with_[static_cast<std::size_t>(i)] != i + 1);
  }
  /// x with a x = b: b^T = x^T a^T, and a^T is exchanges, a triangle below with ones, and one above.
  Matrix<double> solve(Matrix<double> b) const {
    solve_triangle(library_, m, true, false, false, b);
    solve_triangle(library_, m, false, false, true, b);
    for (std::size_t i = b.rows; i-- > 0;)
      if (const auto k = static_cast<std::size_t>(with_[i]) - 1; k != i) std::swap_ranges(b[i], b[i] + b.columns, b[k]);
    return b;
  }

 private:
  Library library_;
  std::vector<int> with_;  // which row each was exchanged with, from 1 on
};

/// The eigenvalues in rising order, and a row for each vector, of a symmetric matrix whose lower triangle is read.
/// Nothing where it does not converge.
inline std::optional<std::pair<std::vector<double>, Matrix<double>>> converged_eigen(Matrix<double> a,
                                                                                     const Library& l) {
  const int n = int_of(a.rows);
  std::vector<double> values(a.rows), work(1 + 6 * a.rows + 2 * a.rows * a.rows);
  std::vector<int> integers(3 + 5 * a.rows);
  const int work_size = int_of(work.size()), integers_size = int_of(integers.size());
  int info = 0;
  l.lapack.dsyevd("V", "U", &n, a.elements.data(), &n, values.data(), work.data(), &work_size, integers.data(),
                  &integers_size, &info, 1, 1);
  if (info != 0) return {};
  return std::pair{std::move(values), std::move(a)};
}

/// u, a row of the singular values, and v below each other. Nothing where it does not converge.
inline std::optional<Matrix<double>> converged_singular(Matrix<double> a, const Library& l) {
  const std::size_t r = std::min(a.rows, a.columns);
  Matrix<double> all(a.rows + 1 + a.columns, r), v(r, a.columns);
  std::vector<double> work(1);
  std::vector<int> integers(8 * r);
  const int m = int_of(a.columns), n = int_of(a.rows), k = int_of(r);
  int info = 0;
  for (int work_size : {-1, 0}) {  // first it says how much it needs
    if (work_size == 0) work.resize(static_cast<std::size_t>(work[0])), work_size = int_of(work.size());
    l.lapack.dgesdd("S", &m, &n, a.elements.data(), &m, all[a.rows], v.elements.data(), &m, all[0], &k, work.data(),
                    &work_size, integers.data(), &info, 1);
    if (info != 0) return {};
  }
  for (std::size_t i = 0; i < r; ++i)
    for (std::size_t j = 0; j < a.columns; ++j) all[a.rows + 1 + j][i] = v[i][j];
  return all;
}

/// q and r with q r = a in m rows and min(m, n) below them, as linalg.h says: a's transpose is r's, a lower triangle,
/// times q's.
inline Matrix<double> orthogonal_and_triangle(const Matrix<double>& a, const Library& l) {
  const std::size_t k = std::min(a.rows, a.columns);
  Matrix<double> all(a.rows + k, a.columns);
  std::copy(a.elements.begin(), a.elements.end(), all[0]);
  std::vector<double> factors(k), work(1);
  const int m = int_of(a.columns), n = int_of(a.rows), few = int_of(k);
  int info = 0, work_size = -1;  // first they say how much they need
  const auto factor = [&] { l.lapack.dgelqf(&m, &n, all[0], &m, factors.data(), work.data(), &work_size, &info); };
  const auto make_q = [&] {
    l.lapack.dorglq(&few, &n, &few, all[0], &m, factors.data(), work.data(), &work_size, &info);
  };
  factor();
  const double of_factor = work[0];
  make_q();
  work.resize(static_cast<std::size_t>(std::max(of_factor, work[0])));
  work_size = int_of(work.size());
  factor();
  for (std::size_t i = 0; i < k; ++i) std::copy(all[i] + i, all[i] + a.columns, all[a.rows + i] + i);
  make_q();
  for (std::size_t i = 0; i < a.rows; ++i) std::fill(all[i] + k, all[i] + a.columns, 0.0);
  return all;
}

/// a b, some rows by each thread.
inline Matrix<double> product(const Matrix<double>& a, const Matrix<double>& b, const Library& l) {
  constexpr std::size_t panel = 128;
  Matrix<double> c(a.rows, b.columns);
  const int n = int_of(b.columns), k = int_of(a.columns);
  auto multiply = [&](long number, void*) {
    const std::size_t first = static_cast<std::size_t>(number) * panel;
    const int m = int_of(std::min(panel, a.rows - first));
    const double one = 1, none = 0;
    l.lapack.dgemm("N", "N", &n, &m, &k, &one, b[0], &n, a[first], &k, &none, c[first], &n, 1, 1);
  };
  l.host.each(static_cast<long>((a.rows + panel - 1) / panel), 0, multiply);
  return c;
}

}  // namespace croton::ops
