// Factors of matrices are not unique; what must hold of them is.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "array/access.h"
#include "compare.h"

using croton::Array;
using croton::Index;
using nlohmann::json;

namespace golden {
namespace {

struct Matrix {
  Index rows, columns;
  std::function<double(Index, Index)> at;
};

Matrix matrix(const Array& a) {
  const Index columns = a.shape(1);
  return {a.shape(0), columns, [a, columns](Index i, Index j) { return croton::get(a, i * columns + j); }};
}
Matrix transposed(const Matrix& m) {
  return {m.columns, m.rows, [m](Index i, Index j) { return m.at(j, i); }};
}
/// Column j times element j.
Matrix scaled(const Matrix& m, const Array& by) {
  return {m.rows, m.columns, [m, by](Index i, Index j) { return m.at(i, j) * croton::get(by, j); }};
}
Matrix product(const Matrix& a, const Matrix& b) {
  return {a.rows, b.columns, [a, b](Index i, Index j) {
            double total = 0;
            for (Index k = 0; k < a.columns; ++k) total += a.at(i, k) * b.at(k, j);
            return total;
          }};
}
Matrix identity(Index n) {
  return {n, n, [](Index i, Index j) { return i == j ? 1.0 : 0.0; }};
}

bool equal(const Matrix& a, const Matrix& b, double bound) {
  if (a.rows != b.rows || a.columns != b.columns) return false;
  for (Index i = 0; i < a.rows; ++i)
    for (Index j = 0; j < a.columns; ++j)
      if (!(std::fabs(a.at(i, j) - b.at(i, j)) <= bound)) return false;
  return true;
}

bool is_upper(const Matrix& m, double bound) {
  for (Index i = 0; i < m.rows; ++i)
    for (Index j = 0; j < std::min(i, m.columns); ++j)
      if (!(std::fabs(m.at(i, j)) <= bound)) return false;
  return true;
}

/// The values are in order (`sign` 1: rising), and those expected.
bool in_order(const Array& got, const Array& want, double sign, const json& tol) {
  for (Index i = 1; i < got.size(); ++i)
    if (sign * (croton::get(got, i) - croton::get(got, i - 1)) < 0) return false;
  return difference(got, want, tol.at("values")).empty();
}

}  // namespace

std::string broken_property(const std::vector<Array>& got, const std::vector<Array>& want, const Array& of,
                            const json& tol) {
  for (std::size_t k = 0; k < want.size(); ++k)
    if (got[k].dtype() != want[k].dtype() || got[k].shape() != want[k].shape())
      return fmt::format("result {}: got {}, expected {}", k, croton::type_text(got[k]), croton::type_text(want[k]));
  const double bound = tol.at("bound");
  const Matrix a = matrix(of);
  const auto out = [&](std::size_t k) { return matrix(got[k]); };
  const auto orthogonal = [&](const Matrix& m) { return equal(product(m, transposed(m)), identity(m.rows), bound); };
  const std::map<std::string, std::function<bool()>> properties{
      {"out_0 ascending and close", [&] { return in_order(got[0], want[0], 1, tol); }},
      {"out_1 descending and close", [&] { return in_order(got[1], want[1], -1, tol); }},
      {"out_0 * out_1 @ out_2 = a", [&] { return equal(product(scaled(out(0), got[1]), out(2)), a, bound); }},
      {"out_0 @ out_1 = a", [&] { return equal(product(out(0), out(1)), a, bound); }},
      {"out_1 upper triangular", [&] { return is_upper(out(1), bound); }},
      {"a @ out_1 = out_1 * out_0", [&] { return equal(product(a, out(1)), scaled(out(1), got[0]), bound); }},
      {"out_0.T @ out_0 = I", [&] { return orthogonal(transposed(out(0))); }},
      {"out_1.T @ out_1 = I", [&] { return orthogonal(transposed(out(1))); }},
      {"out_2 @ out_2.T = I", [&] { return orthogonal(out(2)); }},
  };
  for (const std::string check : tol.at("checks"))
    if (!properties.at(check)()) return "it does not hold that " + check;
  return "";
}

}  // namespace golden
