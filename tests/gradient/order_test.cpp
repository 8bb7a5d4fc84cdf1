// Sorting, running folds and elements by indices: gradients against differences, and what NumPy's golden cases do not
// ask.
#include <cmath>

#include "catch.h"
#include "croton.h"
#include "differences.h"

using namespace croton;
using differences::disagreement;
using differences::numbers;
using differences::value;

TEST_CASE("sorted, running and picked elements have the gradients that differences give") {
  const Tensor x = dvector("x"), m = dmatrix("m"), w = dvector("w"), z = dvector("z");
  const std::vector<differences::Leaf> leaves{{x, numbers({6}, -2, 2)},
                                              {m, numbers({3, 4}, -1, 1, 4)},
                                              {w, numbers({6}, 0, 1, 5)},
                                              {z, Array{2., 0., 3., 0., 5.}}};
  const Array twice = Array(std::vector<Index>{1, 0, 3, 3, 1, 0, 2, 2, 0, 0, 1, 3}).reshape({3, 4});
  const std::vector<std::pair<const char*, Tensor>> all_of = {
      {"sort", sort(x)},
      {"sort along axis 0", sort(m, 0)},
      {"topk", topk(m, 2, 1)[0]},
      {"topk of the smallest", topk(m, 2, 0, false)[0]},
      {"median of an even number", median(x)},
      {"median over both axes", median(m, {0, 1}, keepdims)},
      {"median over one axis", median(m, 0)},
      {"unique", unique(m).values},
      {"unique along an axis", unique(m, 1).values},
      {"bincount with weights", bincount(constant(Array{0, 2, 2, 0, 5, 1}), w)},
      {"cumsum", cumsum(m, 1)},
      {"cumsum of all", cumsum(m)},
      {"cumprod", cumprod(m, 0)},
      {"cummax", cummax(m, 1)},
      {"cummin", cummin(m, 0)},
      {"take_along_axis", take_along_axis(m, constant(twice), 1)},
      {"take_along_axis that broadcasts", take_along_axis(m, constant(Array{2, 0}.reshape({2, 1})), 0)},
      {"put_along_axis", put_along_axis(m, constant(Array{1, 0, 2, 2}.reshape({1, 4})), w[0], 0)},
      {"choose", choose(constant(Array{0, 1, 1, 0, 1, 0}), {x, w})},
  };
  for (const auto& [name, t] : all_of) {
    INFO(name);
    const Tensor weights = cast(arange(t.size()), float64) + 1;
    CHECK(disagreement(sum(flatten(t) * weights), leaves, 1e-5) == "");
  }
}

TEST_CASE("the median of nothing is NaN, as the mean is, and of no lines it is nothing") {
  const Tensor m = dmatrix("m");
  const Array wide = Array::zeros({0, 3}), tall = Array::zeros({3, 0});
  const auto all_nan = [](const Array& a) {
    for (Index i = 0; i < a.size(); ++i)
      if (!std::isnan(get(a, i))) return false;
    return a.size() > 0;
  };
  for (const auto& [at, axis] : {std::pair{wide, 0}, {tall, 1}}) {
    const Array got = value(median(m, axis), {{m, at}});
    CHECK(got.shape() == Extents{3});
    CHECK(all_nan(got));
    CHECK(value(median(m, 1 - axis, keepdims), {{m, at}}).size() == 0);
    CHECK(all_nan(value(median(m), {{m, at}})));
    CHECK(value(grad(sum(median(m, axis)), m), {{m, at}}).shape() == at.shape());
  }
  const Tensor none = tensor("none", float32, {0});
  CHECK(all_nan(value(median(none), {{none, Array::zeros({0}, float32)}})));
  const Tensor i = lvector("i");
  CHECK(all_nan(value(median(i), {{i, Array::zeros({0}, int64)}})));
}

TEST_CASE("the gradient of cumprod is right where elements are zero") {
  const Tensor x = dvector("x");
  for (const Array& at : {Array{2., 0., 3., 5.}, Array{0., 2., 3.}, Array{2., 0., 3., 0., 5.}, Array{0., 0.}}) {
    const Tensor y = cumprod(x, 0);
    CHECK(disagreement(sum(y * (cast(arange(y.size()), float64) + 1)), {{x, at}}, 1e-5) == "");
  }
}

TEST_CASE("equal elements keep their order, also where it descends, and NaN is the largest") {
  const double nan = std::nan("");
  const Tensor x = dvector("x");
  const Array at{1., nan, 0., 1., nan, -HUGE_VAL};
  CHECK(array_equal(value(argsort(x), {{x, at}}), Array(std::vector<Index>{5, 2, 0, 3, 1, 4})));
  CHECK(array_equal(value(topk(x, 4)[1], {{x, at}}), Array(std::vector<Index>{1, 4, 0, 3})));
  CHECK(array_equal(value(topk(x, 3, 0, false)[0], {{x, at}}), Array{-HUGE_VAL, 0., 1.}));
}

TEST_CASE("the second derivative of a running fold is that of its formula") {
  const Tensor x = dvector("x");
  const Tensor y = sum(cumsum(x * x, 0)), slope = grad(y, x);
  CHECK(array_equal(value(grad(sum(slope), x), {{x, Array{1., 2., 3.}}}), Array{6., 4., 2.}));
}

TEST_CASE("unique of nothing is nothing; NaN is one value; parts along the last axis are columns") {
  const double nan = std::nan("");
  const Tensor x = dvector("x"), m = lmatrix("m");
  const Unique u = unique(x), columns = unique(m, 1);
  for (const Tensor& t : {u.index, u.inverse, u.counts}) CHECK(value(t, {{x, Array::zeros({0})}}).size() == 0);
  const Array some{nan, 2., nan, 1.};
  CHECK(value(u.values, {{x, some}}).shape() == Extents{3});
  CHECK(array_equal(value(u.counts, {{x, some}}), Array(std::vector<Index>{1, 1, 2})));
  CHECK(array_equal(value(u.inverse, {{x, some}}), Array(std::vector<Index>{2, 1, 2, 0})));
  const Array three = Array(std::vector<Index>{2, 1, 2, 0, 1, 0}).reshape({2, 3});
  CHECK(array_equal(value(columns.values, {{m, three}}), Array(std::vector<Index>{1, 2, 1, 0}).reshape({2, 2})));
  CHECK(array_equal(value(columns.index, {{m, three}}), Array(std::vector<Index>{1, 0})));
}

TEST_CASE("bins may fall, and include either end") {
  const Tensor x = dvector("x"), bins = dvector("bins");
  const Array at{0.5, 1., 2.5, 9.}, rising{1., 2., 3.}, falling{3., 2., 1.};
  const auto of = [&](bool right, const Array& b) { return value(digitize(x, bins, right), {{x, at}, {bins, b}}); };
  CHECK(array_equal(of(false, rising), Array(std::vector<Index>{0, 1, 2, 3})));
  CHECK(array_equal(of(true, rising), Array(std::vector<Index>{0, 0, 2, 3})));
  CHECK(array_equal(of(false, falling), Array(std::vector<Index>{3, 2, 1, 0})));
  CHECK(array_equal(of(true, falling), Array(std::vector<Index>{3, 3, 1, 0})));
}

TEST_CASE("sorting and picking name what they cannot do") {
  const Tensor x = dvector("x"), m = dmatrix("m"), s = dscalar("s"), i = lvector("i");
  CHECK_THROWS_AS(sort(x, 1), IndexError);
  CHECK_THROWS_AS(sort(s), IndexError);
  CHECK_THROWS_AS(topk(x, -1), ShapeError);
  CHECK_THROWS_AS(searchsorted(m, x), ShapeError);
  CHECK_THROWS_AS(digitize(x, m), ShapeError);
  CHECK_THROWS_AS(bincount(x), DTypeError);
  CHECK_THROWS_AS(bincount(i, Index{-1}), ShapeError);
  CHECK_THROWS_AS(nonzero(s), ShapeError);
  CHECK_THROWS_AS(choose(i, Tensors()), ShapeError);
  CHECK_THROWS_AS(unravel_index(i, Extents()), ShapeError);
  CHECK_THROWS_AS(ravel_multi_index({i, i}, {3}), ShapeError);
  CHECK_THROWS_AS(tril_indices(-1, 0, 2), ShapeError);
  CHECK_THROWS_AS(cumsum(Tensor(), 0), GraphError);
  CHECK_THROWS_WITH(take_along_axis(m, i, 0),
                    Catch::Contains("take_along_axis: m is float64[?, ?], the index i is int64[?]"));
  CHECK_THROWS_WITH(value(bincount(i), {{i, Array(std::vector<Index>{0, -1})}}),
                    Catch::Contains("bincount: element 1 of i is -1; what is counted is not negative"));
  CHECK_THROWS_WITH(value(topk(x, 4)[0], {{x, Array{1., 2.}}}), Catch::Contains("out of"));
  CHECK_THROWS_AS(value(ravel_multi_index({i}, {3}), {{i, Array(std::vector<Index>{3})}}), IndexError);
  CHECK_THROWS_AS(value(choose(i, {x}), {{i, Array(std::vector<Index>{1})}, {x, Array{1.}}}), IndexError);
}
