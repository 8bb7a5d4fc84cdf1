// What grad takes and gives: wrt, options, errors.
#include "base/log.h"
#include "catch.h"
#include "croton/gradient.h"
#include "croton/scan.h"
#include "differences.h"
#include "graph/node.h"

using namespace croton;
using namespace differences;

namespace {

const Array x_value = numbers({3, 4}), y_value = numbers({3, 4}, 0.5, 2, 7);

std::string error_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& e) { return e.what(); }
  return "";
}

std::string line(int n) { return "grad_test.cpp:" + std::to_string(n) + ": "; }
std::string at(int n) { return "grad_test.cpp:" + std::to_string(n); }

}  // namespace

TEST_CASE("grad of one, of a list and of a vector is a Tensor, an array and a vector") {
  const Tensor x = dmatrix("x"), y = dmatrix("y");
  const Tensor cost = sum(x * y);
  const std::vector<Leaf> leaves{{x, x_value}, {y, y_value}};
  CHECK(array_equal(value(grad(cost, x), leaves), y_value));
  const auto [dx, dy] = grad(cost, {x, y});
  CHECK(array_equal(value(dx, leaves), y_value));
  CHECK(array_equal(value(dy, leaves), x_value));
  const auto [ex, ey] = grad(cost, x, y);
  CHECK(array_equal(value(ey, leaves), x_value));
  CHECK(grad(cost, std::vector<Tensor>{x, y, x}).size() == 3);
}

TEST_CASE("grad goes to nodes inside the graph, also where one wrt feeds another") {
  const Tensor x = dmatrix("x"), a = x * 3, b = exp(a);
  const Tensor cost = sum(b * b);
  const std::vector<Leaf> leaves{{x, x_value}};
  const auto [dx, da, db, dc] = grad(cost, {x, a, b, cost});
  CHECK(array_equal(value(db, leaves), value(2.0 * b, leaves)));
  CHECK(array_equal(value(da, leaves), value(2.0 * b * b, leaves)));
  CHECK(array_equal(value(dx, leaves), value(2.0 * b * b * 3, leaves)));
  CHECK(value(dc, leaves).item<double>() == 1);
}

TEST_CASE("gradients do not flow through constants, zero_grad and disconnected_grad") {
  const Tensor x = dvector("x"), y = x * x;
  const std::vector<Leaf> leaves{{x, Array{1., 2., 3.}}};
  GradOptions o;
  o.consider_constant = {y};
  CHECK(array_equal(value(grad(sum(y * x), x, o), leaves), Array{1., 4., 9.}));
  CHECK(array_equal(value(grad(sum(zero_grad(y) * x), x), leaves), Array{1., 4., 9.}));
  CHECK(array_equal(value(grad(sum(disconnected_grad(y) * x), x), leaves), Array{1., 4., 9.}));
  CHECK(array_equal(value(grad(sum(zero_grad(y)), x), leaves), Array{0., 0., 0.}));
  CHECK_THROWS_AS(grad(sum(disconnected_grad(y)), x), GraphError);
}

TEST_CASE("grad_clip and grad_scale change the gradient that comes back, and nothing else") {
  const Tensor x = dvector("x"), w = constant(Array{-3., 0.5, 7.});
  const std::vector<Leaf> leaves{{x, Array{1., 2., 3.}}};
  CHECK(array_equal(value(grad_clip(x, -1, 2) * grad_scale(x, -2), leaves), Array{1., 4., 9.}));
  CHECK(array_equal(value(grad(sum(grad_clip(x, -1, 2) * w), x), leaves), Array{-1., 0.5, 2.}));
  CHECK(array_equal(value(grad(sum(grad_scale(x, -2) * w), x), leaves), Array{6., -1., -14.}));
  // each where it stands: the square's gradient is clipped, not that of x
  CHECK(array_equal(value(grad(sum(grad_clip(x * x, -1, 2) * w), x), leaves), Array{-2., 2., 12.}));
  const Tensor slope = grad(sum(pow(grad_scale(x, 0.5), 3)), x);
  CHECK(array_equal(value(grad(sum(slope), x), leaves), Array{1.5, 3., 4.5}));
  const Tensor h = tensor("h", float32, {3});
  const Tensor half = grad(sum(cast(grad_clip(h, -1, 1), float64) * w), h);
  CHECK(half.dtype() == float32);
  CHECK_THROWS_WITH(grad_clip(x, 2, -1), Catch::Contains("grad_clip: from 2 to -1"));
  CHECK_THROWS_WITH(grad_clip(x, 0, std::nan("")), Catch::Contains("grad_clip: from 0 to nan"));
}

TEST_CASE("grad_clip in the step of a loop bounds what goes back through each step") {
  const Tensor x = dscalar("x");
  const auto power = [&](bool clips, Index steps) {
    return scan([&](const Tensor& c) { return 3 * (clips ? grad_clip(c, -5, 5) : c); }, x, {.length = steps});
  };
  const std::vector<Leaf> leaves{{x, Array(1.0)}};
  for (const Index steps : {2, 40}) {
    CHECK(value(power(true, steps), leaves).item<double>() == value(power(false, steps), leaves).item<double>());
    CHECK(value(grad(power(true, steps), x), leaves).item<double>() == 5);
  }
}

TEST_CASE("known gradients stand in for a cost, and for what would flow") {
  const Tensor x = dvector("x"), y = x * x;
  const std::vector<Leaf> leaves{{x, Array{1., 2., 3.}}};
  GradOptions o;
  o.known_grads = Givens({{y, constant(Array{1., 10., 100.})}});
  CHECK(array_equal(value(grad(Tensor(), x, o), leaves), Array{2., 40., 600.}));
  CHECK(array_equal(value(grad(y, x, o), leaves), Array{2., 40., 600.}));
  CHECK(array_equal(value(grad(sum(exp(y)), x, o), leaves), Array{2., 40., 600.}));
  CHECK(array_equal(value(Lop(y, x, constant(Array{1., 10., 100.})), leaves), Array{2., 40., 600.}));
}

TEST_CASE("a cost that is no scalar is refused with the way out") {
  const Tensor x = dmatrix("x");
  const int made = __LINE__ + 1;
  const Tensor y = x * x;
  const int asked = __LINE__ + 1;
  CHECK(error_of([&] { grad(y, x); }) ==
        line(asked) + "grad: the cost must be a scalar, but mul at " + at(made) +
            " is float64[?, ?]. Reduce it (sum or mean), or pass known_grads for a vector-Jacobian product");
}

TEST_CASE("a wrt that the cost does not depend on is an error, a warning or zeros") {
  const Tensor x = dvector("x"), w = dvector("W1");
  const int of_b = __LINE__ + 1;
  const Tensor b = dvector("b");
  const int of_cost = __LINE__ + 1;
  const Tensor cost = sum(x * w);
  const std::string text = "grad: the cost does not depend on b (vector, " + at(of_b) + "). The cost at " +
                           at(of_cost) +
                           " depends on: x, W1. Did you forget to add b? To get zeros: {.disconnected_inputs = "
                           "Disconnected::ignore}";
  const int asked = __LINE__ + 1;
  CHECK(error_of([&] { grad(cost, b); }) == line(asked) + text);
  WarningsHeard heard;
  const int warned = __LINE__ + 1;
  const Tensor zeros = grad(cost, b, {.disconnected_inputs = Disconnected::warn});
  CHECK(heard.texts == std::vector<std::string>{line(warned) + text});
  CHECK(array_equal(value(zeros, {{b, Array{1., 2.}}}), Array{0., 0.}));
  grad(cost, b, {.disconnected_inputs = Disconnected::ignore});
  CHECK(heard.texts.size() == 1);
}

TEST_CASE("a wrt that is made anew from what the cost depends on says so") {
  const Tensor w = dvector("w"), h = tanh(w);
  const int made = __LINE__ + 1;
  const Tensor cost = sum(w), other = sum(h);
  const int asked = __LINE__ + 1;
  CHECK(
      error_of([&] { grad(cost, w[0]); }) ==
      line(asked) + "grad: the cost at " + at(made) + " does not depend on indexing at " + at(asked) +
          ": w[0] is a new value made from w, which the cost was made from without it. Take the gradient with respect "
          "to w and index it, or make the cost from that value. To get zeros: {.disconnected_inputs = "
          "Disconnected::ignore}");
  CHECK_THAT(error_of([&] { grad(other, square(h)); }),
             Catch::Contains("square(tanh(w)) is a new value made from ") && Catch::Contains("with respect to"));
}

TEST_CASE("a cost that uses no more of a wrt than its shape, or a constant made of it, says so") {
  const Tensor x = dvector("x"), y = square(x);
  const std::string why =
      "by what hands on no gradient alone: its shape, integers, disconnected_grad or consider_constant";
  CHECK(error_of([&] { grad(cast(x.shape(0), float64) * 1.0, x); }).find(why) != std::string::npos);
  CHECK(error_of([&] { grad(sum(y), x, {.consider_constant = {y}}); }).find(why) != std::string::npos);
}

TEST_CASE("integers and empty handles are refused as wrt and as cost") {
  const Tensor x = dvector("x"), i = lvector("i");
  CHECK_THROWS_AS(grad(sum(x[i]), i), DTypeError);
  CHECK_THROWS_AS(grad(sum(i), x), DTypeError);
  CHECK_THROWS_AS(grad(Tensor(), x), GraphError);
  CHECK_THROWS_AS(grad(sum(x), Tensor()), GraphError);
}

TEST_CASE("what only a comparison, a floor or an index depends on has gradient zero; a shape does not count") {
  const Tensor x = dvector("x");
  const std::vector<Leaf> leaves{{x, Array{1.5, -2., 3.}}};
  CHECK(array_equal(value(grad(sum(cast(x > 0, float64)), x), leaves), Array{0., 0., 0.}));
  CHECK(array_equal(value(grad(sum(floor(x)), x), leaves), Array{0., 0., 0.}));
  CHECK_THROWS_AS(grad(cast(x.shape(0), float64), x), GraphError);
}

TEST_CASE("nodes of a gradient have the place of the node that they come from") {
  const Tensor x = dvector("x");
  const int made = __LINE__ + 1;
  const Tensor y = tanh(x);
  const Tensor g = grad(sum(y), x);
  CHECK(node(g).where.line == made);
}

TEST_CASE("gradients keep dtypes: a float32 path stays float32 under a float64 cost") {
  const Tensor x = fvector("x");
  CHECK(grad(sum(cast(exp(x), float64)), x).dtype() == float32);
  CHECK(grad(sum(x * 2.0), x).dtype() == float32);
}

TEST_CASE("a gradient has the shape of its wrt where axes were broadcast") {
  const Tensor r = row("r"), c = col("c"), s = scalar("s");
  const std::vector<Leaf> leaves{{r, numbers({1, 4})}, {c, numbers({3, 1}, -1, 1, 2)}, {s, Array(0.5)}};
  CHECK(disagreement(sum(square(r * c + s)), leaves) == "");
  CHECK(disagreement(sum(broadcast_to(c, {3, 5}) * s) + mean(r), leaves) == "");
}

TEST_CASE("a chain of a hundred thousand ops has a gradient") {
  const Tensor x = dscalar("x");
  Tensor y = x;
  for (int i = 0; i < 100000; ++i) y = y + x;
  CHECK(value(grad(y, x), {{x, Array(1.0)}}).item<double>() == 100001);
}
