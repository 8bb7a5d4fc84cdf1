// Gradients where the expression as written overflows, cancels or is NaN: finite and right as they are, and after every
// list of passes.
#include <algorithm>
#include <cmath>

#include "array/access.h"
#include "catch.h"
#include "croton/gradient.h"
#include "graph/walk.h"
#include "ops/evaluate.h"
#include "ops/registry.h"
#include "rewrite/passes.h"

using namespace croton;

namespace {

struct Row {
  const char* what;
  Tensor (*expression)(const Tensor&);
  double at;
  double slope;
};

const Row rows[] = {
    {"log(1+exp x)", [](const Tensor& x) { return log(1 + exp(x)); }, 1000, 1},
    {"log1p(exp x)", [](const Tensor& x) { return log1p(exp(x)); }, 1000, 1},
    {"log(exp(x)-1)", [](const Tensor& x) { return log(exp(x) - 1); }, 1000, 1},
    {"log(1-exp x)", [](const Tensor& x) { return log(1 - exp(x)); }, -1e-20, -1e20},
    {"1/(1+exp -x)", [](const Tensor& x) { return 1 / (1 + exp(-x)); }, -1000, 0},
    {"1/(1+exp x)", [](const Tensor& x) { return 1 / (1 + exp(x)); }, 1000, 0},
    {"1/(exp x+1)", [](const Tensor& x) { return 1 / (exp(x) + 1); }, 1000, 0},
    {"reciprocal(1+exp -x)", [](const Tensor& x) { return reciprocal(1 + exp(-x)); }, -1000, 0},
    {"exp x/(1+exp x)", [](const Tensor& x) { return exp(x) / (1 + exp(x)); }, 1000, 0},
    {"tanh", [](const Tensor& x) { return (exp(x) - exp(-x)) / (exp(x) + exp(-x)); }, 1000, 0},
    {"(exp x-1)/(exp x+1)", [](const Tensor& x) { return (exp(x) - 1) / (exp(x) + 1); }, 2000, 0},
    {"log(1/(1+exp -x))", [](const Tensor& x) { return log(1 / (1 + exp(-x))); }, -1000, 1},
    {"log(1-1/(1+exp -x))", [](const Tensor& x) { return log(1 - 1 / (1 + exp(-x))); }, 1000, -1},
    {"log(sigmoid x)", [](const Tensor& x) { return log(sigmoid(x)); }, -1000, 1},
    {"log(1-sigmoid x)", [](const Tensor& x) { return log(1 - sigmoid(x)); }, 1000, -1},
    {"log1p(-sigmoid x)", [](const Tensor& x) { return log1p(-sigmoid(x)); }, 1000, -1},
    {"logit(sigmoid x)", [](const Tensor& x) { return log(sigmoid(x) / (1 - sigmoid(x))); }, 1000, 1},
    {"log(exp x)", [](const Tensor& x) { return log(exp(x)); }, -1000, 1},
    {"log(erfc x)", [](const Tensor& x) { return log(erfc(x)); }, 40, -80.0249843993577727},
    {"log(1-erf x)", [](const Tensor& x) { return log(1 - erf(x)); }, 40, -80.0249843993577727},
    {"log(exp x + exp x')", [](const Tensor& x) { return log(exp(x) + exp(x + 0.0)); }, 1000, 1},
    {"log(exp(x+1)-exp x)", [](const Tensor& x) { return log(exp(x + 1) - exp(x)); }, 1000, 1},
    {"log(sum(exp))", [](const Tensor& x) { return log(sum(exp(expand_dims(x, 0) + zeros({2})))); }, 1000, 1},
    {"bce(sigmoid x, 1)", [](const Tensor& x) { return binary_crossentropy(sigmoid(x), Tensor(1.0)); }, -1000, -1},
    {"bce(sigmoid x, 0)", [](const Tensor& x) { return binary_crossentropy(sigmoid(x), Tensor(0.0)); }, 1000, 1},
};

/// The value as the graph stands, and after the passes of each mode.
std::vector<Array> in_every_mode(const Tensor& t, const ops::Values& leaves) {
  std::vector<Array> out{ops::evaluate({&t, 1}, leaves)[0]};
  for (const bool quick : {false, true})
    out.push_back(ops::evaluate(rewrite::run({&t, 1}, {.stabilize_only = quick, .check = true}), leaves)[0]);
  return out;
}

void check_gradient(const Tensor& cost, const Tensor& wrt, const ops::Values& leaves, const Array& expected) {
  for (const Array& g : in_every_mode(grad(cost, wrt), leaves)) {
    REQUIRE(g.shape() == expected.shape());
    for (Index i = 0; i < g.size(); ++i) CHECK(get(g, i) == Approx(get(expected, i)).epsilon(1e-12).margin(1e-300));
  }
}

}  // namespace

TEST_CASE("slopes are finite and right where those of the parts are not") {
  const Tensor x = scalar("x", float64);
  for (const Row& row : rows) {
    INFO(row.what);
    const Tensor y = row.expression(x);
    check_gradient(y.ndim() == 0 ? y : sum(y), x, {{x.node(), Array(row.at)}}, Array(row.slope));
  }
}

TEST_CASE("the gradient of the logarithm of a softmax is finite, however its element is reached") {
  const Tensor v = vector("v", float64), z = matrix("z", float64), t = lvector("t");
  const ops::Values at{{v.node(), Array{1000.0, 0.0}}};
  check_gradient(-log(softmax(v))[1], v, at, Array{1.0, -1.0});
  check_gradient(-log(softmax(v)[1]), v, at, Array{1.0, -1.0});
  check_gradient(-log((exp(v) / sum(exp(v)))[1]), v, at, Array{1.0, -1.0});
  const ops::Values rows{{z.node(), Array{{1000.0, 0.0}, {0.0, 1000.0}}}, {t.node(), Array{Index{1}, Index{1}}}};
  const Array expected{{0.5, -0.5}, {0.0, 0.0}};
  check_gradient(-mean(log(softmax(z))(arange(z.shape(0)), t)), z, rows, expected);
  check_gradient(-mean(log(softmax(z)(arange(z.shape(0)), t))), z, rows, expected);
  check_gradient(mean(categorical_crossentropy(softmax(z), t)), z, rows, expected);
}

TEST_CASE("a softmax that is also a wrt, or constant, stays what it is") {
  const Tensor v = vector("v", float64), p = softmax(v), cost = -log(p)[0];
  const ops::Values at{{v.node(), Array{0.0, 0.0}}};
  const auto [to_p, to_v] = grad(cost, {p, v});
  CHECK(get(ops::evaluate({&to_p, 1}, at)[0], 0) == Approx(-2));
  CHECK(get(ops::evaluate({&to_v, 1}, at)[0], 0) == Approx(-0.5));
  const Tensor none = grad(cost + sum(v), v, {.consider_constant = {p}});
  CHECK(get(ops::evaluate({&none, 1}, at)[0], 0) == 1);
}

TEST_CASE("a vector-Jacobian product and a second derivative are taken of the stable expression") {
  const Tensor v = vector("v", float64), w = vector("w", float64);
  const Tensor product = Lop(log(softmax(v)), v, w);
  const ops::Values at{{v.node(), Array{1000.0, 0.0}}, {w.node(), Array{0.0, 1.0}}};
  for (const Array& g : in_every_mode(product, at)) CHECK(array_equal(g, Array{-1.0, 1.0}));
  const Tensor x = scalar("x", float64), curvature = grad(grad(log(1 + exp(x)), x), x);
  for (const Array& g : in_every_mode(curvature, {{x.node(), Array(1000.0)}})) CHECK(get(g, 0) == 0);
  for (const Array& g : in_every_mode(curvature, {{x.node(), Array(0.0)}})) CHECK(get(g, 0) == 0.25);
}

TEST_CASE("what a softmax adds to a gradient grows with its uses, not with the paths to them") {
  const Tensor v = vector("v", float64), w = vector("w", float64), p = softmax(v);
  const Tensor entropy = categorical_crossentropy(p, (w + 1.0) / 2.0);
  const auto nodes = [](const Tensor& t) { return topological({&t, 1}).size(); };
  const auto at = [&](double a, double b) {
    return ops::Values{{v.node(), Array{a, b}}, {w.node(), Array{1.0, -1.0}}};
  };
  Tensor doubled = p, moving = p, before = p;
  for (int i = 0; i < 40; ++i) {
    doubled = doubled + doubled;
    const Tensor next = moving + (moving - before);
    before = moving, moving = next;
  }
  CHECK(nodes(grad(sum(doubled * w), v)) < 200);
  CHECK(nodes(grad(sum(moving * w), v)) < 600);
  check_gradient(std::ldexp(1.0, -40) * sum(doubled * w), v, at(0, 0), Array{0.5, -0.5});
  check_gradient(sum(doubled * w) + entropy, v, at(0, 1000), Array{-1.0, 1.0});
  check_gradient(sum(moving * w) + entropy, v, at(0, 1000), Array{-1.0, 1.0});

  Tensor used = entropy;
  for (int i = 0; i < 50; ++i) used = used + sum(tanh(p * (i + 1.5)));
  const Tensor of_used = grad(used, v);
  const std::vector<Tensor> order = topological({&of_used, 1});
  const auto sums = std::count_if(order.begin(), order.end(), [](const Tensor& t) { return is_op(t, ops::sum); });
  CHECK(sums <= 3);
  check_gradient(used, v, at(0, 1000), Array{-1.0, 1.0});
}
