// Values assembled from parts: concatenations, padding and writes of regions are kernels, on every device.
#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "array/access.h"
#include "base/dtype.h"
#include "catch.h"
#include "croton.h"
#include "gpu.h"
#include "graph/node.h"
#include "values.h"

namespace croton {
namespace {

const std::string ways[] = {"mode=FAST_RUN", "device=queued", on_gpu() + ",emulator_check=True"};

bool has_host_step(const FunctionBase& f) { return f.explain().find(": host ") != std::string::npos; }

const FunctionOptions unused{.on_unused_input = Report::ignore};

std::vector<Array> call(const FunctionBase& f, const std::vector<Array>& values, std::size_t results) {
  const std::vector<Argument> in(values.begin(), values.end());
  std::vector<Array> out(results);
  f.run(in, out);
  return out;
}

/// What the reference makes of it.
std::vector<Array> reference(const std::vector<Tensor>& inputs, const std::vector<Tensor>& y,
                             const std::vector<Array>& values) {
  const ScopedConfig scope("mode=FAST_COMPILE");
  return call(function(inputs, y, unused), values, y.size());
}

bool near(const Array& a, const Array& b) {
  if (a.dtype() != b.dtype() || a.shape() != b.shape()) return false;
  const double epsilon = size_of(a.dtype()) < 8 ? 1e-6 : 1e-12;
  for (Index i = 0; i < a.size(); ++i)
    if (get(a, i) != Approx(get(b, i)).epsilon(epsilon)) return false;
  return true;
}

/// The same as the reference makes of it, without a host step. `computes`: elementary functions round differently.
void check(const std::vector<Tensor>& inputs, const Tensor& y, const std::vector<Array>& values,
           bool computes = false) {
  const Array expected = reference(inputs, {y}, values)[0];
  for (const std::string& way : ways) {
    const ScopedConfig scope(way + ",check_ir=True");
    const Function f = function(inputs, Out(y), unused);
    INFO(way << "\n" << f.explain());
    CHECK(!has_host_step(f));
    const Array got = call(f, values, 1)[0];
    REQUIRE((computes ? near(got, expected) : array_equal(got, expected)));
  }
}

constexpr DType dtypes[] = {boolean, int8,   uint8,   int16,    uint16,  int32,  uint32,
                            int64,   uint64, float16, bfloat16, float32, float64};

Array numbers(const Extents& shape, DType dtype) {
  Array a = sines(shape);
  for (Index i = 0; i < a.size(); ++i) set(a, i, 9 * get(a, i));
  return a.astype(dtype);
}

}  // namespace

TEST_CASE("parts of any dtype lie one after another") {
  for (const DType d : dtypes) {
    const Tensor a = tensor("a", d, {any_extent, any_extent}), b = tensor("b", d, {any_extent, 3});
    const std::vector<Array> values{numbers({5, 3}, d), numbers({5, 3}, d)};
    for (const int axis : {0, 1}) check({a, b}, concatenate({a, b, a}, axis), values);
    for (const int axis : {0, 1, 2}) check({a, b}, stack({a, b}, axis), values);
  }
}

TEST_CASE("parts may be empty, scalars stacked, turned, broadcast, computed, and concatenations themselves") {
  const Tensor a = matrix("a", float64), b = matrix("b", float64), v = vector("v", float64), s = scalar("s", float64);
  const std::vector<Tensor> inputs{a, b, v, s};
  const std::vector<Array> values{sines({4, 5}), sines({5, 4}, 1), sines({5}, 2), Array(0.5)};
  const std::vector<Array> empty{Array::zeros({0, 5}, float64), Array::zeros({5, 0}, float64), sines({5}), Array(2.0)};
  const Tensor wide = broadcast_to(v, {3, 5});
  for (const std::vector<Array>& given : {values, empty}) {
    check(inputs, concatenate({a, b.T(), wide}, 0), given);
    check(inputs, concatenate({a.T(), expand_dims(v, 1), b, b * s + 1}, 1), given);
    check(inputs, stack({s, v[0], s * v[-1]}), given);
    check(inputs, concatenate({concatenate({a, a * 2}, 1), concatenate({a + 1, a}, 1)}, 0), given);
    check(inputs, concatenate({concatenate({concatenate({b, b}, 0).T(), a}, 1)}, 1).T(), given);
    check(inputs, concatenate({v[slice(none, none, -1)], v[slice(2, none)], sum(a, 0), flatten(a)}), given, true);
    check(inputs, concatenate({a, a}, 0) + concatenate({a * 3, a}, 0), given);
  }
}

TEST_CASE("an axis of a concatenation may be of any place, rank and length") {
  const Extents shape{2, 3, 4, 17};
  const Tensor x = tensor("x", float32, {any_extent, any_extent, any_extent, any_extent}),
               y = tensor("y", float32, shape);
  const std::vector<Array> values{sines(shape, 0, float32), sines(shape, 1, float32)};
  for (int axis = 0; axis < 4; ++axis) {
    check({x, y}, concatenate({x, y, x * 2.0f}, axis), values);
    check({x, y}, concatenate({y, y}, axis), values);
    check({x, y}, max(concatenate({x, y}, axis), axis), values);
  }
}

TEST_CASE("signs of zeros, infinities and NaN of parts stay") {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  const Tensor x = vector("x", float64);
  for (const std::string& way : ways) {
    const ScopedConfig scope(way);
    const Array y =
        function(x, concatenate({x, pad(x, {{1, 1}}, PadMode::constant, -1.0)}))(Array{-0.0, nan, -infinity});
    CHECK(std::signbit(get(y, 0)));
    CHECK(std::isnan(get(y, 1)));
    CHECK(get(y, 2) == -infinity);
    CHECK(get(y, 3) == -1);
    CHECK(std::signbit(get(y, 4)));
    CHECK(std::isnan(get(y, 5)));
    CHECK(get(y, 7) == -1);
  }
}

TEST_CASE("padding with a number is a kernel") {
  const Tensor m = matrix("m", float32), v = tensor("v", int64, {4}), b = tensor("b", boolean, {any_extent});
  check({m}, pad(m, {{1, 2}, {0, 3}}, PadMode::constant, 7.0f), {sines({3, 4}, 0, float32)});
  check({v}, pad(v, {{2, 1}}, PadMode::constant, -3), {numbers({4}, int64)});
  check({b}, pad(b, {{0, 2}}, PadMode::constant, cast(1, boolean)), {numbers({5}, boolean)});
  check({m}, pad(tanh(m), {{1, 1}, {1, 1}}, PadMode::constant, 0.5f) * 2.0f, {sines({0, 4}, 0, float32)});
}

TEST_CASE("parts of a tensor of any dtype are replaced or added to") {
  for (const DType d : dtypes) {
    const Tensor x = tensor("x", d, {any_extent, any_extent}), v = tensor("v", d, {any_extent});
    const std::vector<Array> values{numbers({5, 6}, d), numbers({6}, d)};
    for (auto* const write : {&set_subtensor, &inc_subtensor}) {
      check({x, v}, write(x[2], v, Where::here()), values);
      check({x, v}, write(x[slice(1, -1)], v, Where::here()), values);
      check({x, v}, write(x(slice(none, none, -2), slice(1, 4)), x(slice(0, 3), slice(2, 5)), Where::here()), values);
      check({x, v}, write(x(all, 1), x(all, 2), Where::here()), values);
      check({x, v}, write(x[slice(4, 1)], v, Where::here()), values);
    }
  }
}

TEST_CASE("writes one after another, of what is computed, and of what others read too") {
  const Tensor x = matrix("x", float64), v = vector("v", float64), s = scalar("s", float64);
  const std::vector<Tensor> inputs{x, v, s};
  const std::vector<Array> values{sines({5, 6}), sines({6}, 1), Array(2.5)};
  Tensor chain = exp(x);
  for (int k = 0; k < 5; ++k) chain = k % 2 == 0 ? set_subtensor(chain[k], v * k) : inc_subtensor(chain(all, k), s);
  check(inputs, chain, values, true);
  const Tensor y = tanh(x), z = set_subtensor(y(1, 2), s);
  check(inputs, z + y, values, true);
  check(inputs, concatenate({z, inc_subtensor(z(slice(2, none), 0), 1.0), y}, 0), values, true);
  check(inputs, set_subtensor(concatenate({x, x}, 0)[slice(3, 7)], v), values);
  check(inputs, set_subtensor(dot(x, x.T())[slice(1, 3)], 1.0) + v[0], values, true);
  check(inputs, set_subtensor(s[ellipsis], v[3]), values);
  check(inputs, inc_subtensor(s[ellipsis], v[3]) * 2, values);
  check(inputs, set_subtensor(x[slice(0, 2)], concatenate({v, v * 2}).reshape({2, 6})), values);
  check(inputs, set_subtensor(zeros({3, 6})[1], v), values);
}

TEST_CASE("regions that lie apart are written by one kernel, those that meet one after the other") {
  const Tensor x = tensor("x", float64, Extents{any_extent, any_extent, any_extent}),
               y = tensor("y", float64, Extents{any_extent, any_extent, any_extent}), v = matrix("v", float64),
               w = tanh(v), z = 1.0 / (2.0 + v * v);
  const std::vector<Tensor> inputs{x, v};
  for (const Extents& shape : {Extents{5, 7, 4}, {1, 1, 4}, {0, 3, 4}, {9, 33, 3}}) {
    const std::vector<Array> values{sines(shape), sines({shape[0], shape[1]}, 1)};
    const auto put = [&](const Tensor& part, const Tensor& value) { return set_subtensor(part, value); };
    check(inputs, put(put(put(exp(x)(all, all, 2), w)(all, all, 0), z)(all, all, 1), w * z), values, true);
    check(inputs, put(put(exp(x)(all, all, -1), w)(all, all, -3), z), values, true);
    check(inputs, put(put(exp(x)(all, all, -1), w)(all, all, 2), z), values, true);
    check(inputs, put(put(put(exp(x)(all, all, 1), w)(all, all, 0), z)(all, all, 1), w * z), values, true);
    if (shape[0] > 0)
      check(inputs, put(put(put(exp(x)(all, all, 1), w)(0, all, 0), z[0])(all, all, 2), w * z), values, true);
    check(inputs, put(put(put(exp(x)(all, all, 1), w)(slice(0, 1)), x(slice(0, 1)))(all, all, 2), w * z), values, true);
    check(inputs, put(inc_subtensor(put(exp(x)(all, all, 1), w)(all, all, 0), z)(all, all, 2), w * z), values, true);
  }
  const Tensor top = y(slice(none, 3)), low = y(slice(-3, none));
  for (const Extents& shape : {Extents{6, 5, 4}, {4, 3, 2}, {3, 8, 8}}) {
    const Tensor once = set_subtensor(zeros_like(y)(slice(none, 3), slice(1, -1)), top(all, slice(1, -1)) * 2.0);
    check({y}, set_subtensor(once(slice(3, none), slice(1, -1)), exp(y(slice(3, none), slice(1, -1)))), {sines(shape)},
          true);
    check({y}, set_subtensor(once(slice(-3, none), slice(1, -1)), exp(low(all, slice(1, -1)))), {sines(shape)}, true);
    check({y}, set_subtensor(once(slice(none, 3), all), top * exp(low)), {sines(shape)}, true);
  }
}

TEST_CASE("a region may lie where a call says") {
  const Tensor x = matrix("x", float64), i = scalar("i", int64), n = scalar("n", int64);
  const Tensor at = set_subtensor(x[i], 7.0), from = inc_subtensor(x(slice(i, i + n)), 2.0),
               back = set_subtensor(x(slice(n, none, -1), i), -1.0);
  for (const std::string& way : ways) {
    const ScopedConfig scope(way);
    const auto f = function({x, i, n}, {at, from, back});
    INFO(f.explain());
    CHECK_FALSE(has_host_step(f));
    for (const Index k : {0, 3, -1, 2}) {
      const std::vector<Array> values{sines({4, 5}), Array(k), Array(Index{2})};
      const std::vector<Array> got = call(f, values, 3), want = reference({x, i, n}, {at, from, back}, values);
      for (std::size_t r = 0; r < want.size(); ++r) REQUIRE(array_equal(got[r], want[r]));
    }
    CHECK_THROWS_AS(f(sines({4, 5}), Index{4}, Index{0}), IndexError);
  }
}

TEST_CASE("a value that does not fit its region is told so on every device") {
  const Tensor x = matrix("x", float64), v = matrix("v", float64);
  for (const std::string& way : ways) {
    const ScopedConfig scope(way);
    const Function f = function({x, v}, set_subtensor(x[slice(1, 3)], v));
    CHECK_NOTHROW(f(sines({4, 5}), sines({2, 5})));
    CHECK_THROWS_AS(f(sines({4, 5}), sines({3, 5})), ShapeError);
    const Function g = function({x, v}, concatenate({x, v}, 0));
    CHECK_THROWS_AS(g(sines({4, 5}), sines({2, 6})), ShapeError);
  }
}

TEST_CASE("variables change region by region where they lie, on every device") {
  for (const std::string& way : ways) {
    const ScopedConfig scope(way);
    const Shared x = shared(sines({6, 4}), "x"), y = shared(sines({3, 4}, 1), "y");
    const Tensor rows = Tensor(x)(slice(1, 4));
    const auto f = function({}, {sum(x), Tensor(x)[0]}, {{x, inc_subtensor(rows, Tensor(y) * 2)}});
    CHECK(!has_host_step(f));
    CHECK(f.explain().find("update of x: in place") != std::string::npos);
    Array expected = sines({6, 4});
    for (int run = 0; run < 3; ++run) {
      const auto before = f();
      CHECK(get(before[1], 0) == get(expected, 0));
      for (Index k = 0; k < 12; ++k) set(expected, 4 + k, get(expected, 4 + k) + 2 * get(sines({3, 4}, 1), k));
      REQUIRE(array_equal(x.get_value(), expected));
    }
    const auto shift = function({}, {}, {{x, concatenate({Tensor(x)[slice(1, none)], Tensor(y)(slice(0, 1))}, 0)}});
    CHECK(shift.explain().find("update of x: exchanged") != std::string::npos);
    shift();
    CHECK(get(x.get_value(), 0) == get(expected, 4));
    CHECK(get(x.get_value(), 20) == get(sines({3, 4}, 1), 0));
  }
}

TEST_CASE("an array that was lent keeps its elements while regions of the variable change") {
  const Shared x = shared(sines({6, 4}), "x");
  const Function look = function({}, Out(Tensor(x), true));
  const auto f = function({}, {}, {{x, set_subtensor(Tensor(x)[2], 5.0)}});
  const Array lent = look();
  f();
  CHECK(array_equal(lent, sines({6, 4})));
  CHECK(get(x.get_value(), 8) == 5);
}

TEST_CASE("gradients of assembled values and their gradients are kernels and right") {
  const Tensor x = matrix("x", float64), v = Tensor(x)[1];
  const std::vector<Array> at{sines({4, 3})};
  const Tensor costs[] = {
      sum(sqr(concatenate({exp(x), expand_dims(v, 0), x * x}, 0))),
      sum(exp(set_subtensor(x[slice(1, 3)], v * v) * x)),
      sum(exp(inc_subtensor((x * x)(all, 1), x(all, 0)))),
      sum(exp(pad(x * x, {{1, 0}, {2, 1}}, PadMode::constant, 0.5))),
  };
  for (const Tensor& cost : costs) {
    verify_grad(cost, {x}, at);
    const Tensor first = grad(cost, x);
    verify_grad(sum(sqr(first)), {x}, at);
    const ScopedConfig scope(on_gpu());
    CHECK(!has_host_step(function({x}, first)));
  }
}

TEST_CASE("steps of a scan assemble values") {
  const Tensor xs = matrix("xs", float64), start = vector("start", float64);
  const Tensor last = scan(
                          [](const Tensor& carry, const Tensor& row) {
                            const Tensor turned = concatenate({carry[slice(1, none)], carry[slice(0, 1)]});
                            return std::pair{set_subtensor(turned[slice(0, 2)], row[slice(0, 2)]), row[0]};
                          },
                          start, xs)
                          .first;
  for (const std::string& way : ways) {
    const ScopedConfig scope(way);
    const std::vector<Array> values{sines({30, 3}), sines({5}, 1)};
    CHECK(array_equal(call(function({xs, start}, Out(last)), values, 1)[0], reference({xs, start}, {last}, values)[0]));
  }
}

TEST_CASE("a hundred parts are few kernels") {
  std::vector<Tensor> vectors(100), matrices(100);
  std::vector<Array> values(100);
  for (std::size_t k = 0; k < values.size(); ++k) {
    vectors[k] = vector(fmt::format("v{}", k), float32);
    matrices[k] = matrix(fmt::format("m{}", k), float32);
    values[k] = sines({3}, static_cast<double>(k), float32);
  }
  const Function f = function(vectors, Out(concatenate(vectors)));
  const Array y = call(f, values, 1)[0];
  for (Index k = 0; k < 300; ++k) REQUIRE(get(y, k) == get(values[static_cast<std::size_t>(k / 3)], k % 3));
  CHECK(f.source().size() < 50'000);
  CHECK(function(matrices, Out(concatenate(matrices, 1))).source().size() < 400'000);
}

TEST_CASE("numbers that decide shapes are written at a row that a call names") {
  for (const std::string& way : {std::string("device=cpu"), "device=" + gpu_name()}) {
    const ScopedConfig scope{way};
    const Tensor s = lvector("s"), i = lscalar("i"), x = dvector("x");
    const auto f = function({s, i, x}, {set_subtensor(s[i], 7), x[slice(0, s[0])]});
    const auto [written, part] = f(Array{std::int64_t{2}, std::int64_t{4}}, 1, Array{1.0, 2.0, 3.0});
    CHECK(array_equal(written, Array{std::int64_t{2}, std::int64_t{7}}));
    CHECK(array_equal(part, Array{1.0, 2.0}));
  }
}

}  // namespace croton
