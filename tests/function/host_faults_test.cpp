// What steps on the host refuse when they run: the operation, its operand and the line of the user's program, in every
// mode.
#include <fmt/format.h>

#include "message.h"

namespace croton {
namespace {

/// What a call of the function of x says, where the host refuses it: the same in every mode.
template <class E = Error>
std::string refused(const Tensor& x, const Tensor& y, const Array& given) {
  std::string first;
  for (const std::string& mode : std::vector<std::string>{"mode=FAST_RUN", "mode=FAST_COMPILE", on_gpu()}) {
    INFO(mode);
    const ScopedConfig scope{mode};
    const Function f = function(x, y);
    std::string text;
    try {
      f(given);
    } catch (const E& e) { text = e.what(); }
    if (first.empty()) first = text;
    CHECK(text == first);
  }
  return first;
}

Array matrix_of_ones(const Extents& shape) { return Array::full(shape, 1.0); }

}  // namespace

TEST_CASE("linear algebra on a matrix that it cannot take names the matrix and where it was asked for") {
  const Tensor a = dmatrix("a"), stack = tensor3("stack", float64);
  const int line = __LINE__ + 1;
  const Tensor lower = linalg::cholesky(a);
  CHECK(refused(a, lower, matrix_of_ones({2, 2})) ==
        fmt::format("host_faults_test.cpp:{}: cholesky: a float64[2, 2] is not positive definite: its first 2 rows and "
                    "columns are not",
                    line));
  CHECK(without_lines(refused(stack, linalg::inv(stack), matrix_of_ones({1, 2, 2}))) ==
        "HERE: inv: matrix 0 of stack float64[1, 2, 2] is singular");
  CHECK(without_lines(refused(a, linalg::solve_triangular(a, a), Array::zeros({2, 2}))) ==
        "HERE: solve_triangular: a float64[2, 2] is singular: element 0 of its diagonal is 0");
}

TEST_CASE("the gradient of a determinant names where the determinant was asked for") {
  const Tensor a = dmatrix("a");
  const int line = __LINE__ + 1;
  const Tensor d = linalg::det(a);
  CHECK(refused(a, grad(d, a), matrix_of_ones({2, 2})) ==
        fmt::format("host_faults_test.cpp:{}: det: a float64[2, 2] is singular", line));
}

TEST_CASE("bincount of a negative number names the vector and where it was asked for") {
  const Tensor i = lvector("i");
  CHECK(without_lines(refused<IndexError>(i, bincount(i), Array(std::vector<Index>{0, -1}))) ==
        "HERE: bincount: element 1 of i is -1; what is counted is not negative");
}

TEST_CASE("what a forward of one's own makes, and is not what was said, names where it was applied") {
  static const CustomOp other_shape{.name = "other_shape", .forward = [](std::span<const Array>, std::span<Array> out) {
                                      out[0] = Array::zeros({3});
                                    }};
  static const CustomOp other_dtype{.name = "other_dtype", .forward = [](std::span<const Array>, std::span<Array> out) {
                                      out[0] = Array::zeros({2}, float32);
                                    }};
  const Tensor x = dvector("x");
  CHECK(without_lines(refused<ShapeError>(x, apply(other_shape, {x}), Array{1., 2.})) ==
        "HERE: other_shape: forward made float64[3], its shape is [2]");
  CHECK(without_lines(refused<DTypeError>(x, apply(other_dtype, {x}), Array{1., 2.})) ==
        "HERE: other_dtype: forward made float32[2], its dtype is float64");
}

}  // namespace croton
