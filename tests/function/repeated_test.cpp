// Broadcasts and permutations where they are folded, and where a step on the host reads them.
#include <cmath>

#include "array/access.h"
#include "message.h"

namespace croton {
namespace {

const std::string ways[] = {"device=cpu", "device=queued", on_gpu()};

/// 2.5 in three rows and four columns, whose numbers stand in the type, in a shape, or in arguments.
struct Repeated {
  std::string name;
  Tensor t;
  std::vector<Tensor> inputs;
  std::vector<Array> values;
};
std::vector<Repeated> repeated() {
  const Tensor y = tensor("y", float64, {1, 1}), column = tensor("column", float64, {any_extent, 1}), s = dscalar("s");
  const Tensor x = dmatrix("x"), typed = tensor("typed", float64, {3, 4}), n = lscalar("n"), m = lscalar("m");
  const Array one{{2.5}}, three{{2.5}, {2.5}, {2.5}}, shape = Array::zeros({3, 4});
  return {
      {"by numbers", broadcast_to(y, {3, 4}), {y}, {one}},
      {"by a type", broadcast_to(y, {typed.shape(0), typed.shape(1)}), {y, typed}, {one, shape}},
      {"by a shape", broadcast_to(y, x.shape()), {y, x}, {one, shape}},
      {"by arguments",
       broadcast_to(s, {n, m}),
       {s, n, m},
       {Array::scalar(2.5), Array::scalar(Index{3}), Array::scalar(Index{4})}},
      {"along one axis", broadcast_to(column, {column.shape(0), m}), {column, m}, {three, Array::scalar(Index{4})}},
      {"turned", broadcast_to(column, {column.shape(0), m}).T().T(), {column, m}, {three, Array::scalar(Index{4})}},
  };
}

}  // namespace

TEST_CASE("a fold of what is repeated takes it as often as it is repeated") {
  for (const std::string& way : ways) {
    const ScopedConfig scope{way};
    for (const Repeated& r : repeated()) {
      INFO(way << ", " << r.name);
      const std::vector<Tensor> folds{sum(r.t),  sum(r.t, 0), sum(r.t, 1),    prod(r.t),     max(r.t),
                                      mean(r.t), var(r.t),    r.t / sum(r.t), argmax(r.t, 1)};
      const auto f = function(r.inputs, folds);
      INFO(f.explain());
      std::vector<Array> found(folds.size());
      f.run(std::vector<Argument>(r.values.begin(), r.values.end()), found);
      CHECK(found[0].item<double>() == 30);
      CHECK(array_equal(found[1], Array{7.5, 7.5, 7.5, 7.5}));
      CHECK(array_equal(found[2], Array{10., 10., 10.}));
      CHECK(found[3].item<double>() == Approx(std::pow(2.5, 12)));
      CHECK(found[4].item<double>() == 2.5);
      CHECK(found[5].item<double>() == 2.5);
      CHECK(found[6].item<double>() == 0);
      CHECK(found[7].shape() == Extents{3, 4});
      CHECK(found[7].at<double>(2, 3) == Approx(1.0 / 12));
      CHECK(array_equal(found[8], Array::zeros({3}, int64)));
      CHECK_FALSE(says(f.explain(), "no loop nest fits"));
    }
  }
}

TEST_CASE("a step on the host reads permutations and repetitions without a copy") {
  const Tensor x = dmatrix("x"), v = dvector("v"), n = lscalar("n"), i = lvector("i");
  const Array matrix{{1., 2., 4.}, {8., 16., 32.}}, vector{1., 2.};
  for (const std::string& way : ways) {
    const ScopedConfig scope{way};
    INFO(way);
    const Function turned = function(x, cumsum(x.T(), 0));
    CHECK(says(turned.explain(), "host b1 := cumsum(b0 as [1, 0])"));
    CHECK(array_equal(turned(matrix), Array{{1., 8.}, {3., 24.}, {7., 56.}}));
    const Function rows = function({v, n}, cumsum(broadcast_to(v, {n, v.shape(0)}), 0));
    CHECK(says(rows.explain(), "(b0 as [-1, 0])"));
    CHECK(array_equal(rows(vector, 3), Array{{1., 2.}, {2., 4.}, {3., 6.}}));
    const Function between = function(x, cumsum(x.T()(all, newaxis, all), 0));
    CHECK(array_equal(between(matrix), Array{{1., 8.}, {3., 24.}, {7., 56.}}.reshape({3, 1, 2})));
    const Function counted = function({n, i}, zeros({n}, float64)[i].inc(1));
    CHECK(array_equal(counted(4, std::vector<std::int64_t>{2, 0, 2}), Array{1., 0., 2., 0.}));
    // all elements of a scalar that is repeated are elements of the result
    const Tensor s = dscalar("s");
    const Function written = function({s, n, i}, broadcast_to(s, {n})[i].set(2 * s));
    CHECK(array_equal(written(3.0, 3, std::vector<std::int64_t>{1}), Array{3., 6., 3.}));
  }
}

TEST_CASE("a variable that is changed under another order of its axes keeps its own") {
  const Shared w = shared(Array{{1., 2.}, {3., 4.}, {5., 6.}}, "w");
  const Tensor i = lvector("i");
  const Procedure f = function(i, {.updates = {{w, w.T()[i].inc(10).T()}}});
  f(std::vector<std::int64_t>{1});
  CHECK(array_equal(w.get_value(), Array{{1., 12.}, {3., 14.}, {5., 16.}}));
}

}  // namespace croton
