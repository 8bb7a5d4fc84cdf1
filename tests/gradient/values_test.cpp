// Gradients as numbers: networks, kinks, saturation, second derivatives.
#include "catch.h"
#include "croton/ops.h"
#include "differences.h"

using namespace croton;
using namespace differences;

namespace {

Array derivative(const Tensor& cost, const Tensor& x, const Array& at) { return value(grad(cost, x), {{x, at}}); }

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

bool is_finite(const Array& a) {
  for (const double v : a.values<double>())
    if (!std::isfinite(v)) return false;
  return true;
}

}  // namespace

TEST_CASE("the tutorial's loss has the gradients that differences show") {
  const Tensor x = dmatrix("X"), w1 = dmatrix("W1"), b1 = dvector("b1"), w2 = dmatrix("W2"), b2 = dvector("b2");
  const Tensor y = lvector("y");
  const Tensor p = softmax(dot(tanh(dot(x, w1) + b1), w2) + b2);
  const Tensor loss = mean(categorical_crossentropy(p, y)) + 0.01 / 2 / 5 * (sum(sqr(w1)) + sum(sqr(w2)));
  const std::vector<Leaf> leaves{{x, numbers({5, 2})},         {w1, numbers({2, 4}, -1, 1, 2)},
                                 {b1, numbers({4}, -1, 1, 3)}, {w2, numbers({4, 2}, -1, 1, 4)},
                                 {b2, numbers({2}, -1, 1, 5)}, {y, Array(std::vector<Index>{0, 1, 1, 0, 1})}};
  CHECK(disagreement(loss, leaves) == "");
}

TEST_CASE("indexing, joining and reshaping have the gradients that differences show") {
  const Tensor x = dmatrix("x"), y = dmatrix("y"), i = lvector("i"), k = lscalar("k");
  const std::vector<Leaf> leaves{{x, numbers({3, 4})},
                                 {y, numbers({3, 4}, -1, 1, 9)},
                                 {i, Array(std::vector<Index>{2, 0, 2})},
                                 {k, Array(Index{1})}};
  const Tensor zoo[] = {
      sum(exp(x[i]) * y),
      sum(exp(x(all, i)) * y(all, slice(3))),
      sum(exp(x(slice(none, none, -2), slice(k, none))) * y(slice(2), slice(1, none))),
      sum(exp(x(i, i)) * y(0, slice(1, none))),
      sum(exp(x(k, newaxis, ellipsis)) * y),
      sum(exp(set_subtensor(x[i], y * 2))),
      sum(exp(inc_subtensor(x[i], y * 2))),
      sum(exp(set_subtensor(x(all, slice(1, 3)), y(all, slice(0, 4, 2))))),
      sum(exp(inc_subtensor(x(k, all), y(0)))),
      sum(exp(concatenate({x, y[0](newaxis, all), x}, 0)) * 2),
      sum(exp(stack({x, y}, 1)) * stack({y, x}, 1)),
      sum(exp(reshape(x, {2, -1})) * reshape(y, {2, 6})),
      sum(exp(flip(x.T(), 0)) * y.T()),
      sum(exp(take(x, i, 1)) * take(y, i, 1)),
  };
  for (std::size_t n = 0; n < std::size(zoo); ++n) {
    INFO("cost " << n);
    CHECK(disagreement(zoo[n], leaves) == "");
  }
}

TEST_CASE("products have the gradients that differences show") {
  const Tensor a = tensor("a", float64, {2, 1, 3, 4}), b = tensor("b", float64, {5, 4, 2}), c = dvector("c");
  const std::vector<Leaf> leaves{
      {a, numbers({2, 1, 3, 4})}, {b, numbers({5, 4, 2}, -1, 1, 2)}, {c, numbers({4}, -1, 1, 3)}};
  CHECK(disagreement(sum(exp(matmul(a, b))), leaves) == "");
  CHECK(disagreement(sum(exp(dot(a, c))) + sum(exp(matmul(c, b))), leaves) == "");
  CHECK(disagreement(sum(exp(tensordot(a, b, {3}, {1}))), leaves) == "");
  CHECK(disagreement(sum(exp(outer(c, c))) + dot(c, c), leaves) == "");
}

TEST_CASE("a crossentropy of a softmax has a finite, right gradient at saturated logits") {
  const Tensor z = dmatrix("z"), t = dmatrix("t"), y = lvector("y");
  const std::vector<Leaf> leaves{{z, Array{{1000., -1000., 0.}, {-800., 800., 0.}}},
                                 {t, Array{{0., 1., 0.}, {0., 1., 0.}}},
                                 {y, Array(std::vector<Index>{1, 1})}};
  const Tensor p = softmax(z);
  const Array want{{1., -1., 0.}, {0., 0., 0.}};
  const Tensor rows = arange(y.shape(0));
  const Tensor costs[] = {
      sum(categorical_crossentropy(p, y)),
      sum(categorical_crossentropy(p, t)),
      -sum(log(p)(rows, y)),
      -sum(log(p(rows, y))),
      -sum(t * log(p)),
      -sum(log_softmax(z)(rows, y)),
      2 * mean(categorical_crossentropy(p, y)),
  };
  for (std::size_t n = 0; n < std::size(costs); ++n) {
    INFO("cost " << n);
    CHECK(array_equal(value(grad(costs[n], z), leaves), want));
  }
  const Array both = value(grad(costs[0] + sum(p * p), z), leaves);
  CHECK(is_finite(both));
  CHECK(array_equal(both, want));
}

TEST_CASE("crossentropies of a softmax and of a sigmoid expand to what is finite at saturated logits") {
  const Tensor z = dmatrix("z"), y = lvector("y"), t = dmatrix("t");
  const std::vector<Leaf> leaves{
      {z, Array{{1000., -1000., 0.}}}, {y, Array(std::vector<Index>{1})}, {t, Array{{0., 1., 1.}}}};
  const auto expanded = [](const Tensor& c) {
    return meaning<Expansion>(c)->expand({node(c).params, node(c).inputs, c, Tensor()});
  };
  CHECK(value(expanded(categorical_crossentropy(softmax(z), y)), leaves).at<double>(0) == 2000);
  CHECK(value(expanded(categorical_crossentropy(softmax(z), t)), leaves).at<double>(0) == 3000);
  CHECK(value(expanded(binary_crossentropy(sigmoid(z), t)), leaves).at<double>(0, 1) == 1000);
}

TEST_CASE("a class that is not there is an IndexError") {
  const Tensor p = dmatrix("p"), y = lvector("y");
  const std::vector<Leaf> leaves{{p, Array{{0.5, 0.5}}}, {y, Array(std::vector<Index>{2})}};
  CHECK_THROWS_AS(value(categorical_crossentropy(p, y), leaves), IndexError);
}

TEST_CASE("at kinks a gradient is a finite subgradient") {
  const Tensor x = dvector("x");
  CHECK(array_equal(derivative(sum(relu(x)), x, Array{-1., 0., 1.}), Array{0., 0., 1.}));
  CHECK(array_equal(derivative(sum(abs(x)), x, Array{-1., 0., 1.}), Array{-1., 0., 1.}));
  CHECK(array_equal(derivative(sum(maximum(x, 0)), x, Array{-1., 0., 1.}), Array{0., 0.5, 1.}));
  CHECK(array_equal(derivative(max(x), x, Array{2., 1., 2.}), Array{0.5, 0., 0.5}));
  CHECK(array_equal(derivative(sum(clip(x, 0, 1)), x, Array{-1., 0., 0.5, 1., 2.}), Array{0., 1., 1., 1., 0.}));
  CHECK(array_equal(derivative(sqrt(sum(x * x)), x, Array{0., 0.}), Array{0., 0.}));
  CHECK(array_equal(derivative(sum(sqrt(sum(square(x(newaxis, all)), 1, keepdims))), x, Array{0., 4.}), Array{0., 1.}));
  CHECK(array_equal(derivative(prod(x), x, Array{2., 0., 3.}), Array{0., 6., 0.}));
  CHECK(array_equal(derivative(prod(x), x, Array{0., 0., 3.}), Array{0., 0., 0.}));
}

TEST_CASE("where masks the branch that was not taken") {
  const Tensor x = dvector("x");
  CHECK(array_equal(derivative(sum(where(x > 0, log(x), 0)), x, Array{0., -1., 2.}), Array{0., 0., 0.5}));
  CHECK(array_equal(derivative(sum(where(x > 0, sqrt(x), x)), x, Array{0., -1., 4.}), Array{1., 1., 0.25}));
  CHECK(array_equal(derivative(sum(where(isnan(x), 0, 2 * x)), x, Array{not_a_number, inf, 4.}), Array{0., 2., 2.}));
}

TEST_CASE("where an index is written twice, the last value has the gradient") {
  const Tensor x = dvector("x"), v = dvector("v"), i = lvector("i");
  const std::vector<Leaf> leaves{
      {x, Array{1., 2., 3.}}, {v, Array{4., 5., 6.}}, {i, Array(std::vector<Index>{1, 0, 1})}};
  const Tensor cost = sum(set_subtensor(x[i], v) * constant(Array{1., 10., 100.}));
  CHECK(array_equal(value(grad(cost, v), leaves), Array{0., 1., 10.}));
  CHECK(array_equal(value(grad(cost, x), leaves), Array{0., 0., 100.}));
}

TEST_CASE("second derivatives agree with differences of the first") {
  const Tensor x = dvector("x"), y = dvector("y");
  const std::vector<Leaf> leaves{{x, numbers({4}, 0.5, 2)}, {y, numbers({4}, 0.5, 2, 3)}};
  const Tensor costs[] = {
      sum(x * log(y) + tanh(x * y)),           sum(sqrt(x) / y), sum(softmax(x) * y),    sum(x * x) * prod(y),
      categorical_crossentropy(softmax(x), y), logsumexp(x * y), sum(pow(x, y)) + max(x)};
  for (std::size_t n = 0; n < std::size(costs); ++n) {
    INFO("cost " << n);
    GradOptions zeros{.disconnected_inputs = Disconnected::ignore};
    CHECK(disagreement(sum(grad(costs[n], x, zeros) * y), leaves, 1e-5) == "");
  }
}

TEST_CASE("a mixed second derivative is right where the first is zero") {
  const Tensor x = dscalar("x"), y = dscalar("y");
  const Tensor mixed = grad(grad(x * log(y), y), x);
  CHECK(value(mixed, {{x, Array(0.0)}, {y, Array(2.0)}}).item<double>() == 0.5);
}

TEST_CASE("a direction of another shape is refused: it would broadcast") {
  const Tensor x = tensor("x", float64, {2, 3}), w = tensor("w", float64, {3, 4}), v = dvector("v");
  const Tensor y = dot(x, w), four = tensor("four", float64, {4, 4});
  CHECK_THROWS_WITH(Rop(y, w, v), Catch::Contains("Rop: v is v, float64[?]; it needs the shape of w (") &&
                                      Catch::EndsWith("float64[3, 4]"));
  CHECK_THROWS_AS(Rop(y, w, four), ShapeError);
  CHECK_THROWS_AS(Lop(y, w, v), ShapeError);
  CHECK_THROWS_AS(Lop(y, w, four), ShapeError);
  CHECK_THROWS_AS(hessian_vector_product(sum(y * y), w, v), ShapeError);
  CHECK_THROWS_AS(Lop(y, w, Tensor()), GraphError);
  CHECK(Rop(y, w, w).ndim() == 2);
}

TEST_CASE("Rop, Lop and products with the Hessian agree with differences along a direction") {
  const Tensor x = dvector("x"), v = dvector("v"), e = dscalar("e");
  const std::vector<Leaf> leaves{{x, numbers({4}, 0.5, 2)}, {v, numbers({4}, -1, 1, 3)}, {e, Array(0.0)}};
  const auto f = [](const Tensor& t) { return concatenate({softmax(t) * log(t), t[slice(2)] * sum(t * t)}); };
  const auto along = [&](const Tensor& at_e) {
    std::vector<Leaf> up = leaves, down = leaves;
    up[2].value = Array(1e-5), down[2].value = Array(-1e-5);
    const Array a = value(at_e, up), b = value(at_e, down);
    std::vector<double> d;
    for (Index i = 0; i < a.size(); ++i) d.push_back((get(a, i) - get(b, i)) / 2e-5);
    return d;
  };
  const auto same_numbers = [](const Array& a, const std::vector<double>& b) {
    REQUIRE(a.size() == static_cast<Index>(b.size()));
    for (Index i = 0; i < a.size(); ++i) CHECK(get(a, i) == Approx(b[static_cast<std::size_t>(i)]).epsilon(1e-6));
  };
  same_numbers(value(Rop(f(x), x, v), leaves), along(f(x + e * v)));
  const Tensor moved_x = x + e * v;
  same_numbers(value(hessian_vector_product(sum(exp(f(x))), x, v), leaves), along(grad(sum(exp(f(moved_x))), moved_x)));
}
