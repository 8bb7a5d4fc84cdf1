// Arguments whose last axes are short: functions are made again for their very extents.
#include <array>

#include "array/access.h"
#include "catch.h"
#include "croton.h"
#include "gpu.h"
#include "message.h"
#include "runtime/device.h"

using namespace croton;

namespace {

/// Of any shape, small integers: sums of them are exact in any order.
Array integers(const Extents& shape) {
  Array a = Array::zeros(shape, float64);
  int k = 0;
  for (double& d : a.mutable_values<double>()) d = k = (5 * k + 3) % 17;
  return a;
}

bool close(const Array& a, const Array& b) { return eval(allclose(a, b, 1e-12, 1e-12)).item<bool>(); }

std::size_t times(const std::string& text, std::string_view part) {
  std::size_t n = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++n;
  return n;
}

}  // namespace

TEST_CASE("a call of large arguments runs code for the short extents of their last axes") {
  const ScopedConfig scope(GENERATE(std::string("device=cpu"), on_gpu()));
  const Tensor x = dmatrix("x"), m = dvector("m");
  const Tensor apart = expand_dims(x, 0) - expand_dims(x, 1);
  const Tensor pulls = sum(apart * expand_dims(m / (1 + sum(square(apart), 2)), 2), 1);
  const Function f = function({x, m}, pulls), slow = function({x, m}, pulls, {.mode = Mode::FAST_COMPILE});
  const Array points = integers({400, 3}), masses = integers({400});
  CHECK(close(f(points, masses), slow(points, masses)));
  CHECK(times(f.explain(), "float64[?, 3]: an argument has so short an axis") == 1);
  const Array fewer = integers({350, 3}), fewer_masses = integers({350});
  CHECK(close(f(fewer, fewer_masses), slow(fewer, fewer_masses)));
  CHECK(times(f.explain(), "made again") == 1);  // another number of rows needs nothing new
  const Array few = integers({3, 3}), few_masses = integers({3});
  CHECK(close(f(few, few_masses), slow(few, few_masses)));
  CHECK(times(f.explain(), "made again") == 1);
}

TEST_CASE("first axes, long axes and small arguments are left open") {
  const ScopedConfig scope("device=cpu");
  const Tensor x = dmatrix("x"), y = tensor3("y");
  const auto f = function({x, y}, {sum(x), sum(y)});
  const auto notes = [&](const Extents& of_x, const Extents& of_y) {
    (void)f(integers(of_x), integers(of_y));
    return times(f.explain(), "made again");
  };
  CHECK(notes({4, 2000}, {16, 64, 17}) == 0);
  CHECK(notes({100, 5}, {4, 4, 3}) == 0);
  CHECK(notes({15, 4}, {4, 4, 3}) == 0);
  CHECK(notes({100, 16}, {2, 2, 2}) == 1);   // x
  CHECK(notes({100, 5}, {100, 3, 4}) == 2);  // and y, whose last two axes are short
  CHECK(says(f.explain(), "float64[?, 3, 4]: "));
  const Function points = function(x, sum(x));
  (void)points(integers({16, 4}));
  CHECK(says(points.explain(), "float64[?, 4]: "));
}

TEST_CASE("a GPU's rows of floats are known up to 2048 elements, those of integers as on the CPU") {
  const ScopedConfig scope("device=" + gpu_name());
  const Tensor x = dmatrix("x"), i = lmatrix("i");
  const Function f = function(x, sum(x, 1)), of_integers = function(i, sum(i, 1));
  (void)f(integers({2, 2049}));
  CHECK(times(f.explain(), "made again") == 0);
  CHECK(array_equal(f(integers({3, 700})), function(x, sum(x, 1), {.mode = Mode::FAST_COMPILE})(integers({3, 700}))));
  CHECK(says(f.explain(), "float64[?, 700]: an argument has so short an axis"));
  (void)of_integers(integers({3, 700}).astype(DType::int64));
  CHECK(times(of_integers.explain(), "made again") == 0);
}

TEST_CASE("short axes that are ever others compile code for two sets of extents, then the code for any runs") {
  const ScopedConfig scope("device=cpu");
  const Tensor x = dmatrix("x");
  const Function f = function(x, sum(x, 1));
  for (int round = 0; round < 2; ++round)
    for (Index k = 2; k < 10; ++k) {
      const Array a = integers({1200, k});
      CHECK(array_equal(f(a), function(x, sum(x, 1), {.mode = Mode::FAST_COMPILE})(a)));
    }
  CHECK(times(f.explain(), "made again") == 2);
}

TEST_CASE("arguments that do not fit are refused as ever, whatever axes they have") {
  const ScopedConfig scope("device=cpu");
  const Tensor x = dmatrix("x"), y = dmatrix("y");
  const Shared calls = shared(0, "calls");
  const Function f = function({x, y}, x * y, {{calls, calls + 1}}), third = function(x, x(all, 3));
  const auto refused = [&](Index rows) {
    return message<ShapeError>([&] { (void)f(integers({rows, 3}), integers({rows, 2})); });
  };
  CHECK(std::regex_replace(refused(1000), std::regex("1000"), "4") == refused(4));
  (void)f(integers({1000, 3}), integers({1000, 3}));
  CHECK(std::regex_replace(refused(1000), std::regex("1000"), "4") == refused(4));
  CHECK_THROWS_AS(third(integers({1000, 3})), IndexError);
  CHECK(calls.get_value().item<int>() == 1);
  CHECK(f(integers({1000, 3}), integers({1000, 3})).shape() == Extents{1000, 3});
  CHECK(third(integers({1000, 4})).shape() == Extents{1000});
  CHECK(calls.get_value().item<int>() == 2);
}

TEST_CASE("an extent of 1 is known too, and broadcasts no more than before") {
  const ScopedConfig scope(GENERATE(std::string("device=cpu"), on_gpu()));
  const Tensor x = dmatrix("x"), y = dmatrix("y"), v = dvector("v"), n = lscalar("n");
  const Function product = function({x, y}, x * y), sum_of = function({x, v}, x + v),
                 inner = function({x, y}, dot(x, y)), part = function({x, y, n}, x(slice(0, n)) * y);
  const auto same_refusal = [](const auto& call) {  // of many rows and of few
    const std::string few = message<ShapeError>([&] { (void)call(4); });
    return few == std::regex_replace(message<ShapeError>([&] { (void)call(2000); }), std::regex("2000"), "4");
  };
  CHECK(same_refusal([&](Index rows) { return product(integers({rows, 1}), integers({rows, 3})); }));
  CHECK(product(integers({2000, 1}), integers({2000, 1})).shape() == Extents{2000, 1});
  CHECK(times(product.explain(), "float64[?, 1]: an argument has so short an axis") == 2);
  CHECK(same_refusal([&](Index rows) { return product(integers({rows, 1}), integers({rows, 3})); }));
  CHECK(same_refusal([&](Index rows) { return product(integers({rows, 1}), integers({rows, 300})); }));
  CHECK(sum_of(integers({2000, 1}), integers({1})).shape() == Extents{2000, 1});
  CHECK(same_refusal([&](Index rows) { return sum_of(integers({rows, 1}), integers({5})); }));
  CHECK(inner(integers({2000, 1}), integers({1, 3})).shape() == Extents{2000, 3});
  CHECK(same_refusal([&](Index rows) { return inner(integers({rows, 1}), integers({2, 3})); }));
  CHECK(part(integers({2000, 1}), integers({1500, 1}), 1500).shape() == Extents{1500, 1});
  CHECK(same_refusal([&](Index rows) { return part(integers({rows, 1}), integers({3, 1}), 2); }));
  CHECK(same_refusal([&](Index rows) { return part(integers({rows, 1}), integers({3, 3}), 3); }));
}

TEST_CASE("an extent of 1 stays open where values decide shapes between the programs of a call") {
  const ScopedConfig scope("device=cpu");
  const Tensor x = dmatrix("x"), y = dmatrix("y");
  const Function f = function({x, y}, sum(nonzero(x(all, 0))[0]) + x * y);
  CHECK(f(integers({2000, 1}), integers({2000, 1})).shape() == Extents{2000, 1});
  CHECK(times(f.explain(), "made again") == 0);
  CHECK_THROWS_AS(f(integers({2000, 1}), integers({2000, 3})), ShapeError);
}

TEST_CASE("shapes that do not fit are refused before anything is compiled") {
  const ScopedConfig scope("device=cpu");
  const Tensor x = dmatrix("x"), y = dmatrix("y");
  const Function f = function({x, y}, tanh(x * y) - 0.1234);
  const auto modules = [] {
    const auto now = runtime::device("cpu").counters();
    return now.compilations + now.cache_hits;
  };
  const auto before = modules();
  CHECK_THROWS_AS(f(integers({4, 3}), integers({4, 2})), ShapeError);
  CHECK_THROWS_AS(f(integers({4000, 3}), integers({4000, 2})), ShapeError);
  CHECK_THROWS_AS(f(integers({4000, 3}), integers({400, 3})), ShapeError);
  CHECK(modules() == before);
  CHECK(f(integers({4, 3}), integers({4, 3})).shape() == Extents{4, 3});
  CHECK(modules() > before);
}

TEST_CASE("plans of short axes are made ahead, steps of loops and updates know them too") {
  const ScopedConfig scope(GENERATE(std::string("device=cpu"), on_gpu()));
  const Tensor x = dmatrix("x");
  const Shared state = shared(Array::zeros({2000, 2}), "state");
  const Tensor last =
      scan([&](const Tensor& h) { return h / (1 + expand_dims(sum(abs(h), 1), 1)) + x; }, x, {.length = 20});
  const Function f = function(x, last, {{state, state + x}});
  f.compile({{2000, 2}});
  CHECK(says(f.explain(), "float64[?, 2]: an argument"));
  const Array a = integers({2000, 2});
  CHECK(close(f(a), function(x, last, {.mode = Mode::FAST_COMPILE})(a)));
  CHECK(times(f.explain(), "made again") == 1);
  CHECK(array_equal(state.get_value(), a));
}

TEST_CASE("rows that are few and very long are cut along them") {
  const ScopedConfig scope(GENERATE(std::string("device=cpu"), on_gpu()));
  const Tensor x = dmatrix("x");
  const auto f = function({x}, {sum(x, 0), sum(x, 1)});
  const Array few = integers({2, 140000}), many = integers({5, 140000});
  const auto check = [&](const Array& a) {
    const std::array<Array, 2> got = f(a);
    double row = 0;
    for (Index i = 0; i < a.shape()[1]; ++i) row += a.at<double>(1, i);
    CHECK(got[1].at<double>(1) == row);
    double column = 0;
    for (Index r = 0; r < a.shape()[0]; ++r) column += a.at<double>(r, 2);
    CHECK(got[0].at<double>(2) == column);
  };
  check(many);
  CHECK_FALSE(says(f.explain(), "float64[5, ?]"));
  check(few);
  CHECK(says(f.explain(), "float64[2, ?]: an argument has so short an axis"));
  check(integers({2, 3}));
}
