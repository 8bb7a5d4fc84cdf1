// The exponential of a matrix, on the host, by Pade's approximant of degree 13, scaling and squaring (Higham, "The
// scaling and squaring method for the matrix exponential revisited", 2005): of small matrices in the next wider type,
// of large ones with a library's products.
#include <algorithm>
#include <cmath>

#include "base/dtype.h"
#include "croton/linalg.h"
#include "croton/numpy.h"
#include "ops/extents.h"
#include "ops/families.h"
#include "ops/linalg.h"
#include "ops/lu.h"
#include "ops/pointwise.h"

namespace croton::ops {
namespace {

constexpr Index large = 32;

Type expm_type(const TypeAt& t) {
  need_square(t);
  return {t.dtype(0), t.shapes[0]};
}

template <class W>
Matrix<W> product(const Matrix<W>& a, const Matrix<W>& b, const Ours&) {
  Matrix<W> c(a.rows, b.columns);
  for (std::size_t i = 0; i < a.rows; ++i)
    for (std::size_t k = 0; k < a.columns; ++k)
      for (std::size_t j = 0; j < b.columns; ++j) c[i][j] += a[i][k] * b[k][j];
  return c;
}

/// The largest sum of the sizes in a column; NaN where one is.
template <class W>
W norm_of(const Matrix<W>& a) {
  W largest = 0;
  for (std::size_t j = 0; j < a.columns; ++j) {
    W sum = 0;
    for (std::size_t i = 0; i < a.rows; ++i) sum += std::fabs(a[i][j]);
    if (!(sum <= largest)) largest = sum;
  }
  return largest;
}

/// The sum of matrices of one shape, each times its number.
template <class W>
Matrix<W> sum_of(std::initializer_list<std::pair<double, const Matrix<W>*>> terms) {
  Matrix<W> sum(terms.begin()->second->rows, terms.begin()->second->columns);
  for (const auto& [factor, m] : terms)
    for (std::size_t i = 0; i < sum.elements.size(); ++i) sum.elements[i] += static_cast<W>(factor) * m->elements[i];
  return sum;
}

template <class W, class By>
Matrix<W> exponential(Matrix<W> a, const By& by) {
  constexpr double most = 4;  // the norm up to which the approximant is exact to the last digit of a long double
  const W norm = norm_of(a);
  const int halvings = norm > most ? static_cast<int>(std::ceil(std::log2(norm / most))) : 0;
  for (W& element : a.elements) element = std::ldexp(element, -halvings);
  Matrix<W> one(a.rows, a.rows);
  for (std::size_t i = 0; i < a.rows; ++i) one[i][i] = 1;
  const auto times = [&](const Matrix<W>& x, const Matrix<W>& y) { return product(x, y, by); };
  const Matrix<W> a2 = times(a, a), a4 = times(a2, a2), a6 = times(a2, a4);
  const Matrix<W> odd_top = times(a6, sum_of<W>({{1, &a6}, {16380, &a4}, {40840800, &a2}}));
  const Matrix<W> odd = times(a, sum_of<W>({{1, &odd_top},
                                            {33522128640, &a6},
                                            {10559470521600, &a4},
                                            {1187353796428800, &a2},
                                            {32382376266240000, &one}}));
  const Matrix<W> even_top = times(a6, sum_of<W>({{182, &a6}, {960960, &a4}, {1323241920, &a2}}));
  const Matrix<W> even = sum_of<W>({{1, &even_top},
                                    {670442572800, &a6},
                                    {129060195264000, &a4},
                                    {7771770303897600, &a2},
                                    {64764752532480000, &one}});
  Matrix<W> x = lu_of(sum_of<W>({{1, &even}, {-1, &odd}}), by).solve(sum_of<W>({{1, &even}, {1, &odd}}));
  for (int i = 0; i < halvings; ++i) x = times(x, x);
  return x;
}

void run_expm(const Node&, std::span<const Array> in, Array& out, const Host& host) {
  const Array a = contiguous(in[0]);
  each_matrix(a, Part::whole, large, host, [&]<class T>(std::size_t at, const auto& by) {
    auto m = matrix_of<T>(a, at, by);
    if (finite(m.elements.data(), m.rows, m.rows, Part::whole))
      m = exponential(std::move(m), by);
    else
      std::fill(m.elements.begin(), m.elements.end(), std::nan(""));
    put(m, mutable_data_as<T>(out), at);
  });
}

/// The derivative's adjoint at a is the derivative at a's transpose, which is a block of the exponential of
/// [a^T y_bar; 0 a^T] (Al-Mohy and Higham, 2009).
Gradients expm_pullback(const At& at) {
  const Tensor a = turned(at.x[0]), n = a.shape(-1);
  const Tensor above = croton::concatenate({a, at.y_bar}, -1),
               below = croton::concatenate({croton::zeros_like(a), a}, -1);
  const Tensor e = linalg::expm(croton::concatenate({above, below}, -2));
  return {e(ellipsis, croton::slice(n), croton::slice(n, none))};
}

std::vector<Sample> expm_samples() {
  return {{{{float64, {3, 3}}}, {}, {{-2, 2}}},
          {{{float32, {4, 4}}}, {}, {{-1, 1}}},
          {{{float64, {2, 2, 2}}}, {}},
          {{{float64, {1, 1}}}, {}},
          {{{float64, {0, 0}}}, {}},
          {{{float16, {2, 2}}}, {}, {{-1, 1}}}};
}

}  // namespace

constinit const Op expm{.name = "expm",
                        .doc = "The exponential of a square matrix (SciPy's linalg.expm).",
                        .type = expm_type,
                        .meaning = HostCall{.run = run_expm, .leading = HostCall::Leading::of_stack},
                        .pullback = expm_pullback,
                        .samples = expm_samples};

Family expm_ops() {
  static constexpr const Op* list[] = {&expm};
  return list;
}

}  // namespace croton::ops
