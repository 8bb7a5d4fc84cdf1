// The incomplete gamma and beta functions as a program calls them: broadcasting, dtypes, gradients, what is refused.
#include <cmath>

#include "catch.h"
#include "croton.h"
#include "differences.h"

using namespace croton;
using differences::disagreement;
using differences::numbers;
using differences::value;

TEST_CASE("incomplete functions broadcast, take integers, and keep their dtype") {
  const Tensor a = tensor("a", int32, {3, 1}), x = tensor("x", float64, {4});
  const Array whole = Array{1, 2, 3}.reshape({3, 1}), at = {0.5, 1., 2., 8.};
  const Array p = value(gammainc(a, x), {{a, whole}, {x, at}}), q = value(gammaincc(a, x), {{a, whole}, {x, at}});
  REQUIRE(p.shape() == Extents{3, 4});
  for (Index j = 0; j < 4; ++j) {
    const double t = at.at<double>(j), e = std::exp(-t);  // Erlang's
    CHECK(q.at<double>(0, j) == Approx(e).epsilon(1e-15));
    CHECK(q.at<double>(1, j) == Approx(e * (1 + t)).epsilon(4e-15));
    CHECK(q.at<double>(2, j) == Approx(e * (1 + t + t * t / 2)).epsilon(4e-15));
    CHECK(p.at<double>(2, j) + q.at<double>(2, j) == Approx(1).epsilon(4e-15));
  }
  CHECK(gammainc(2, tensor("y", float32, {4})).dtype() == float32);
  CHECK(betainc(1, 2, tensor("y", int64, {4})).dtype() == float64);
  const Tensor k = dvector("k");
  CHECK(value(chi2sf(2, k), {{k, Array{2., 4.}}}).at<double>(1) == Approx(2 * std::exp(-1.)).epsilon(4e-15));
  CHECK(value(betainc(2, 3, k), {{k, Array{0.5}}}).at<double>(0) == Approx(0.6875).epsilon(4e-15));
}

TEST_CASE("incomplete functions have the gradients with respect to x that differences give") {
  const Tensor x = dvector("x");
  for (const double a : {0.02, 1., 3.5, 200., 3000.}) {
    const Array at = numbers({6}, a > 100 ? 0.95 * a : 0.2, a > 100 ? 1.05 * a : 9);
    INFO(a);
    CHECK(disagreement(sum(gammainc(a, x) * (1 + x / (1 + a))), {{x, at}}, 1e-5) == "");
    CHECK(disagreement(sum(gammaincc(a, x) * (1 + x / (1 + a))), {{x, at}}, 1e-5) == "");
    CHECK(disagreement(sum(betainc(a, 2.5, x) * (1 + x)), {{x, numbers({6}, 0.1, 0.9, 2)}}, 1e-5) == "");
  }
  CHECK(disagreement(sum(grad(sum(gammainc(2.5, x)), x)), {{x, numbers({6}, 0.5, 4)}}, 1e-5) == "");
}

TEST_CASE("the gradient of gammainc is its limit at 0 and at infinity") {
  const Tensor x = dvector("x");
  const auto slope = [&](double a, double at) {
    return value(grad(sum(gammainc(a, x)), x), {{x, Array{at}}}).at<double>(0);
  };
  CHECK(slope(2, 0) == 0);
  CHECK(slope(1, 0) == 1);
  CHECK(slope(0.5, 0) == HUGE_VAL);
  CHECK(slope(2, HUGE_VAL) == 0);
}

TEST_CASE("a gradient with respect to a parameter of an incomplete function is refused, one that is left out is not") {
  const Tensor a = dvector("a"), x = dvector("x");
  const std::string text =
      "grad: gammainc has no gradient with respect to a; it has one with respect to its last argument, x. To leave "
      "this "
      "one out: disconnected_grad(a), or {.consider_constant = {a}}";
  const Tensor cost = sum(gammainc(a, x));
  CHECK_THROWS_WITH(grad(cost, a), Catch::Contains(text));
  CHECK_THROWS_AS(grad(cost, {x, a}), GraphError);
  CHECK_THROWS_AS(grad(sum(betainc(2, exp(a), x)), a), GraphError);
  CHECK_NOTHROW(grad(cost, x));
  CHECK_NOTHROW(grad(sum(gammainc(disconnected_grad(a), x) * a), a));
}
