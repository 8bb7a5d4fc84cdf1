// Names that programs look for because NumPy, SciPy, JAX or Theano have them: values, gradients, what is refused.
#include <cmath>

#include "array/access.h"
#include "catch.h"
#include "croton.h"
#include "gpu.h"
#include "message.h"

using namespace croton;

namespace {

const double missing = std::nan(""), inf = HUGE_VAL;

Array whole_numbers(const std::vector<Index>& v) { return Array(v); }

/// One dtype and shape, NaN at the same places, and elements that differ by a few roundings.
bool same_numbers(const Array& a, const Array& b) {
  return a.dtype() == b.dtype() && a.shape() == b.shape() &&
         eval(allclose(Tensor(a), Tensor(b), 4e-15, 4e-15, true)).item<bool>();
}

struct Case {
  const char* name;
  Tensor y;
  Array wanted;
};

/// Inputs, what they are given, and what NumPy makes of it.
struct Known {
  Tensor x = dvector("x"), m = dmatrix("m"), h = dmatrix("h"), a = dvector("a"), v = dvector("v"), g = dvector("g"),
         d = dvector("d"), xp = dvector("xp"), fp = dvector("fp"), at = dvector("at");
  std::vector<Tensor> inputs{x, m, h, a, v, g, d, xp, fp, at};
  std::vector<Array> values{
      Array{3., 1., 4., 1., 5., 9., 2., 6.},
      Array{{3., -1., 4.}, {1., -5., 9.}, {2., 6., -5.}, {3., 5., 8.}},
      Array{{missing, 1., 2.}, {missing, missing, 0.5}, {missing, -3., 4.}},
      Array{1., 2., 3.},
      Array{0., 1., 0.5, -2.},
      Array{-7., -2.5, -1., -0.5, 0., 0.5, 1., 2.5, 6., 7.},
      Array{0., 0.5, 1., 1., 2.5, 3., missing, -1., 4., 2.},
      Array{1., 2., 4., 4., 7.},
      Array{3., 2., 0., 5., -1.},
      Array{0., 1., 1.5, 2., 3., 4., 4.5, 7., 8., missing},
  };

  std::vector<Case> cases() const {
    const Array among{3., missing, -0.};
    return {
        // NumPy 2.4.6
        {"quantile", quantile(x, 0.3), Array::scalar(2.1)},
        {"quantiles", quantile(x, Array{0., 0.1, 0.5, 0.9, 1.}), Array{1., 1., 3.5, 6.8999999999999995, 9.}},
        {"quantile along an axis", quantile(m, 0.4, 0), Array{2.2, 0.20000000000000107, 4.800000000000001}},
        {"quantiles along an axis that is kept", quantile(m, Array{0.25, 0.8}, 1, keepdims),
         Array{1., -2., -1.5, 4., 3.6, 5.800000000000001, 4.4, 6.800000000000001}.reshape({2, 4, 1})},
        {"quantiles over both axes", quantile(m, Array{0.25, 0.8}, {0, 1}), Array{0.5, 5.800000000000001}},
        {"quantile with NaN", quantile(h, 0.5, 0), Array{missing, missing, 2.}},
        {"percentile", percentile(m, Array{5., 95.}, 0), Array{{1.15, -4.4, -3.65}, {3., 5.85, 8.85}}},
        {"average", average(m, square(m)), Array::scalar(4.925675675675675)},
        {"average with a weight for each row", average(m, Array{1, 2, 3, 4}, 0), Array{2.3, 2.7, 3.9}},
        {"average with a weight for each column", average(m, Array{1., 0., 3.}, -1), Array{3.75, 7., -3.25, 6.75}},
        {"average of integers", average(Array{1, 2, 4}, Array{1, 1, 2}), Array::scalar(2.75)},
        {"cov", cov(m),
         Array{{7., 17., -13., 2.},
               {17., 49.333333333333336, -39., 11.666666666666666},
               {-13., -39., 31., -10.},
               {2., 11.666666666666666, -10., 6.333333333333333}}},
        {"cov of columns", cov(m, {.rowvar = false, .ddof = 0}),
         Array{{0.6875, 1.9375, -0.25}, {1.9375, 20.1875, -14.75}, {-0.25, -14.75, 30.5}}},
        {"cov of a vector", cov(x), Array::scalar(7.553571428571428)},
        {"nansum", nansum(h, 0), Array{0., -2., 6.5}},
        {"nansum of all", nansum(h), Array::scalar(4.5)},
        {"nanprod", nanprod(h, 0), Array{1., -3., 4.}},
        {"nanmean", nanmean(h, 0, keepdims), Array{{missing, -1., 2.1666666666666665}}},
        {"nanmean of all", nanmean(h), Array::scalar(0.9)},
        {"nanvar", nanvar(h, 0), Array{missing, 4., 2.0555555555555554}},
        {"nanvar of all", nanvar(h), Array::scalar(5.24)},
        {"nanstd", nanstd(h, 0), Array{missing, 2., 1.4337208778404378}},
        {"nanmax", nanmax(h, 0), Array{missing, 1., 4.}},
        {"nanmin", nanmin(h, 0), Array{missing, -3., 0.5}},
        {"nanmin of all", nanmin(h), Array::scalar(-3.)},
        {"count_nonzero", count_nonzero(h, 0), whole_numbers({3, 3, 3})},
        {"ptp", ptp(m, 1), Array{5., 14., 11., 5.}},
        {"ptp of all", ptp(m), Array::scalar(14.)},
        {"convolve", convolve(a, v), Array{0., 1., 2.5, 2., -2.5, -6.}},
        {"convolve, same", convolve(a, v, "same"), Array{1., 2.5, 2., -2.5}},
        {"convolve, valid", convolve(a, v, "valid"), Array{2.5, 2.}},
        {"convolve, same, an odd filter", convolve(x, a, "same"), Array{7., 15., 12., 19., 22., 35., 37., 18.}},
        {"convolve, same, an even filter", convolve(x, v, "same"), Array{3., 2.5, -1.5, 1., -2.5, 9.5, -3.5, -11.}},
        {"convolve, valid, a longer signal", convolve(x, v, "valid"), Array{-1.5, 1., -2.5, 9.5, -3.5}},
        {"convolve of known lengths", convolve(Array{1., 2., 3.}, Array{0., 1., 0.5, -2.}, "valid"), Array{2.5, 2.}},
        {"interp", interp(at, xp, fp), Array{3., 3., 2.5, 2., 1., 5., 4., -1., -1., missing}},
        {"interp of one point", interp(a, Array{2.}, Array{7.}), Array{7., 7., 7.}},
        {"histogram", histogram(where(isnan(d), 99, d), Array{0., 1., 2.5, 3.}), whole_numbers({2, 3, 2})},
        {"histogram of even bins", histogram(where(isnan(d), 99, d), 4, 0, 3), whole_numbers({2, 2, 1, 2})},
        {"trapezoid", trapezoid(m, 1, 0), Array{6., 3., 10.}},
        {"trapezoid of even places", trapezoid(m, 0.5), Array{1.25, 0., 2.25, 5.25}},
        {"trapezoid of places", trapezoid(m, Array{0., 1., 3., 4.}, 0), Array{7.5, 3.5, 12.}},
        {"trapezoid of places for each", trapezoid(m, square(m)), Array{14.5, 64., 122.5, 317.5}},
        {"isin", isin(Array{{1., missing}, {3., 0.}}, among), Array{{false, false}, {true, true}}},
        {"isin of many", isin(at, concatenate({xp, fp, among})),
         Array{true, true, false, true, true, true, false, true, false, false}},
        {"inner", inner(m, a), Array{13., 18., -1., 37.}},
        {"inner of matrices", inner(m, m(slice(2))), Array{{26., 44.}, {44., 107.}, {-20., -73.}, {36., 50.}}},
        {"inner with a scalar", inner(a, 2), Array{2., 4., 6.}},
        {"vdot", vdot(m, m(slice(none, none, -1))), Array::scalar(-74.)},
        {"vstack", vstack({a, m}), Array{{1., 2., 3.}, {3., -1., 4.}, {1., -5., 9.}, {2., 6., -5.}, {3., 5., 8.}}},
        {"hstack", hstack({a, v}), Array{1., 2., 3., 0., 1., 0.5, -2.}},
        {"hstack of matrices", hstack({m, m(all, slice(1))}),
         Array{{3., -1., 4., 3.}, {1., -5., 9., 1.}, {2., 6., -5., 2.}, {3., 5., 8., 3.}}},
        {"dstack", dstack({a, 2 * a}), Array{1., 2., 2., 4., 3., 6.}.reshape({1, 3, 2})},
        {"squeeze", squeeze(expand_dims(expand_dims(m, 1), 0)), values[1]},
        // JAX 0.10.2; hard_sigmoid by Theano's formula, in NumPy
        {"selu", selu(g),
         Array{-1.7564961617648047, -1.6137857588732423, -1.1113307378125625, -0.6917581878028712, 0.,
               0.5253504936777402, 1.0507009873554805, 2.626752468388701, 6.304205924132883, 7.354906911488364}},
        {"hard_tanh", hard_tanh(g), Array{-1., -1., -1., -0.5, 0., 0.5, 1., 1., 1., 1.}},
        {"relu6", relu6(g), Array{0., 0., 0., 0., 0., 0.5, 1., 2.5, 6., 6.}},
        {"hard_sigmoid", hard_sigmoid(g), Array{0., 0., 0.3, 0.4, 0.5, 0.6, 0.7, 1., 1., 1.}},
    };
  }
};

}  // namespace

TEST_CASE("functions of NumPy's names give NumPy's answers, interpreted, on the processor and on a GPU") {
  const ScopedConfig scope(GENERATE(std::string("mode=FAST_COMPILE"), std::string("device=cpu"), on_gpu()));
  const Known known;
  const std::vector<Case> cases = known.cases();
  std::vector<Tensor> outputs;
  outputs.reserve(cases.size());
  for (const Case& c : cases) outputs.push_back(c.y);
  const auto f = function(known.inputs, outputs);
  const std::vector<Array> got = f(known.values);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    INFO(cases[i].name << ": " << printed(got[i]) << ", and NumPy " << printed(cases[i].wanted));
    CHECK(same_numbers(got[i], cases[i].wanted));
  }
}

TEST_CASE("functions of NumPy's names have the gradients that differences give") {
  const Tensor x = dvector("x"), m = dmatrix("m"), q = dscalar("q"), xp = dvector("xp");
  const Tensor h = where(Array{{true, false, false}, {false, true, false}, {false, false, true}}, missing, m);
  const std::vector<Tensor> inputs{x, m, q, xp};
  const std::vector<Array> values{Array{0.3, -1.7, 2.2, 0.9}, Array{{3., -1., 4.}, {1., -5., 9.}, {2., 6., -4.5}},
                                  Array::scalar(0.37), Array{-1., 0.5, 1., 3.}};
  const std::vector<std::pair<const char*, Tensor>> all_of{
      {"quantile", quantile(x, 0.3)},
      {"quantile along its share", quantile(m, q, 1)},
      {"quantiles", quantile(m, Array{0.2, 0.7}, 0, keepdims)},
      {"percentile", percentile(m, 55.)},
      {"average", average(m, square(m), 0)},
      {"average with a weight for each column", average(m, x(slice(3)), 1)},
      {"cov", cov(m)},
      {"nansum", nansum(h, 0)},
      {"nanprod", nanprod(h, 0)},
      {"nanmean", nanmean(h, 1)},
      {"nanvar", nanvar(h, 0)},
      {"nanstd", nanstd(h, 0)},
      {"nanmax", nanmax(h, 0)},
      {"nanmin", nanmin(h)},
      {"ptp", ptp(m, 1)},
      {"convolve", convolve(x, xp, "same")},
      {"interp", interp(x, xp, m(0, Array{0, 1, 2, 0}))},
      {"trapezoid", trapezoid(m, xp(slice(3)), 0)},
      {"inner", inner(m, square(m))},
      {"vdot", vdot(m, m.T())},
      {"vstack", vstack({m, x(slice(3))})},
      {"hstack", hstack({x, xp})},
      {"dstack", dstack({m, m.T()})},
      {"squeeze", squeeze(expand_dims(m, 0))},
      {"selu", selu(x)},
      {"hard_tanh", hard_tanh(x)},
      {"relu6", relu6(m - 0.5)},
      {"hard_sigmoid", hard_sigmoid(m)},
  };
  const Tensor connected = 0 * (sum(x) + sum(m) + q + sum(xp));
  for (const auto& [name, y] : all_of) {
    INFO(name);
    const Tensor weights = cast(arange(y.size()), float64) + 1;
    CHECK_NOTHROW(verify_grad(sum(flatten(y) * weights) + connected, inputs, values));
  }
}

TEST_CASE("a quantile is an element where it falls on one, and NaN of nothing and outside of all shares") {
  const Tensor x = dvector("x"), q = dscalar("q");
  const Function f = function({x, q}, quantile(x, q));
  CHECK(f(Array{1., inf, 2.}, 0.5).item<double>() == 2);
  CHECK(f(Array{inf, 1., inf, inf}, 0.5).item<double>() == inf);
  CHECK(std::isnan(f(Array::zeros({0}), 0.5).item<double>()));
  CHECK(std::isnan(f(Array{1., 2.}, 1.01).item<double>()));
  CHECK(std::isnan(f(Array{1., 2.}, -0.01).item<double>()));
  CHECK(eval(quantile(Array{1, 2, 3}, 0.25)).item<double>() == 1.5);
  CHECK(eval(quantile(Array{1.f, 2.f}, 0.1)).dtype() == float32);
}

TEST_CASE("the share that a program writes as a number has all its digits under floatX=float32") {
  const ScopedConfig scope{"floatX=float32"};
  CHECK(eval(quantile(Array{0., 10.}, 0.1)).item<double>() == 1);
  CHECK(array_equal(eval(histogram(Array{0.1, 0.2, 0.30000000000000004, 0.7}, 7, 0, 0.7)),
                    whole_numbers({0, 1, 1, 1, 0, 0, 1})));  // NumPy 2.4.6
}

TEST_CASE("reductions without NaN are those with it where integers have none") {
  const Array i{{1, 2}, {3, 5}};
  CHECK(same_numbers(eval(nansum(i, 0)), eval(sum(i, 0))));
  CHECK(same_numbers(eval(nanmax(i, 1)), eval(max(i, 1))));
  CHECK(same_numbers(eval(nanmean(i)), eval(mean(i))));
  CHECK(same_numbers(eval(nanvar(i)), eval(var(i))));
  CHECK(same_numbers(eval(count_nonzero(Tensor(i) - 1, keepdims)), Array(std::vector<Index>{3}).reshape({1, 1})));
  const Array many = Array::full({70000}, 1.0, float16);  // whose sum and number are infinite in float16
  CHECK(get(eval(nanmean(many)), 0) == 1);
}

TEST_CASE("the gradient of nanstd is 0 where all elements are equal, and that of what is NaN is 0") {
  const Tensor x = dvector("x");
  const auto slope = [&](const Tensor& y, const Array& at) { return function(x, grad(y, x))(at); };
  CHECK(array_equal(slope(nanstd(x), Array{2., missing, 2.}), Array{0., 0., 0.}));
  CHECK(array_equal(slope(nanmean(x), Array{2., missing, 4.}), Array{0.5, 0., 0.5}));
  CHECK(array_equal(slope(nanmax(x), Array{2., missing, 4.}), Array{0., 0., 1.}));
}

TEST_CASE("interp has the slope of the piece behind a point, and none beyond the ends") {
  const Tensor x = dvector("x");
  const Function f = function(x, grad(sum(interp(x, Array{0., 1., 3.}, Array{0., 2., 8.})), x));
  CHECK(array_equal(f(Array{-1., 0., 0.5, 1., 2., 3., 4.}), Array{0., 2., 2., 3., 3., 0., 0.}));
}

TEST_CASE("squeeze takes the axes away whose type says 1, and leaves one that is 1 when it runs") {
  const Tensor t = tensor("t", float64, {1, any_extent, 1, 3});
  CHECK(function(t, squeeze(t))(Array::zeros({1, 1, 1, 3})).shape() == Extents{1, 3});
  CHECK(eval(squeeze(Array{{5.}})).shape() == Extents());
}

TEST_CASE("nothing is in no set and in no bin") {
  const Tensor x = dvector("x"), among = dvector("among");
  const auto [is_in, counts] =
      function({x, among}, {isin(x, among), histogram(x, 2, 0, 1)})(Array{1., 2.}, Array::zeros({0}));
  CHECK(array_equal(is_in, Array{false, false}));
  CHECK(array_equal(counts, whole_numbers({0, 1})));
  CHECK(array_equal(eval(histogram(Array{missing, 0.5}, Array{0., 1.})), whole_numbers({1})));
}

TEST_CASE("functions of NumPy's names say what they cannot do") {
  const Tensor x = dvector("x"), m = tensor("m", float64, {any_extent, 3}), b = vector("b", boolean);
  const auto of = [](auto&& f) {
    try {
      f();
    } catch (const Error& e) { return without_lines(e.what()); }
    return std::string();
  };
  CHECK(of([&] { quantile(x, 1.5); }) == "HERE: quantile: q is 1.5; allowed: numbers from 0 to 1");
  CHECK(of([&] { percentile(x, Array{50., 101.}); }) == "HERE: percentile: q is 101; allowed: numbers from 0 to 100");
  CHECK(of([&] { quantile(x, m); }) == "HERE: quantile: q is m, float64[?, 3]; it is a number, or a vector of them");
  CHECK(of([&] { quantile(x, 0.5, 1); }).starts_with("HERE: quantile: "));
  CHECK(of([&] { average(m, x); }) ==
        "HERE: average: m is float64[?, 3], the weights x are float64[?]; they have its shape, or as many axes as the "
        "mean is taken over, which are 2");
  CHECK(of([&] { average(m, Array{1., 2.}, 1); }).starts_with("HERE: average: shapes "));
  CHECK(of([&] { cov(dtensor3("t")); }) ==
        "HERE: cov: t is float64[?, ?, ?]; a vector, or a matrix of variables and observations, is needed");
  CHECK(of([&] { ptp(b); }) == "HERE: ptp: b is bool[?], and bools have no difference; convert it with astype");
  CHECK(of([&] { nanmax(Array::zeros({0})); }).starts_with("HERE: nanmax: "));
  CHECK(of([&] { inner(m, Array{1., 2.}); }).starts_with("HERE: inner: "));
  CHECK(of([&] { vdot(Array{1., 2., 3.}, Array{1., 2.}); }).starts_with("HERE: vdot: "));
  CHECK(of([&] { vstack({m, Array{1., 2.}}); }).starts_with("HERE: vstack: "));
  CHECK(of([&] { hstack(Tensors()); }).starts_with("HERE: hstack: "));
  CHECK(of([&] {
          dstack({Tensor(), m});
        }) == "HERE: dstack: an argument is an empty Tensor (declared, never assigned)");
  CHECK(of([&] { convolve(x, x, "half"); }) ==
        "HERE: convolve: the mode is \"half\"; allowed: \"full\", \"same\", \"valid\"");
  CHECK(of([&] { convolve(m, x); }) == "HERE: convolve: an operand m is float64[?, 3]; it is a vector");
  CHECK(of([&] { convolve(b, b); }) == "HERE: convolve: b and b are bools; convert them with astype");
  CHECK(of([&] { convolve(x, Array::zeros({0})); }).starts_with("HERE: convolve: "));
  CHECK(of([&] { function(x, convolve(Array{1., 2.}, x))(Array::zeros({0})); }).starts_with("HERE: convolve: "));
  CHECK(of([&] { interp(x, m, x); }) == "HERE: interp: xp m is float64[?, 3]; it is a vector");
  CHECK(of([&] { interp(x, Array{1., 2.}, Array{1., 2., 3.}); }).starts_with("HERE: interp: "));
  CHECK(of([&] { function(x, interp(x, x, Array{1., 2.}))(Array{1., 2., 3.}); }).starts_with("HERE: interp: "));
  CHECK(of([&] { histogram(x, m); }) == "HERE: histogram: m is float64[?, 3]; edges are a vector");
  CHECK(of([&] { histogram(x, Array{1.}); }) == "HERE: histogram: 1 edges; at least 2 are needed");
  CHECK(of([&] { histogram(x, 0, 0, 1); }) == "HERE: histogram: 0 bins; at least 1 is needed");
  CHECK(of([&] { histogram(x, 3, 2, 1.5); }) == "HERE: histogram: bins from 2 to 1.5; low is below high");
  CHECK(of([&] { histogram(x, 3, x, 1); }) == "HERE: histogram: x is float64[?]; low and high are scalars");
  CHECK(of([&] { trapezoid(dtensor3("t"), m); }) ==
        "HERE: trapezoid: t is float64[?, ?, ?], its places m are float64[?, 3]; they are a vector, of the same shape, "
        "or a scalar");
  CHECK(of([&] { trapezoid(m, 1, 2); }).starts_with("HERE: trapezoid: "));
  CHECK(of([&] { quantile(Tensor(), 0.5); }) ==
        "HERE: quantile: an argument is an empty Tensor (declared, never assigned)");
  CHECK(of([&] { nansum(Tensor()); }) == "HERE: nansum: an argument is an empty Tensor (declared, never assigned)");
  CHECK(of([&] { average(x, Tensor()); }) ==
        "HERE: average: an argument is an empty Tensor (declared, never assigned)");
  CHECK(of([&] { relu6(Tensor()); }) == "HERE: argument 1 of relu6 is an empty Tensor (declared, never assigned)");
  CHECK(of([&] { convolve(Tensor(), x); }) ==
        "HERE: convolve: an argument is an empty Tensor (declared, never assigned)");
  CHECK(of([&] { squeeze(Tensor()); }) == "HERE: squeeze: an argument is an empty Tensor (declared, never assigned)");
  CHECK(of([&] { isin(Tensor(), x); }) == "HERE: isin: an argument is an empty Tensor (declared, never assigned)");
}
