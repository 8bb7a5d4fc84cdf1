// scan, hessian and jacobian.
#include <algorithm>

#include "array/access.h"
#include "catch.h"
#include "croton.h"
#include "graph/walk.h"
#include "message.h"

using namespace croton;

TEST_CASE("hessian is the matrix of second derivatives of a vector of known length") {
  const Tensor x = tensor("x", float64, {2});
  const Tensor cost = x[0] * x[0] * x[1] + 3 * x[1] * x[1];
  const Array h = function(x, hessian(cost, x))(Array{2., 5.});
  CHECK(array_equal(h, Array{{10., 4.}, {4., 6.}}));
  CHECK(array_equal(function(x, hessian(sum(x), x))(Array{2., 5.}), Array::zeros({2, 2})));
}

TEST_CASE("hessian of a vector of any length is the one of a vector of known length") {
  const Tensor x = dvector("x"), fixed = tensor("x", float64, {4});
  const Shared w = shared(Array{{1., 2., 0.5, -1.}, {0.5, 1., 3., 2.}, {-2., 1., 1., 0.25}}, "w");
  const Tensor ids(Array{std::vector<Index>{2, 0, 2}});
  // views, products, folds, rows, parts written, parts joined: what a gradient may be made of
  const std::vector<Tensor (*)(const Tensor&, const Tensor&, const Tensor&)> costs = {
      [](const Tensor& v, const Tensor&, const Tensor&) {
        return sum(100 * square(v[slice(1, none)] - square(v[slice(none, -1)])) + square(1 - v[slice(none, -1)]));
      },
      [](const Tensor& v, const Tensor& m, const Tensor&) { return logsumexp(dot(m, tanh(v))) + max(v * v); },
      [](const Tensor& v, const Tensor&, const Tensor& i) { return sum(exp(v[i]) * v[i]) + prod(v); },
      [](const Tensor& v, const Tensor&, const Tensor& i) { return sum(square(inc_subtensor(v[i], v[0] * v[1]))); },
      [](const Tensor& v, const Tensor&, const Tensor&) { return sum(sqr(v[0].set(v[1] * v[2]))) * v[3]; },
      [](const Tensor& v, const Tensor& m, const Tensor&) {
        return sum(square(concatenate({v * v, dot(m, v)}))) + var(softmax(v));
      },
      [](const Tensor& v, const Tensor&, const Tensor&) {
        return sum(reshape(square(v), {2, -1}) * dot(reshape(v, {2, 2}), reshape(v, {2, 2})));
      },
      [](const Tensor& v, const Tensor&, const Tensor&) { return sum(v); },
  };
  const Array at{0.5, -1., 2., 0.25};
  for (std::size_t k = 0; k < costs.size(); ++k) {
    INFO("cost " << k);
    const Array some = function(x, hessian(costs[k](x, w, ids), x))(at);
    const Array expected = function(fixed, hessian(costs[k](fixed, w, ids), fixed))(at);
    REQUIRE(some.shape() == Extents{4, 4});
    for (int i = 0; i < 16; ++i) CHECK(some.at<double>(i / 4, i % 4) == Approx(expected.at<double>(i / 4, i % 4)));
  }
}

TEST_CASE("hessian of a long vector of known length is one graph for all rows, where its ops have that") {
  const auto nodes = [](const Tensor& t) { return topological({&t, 1}).size(); };
  const auto tridiagonal = [](const Tensor& x) { return sum(square(x[slice(1, none)]) * x[slice(none, -1)]); };
  const auto cumulative = [](const Tensor& x) { return sum(square(cumsum(x))); };
  const Tensor x = tensor("x", float64, {40}), longer = tensor("x", float64, {80});
  CHECK(nodes(hessian(tridiagonal(longer), longer)) == nodes(hessian(tridiagonal(x), x)));
  const Array at = linspace(0., 1., 40).eval();
  const Array t = function(x, hessian(tridiagonal(x), x))(at), c = function(x, hessian(cumulative(x), x))(at);
  REQUIRE(t.shape() == Extents{40, 40});
  REQUIRE(c.shape() == Extents{40, 40});
  for (Index i = 0; i < 40; ++i)
    for (Index j = 0; j < 40; ++j) {
      const Index first = std::min(i, j), apart = std::max(i, j) - first;
      const double value = apart == 1            ? 2 * at.at<double>(first + 1)
                           : apart == 0 && i > 0 ? 2 * at.at<double>(i - 1)
                                                 : 0;
      CHECK(t.at<double>(i, j) == Approx(value).margin(1e-12));
      CHECK(c.at<double>(i, j) == Approx(2. * static_cast<double>(40 - std::max(i, j))));
    }
}

TEST_CASE("hessian of an unknown length says where it cannot go") {
  const Tensor x = dvector("x"), m = dmatrix("m");
  CHECK(array_equal(function(x, hessian(sum(x * x), x))(Array::zeros({0})), Array::zeros({0, 0})));
  CHECK_THROWS_AS(hessian(sum(m * m), m), ShapeError);
}

TEST_CASE("a hessian of a shared variable refuses another length instead of giving another matrix") {
  const Shared w = shared(Array{1., 2.}, "w");
  const Function f = function({}, hessian(sum(w * w * w), w));
  CHECK(array_equal(f(), Array{{6., 0.}, {0., 12.}}));
  w.set_value(Array{1., 2., 3.});
  CHECK_THROWS_AS(f(), ShapeError);
  const Shared many = shared(zeros({20}), "many");
  const Function g = function({}, hessian(sum(many * many), many));
  CHECK(g().at<double>(3, 3) == 2);
  many.set_value(Array::zeros({21}));
  CHECK_THROWS_AS(g(), ShapeError);
}

TEST_CASE("jacobian has a row for each element of a vector, of any length") {
  const Tensor x = tensor("x", float64, {3}), m = dmatrix("m"), v = dvector("v");
  const Array at{1., 2., 3.};
  const Array short_one = function(x, jacobian(stack({x[0] * x[1], exp(x[2]), x[1]}), x))(at);
  CHECK(array_equal(short_one, Array{{2., 1., 0.}, {0., 0., std::exp(3.)}, {0., 1., 0.}}));
  // of a product with respect to the matrix: row i has v in its i-th row
  const Array product = function({m, v}, jacobian(dot(m, v), m))(Array::zeros({2, 3}), at);
  REQUIRE(product.shape() == Extents{2, 2, 3});
  CHECK(array_equal(product[1], Array{{0., 0., 0.}, {1., 2., 3.}}));
  const Tensor wide = tensor("wide", float64, {40});
  const Array ramp = linspace(0., 1., 40).eval();
  for (const Tensor& f : {square(wide), cumsum(square(wide))}) {  // at once, and a gradient for each row
    const Array rows = function(wide, jacobian(f, wide))(ramp);
    REQUIRE(rows.shape() == Extents{40, 40});
    CHECK(rows.at<double>(7, 7) == Approx(2 * ramp.at<double>(7)));
    CHECK(rows.at<double>(7, 8) == 0);
  }
  CHECK(array_equal(function(v, jacobian(sum(v * v), v))(at), Array{2., 4., 6.}));
  CHECK(function(v, jacobian(square(v[slice(0, 0)]), v))(at).shape() == Extents{0, 3});
  const Shared w = shared(Array{1., 2., 3.}, "w");
  const Function of_shared = function({}, jacobian(square(w), w));
  CHECK(of_shared().shape() == Extents{3, 3});
  w.set_value(Array{1., 2., 3., 4., 5.});
  CHECK_THROWS_AS(of_shared(), ShapeError);
  CHECK_THROWS_AS(jacobian(m, m), ShapeError);
  CHECK_THROWS_AS(jacobian(v, x), GraphError);
  CHECK_THROWS_AS(jacobian(Tensor(), x), GraphError);
}

TEST_CASE("a gradient by an operation of the user's own refuses many directions at once") {
  static const CustomOp doubled{
      .name = "doubled",
      .forward = [](std::span<const Array> in, std::span<Array> out) { out[0] = eval(Tensor(in[0]) * 2); },
      .pullback = [](std::span<const Tensor>, std::span<const Tensor>,
                     std::span<const Tensor> y_bar) { return std::vector{apply(doubled, {y_bar[0]})}; }};
  const Tensor x = dvector("x"), fixed = tensor("x", float64, {2});
  CHECK_THROWS_WITH(jacobian(apply(doubled, {x}), x),
                    Catch::Contains("doubled") && Catch::Contains("cannot be computed for many directions at once"));
  CHECK(
      array_equal(function(fixed, jacobian(apply(doubled, {fixed}), fixed))(Array{1., 2.}), Array{{2., 0.}, {0., 2.}}));
}

TEST_CASE("a jacobian and a hessian of a vector of any length go through loops, conditions and steps on the host") {
  const Tensor x = dvector("x"), xs = dmatrix("xs"), c = tensor("c", boolean, {}), limit = dscalar("limit");
  const Shared w = shared(Array{{0.5, 1., -0.25}, {0.125, -0.5, 1.}, {1., 0.25, 0.75}}, "w");
  // what is carried and what is not, rows that depend on x and rows that do not, what is captured; last and all of it
  const auto recurrent = [&](const Tensor& v, bool reverse) {
    const auto [last, ys] = scan(
        [&](const std::array<Tensor, 2>& h, const std::array<Tensor, 2>& row) {
          const Tensor next = tanh(dot(w, h[0]) + row[0] * v + row[1]);
          return Step{std::array{next, h[1] * 2 + sum(row[0])}, std::array{next * h[1], row[0] + h[1]}};
        },
        std::array{v * v, Tensor(1.)}, std::array{xs, outer(xs(all, 0), v)}, {.reverse = reverse});
    return sum(ys[0]) * last[0] + last[1] * v + sum(ys[1]);
  };
  const auto ended = [&](const Tensor& v) {
    const auto [last, ys] = scan(
        [&](const std::array<Tensor, 2>& h, const Tensor& row) {
          const Tensor next = sin(h[0]) * row + v;
          return until(h[1] + sum(row) > limit, std::pair{std::array{next, h[1] + sum(row)}, next});
        },
        std::array{v, Tensor(0.)}, xs);
    return last[0] * sum(ys * ys);
  };
  const auto chosen = [&](const Tensor& v) { return ifelse(c, exp(v) * sum(v * v), ifelse(c, v, dot(w, v * v * v))); };
  const std::vector<std::function<Tensor(const Tensor&)>> values = {
      [&](const Tensor& v) { return recurrent(v, false); },
      [&](const Tensor& v) { return recurrent(v, true); },
      ended,
      chosen,
      [&](const Tensor& v) { return cumsum(v * v, 0) * cumprod(sin(v), 0); },
      [&](const Tensor& v) {
        const Tensor m = dot(w, w.T()) + outer(v, v) + eye(3);
        return linalg::solve(m, v) * linalg::det(m) + linalg::slogdet(m).logabsdet + linalg::cholesky(m)(all, 0);
      },
      [&](const Tensor& v) { return dot(linalg::expm(outer(v, v) * 0.1), v); }};
  const Array at{0.5, -1., 2.}, rows{{0.25, 1., -0.5}, {0.75, -1.5, 1.}, {0.5, 0.125, -1.}, {1., 0.5, 0.25}};
  const Tensor fixed = tensor("x", float64, {3});  // a gradient for each row
  for (std::size_t k = 0; k < values.size(); ++k)
    for (const bool yes : {true, false}) {
      INFO(k << yes);
      const auto results = [&](const Tensor& v) {
        const Tensor y = values[k](v);
        return std::vector{jacobian(y, v), hessian(sum(y * y), v)};
      };
      const FunctionOptions o{.on_unused_input = Report::ignore};
      const auto some = function({x, xs, c, limit}, results(x), o)(at, rows, yes, 0.5);
      const auto expected = function({fixed, xs, c, limit}, results(fixed), o)(at, rows, yes, 0.5);
      for (std::size_t r = 0; r < 2; ++r) CHECK(all_close(some[r], expected[r], 1e-10));
    }
}

TEST_CASE("scan carries a value over the rows and stacks what each step gives") {
  const Tensor xs = tensor("xs", float64, {3, 2}), start = dvector("start");
  const auto step = [](const Tensor& h, const Tensor& x) {
    const Tensor next = 2 * h + x;
    return std::pair{next, sum(next)};
  };
  const auto [last, ys] = scan(step, start, xs);
  const auto [back, back_ys] = scan(step, start, xs, {.reverse = true});
  const auto [l, y, b, by] =
      function({xs, start}, {last, ys, back, back_ys})(Array{{1., 2.}, {3., 4.}, {5., 6.}}, Array{1., 1.});
  CHECK(array_equal(l, Array{23., 30.}));
  CHECK(array_equal(y, Array{7., 21., 53.}));
  CHECK(array_equal(b, Array{35., 42.}));
  CHECK(array_equal(by, Array{77., 37., 15.}));  // in the order of xs
}

TEST_CASE("scan carries several values, and gradients flow through it") {
  const Tensor xs = dvector("xs"), h0 = dscalar("h0");
  const auto [last, ys] = scan(
      [](const std::array<Tensor, 2>& c, const Tensor& x) {
        return std::pair{std::array{c[0] * x, c[1] + c[0]}, c[0]};
      },
      std::array{h0, Tensor(0.0)}, xs, {.length = 3});
  const auto [p, s, g, y] = function({xs, h0}, {last[0], last[1], grad(last[0], xs), ys})(Array{2., 3., 5.}, 1.0);
  CHECK(p.item<double>() == 30);
  CHECK(s.item<double>() == 9);
  CHECK(array_equal(g, Array{15., 10., 6.}));
  CHECK(array_equal(y, Array{1., 2., 6.}));
}

TEST_CASE("scan says what it needs: as many steps as rows, and a carry that stays what it is") {
  const Tensor xs = dvector("xs"), three = tensor("three", float64, {3});
  const auto add = [](const Tensor& h, const Tensor& x) { return std::pair{h + x, h}; };
  CHECK_THROWS_AS(scan(add, dscalar("h"), three, {.length = 4}), ShapeError);
  CHECK_THROWS_AS(scan(add, fscalar("h"), three), DTypeError);
  CHECK_THROWS_AS(scan(add, dvector("h"), tensor("m", float64, {3, 2, 2})), ShapeError);
  const auto [last, ys] = scan(add, dscalar("h"), xs, {.length = 3});
  CHECK(ys.ndim() == 1);
  CHECK(last.ndim() == 0);
}

TEST_CASE("a scan of a given length refuses another number of rows") {
  const Tensor xs = dvector("xs"), h = dscalar("h");
  const auto [last, ys] = scan(
      [](const Tensor& c, const Tensor& x) {
        return std::pair{c + x, c};
      },
      h, xs, {.length = 3});
  const Function f = function({xs, h}, last);
  CHECK(f(Array{1., 2., 3.}, 0.0).item<double>() == 6);
  CHECK_THROWS_AS(f(Array{1., 2., 3., 4.}, 0.0), ShapeError);
}
