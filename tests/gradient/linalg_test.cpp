// Linear algebra: gradients against differences, also of larger matrices than an op's samples are, and its errors.
#include <cmath>

#include "catch.h"
#include "croton.h"
#include "differences.h"

using namespace croton;
using differences::disagreement;
using differences::numbers;
using differences::value;

namespace {

/// a a^T with a little more on the diagonal.
Tensor positive(const Tensor& a) { return dot(a, a.T()) + cast(arange(3)(all, newaxis) == arange(3), float64) * 0.5; }

Tensor weighted(const Tensor& t) { return sum(flatten(t) * (cast(arange(t.size()), float64) + 1)); }

}  // namespace

TEST_CASE("linear algebra has the gradients that differences give") {
  const Tensor a = dmatrix("a"), b = dmatrix("b"), v = dvector("v"), stack = tensor3("stack", float64);
  const std::vector<differences::Leaf> leaves{{a, numbers({3, 3}, -1, 1)},
                                              {b, numbers({3, 2}, -1, 1, 2)},
                                              {v, numbers({3}, -1, 1, 3)},
                                              {stack, numbers({2, 3, 3}, 1, 2, 4)}};
  const std::vector<std::pair<const char*, Tensor>> all_of = {
      {"cholesky", linalg::cholesky(positive(a))},
      {"cholesky of one triangle", linalg::cholesky(tril(positive(a)))},
      {"solve", linalg::solve(a, b)},
      {"solve for a vector", linalg::solve(a, v)},
      {"solve for a stack", linalg::solve(stack, b)},
      {"solve_triangular", linalg::solve_triangular(stack, b)},
      {"solve_triangular, lower", linalg::solve_triangular(stack, b, true)},
      {"solve_triangular, transposed", linalg::solve_triangular(stack, b, true, true)},
      {"inv", linalg::inv(a)},
      {"det", linalg::det(stack)},
      {"slogdet", linalg::slogdet(stack).logabsdet},
      {"matrix_power", linalg::matrix_power(a, 5)},
      {"matrix_power, negative", linalg::matrix_power(a, -2)},
      {"singular values", linalg::svd(stack).s},
      {"what singular vectors span", matmul(b, linalg::pinv(b))},
      {"products of singular vectors", linalg::svd(a).u * linalg::svd(a).vt.T()},
      {"eigenvalues", linalg::eigh(stack).values},
      {"squares of eigenvectors", square(linalg::eigh(a).vectors)},
      {"qr, q", linalg::qr(b).q},
      {"qr, r", linalg::qr(stack).r},
      {"qr of a wide matrix, q", linalg::qr(b.T()).q},
      {"qr of a wide matrix, r", linalg::qr(b.T()).r},
      {"qr, both", dot(linalg::qr(b).q, square(linalg::qr(b).r))},
      {"expm", linalg::expm(a)},
      {"expm of a stack", linalg::expm(stack * 3)},
      {"pinv", linalg::pinv(b)},
      {"lstsq", linalg::lstsq(b, v)},
      {"norm", linalg::norm(a, 0)},
      {"vector_norm", linalg::vector_norm(b, 3, 1)},
      {"matrix_norm", linalg::matrix_norm(a, 2)},
      {"matrix_norm of columns", linalg::matrix_norm(a, -1)},
      {"nuclear_norm", linalg::nuclear_norm(b)},
  };
  for (const auto& [name, t] : all_of) {
    INFO(name);
    CHECK(disagreement(weighted(t), leaves, 1e-4) == "");
  }
}

TEST_CASE("the second derivative of log(det) of a multiple is that of the logarithm") {
  const Tensor s = dscalar("s"), eye = cast(arange(3)(all, newaxis) == arange(3), float64);
  const Tensor y = linalg::slogdet(s * eye).logabsdet;  // 3 log(s)
  CHECK(value(grad(grad(y, s), s), {{s, Array::scalar(2.0)}}).item<double>() == Approx(-0.75));
}

TEST_CASE("the gradient of a norm at 0 is 0") {
  const Tensor x = dmatrix("x");
  for (const double order : {1., 1.5, 2., 3., HUGE_VAL}) {
    INFO(order);
    const Tensor y = linalg::vector_norm(x, order, 1);
    const std::vector<differences::Leaf> at{{x, Array{{0., 0.}, {3., 0.}}}};
    const Array slopes = value(grad(sum(y), x), at);
    CHECK(slopes.values<double>()[0] == 0);
    CHECK(slopes.values<double>()[1] == 0);
    CHECK(slopes.values<double>()[2] == Approx(1));
    CHECK(slopes.values<double>()[3] == 0);
    const Array norms = value(y, at);
    CHECK(norms.values<double>()[0] == 0);
    CHECK(norms.values<double>()[1] == Approx(3));
  }
}

TEST_CASE("singular matrices have singular vectors too") {
  const Tensor a = dmatrix("a");
  const auto [u, s, vt] = linalg::svd(a);
  for (const Array& at : {Array::zeros({3, 2}), Array{1., 2., 2., 4., 3., 6.}.reshape({3, 2}), Array::zeros({2, 3})}) {
    const std::vector<differences::Leaf> given{{a, at}};
    const Tensor eye = cast(arange(2)(all, newaxis) == arange(2), float64);
    for (const Tensor& off : {dot(u.T(), u) - eye, dot(vt, vt.T()) - eye, dot(u * s, vt) - a})
      CHECK(value(max(abs(off)), given).item<double>() < 1e-15);
  }
  CHECK(value(max(abs(linalg::pinv(a))), {{a, Array::zeros({3, 2})}}).item<double>() == 0);
}

TEST_CASE("linear algebra names what it cannot do") {
  const Tensor a = dmatrix("a"), v = dvector("v"), wide = tensor("wide", float64, {2, 3}),
               two = tensor("two", float64, {2, 2}), stack = tensor3("stack", float64);
  CHECK_THROWS_WITH(linalg::inv(v), Catch::Contains("inv: a matrix is needed, v is float64[?]"));
  CHECK_THROWS_WITH(linalg::det(wide), Catch::Contains("det: a square matrix is needed, wide is float64[2, 3]"));
  CHECK_THROWS_AS(linalg::solve(two, tensor("three", float64, {3})), ShapeError);
  CHECK_THROWS_AS(linalg::solve(a, dscalar("s")), ShapeError);
  CHECK_THROWS_AS(linalg::cholesky(Tensor()), GraphError);
  CHECK_THROWS_AS(linalg::svd(v), ShapeError);
  CHECK_THROWS_AS(linalg::eigh(wide), ShapeError);
  CHECK_THROWS_WITH(linalg::qr(v), Catch::Contains("qr: a matrix is needed, v is float64[?]"));
  CHECK_THROWS_WITH(linalg::expm(wide), Catch::Contains("expm: a square matrix is needed, wide is float64[2, 3]"));
  CHECK_THROWS_AS(linalg::matrix_norm(a, 3), ShapeError);
  CHECK_THROWS_AS(linalg::norm(Tensor()), GraphError);
  const Array singular = Array{1., 2., 2., 4.}.reshape({2, 2});
  CHECK_THROWS_WITH(value(linalg::inv(a), {{a, singular}}), Catch::Contains("inv: a float64[2, 2] is singular"));
  CHECK_THROWS_WITH(value(grad(sum(linalg::qr(a).q), a), {{a, Array{1., 2., 0., 0.}.reshape({2, 2})}}),
                    Catch::Contains("qr: ") && Catch::Contains(" is singular"));
  CHECK_THROWS_WITH(
      value(linalg::cholesky(a), {{a, singular}}),
      Catch::Contains("cholesky: a float64[2, 2] is not positive definite: its first 2 rows and columns are not"));
  CHECK_THROWS_WITH(value(linalg::solve_triangular(stack, v), {{stack, Array::zeros({1, 2, 2})}, {v, Array{1., 2.}}}),
                    Catch::Contains("matrix 0 of stack float64[1, 2, 2] is singular: element 0 of its diagonal is 0"));
  const auto [sign, logabsdet] = linalg::slogdet(a);
  CHECK(value(sign, {{a, singular}}).item<double>() == 0);
  CHECK(value(logabsdet, {{a, singular}}).item<double>() == -HUGE_VAL);
}
