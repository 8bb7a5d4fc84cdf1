// Gradients where functions have corners, poles or ties.
#include <fmt/format.h>

#include "catch.h"
#include "croton.h"
#include "sweep.h"

using namespace croton;

namespace {

/// The gradients that the node's own op gives its inputs for y_bar = ones, at these values of the input leaves.
std::vector<Array> pulled(const Tensor& y, const std::vector<std::pair<Tensor, Array>>& given) {
  ops::Values values;
  for (const auto& [t, a] : given) values.emplace(t.node(), a);
  const Array at = ops::evaluate({&y, 1}, values)[0];
  const Tensor bar = constant(Array::full(at.shape(), 1.0, at.dtype()));
  std::vector<Array> out;
  for (const Tensor& g : node(y).op->pullback({node(y).params, node(y).inputs, y, bar}))
    out.push_back(g.node() ? ops::evaluate({&g, 1}, values)[0] : Array());
  return out;
}

std::vector<double> numbers(const Array& a) {
  std::vector<double> out;
  for (Index i = 0; i < a.size(); ++i) out.push_back(get(a, i));
  return out;
}

using Numbers = std::vector<double>;
const double inf = HUGE_VAL;

template <class F>
Numbers slope(F f, const Numbers& at) {
  const Tensor x = dvector("x");
  return numbers(pulled(f(x, {}), {{x, Array(at)}})[0]);
}

}  // namespace

TEST_CASE("relu, abs and sign have gradient 0 at 0") {
  CHECK(slope(relu, {-1, 0, -0.0, 2}) == Numbers{0, 0, 0, 1});
  CHECK(slope(croton::abs, {-1, 0, -0.0, 2}) == Numbers{-1, 0, 0, 1});
  CHECK(slope(sign, {-1, 0, 2}) == Numbers{0, 0, 0});
}

TEST_CASE("equal operands of maximum and minimum share the gradient") {
  const Tensor a = dvector("a"), b = dvector("b");
  const Array x{1.0, 2.0, 3.0}, y{3.0, 2.0, 1.0};
  const auto high = pulled(maximum(a, b), {{a, x}, {b, y}}), low = pulled(minimum(a, b), {{a, x}, {b, y}});
  CHECK(numbers(high[0]) == Numbers{0, 0.5, 1});
  CHECK(numbers(high[1]) == Numbers{1, 0.5, 0});
  CHECK(numbers(low[0]) == Numbers{1, 0.5, 0});
  CHECK(numbers(low[1]) == Numbers{0, 0.5, 1});
}

TEST_CASE("clip passes the gradient inside and on the edges") {
  const Tensor x = dvector("x");
  const auto g = pulled(clip(x, -1, 1), {{x, Array{-2.0, -1.0, 0.0, 1.0, 2.0}}});
  CHECK(numbers(g[0]) == Numbers{0, 1, 1, 1, 0});
}

TEST_CASE("max shares the gradient equally among ties") {
  const Tensor x = dmatrix("x");
  const auto g = pulled(max(x, 1), {{x, Array{{2.0, 1.0, 2.0}, {0.0, 5.0, 1.0}}}});
  CHECK(numbers(g[0]) == Numbers{0.5, 0, 0.5, 0, 1, 0});
}

TEST_CASE("prod has exact gradients without zeros, with one and with two") {
  const Tensor x = dmatrix("x");
  const auto g = pulled(prod(x, 1), {{x, Array{{2.0, 3.0, 4.0}, {2.0, 0.0, 4.0}, {0.0, 0.0, 4.0}}}});
  CHECK(numbers(g[0]) == Numbers{12, 8, 6, 0, 8, 0, 0, 0, 0});
}

TEST_CASE("stddev of equal elements has gradient 0") {
  const Tensor x = dvector("x");
  CHECK(numbers(pulled(stddev(x), {{x, Array{3.0, 3.0}}})[0]) == Numbers{0, 0});
}

TEST_CASE("pow has finite gradients at 0 and for negative bases") {
  const Tensor a = dvector("a"), b = dvector("b");
  const auto g =
      pulled(croton::pow(a, b), {{a, Array{0.0, 0.0, 0.0, -2.0, -2.0}}, {b, Array{0.0, 1.0, 2.0, 2.0, 3.0}}});
  CHECK(numbers(g[0]) == Numbers{0, 1, 0, -4, 12});
  CHECK(numbers(g[1]) == Numbers{0, 0, 0, 0, 0});
}

TEST_CASE("a gradient of 0 stays 0 at poles, so that where masks the branch that was not taken") {
  const Tensor x = dvector("x"), zero = constant(Array{0.0});
  const ops::Values at{{x.node(), Array{0.0}}};
  for (const Tensor& y : {sqrt(x), log(x), log2(x), log10(x), rsqrt(x), reciprocal(x), 1 / x, croton::pow(x, -1)}) {
    for (const Tensor& g : node(y).op->pullback({node(y).params, node(y).inputs, y, zero})) {
      INFO(node(y).op->name);
      if (g.node() && is_float(g.dtype())) CHECK(std::fabs(get(ops::evaluate({&g, 1}, at)[0], 0)) == 0);
    }
  }
}

TEST_CASE("sqrt and log have infinite gradients at 0, as they should") {
  CHECK(slope(croton::sqrt, {0, 4}) == Numbers{inf, 0.25});
  CHECK(slope(croton::log, {0, 4}) == Numbers{inf, 0.25});
}

TEST_CASE("arctan2 has gradient 0 at the origin") {
  const Tensor a = dvector("a"), b = dvector("b");
  const auto g = pulled(arctan2(a, b), {{a, Array{0.0}}, {b, Array{0.0}}});
  CHECK(numbers(g[0]) == Numbers{0});
  CHECK(numbers(g[1]) == Numbers{0});
}

TEST_CASE("logsumexp of infinities is exact and has no NaN in its gradient") {
  const Tensor x = dmatrix("x");
  const Array values{{-inf, -inf}, {1000.0, 1000.0}, {-inf, 0.0}, {inf, 0.0}};
  const Tensor y = logsumexp(x, 1);
  const ops::Values given{{x.node(), values}};
  const Numbers got = numbers(ops::evaluate({&y, 1}, given)[0]);
  CHECK(got[0] == -inf);
  CHECK(got[1] == Approx(1000 + std::log(2.0)));
  CHECK(got[2] == 0);
  CHECK(got[3] == inf);
  const Numbers g = numbers(pulled(y, {{x, values}})[0]), expected{0, 0, 0.5, 0.5, 0, 1, 0, 0};
  for (std::size_t i = 0; i < g.size(); ++i) CHECK(g[i] == Approx(expected[i]));
}
