// Results that are reshaped values: they have the values' memory, nothing is copied.
#include "array/access.h"
#include "catch.h"
#include "croton.h"
#include "gpu.h"
#include "message.h"

using namespace croton;

namespace {

Array counted(const Extents& shape) {
  Array a = Array::zeros(shape, float64);
  double n = 0;
  for (double& d : a.mutable_values<double>()) d = n++;
  return a;
}

bool has_steps(const FunctionBase& f, int n) {
  return says(f.explain(), "phase " + std::to_string(n - 1) + ":") && !says(f.explain(), "phase " + std::to_string(n));
}

}  // namespace

TEST_CASE("a result that is a value reshaped is computed in its place") {
  const ScopedConfig scope(GENERATE(std::string("device=cpu"), on_gpu()));
  const Tensor x = dmatrix("x"), y = x * 2 + 1;
  const Function f = function(x, reshape(y, {-1}));
  Array expected = counted({6});
  for (double& d : expected.mutable_values<double>()) d = 2 * d + 1;
  CHECK(array_equal(f(counted({2, 3})), expected));
  CHECK(has_steps(f, 1));
  const Function twice = function(x, reshape(reshape(y, {-1}), {3, -1}));
  CHECK(array_equal(twice(counted({2, 3})), expected.reshape({3, 2})));
  CHECK(has_steps(twice, 1));
  const Function product = function(x, reshape(dot(x, x.T()), {-1}));
  CHECK(array_equal(product(counted({2, 3})), Array{5.0, 14.0, 14.0, 50.0}));
}

TEST_CASE("of several results of one memory all but one are copies") {
  const ScopedConfig scope(GENERATE(std::string("device=cpu"), on_gpu()));
  const Tensor x = dmatrix("x"), y = x * 2 + 1;
  const auto f = function(x, {reshape(y, {-1}), y, reshape(y, {1, -1}), reshape(x, {-1})});
  auto [flat, whole, row, same] = f(counted({2, 3}));
  flat.mutable_values<double>()[0] = -1;
  CHECK(whole.at<double>(0, 0) == 1);
  row.mutable_values<double>()[0] = -2;
  CHECK(flat.at<double>(0) == -1);
  CHECK(same.shape() == Extents{6});
  const auto other = function(x, {y, reshape(y, {-1}), sum(y)});
  const auto [a, b, total] = other(counted({2, 3}));
  CHECK(array_equal(a.reshape({6}), b));
  CHECK(total.item<double>() == 36);
}

TEST_CASE("arrays that are given for reshaped results are written again") {
  const ScopedConfig scope("device=cpu");
  const Tensor x = dmatrix("x");
  const Function f = function(x, reshape(x * 2, {-1}));
  const Array a = counted({40, 50});
  std::vector<Array> out(1);
  const std::vector<Argument> args{a};
  f.run(args, out);
  const double* const memory = out[0].values<double>().data();
  f.run(args, out);
  CHECK(out[0].values<double>().data() == memory);
  CHECK(out[0].shape() == Extents{2000});
}

TEST_CASE("an update by a value reshaped") {
  const ScopedConfig scope(GENERATE(std::string("device=cpu"), on_gpu()));
  const Tensor x = dmatrix("x");
  const Shared s = shared(counted({6}), "s");
  const auto f = function(x, {}, {{s, reshape(reshape(s, {2, 3}) + x(slice(none, none, -1)), {-1})}});
  f(counted({2, 3}));
  f(counted({2, 3}));
  CHECK(array_equal(s.get_value(), Array{6.0, 9.0, 12.0, 3.0, 6.0, 9.0}));
  const Shared m = shared(counted({2, 3}), "m");
  const auto turn = function({}, {}, {{m, reshape(m.T() + 0, {2, 3})}});
  turn();
  CHECK(array_equal(m.get_value().reshape({6}), Array{0.0, 3.0, 1.0, 4.0, 2.0, 5.0}));
}
