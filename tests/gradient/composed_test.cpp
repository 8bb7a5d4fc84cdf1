// Functions made of others: their gradients against differences, and where a hand-written one goes wrong. (Values
// against NumPy and SciPy: tests/conformance.)
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
      {"entr", entr(y)},
      {"sinc", sinc(x)},
      {"nan_to_num", nan_to_num(x)},
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
      {"linspace", linspace(x[0], y[0], 4)},
  };
  for (const auto& [name, t] : all_of) {
    INFO(name);
    const Tensor weights = cast(arange(t.size()), float64) + 1;
    CHECK(disagreement(sum(flatten(t) * weights), leaves, 1e-5) == "");
  }
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

TEST_CASE("functions made of others name what they cannot do") {
  const Tensor x = dvector("x"), m = dmatrix("m");
  CHECK_THROWS_AS(tril(x), ShapeError);
  CHECK_THROWS_AS(diag(dscalar("s")), ShapeError);
  CHECK_THROWS_AS(trace(x), ShapeError);
  CHECK_THROWS_AS(split(tensor("t", float64, {5}), 2), ShapeError);
  CHECK_THROWS_AS(split(x, 0), ShapeError);
  CHECK_THROWS_AS(repeat(x, -1, 0), ShapeError);
  CHECK_THROWS_AS(linspace(x, 1, 3), ShapeError);
  CHECK_THROWS_AS(fmod(Tensor(), x), GraphError);
  CHECK_THROWS_WITH(value(split(x, 2)[0], {{x, Array{1., 2., 3.}}}), Catch::Contains("3 elements"));
}
