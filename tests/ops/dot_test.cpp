// Products: what does not fit, and how the error says so.
#include "catch.h"
#include "croton/ops.h"
#include "croton/shared.h"
#include "graph/node.h"
#include "ops/evaluate.h"

using namespace croton;

namespace {

template <class F>
std::string error_of(F f) {
  try {
    f();
  } catch (const ShapeError& e) { return e.what(); }
  return "";
}

Tensor shared_leaf(std::string_view name, const Shape& shape, int line, DType d = float32) {
  return make_shared({d, shape}, nullptr, name, {"moons.cpp", line, ""});
}
constexpr Where here{"moons.cpp", 21, ""};

}  // namespace

TEST_CASE("dot of sizes that differ names both operands, their axes and their origin") {
  const Tensor x = shared_leaf("X", {5000, 2}, 15), w = shared_leaf("W1", {3, 1000}, 17);
  CHECK(error_of([&] { dot(x, w, here); }) ==
        "moons.cpp:21: dot(X, W1): inner sizes differ: X is float32[5000, 2], W1 is float32[3, 1000]; axis 1 of X has "
        "2, axis 0 of "
        "W1 has 3\n"
        "  X   shared, moons.cpp:15\n"
        "  W1  shared, moons.cpp:17");
}

TEST_CASE("dot asks whether a matrix was meant transposed, but only where that fits") {
  const Tensor x = shared_leaf("X", {5000, 2}, 15), w = shared_leaf("W1", {1000, 2}, 17);
  CHECK(error_of([&] { dot(x, w, here); }).ends_with("\n  did you mean dot(X, W1.T())?"));
  const Tensor v = shared_leaf("V", {5000, 3}, 17);
  CHECK(error_of([&] { dot(x, v, here); }).ends_with("\n  did you mean dot(X.T(), V)?"));
  const Tensor u = shared_leaf("U", {7, 5000}, 17);
  CHECK(error_of([&] { dot(x, u, here); }).ends_with("\n  did you mean dot(U, X)?"));
  CHECK(error_of([&] { dot(x, shared_leaf("W", {3}, 1), here); }).find("did you mean") == std::string::npos);
}

TEST_CASE("dot shows operands of other types as the user wrote them") {
  const Tensor x = shared_leaf("X", {4, 2}, 15), w = shared_leaf("W", {3, 5}, 17, int32);
  CHECK(error_of([&] { dot(x, w, here); }).find("X is float32[4, 2], W is int32[3, 5]") != std::string::npos);
}

TEST_CASE("sizes that are unknown in the graph are checked when it runs, with the same text") {
  const Tensor x = dmatrix("x"), y = dmatrix("y");
  const Tensor z = dot(x, y);
  const ops::Values leaves{{x.node(), Array::zeros({2, 3})}, {y.node(), Array::zeros({4, 5})}};
  CHECK(error_of([&] {
          ops::evaluate({&z, 1}, leaves);
        }).find("inner sizes differ: x is float64[2, 3], y is float64[4, 5]") != std::string::npos);
}

TEST_CASE("matmul refuses scalars, dot multiplies by them") {
  const Tensor s = dscalar("s"), x = dmatrix("x");
  CHECK_THROWS_AS(matmul(s, x), ShapeError);
  CHECK(dot(s, x).ndim() == 2);
}

TEST_CASE("the dtype of a product is the operands' promotion") {
  CHECK(dot(fmatrix(), dmatrix()).dtype() == float64);
  CHECK(dot(fmatrix(), imatrix()).dtype() == float32);
  CHECK(dot(imatrix(), lmatrix()).dtype() == int64);
}
