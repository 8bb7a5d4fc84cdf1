// Functions made of others: their gradients against differences, and where a hand-written one goes wrong. (Values
// against NumPy and SciPy: tests/conformance.)
#include <array>
#include <cmath>

#include "catch.h"
#include "croton.h"
#include "differences.h"

using namespace croton;
using differences::disagreement;
using differences::numbers;
using differences::value;

TEST_CASE("functions made of others have the gradients that differences give") {
  const Tensor x = dvector("x"), y = dvector("y"), p = dvector("p"), m = dmatrix("m");
  const std::vector<differences::Leaf> leaves{{x, numbers({5}, -2, 2)},
                                              {y, numbers({5}, 0.5, 3, 2)},
                                              {p, numbers({5}, 0.05, 0.95, 3)},
                                              {m, numbers({3, 4}, -1, 1, 4)}};
  const std::vector<std::pair<const char*, Tensor>> all_of = {
      {"fmax", fmax(x, y)},
      {"fmin", fmin(x, y)},
      {"fmod", fmod(x, y)},
      {"logaddexp", logaddexp(x, y)},
      {"logaddexp2", logaddexp2(x, y)},
      {"logit", logit(p)},
      {"xlogy", xlogy(x, y)},
      {"xlog1py", xlog1py(x, y)},
      {"log1mexp near 0", log1mexp(-y / 8)},
      {"log1mexp far out", log1mexp(-y - 0.5)},
      {"entr", entr(y)},
      {"sinc", sinc(x)},
      {"digamma", digamma(x)},
      {"trigamma", trigamma(y)},
      {"trigamma below 0", trigamma(x)},
      {"nan_to_num", nan_to_num(x)},
      {"elu", elu(x, 1.5)},
      {"leaky_relu", leaky_relu(x)},
      {"diff", diff(x, 2)},
      {"diff along axis 0", diff(m, 1, 0)},
      {"repeat", repeat(m, 3, 1)},
      {"tile", tile(m, {2, 1, 3})},
      {"split", split(m, 2, 1)[1]},
      {"split_at", split_at(m, {1, 3}, 1)[1]},
      {"tril", tril(m)},
      {"triu", triu(m, 1)},
      {"diag of a matrix", diag(m, 1)},
      {"diag of a vector", diag(x, -2)},
      {"trace", trace(m)},
      {"diagonals of a stack", diagonal(y(all, newaxis, newaxis) * m, 1, 2, -2)},
      {"linspace", linspace(x[0], y[0], 4)},
  };
  for (const auto& [name, t] : all_of) {
    INFO(name);
    const Tensor weights = cast(arange(t.size()), float64) + 1;
    CHECK(disagreement(sum(flatten(t) * weights), leaves, 1e-5) == "");
  }
}

TEST_CASE("the second derivative of gammaln is trigamma") {
  const Tensor x = dvector("x");
  const Array at = {0.1, 0.5, 1., 2.5, 30., -0.3, -2.75};
  const std::array want = {101.433299150792759,   4.93480220054467931, 1.64493406684822644, 0.490357756100234865,
                           0.0338950603577399442, 13.9451602678057217, 19.4338689494884642};  // mpmath's psi(1, x)
  const Array got = value(trigamma(x), {{x, at}}), twice = value(grad(sum(grad(sum(gammaln(x)), x)), x), {{x, at}});
  for (std::size_t i = 0; i < want.size(); ++i) {
    CHECK(got.values<double>()[i] == Approx(want[i]).epsilon(2e-14));
    CHECK(twice.values<double>()[i] == got.values<double>()[i]);
  }
  for (const double pole : {0., -1., -7.}) CHECK(std::isinf(value(trigamma(x), {{x, Array{pole}}}).at<double>(0)));
}

TEST_CASE("elu and leaky_relu are finite far out, and have the left slope at 0") {
  const Tensor x = dvector("x");
  const std::vector<differences::Leaf> at{{x, Array{-1e4, -1., 0., 2., 1e4}}};
  const Array e = value(elu(x, 2), at), slope = value(grad(sum(elu(x, 2)), x), at);
  CHECK(e.at<double>(0) == -2);
  CHECK(e.at<double>(1) == Approx(2 * std::expm1(-1.)));
  CHECK(e.at<double>(4) == 1e4);
  CHECK(array_equal(value(slope[2], {}), Array::scalar(2.)));
  CHECK(slope.at<double>(0) == 0);
  CHECK(slope.at<double>(4) == 1);
  CHECK(array_equal(value(leaky_relu(x, 0.25), at), Array{-2500., -0.25, 0., 2., 1e4}));
  CHECK(array_equal(value(grad(sum(leaky_relu(x, 0.25)), x), at), Array{0.25, 0.25, 0.25, 1., 1.}));
}

TEST_CASE("isclose compares as NumPy does, and allclose all of it") {
  const double inf = HUGE_VAL, nan = std::nan("");
  const Tensor a(Array{1., 1., 100., inf, inf, -inf, nan, 0., 0.}),
      b(Array{1. + 1e-6, 1.1, 100.0009, inf, 1., inf, nan, 1e-9, 1e-7});
  const auto bools = [](const Tensor& t) {
    const Array v = value(t, {});
    return std::vector<bool>(v.values<bool>().begin(), v.values<bool>().end());
  };
  CHECK(bools(isclose(a, b)) == std::vector<bool>{true, false, true, true, false, false, false, true, false});
  CHECK(bools(isclose(a, b, 0.2, 1e-6, true)) ==
        std::vector<bool>{true, true, true, true, false, false, true, true, true});
  CHECK(bools(isclose(Tensor(Array{3, 4}), 3)) == std::vector<bool>{true, false});
  CHECK(value(isclose(Tensor(std::vector<std::uint8_t>{0}), Tensor(std::vector<std::uint8_t>{1})), {}).at<bool>(0) ==
        false);
  CHECK_FALSE(value(allclose(a, b), {}).item<bool>());
  CHECK(value(allclose(a(slice(0, 1)), b(slice(0, 1))), {}).item<bool>());
}

TEST_CASE("eye has ones on one diagonal") {
  CHECK(array_equal(value(eye({3}, 0, float64), {}), Array{{1., 0., 0.}, {0., 1., 0.}, {0., 0., 1.}}));
  CHECK(array_equal(value(eye({2, 3}, 1, int64), {}), value(Tensor(Array{{0, 1, 0}, {0, 0, 1}}).astype(int64), {})));
  CHECK(array_equal(value(eye({2, 3}, -1, boolean), {}), Array{{false, false, false}, {true, false, false}}));
  const Tensor m = dmatrix("m");
  CHECK(value(eye({m.shape(0), 5}), {{m, Array::zeros({2, 7})}}).shape() == Extents{2, 5});
  CHECK(value(eye(2), {}).dtype() == floatX());
  CHECK_THROWS_AS(eye({1, 2, 3}), ShapeError);
  CHECK_THROWS_AS(eye({-1}), ShapeError);
}

TEST_CASE("gradients of functions made of others are finite at their edges") {
  const Tensor x = dvector("x"), y = dvector("y");
  const auto slope = [&](const Tensor& t, const Array& at) { return value(grad(sum(t), x), {{x, at}, {y, at}}); };
  const Array zero{0.0};
  CHECK(slope(xlogy(x, 2 * ones_like(y)), zero).item<double>() == Approx(std::log(2.0)));
  CHECK(slope(sinc(x), zero).item<double>() == 0);
  CHECK(slope(logaddexp(x, y), zero).item<double>() == 0.5);
  CHECK(slope(fmax(x, y), zero).item<double>() == 0.5);
  CHECK(slope(nan_to_num(x), Array{std::nan("")}).item<double>() == 0);
}

namespace {

/// The gradients of the sum of t with respect to x and y, at these values.
std::array<std::vector<double>, 2> slopes(const Tensor& t, const Tensor& x, const Tensor& y,
                                          const std::vector<double>& at_x, const std::vector<double>& at_y) {
  const std::vector<differences::Leaf> leaves{{x, Array(at_x)}, {y, Array(at_y)}};
  std::array<std::vector<double>, 2> both;
  const auto zeros = GradOptions{.disconnected_inputs = Disconnected::ignore};
  for (std::size_t k = 0; k < 2; ++k) {
    const Array g = value(grad(sum(t), k == 0 ? x : y, zeros), leaves);
    for (Index i = 0; i < g.size(); ++i) both[k].push_back(get(g, i));
  }
  return both;
}

using Numbers = std::vector<double>;
const double inf = HUGE_VAL;

}  // namespace

TEST_CASE(
    "fmod has slope 1 along its dividend, also where either is 0, and less the whole quotient along its divisor") {
  const Tensor x = dvector("x"), y = dvector("y");
  const auto [along_x, along_y] = slopes(fmod(x, y), x, y, {0.0, -0.0, 4, -5, 5, -5, 3}, {2, 2, 2, 2, -2, -2, inf});
  CHECK(along_x == Numbers{1, 1, 1, 1, 1, 1, 1});
  CHECK(along_y == Numbers{0, 0, -2, 2, 2, -2, 0});
  const std::vector<differences::Leaf> at{{x, Array{0.0, -5.0, 5.0, -5.0}}, {y, Array{2.0, 2.0, -2.0, -2.0}}};
  CHECK(disagreement(sum(fmod(x, y)), at) == "");
}

TEST_CASE("fmod of integers with floats counts in floats: the least integer has an opposite there, and so has a bool") {
  const Tensor i = tensor("i", DType::int8, {-1}), u = tensor("u", DType::uint64, {-1}), f = dvector("f"),
               b = tensor("b", boolean, {-1});
  const Array least = Array{-128.0}.astype(DType::int8), hundred = Array{100.0}.astype(DType::uint64);
  CHECK(get(value(fmod(i, f), {{i, least}, {f, Array{7.0}}}), 0) == -2);
  CHECK(get(value(fmod(f, i), {{i, least}, {f, Array{500.0}}}), 0) == 116);
  CHECK(get(value(fmod(u, i), {{u, hundred}, {i, least}}), 0) == 100);
  CHECK(get(value(fmod(b, f), {{b, Array{true}}, {f, Array{0.75}}}), 0) == 0.25);
}

TEST_CASE("where low is more than high, clip is high, and so is its gradient") {
  const Tensor x = dvector("x"), low = dvector("low"), high = dvector("high"), w = dvector("w");
  const auto g = grad(sum(clip(x, low, high) * w), {x, low, high});
  const ops::Values at{{x.node(), Array{0.0, 3.0, 1.5, 0.0, 3.0, 1.5}},
                       {low.node(), Array{2.0, 2.0, 2.0, 1.0, 1.0, 1.0}},
                       {high.node(), Array{1.0, 1.0, 1.0, 2.0, 2.0, 2.0}},
                       {w.node(), Array{1.0, 2.0, 3.0, 4.0, 5.0, 6.0}}};
  const std::vector<Array> slopes = ops::evaluate(g, at);
  CHECK(array_equal(slopes[0], Array{0.0, 0.0, 0.0, 0.0, 0.0, 6.0}));
  CHECK(array_equal(slopes[1], Array{0.0, 0.0, 0.0, 4.0, 0.0, 0.0}));
  CHECK(array_equal(slopes[2], Array{1.0, 2.0, 3.0, 0.0, 5.0, 0.0}));
}

TEST_CASE("a remainder by 0 that where does not take has no gradient") {
  const Tensor x = dvector("x"), y = dvector("y");
  for (const Tensor& t : {x % y, fmod(x, y)}) {
    const auto [along_x, along_y] = slopes(where(y == 0, 0, t), x, y, {0, 1, -1, 5}, {0, 0, 0, 2});
    CHECK(along_x == Numbers{0, 0, 0, 1});
    CHECK(along_y == Numbers{0, 0, 0, -2});
  }
}

TEST_CASE("logit is infinitely steep at both ends, as 1 / (p (1 - p)) is, and entr at 0, as -log(x) - 1 is") {
  const Tensor x = dvector("x"), y = dvector("y");
  CHECK(slopes(logit(x), x, y, {0, 1, 0.5}, {0})[0] == Numbers{inf, inf, 4});
  CHECK(slopes(entr(x), x, y, {0, 1, -1}, {0})[0] == Numbers{inf, -1, 0});
  CHECK(slopes(where(x == 0, 0, logit(x)), x, y, {0, 0.5}, {0})[0] == Numbers{0, 4});
  CHECK(slopes(where(x == 1, 0, logit(x)), x, y, {1, 0.5}, {0})[0] == Numbers{0, 4});
  CHECK(slopes(where(x > 0, entr(x), 0), x, y, {0, -1, 1}, {0})[0] == Numbers{0, 0, -1});
}

TEST_CASE("log1mexp is exact near 0 and far out, with one slope on both sides of its border and no NaN") {
  const Tensor x = dvector("x"), y = dvector("y");
  const Numbers at{-1e-300, -1e-10, -std::log(2.0), -0.5, -50, -800, -inf};
  const Array values = value(log1mexp(x), {{x, Array(at)}});
  CHECK(get(values, 0) == std::log(1e-300));
  CHECK(get(values, 1) == Approx(-23.025850929990458).epsilon(1e-15));
  CHECK(get(values, 2) == Approx(-std::log(2.0)).epsilon(1e-15));
  CHECK(get(values, 4) == -std::exp(-50.0));
  CHECK(get(values, 6) == 0);
  for (const Tensor& t : {log1mexp(x), log(1 - exp(x))}) {
    const Numbers slope = slopes(t, x, y, at, {0})[0];
    for (std::size_t i = 0; i < at.size(); ++i)
      CHECK(slope[i] == Approx(std::exp(at[i]) / std::expm1(at[i])).epsilon(1e-14).margin(0));
  }
  CHECK(get(value(log1mexp(x), {{x, Array{0.0}}}), 0) == -inf);
  CHECK(std::isnan(get(value(log1mexp(x), {{x, Array{1.0}}}), 0)));
  CHECK(slopes(where(x < 0, log1mexp(x), 0), x, y, {0, 1, -inf}, {0})[0] == Numbers{0, 0, 0});
}

TEST_CASE("the logarithm of erfc has its whole slope where one form gives way to another") {
  const Tensor x = dvector("x"), y = dvector("y");
  CHECK(slopes(log(erfc(x)), x, y, {20}, {0})[0][0] == Approx(-40.049875774108394).epsilon(1e-13));
}

TEST_CASE("Bessel functions have the slopes of their series at 0, and those of erfcx keep their digits far out") {
  const Tensor x = dvector("x"), y = dvector("y");
  const auto slope = [&](const Tensor& t, double at) { return slopes(t, x, y, {at}, {0})[0][0]; };
  CHECK(slope(i0(x), 0) == 0);
  CHECK(slope(i1(x), 0) == 0.5);
  CHECK(slope(i0e(x), 0) == 0);
  CHECK(slope(i1e(x), 0) == 0.5);
  CHECK(slope(grad(sum(i0(x)), x), 0) == 0.5);
  CHECK(slope(i1(x), 800) == inf);
  for (const double at : {29.0, 31.0, 1e4, 1e9}) {
    const double v = 1 / (at * at);
    const double want = -0.56418958354775628695 * v * (1 - v * (1.5 - v * (3.75 - v * (13.125 - v * 59.0625))));
    CHECK(slope(erfcx(x), at) == Approx(want).epsilon(1e-12).margin(0));
  }
  CHECK(slope(erfcx(x), inf) == 0);
  CHECK(slope(erfcx(x), -30) == -inf);
}

TEST_CASE("logaddexp of equal infinities shares the gradient, as of all equal numbers") {
  const Tensor x = dvector("x"), y = dvector("y");
  for (const Tensor& t : {logaddexp(x, y), logaddexp2(x, y), log(exp(x) + exp(y))}) {
    const auto [along_x, along_y] = slopes(t, x, y, {inf, -inf, 1, inf, -inf, 0}, {inf, -inf, 1, 0, 0, -inf});
    CHECK(along_x == Numbers{0.5, 0.5, 0.5, 1, 0, 1});
    CHECK(along_y == Numbers{0.5, 0.5, 0.5, 0, 1, 0});
    const Array at{inf, -inf, 0.0};
    const Array values = value(t, {{x, at}, {y, at}});
    CHECK(get(values, 0) == inf);
    CHECK(get(values, 1) == -inf);
  }
}

TEST_CASE("functions made of others name what they cannot do") {
  const Tensor x = dvector("x"), m = dmatrix("m");
  CHECK_THROWS_AS(tril(x), ShapeError);
  CHECK_THROWS_AS(diag(dscalar("s")), ShapeError);
  CHECK_THROWS_AS(trace(x), ShapeError);
  CHECK_THROWS_AS(diagonal(m, 0, 1, 1), ShapeError);
  CHECK_THROWS_AS(diagonal(m, 0, 0, 2), IndexError);
  CHECK_THROWS_AS(split(tensor("t", float64, {5}), 2), ShapeError);
  CHECK_THROWS_AS(split(x, 0), ShapeError);
  CHECK_THROWS_AS(repeat(x, -1, 0), ShapeError);
  CHECK_THROWS_AS(linspace(x, 1, 3), ShapeError);
  CHECK_THROWS_AS(fmod(Tensor(), x), GraphError);
  CHECK_THROWS_WITH(value(split(x, 2)[0], {{x, Array{1., 2., 3.}}}), Catch::Contains("3 elements"));
}
