// Shapes that depend on data: masks as indices, extents and bounds that are computed.
#include <cmath>

#include "array/access.h"
#include "catch.h"
#include "croton.h"
#include "message.h"

using namespace croton;

namespace {

const Array six{{1., -2., 3.}, {-4., 5., -6.}};

/// The outputs compiled, held against the reference evaluator.
std::vector<Array> checked(const Inputs& inputs, const std::vector<Tensor>& outputs, const std::vector<Array>& values) {
  const std::vector<Argument> arguments(values.begin(), values.end());
  std::vector<Array> compiled(outputs.size()), reference(outputs.size());
  const auto f = function(inputs, outputs);
  f.run(arguments, compiled);
  f.run(arguments, compiled);
  function(inputs, outputs, {.mode = Mode::FAST_COMPILE}).run(arguments, reference);
  for (std::size_t i = 0; i < outputs.size(); ++i) CHECK(array_equal(compiled[i], reference[i]));
  return compiled;
}

}  // namespace

TEST_CASE("a mask selects elements, and gradients go to those") {
  const Tensor x = dvector("x");
  const auto r = checked(x, {x[x > 0], sum(x[x > 0]), grad(sum(square(x[x > 0])), x), x[x > 9]}, {Array{1., -2., 3.}});
  CHECK(array_equal(r[0], Array{1., 3.}));
  CHECK(r[1].item<double>() == 4);
  CHECK(array_equal(r[2], Array{2., 0., 6.}));
  CHECK(array_equal(r[3], Array::zeros({0})));
}

TEST_CASE("a mask stands for as many axes as it has, beside other indices") {
  const Tensor m = dmatrix("m"), rows = vector("rows", boolean), columns = vector("columns", boolean),
               one = scalar("one", boolean);
  const auto r = checked({m, rows, columns, one},
                         {m[m > 0], m[rows], m(all, columns), m(rows, 0), m(0, columns), m(all, columns, newaxis),
                          m[one], m(!one, 1), m(all, columns)(rows, all)},
                         {six, Array{false, true}, Array{true, false, true}, Array(true)});
  CHECK(array_equal(r[0], Array{1., 3., 5.}));
  CHECK(array_equal(r[1], Array{{-4., 5., -6.}}));
  CHECK(array_equal(r[2], Array{{1., 3.}, {-4., -6.}}));
  CHECK(array_equal(r[3], Array{-4.}));
  CHECK(array_equal(r[4], Array{1., 3.}));
  CHECK(r[5].shape() == Extents{2, 2, 1});
  CHECK(r[6].shape() == Extents{1, 2, 3});
  CHECK(r[7].shape() == Extents{0, 3});
  CHECK(array_equal(r[8], Array{{-4., -6.}}));
}

TEST_CASE("parts that a mask selects are set and increased, by a number or by a value for each") {
  const Tensor m = dmatrix("m"), columns = vector("columns", boolean), v = dvector("v");
  const auto r = checked({m, columns, v},
                         {m[m < 0].set(0), m[m < 0].inc(10), m[m < 0].set(v), m(all, columns).set(7),
                          inc_subtensor(m(all, columns), constant(Array{{1., 2.}, {3., 4.}}))},
                         {six, Array{true, false, true}, Array{10., 20., 30.}});
  CHECK(array_equal(r[0], Array{{1., 0., 3.}, {0., 5., 0.}}));
  CHECK(array_equal(r[1], Array{{1., 8., 3.}, {6., 5., 4.}}));
  CHECK(array_equal(r[2], Array{{1., 10., 3.}, {20., 5., 30.}}));
  CHECK(array_equal(r[3], Array{{7., -2., 7.}, {7., 5., 7.}}));
  CHECK(array_equal(r[4], Array{{2., -2., 5.}, {-1., 5., -2.}}));
}

TEST_CASE("a number in the place of what a mask selects needs no count, and stays in one kernel") {
  const Tensor x = dvector("x");
  CHECK(function(x, x[x < 0].set(0)).explain().find("first, because") == std::string::npos);
  CHECK(function(x, x[x < 0]).explain().find("first, because shapes depend on it") != std::string::npos);
}

TEST_CASE("sums over what a mask selects, and their gradients, need no list of it") {
  const Tensor x = dvector("x"), y = dvector("y"), m = dmatrix("m"), b = vector("b", boolean), c = dscalar("c"),
               t = tensor("t", float64, {any_extent, 3});
  const Tensor rows = b(slice(0, 2));
  const Tensor loss = mean(square(x[y > 0] - y[y > 0] * c));
  const std::vector<Tensor> results{sum(x[y > 0]),
                                    prod(x[b]),
                                    mean(x[b]),
                                    loss,
                                    grad(loss, x),
                                    grad(loss, y),
                                    grad(loss, c),
                                    sum(m[m > 0]),
                                    mean(exp(m[m < c])),
                                    sum(t[rows], 0),
                                    mean(t[rows]),
                                    grad(sum(pow(m[m > 0], 3)), m),
                                    x[b].set(y[b]),
                                    x[b].inc(sin(y[b])),
                                    m[m > 0].inc(m[m > 0] * 2)};
  const Inputs inputs{x, y, m, b, c, t};
  const Array of_x{1., -2., 3., 0.5, -1., 4.}, of_y{-1., 2., 3., 0., 5., -6.};
  const auto f = function(inputs, results);
  INFO(f.explain());
  CHECK(f.explain().find("nonzero") == std::string::npos);
  const auto reference = function(inputs, results, {.mode = Mode::FAST_COMPILE});
  for (const Array& mask :
       {Array{true, false, true, true, false, false}, Array{false, true, false, false, true, true}}) {
    std::vector<Array> got(results.size()), want(results.size());
    const std::vector<Argument> arguments{of_x, of_y, six, mask, 1.5, six};
    f.run(arguments, got);
    reference.run(arguments, want);
    for (std::size_t i = 0; i < results.size(); ++i) {
      INFO("result " << i);
      CHECK(eval(allclose(got[i], want[i], 1e-12)).item<bool>());
    }
  }
  // what is not selected may be anything
  const Array holes{1., std::nan(""), 3., 0.5, -HUGE_VAL, 4.};
  const Array mask{true, false, true, true, false, true};
  const Function logs = function({x, b}, sum(log(x[b])));
  CHECK(logs(holes, mask).item<double>() == Approx(std::log(6.0)));
  const Function slopes = function({x, b}, grad(sum(x[b]), x));
  CHECK(array_equal(slopes(holes, mask), Array{1., 0., 1., 1., 0., 1.}));
}

TEST_CASE("a mask of another length than what it selects from is an error where no list of it is made") {
  const Tensor x = dvector("x"), b = vector("b", boolean), one = tensor("one", boolean, {1});
  CHECK_THROWS_AS(function({x, b}, sum(x[b]))(Array{1., 2.}, Array{true, false, true}), ShapeError);
  CHECK_THROWS_AS(function({x, b}, x[b].set(x[b] * 2))(Array{1., 2.}, Array{true, false, true}), ShapeError);
  CHECK_THROWS_AS(function({x, one}, sum(x[one]))(Array{1., 2.}, Array{true}), IndexError);
}

TEST_CASE("what is more than a sum over what a mask selects is made of a list of it") {
  const Tensor x = dvector("x"), y = dvector("y"), m = dmatrix("m");
  checked({x, y}, {max(x[x > 0]), sum(x[x > 0] * x[y > 0]), sum(x[x > 0] * y[slice(0, 2)]), x[x > 0].set(y[y > 0])},
          {Array{1., -2., 3., -1.}, Array{2., 5., -3., -1.}});
  checked(m, {sum(m[m > 0].reshape({3, 1}) + m[m > 0]), sum(stack({m[m > 0], m[m > 0]}), 0)}, {six});
  const Tensor narrow = tensor("narrow", float64, {any_extent, 1}), wide = tensor("wide", float64, {1, 40});
  const Tensor widened = sum(narrow[x > 0] * wide);
  CHECK(function({x, narrow, wide}, widened).explain().find("nonzero") != std::string::npos);
  const auto long_rows = function(m, {sum(m[m(all, 0) > 0], 0), m[m(all, 0) > 0].inc(m[m(all, 0) > 0])});
  CHECK(long_rows.explain().find("nonzero") != std::string::npos);
  checked(m, {sum(m[m(all, 0) > 0], 0), m[m(all, 0) > 0].inc(m[m(all, 0) > 0])}, {six});
}

TEST_CASE("a number that many shared steps make is looked through no further than it pays") {
  const Tensor n = scalar("n", int64);
  Tensor steps = n;
  for (int k = 0; k < 60; ++k) steps = steps * steps + steps;
  CHECK(function(n, cast(steps, float64))(0).item<double>() == 0);
}

TEST_CASE("extents and bounds may be computed from data") {
  const Tensor x = dvector("x");
  const auto r = checked(x,
                         {x[slice(argmax(x), none)], zeros({cast(sum(x), int64), 2}), arange(sum(x > 0)),
                          x[x > 0][x[x > 0] > 1], x[argmax(x)]},
                         {Array{1., -2., 3., 0.5}});
  CHECK(array_equal(r[0], Array{3., 0.5}));
  CHECK(r[1].shape() == Extents{2, 2});
  CHECK(r[2].size() == 3);
  CHECK(array_equal(r[3], Array{3.}));
  CHECK(r[4].item<double>() == 3);
}

TEST_CASE("a mask of another shape is an IndexError, and nothing is updated") {
  const Tensor m = dmatrix("m"), b = vector("b", boolean);
  const Shared calls = shared(0, "calls");
  for (const Mode mode : {Mode::FAST_RUN, Mode::FAST_COMPILE}) {
    const Function f = function({m, b}, m[b], {.mode = mode, .updates = {{calls, calls + 1}}});
    CHECK_THROWS_AS(f(six, Array{true, false, true}), IndexError);
    CHECK_THROWS_WITH(f(six, Array{true, false, true}),
                      Catch::Contains("the mask b is bool[3], but the axis that its axis 0 selects from has 2"));
  }
  CHECK(calls.get_value().item<int>() == 0);
  CHECK_THROWS_AS(tensor("x", float64, {3})[tensor("k", boolean, {2})], IndexError);
  CHECK_THROWS_AS(dvector("x")[m > 0], IndexError);
}

TEST_CASE("updates may depend on a mask") {
  const Tensor x = dvector("x");
  const Shared total = shared(0.0, "total");
  const Function f = function(x, x[x > total], {{total, total + sum(x[x > total])}});
  CHECK(array_equal(f(Array{1., -2., 3.}), Array{1., 3.}));
  CHECK(total.get_value().item<double>() == 4);
  CHECK(f(Array{1., -2., 3.}).size() == 0);
  CHECK(array_equal(f(Array{5.}), Array{5.}));
}

TEST_CASE("masks work on the emulated GPU", "[emulator]") {
  const ScopedConfig scope(on_gpu());
  const Tensor m = dmatrix("m");
  const auto [all_positive, zeros_for_negative] = function(m, {m[m > 0], m[m < 0].set(0)})(six);
  CHECK(array_equal(all_positive, Array{1., 3., 5.}));
  CHECK(array_equal(zeros_for_negative, Array{{1., 0., 3.}, {0., 5., 0.}}));
}
