// RandomStream: other numbers at every call, the same ones from the same seed.
#include <algorithm>
#include <cmath>

#include "array/access.h"
#include "catch.h"
#include "croton.h"
#include "croton/device.h"
#include "gpu.h"
#include "runtime/cpu/parallel.h"
#include "values.h"

using namespace croton;

TEST_CASE("the numbers of a stream have the moments of their distributions") {
  constexpr double n = 40000;
  RandomStream rng(3);
  const auto [u, g, b] =
      function({}, {rng.uniform({200, 200}), rng.normal({200, 200}, float32), rng.bernoulli({200, 200}, 0.3)})();
  CHECK(g.dtype() == float32);
  CHECK(b.dtype() == boolean);
  const Moments mu(u), mg(g), mb(b);
  CHECK(std::abs(mu.mean - 0.5) < 5 * std::sqrt(1 / (12 * n)));
  CHECK(std::abs(mu.variance - 1 / 12.0) < 5 * std::sqrt(1 / (180 * n)));
  CHECK(std::abs(mg.mean) < 5 / std::sqrt(n));
  CHECK(std::abs(mg.variance - 1) < 5 * std::sqrt(2 / n));
  CHECK(std::abs(mb.mean - 0.3) < 5 * std::sqrt(0.21 / n));
}

TEST_CASE("the distribution functions of draws are uniform") {
  constexpr double n = 40000;
  for (const DType d : {float64, float32}) {
    RandomStream rng(4);
    const Extents shape{200, 200};
    const Tensor e = rng.exponential(shape, d), g = rng.gumbel(shape, d), l = rng.laplace(shape, d),
                 s = rng.logistic(shape, d);
    const auto all_of = function(
        {}, {-expm1(-e), exp(-exp(-g)), where(l < 0, 0.5 * exp(l), 1 - 0.5 * exp(-l)), sigmoid(s), e, g, l, s})();
    for (std::size_t i = 0; i < 4; ++i) {
      const Moments m(all_of[i]);
      INFO(i << " of " << name_of(d));
      CHECK(all_of[i + 4].dtype() == d);
      CHECK(std::abs(m.mean - 0.5) < 5 * std::sqrt(1 / (12 * n)));
      CHECK(std::abs(m.variance - 1 / 12.0) < 5 * std::sqrt(1 / (180 * n)));
    }
    CHECK(Moments(all_of[4]).mean == Approx(1).margin(5 / std::sqrt(n)));  // standard deviations: 1, 1.28, 1.41, 1.81
    CHECK(Moments(all_of[5]).mean == Approx(0.5772).margin(7 / std::sqrt(n)));
    CHECK(Moments(all_of[6]).variance == Approx(2).margin(5 * std::sqrt(20 / n)));  // variances of squares: 20, 34.6
    CHECK(Moments(all_of[7]).variance == Approx(M_PI * M_PI / 3).margin(5 * std::sqrt(35 / n)));
  }
}

TEST_CASE("draws by logarithms are finite where the uniform draw under them is 0") {
  for (const DType d : {float16, bfloat16}) {  // one of 2^11, or of 2^8
    RandomStream rng(9);
    const auto [zeros, g, l, s] = function({}, {sum(cast(rng.uniform(100000, d) == 0, int64)), rng.gumbel(100000, d),
                                                rng.laplace(100000, d), rng.logistic(100000, d)})();
    CHECK(zeros.item<Index>() > 10);
    for (const Array& a : {g, l, s})
      for (Index i = 0; i < a.size(); ++i) REQUIRE(std::isfinite(get(a, i)));
  }
  CHECK_THROWS_WITH(RandomStream().laplace(3, int64),
                    Catch::Contains("RandomStream::laplace: int64 is not a floating type"));
}

TEST_CASE("every call of a function draws other numbers, the same ones from the same seed") {
  for (const Mode mode : {Mode::FAST_RUN, Mode::FAST_COMPILE}) {
    RandomStream a(5), b(5), c(6);
    const Function f = function({}, a.normal({7}), {.mode = mode}), g = function({}, b.normal({7}), {.mode = mode}),
                   h = function({}, c.normal({7}), {.mode = mode});
    const Array first = f(), second = f();
    CHECK(!array_equal(first, second));
    CHECK(array_equal(g(), first));
    CHECK(array_equal(g(), second));
    CHECK(!array_equal(h(), first));
  }
}

TEST_CASE(
    "uniform draws have the same bits in every mode and for any number of threads, normal ones but for rounding") {
  std::vector<Array> seen;
  for (const std::string& way : {std::string("mode=FAST_RUN"), std::string("mode=FAST_COMPILE"),
                                 std::string("device=queued"), on_gpu() + ",emulator_check=True"})
    for (const int threads : {1, 2, 7}) {
      const ScopedConfig scope{way};
      runtime::set_threads(threads);
      RandomStream rng(11);
      const Tensor x = rng.normal({300, 40}, float32);
      const auto f = function({}, {x, rng.uniform({20000}), sum(exp(x), 0), rng.normal({500}, float64)});
      (void)f();
      const auto [a, b, c, d] = f();
      if (seen.empty()) seen = {a.copy(), b.copy(), d.copy()};
      CHECK(bits_equal(b, seen[1]));
      if (way == "mode=FAST_RUN") CHECK((bits_equal(a, seen[0]) && bits_equal(d, seen[2])));
      // generated code is within 5.5 units in the last place, the reference within half a one
      for (Index i = 0; i < a.size(); ++i)
        REQUIRE(std::abs(get(a, i) - get(seen[0], i)) <= std::ldexp(8 * std::abs(get(a, i)), -23));
      for (Index i = 0; i < d.size(); ++i)
        REQUIRE(std::abs(get(d, i) - get(seen[2], i)) <= std::ldexp(8 * std::abs(get(d, i)), -52));
    }
  runtime::set_threads(0);
}

TEST_CASE("uniform draws of every floating type and shape are those of the reference evaluator") {
  const Tensor n = lscalar("n");
  const std::vector<std::pair<Dims, Extents>> shapes{{{}, {}},
                                                     {{1}, {1}},
                                                     {{7}, {7}},
                                                     {{n}, {9}},
                                                     {{n, 3}, {9, 3}},
                                                     {{3, 1, 5}, {3, 1, 5}},
                                                     {{40, n}, {40, 9}},
                                                     {{n, n}, {9, 9}},
                                                     {{0, n}, {0, 9}},
                                                     {{2, n, 3, 2}, {2, 9, 3, 2}},
                                                     {{33, 65}, {33, 65}}};
  for (const DType d : {float64, float32, float16, bfloat16})
    for (const auto& [dims, shape] : shapes) {
      std::vector<Array> seen;
      for (const std::string& way : {std::string("mode=FAST_COMPILE"), std::string("mode=FAST_RUN"), on_gpu()}) {
        const ScopedConfig scope{way};
        RandomStream rng(5);
        const Tensor u = rng.uniform(dims, d);
        const Tensor turned = u.ndim() > 1 ? u.T() + 0 : u;
        const auto f = function({n}, {u, turned, n});
        const auto [a, b, c] = f(9);
        REQUIRE(a.shape() == shape);
        REQUIRE(a.dtype() == d);
        if (seen.empty()) seen = {a.copy(), b.copy()};
        INFO(way << ", " << name_of(d) << " of " << shape.size() << " axes");
        CHECK(bits_equal(a, seen[0]));
        CHECK(bits_equal(b, seen[1]));
        for (Index i = 0; i < a.size(); ++i) REQUIRE((get(a, i) >= 0 && get(a, i) < 1));
      }
    }
}

TEST_CASE("elements beyond the first 2^32 have numbers of their own", "[.long]") {
  constexpr Index n = (Index{1} << 32) + 9;
  RandomStream rng(5), again(5);
  const Tensor u = rng.uniform({n}, float64), first = again.uniform({9}, float64);
  const Tensor last = sum(where(arange(n) >= n - 9, u, 0)), begin = sum(where(arange(n) < 9, u, 0));
  const auto [a, b, c] = function({}, {last, begin, sum(first)})();
  CHECK(b.item<double>() == Approx(c.item<double>()).epsilon(1e-12));
  CHECK(a.item<double>() != Approx(c.item<double>()).epsilon(1e-6));
}

TEST_CASE("streams, draws, calls and elements share no number among 2^20") {
  constexpr Index n = Index{1} << 17;
  std::vector<double> all;
  for (const std::uint64_t seed : {0, 1}) {
    RandomStream rng(seed);
    const auto f = function({}, {rng.uniform({n}, float64), rng.uniform({n}, float64)});
    for (int call = 0; call < 2; ++call) {
      const auto [a, b] = f();
      for (const Array& each : {a, b})
        all.insert(all.end(), each.values<double>().begin(), each.values<double>().end());
    }
  }
  REQUIRE(all.size() == std::size_t{1} << 20);
  std::sort(all.begin(), all.end());
  CHECK(std::adjacent_find(all.begin(), all.end()) == all.end());  // by chance once in 16,000 seeds
}

TEST_CASE("two tensors of a stream draw different numbers in one call, whichever copy of it they are made by") {
  RandomStream rng(1), copy = rng;
  const auto [a, b] = function({}, {rng.uniform({5}), copy.uniform({5})})();
  CHECK(!array_equal(a, b));
}

TEST_CASE("integers lie evenly between their ends, and a permutation has each number once") {
  RandomStream rng(3);
  const Tensor n = lscalar("n");
  const Function dice = function({}, rng.integers({60000}, 1, 7)), shuffled = function(n, rng.permutation(n));
  const Array thrown = dice();
  std::array<int, 8> counts{};
  for (const Index each : thrown.values<Index>()) ++counts.at(static_cast<std::size_t>(each));
  CHECK(counts[0] + counts[7] == 0);
  for (std::size_t k = 1; k < 7; ++k) CHECK(std::abs(counts[k] - 10000) < 500);  // five standard errors
  const Array first = shuffled(1000), second = shuffled(1000);
  CHECK(!array_equal(first, second));
  std::vector<Index> sorted(first.values<Index>().begin(), first.values<Index>().end());
  std::sort(sorted.begin(), sorted.end());
  for (Index i = 0; i < 1000; ++i) CHECK(sorted[static_cast<std::size_t>(i)] == i);
  CHECK(shuffled(0).size() == 0);
  CHECK(function({}, rng.integers({3}, 5, 5))().at<Index>(2) == 5);
  CHECK_THROWS_AS(rng.integers({3}, 0.5, 2), DTypeError);
  CHECK_THROWS_AS(rng.permutation(Tensor(Array{1., 2.})), DTypeError);
}

TEST_CASE("categorical draws by the shares of a row's weights, and multinomial counts such draws") {
  const std::vector<double> weights{1, 0, 3, 4};
  const Array rows = Array(weights, {1, 4});
  constexpr Index n = 40000;
  RandomStream rng(3);
  const Tensor many = broadcast_to(Tensor(rows), {n, 4}), draws = lscalar("draws");
  const Array drawn = function({}, rng.categorical(many))();
  CHECK(drawn.dtype() == int64);
  CHECK(drawn.shape() == Extents{n});
  std::vector<Index> counts(4);
  for (const Index each : drawn.values<Index>()) ++counts.at(static_cast<std::size_t>(each));
  const Function multinomial = function(draws, rng.multinomial(draws, rows));
  const Array counted = multinomial(n), again = multinomial(n);
  CHECK(counted.dtype() == int64);
  CHECK(counted.shape() == Extents{1, 4});
  CHECK(!array_equal(counted, again));
  for (std::size_t k = 0; k < 4; ++k) {
    const double p = weights[k] / 8, error = 5 * std::sqrt(p * (1 - p) * static_cast<double>(n));
    CHECK(std::abs(static_cast<double>(counts[k]) - p * static_cast<double>(n)) <= error);
    CHECK(std::abs(get(counted, static_cast<Index>(k)) - p * static_cast<double>(n)) <= error);
  }
  const Array none = multinomial(0);
  for (Index k = 0; k < 4; ++k) CHECK(get(none, k) == 0);
  CHECK(function({}, rng.categorical(Tensor(Array(weights))))().ndim() == 0);
  CHECK(function({}, rng.categorical(zeros({0, 3})))().shape() == Extents{0});
  CHECK_THROWS_AS(rng.categorical(0.5), ShapeError);
  CHECK_THROWS_AS(rng.multinomial(1.5, rows), DTypeError);
}

TEST_CASE("weights and probabilities that are none are refused, constant ones at once") {
  const double nan = std::nan(""), inf = HUGE_VAL;
  const auto refusal = [](auto&& f) {
    try {
      f();
    } catch (const Error& e) {
      const std::string text = e.what();
      return text.substr(text.find(": ") + 2);
    }
    return std::string();
  };
  const std::string rule = "weights are finite, not negative, and not all 0; those of ";
  RandomStream rng(2);
  const Tensor p = dmatrix("p"), v = dvector("v");
  const Array good{{1., 2.}, {0., 3.}};
  for (const std::string& way : {std::string("mode=FAST_RUN"), std::string("mode=FAST_COMPILE"), on_gpu()}) {
    INFO(way);
    const ScopedConfig scope{way};
    const Shared calls = shared(0, "calls");
    const Function drawn = function(p, rng.categorical(p), {{calls, calls + 1}}),
                   counted = function(p, rng.multinomial(5, p)), chosen = function(p, rng.choice(2, p)),
                   one = function(v, rng.categorical(v));
    CHECK(drawn(good).shape() == Extents{2});
    CHECK(sum(Tensor(counted(good))).eval().item<int>() == 10);
    CHECK(chosen(good).shape() == Extents{2, 2});
    for (const Array& bad : {Array{{1., 2.}, {nan, 3.}}, Array{{1., 2.}, {-1., 3.}}, Array{{1., 2.}, {0., 0.}},
                             Array{{1., 2.}, {inf, 3.}}}) {
      CHECK(refusal([&] { drawn(bad); }) == "RandomStream::categorical: " + rule + "row [1] of p are not");
      CHECK(refusal([&] { counted(bad); }) == "RandomStream::multinomial: " + rule + "row [1] of p are not");
    }
    CHECK(calls.get_value().item<int>() == 1);
    CHECK(refusal([&] {
            chosen(Array{{-1., 2.}, {1., 3.}});
          }) == "RandomStream::choice: weights are finite and not negative; those of row [0] of p are not");
    CHECK(chosen(Array{{1., 2.}, {0., 0.}}).shape() == Extents{2, 2});
    CHECK(refusal([&] { one(Array{1., -3.}); }) == "RandomStream::categorical: " + rule + "v are not");
  }
  CHECK(refusal([&] {
          static_cast<void>(rng.categorical(Array{{1., 2.}, {nan, 3.}}));
        }) == "RandomStream::categorical: " + rule + "row [1] of constant are not");
  CHECK(refusal([&] {
          static_cast<void>(rng.choice(1, Array{1., -3.}));
        }) == "RandomStream::choice: weights are finite and not negative; those of constant are not");
  CHECK(refusal([&] { static_cast<void>(rng.bernoulli({2}, 1.5)); }) ==
        "RandomStream::bernoulli: a probability is a number from 0 to 1; p is 1.5");
  CHECK(refusal([&] {
          static_cast<void>(rng.bernoulli({2}, Array{0.5, nan}));
        }) == "RandomStream::bernoulli: a probability is a number from 0 to 1; element [1] of constant is nan");
  // others are what a comparison makes of them
  RandomStream other(3);
  const Array b = function(v, other.bernoulli({4}, v))(Array{nan, -1., 0., 2.});
  CHECK(array_equal(b, Array{false, false, false, true}));
}

TEST_CASE("choice draws different ones, each by its share of what is left") {
  constexpr Index n = 20000;
  RandomStream rng(3);
  const Tensor many = broadcast_to(Tensor(Array{1., 0., 3., 4.}), {n, 4});
  const Array two = function({}, rng.choice(2, many))();
  CHECK(two.dtype() == int64);
  CHECK(two.shape() == Extents{n, 2});
  std::array<std::array<int, 4>, 4> pairs{};
  for (Index i = 0; i < n; ++i)
    ++pairs.at(static_cast<std::size_t>(two.at<Index>(i, 0))).at(static_cast<std::size_t>(two.at<Index>(i, 1)));
  const std::array weights{1., 0., 3., 4.};
  for (std::size_t a = 0; a < 4; ++a)
    for (std::size_t b = 0; b < 4; ++b) {
      const double p = a == b ? 0 : weights[a] / 8 * weights[b] / (8 - weights[a]);
      CHECK(std::abs(pairs[a][b] - p * n) <= 5 * std::sqrt(p * (1 - p) * n));
    }
  const Array all = function({}, rng.choice(4, many))();
  for (Index i = 0; i < n; i += 100) CHECK(all.at<Index>(i, 3) == 1);
  CHECK_THROWS_AS(rng.choice(3, Tensor(Array{1., 2.})), IndexError);
}

TEST_CASE("no_default_updates draws the same numbers again, and leaves the state alone") {
  RandomStream rng(2);
  const Tensor x = rng.uniform({4});
  const Function repeats = function({}, x, {.no_default_updates = true}), moves = function({}, x);
  const Array first = repeats();
  CHECK(array_equal(repeats(), first));
  CHECK(rng.state().get_value().item<int>() == 0);
  CHECK(array_equal(moves(), first));
  CHECK(rng.state().get_value().item<int>() == 1);
  CHECK(!array_equal(repeats(), first));
  rng.state().set_value(0);
  CHECK(array_equal(repeats(), first));
}

TEST_CASE("an update of the state by the user stands in place of its own") {
  RandomStream rng(2);
  const Function f = function({}, rng.uniform({4}), {{rng.state(), rng.state() + 10}});
  f();
  CHECK(rng.state().get_value().item<int>() == 10);
}

TEST_CASE("a stream takes its shape from a tensor, and keeps the dtype of what it masks") {
  RandomStream rng(4);
  const Tensor x = fmatrix("x");
  const Tensor dropped = x * rng.bernoulli(x.shape(), 0.5);
  CHECK(dropped.dtype() == float32);
  const Function f = function(x, dropped);
  const Array out = f(Array::full({30, 20}, 2, float32));
  CHECK(out.shape() == Extents{30, 20});
  for (Index i = 0; i < out.size(); ++i) REQUIRE((get(out, i) == 0 || get(out, i) == 2));
  CHECK(std::abs(Moments(out).mean - 1) < 5 / std::sqrt(600.));
  CHECK(f(Array::full({3, 2}, 2, float32)).shape() == Extents{3, 2});
}

TEST_CASE("a stream draws floating numbers only") {
  RandomStream rng;
  CHECK_THROWS_AS(rng.normal({2}, int32), DTypeError);
}

TEST_CASE("a stream of another seed needs no other code, nor does another draw of it") {
  const auto drawn = [](std::uint64_t seed, int draws) {
    RandomStream rng(seed);
    for (int k = 1; k < draws; ++k) (void)rng.uniform({3});
    return function({}, rng.uniform({311, 7}, float32))();
  };
  const Array first = drawn(0, 1);
  const auto before = device_counters().compilations;
  CHECK(!array_equal(drawn(1, 1), first));
  CHECK(!array_equal(drawn(0x123456789abcdef0, 1), first));
  CHECK(!array_equal(drawn(0, 5), first));
  CHECK(device_counters().compilations == before);
}

namespace {

/// One hidden layer of which each step drops a half, in a step of gradient descent.
Function dropout_step(RandomStream& rng, const Tensor& x, const Shared& w, const Shared& v) {
  const Tensor hidden = relu(dot(x, w));
  const Tensor loss = mean(sqr(dot(hidden * rng.bernoulli(hidden.shape(), 0.5) * 2, v)));
  const auto [dw, dv] = grad(loss, {w, v});
  return function(x, loss, {{w, w - 0.1 * dw}, {v, v - 0.1 * dv}});
}

std::size_t count(const std::string& text, std::string_view part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

}  // namespace

TEST_CASE("a step of a network with dropout draws in its kernels, on every device, and keeps no mask") {
  for (const std::string& way : {std::string("device=cpu"), on_gpu() + ",emulator_check=True"}) {
    const ScopedConfig scope{way + ",check_ir=True"};
    RandomStream rng(3);
    const Tensor x = fmatrix("x");
    const Shared w = shared(Array::full({40, 300}, 0.01, float32), "w"),
                 v = shared(Array::full({300, 30}, 0.01, float32), "v");
    const Function step = dropout_step(rng, x, w, v);
    const Array points = Array::full({50, 40}, 1, float32);
    const Array loss = step(points);
    INFO(step.explain());
    CHECK(step.explain().find("host") == std::string::npos);
    // where a call begins, then the mask: for the hidden layer, and again for its gradient
    CHECK(count(step.explain(), " = philox(") == 3);
    CHECK(!array_equal(step(points), loss));
    CHECK(rng.state().get_value().item<int>() == 2);
  }
}

TEST_CASE("dropout and its gradient agree about what is dropped, in every mode") {
  for (const std::string& way : {std::string("mode=FAST_RUN"), std::string("mode=FAST_COMPILE"), on_gpu()}) {
    const ScopedConfig scope{way};
    RandomStream rng(3);
    const Tensor x = fmatrix("x"), w = fmatrix("w");
    const Tensor y = x * rng.bernoulli(x.shape(), 0.25) * 4;
    const auto f = function({x, w}, {y, grad(sum(dot(y, w)), x)});
    const auto [a, g] = f(Array::full({60, 70}, 1, float32), Array::full({70, 20}, 1, float32));
    Index kept = 0;
    for (Index i = 0; i < a.size(); ++i) {
      REQUIRE(get(g, i) == 20 * get(a, i));
      kept += get(a, i) != 0;
    }
    CHECK(std::abs(static_cast<double>(kept) - 1050) < 5 * std::sqrt(4200 * 0.1875));
  }
}

TEST_CASE("draws in rows and columns and folds are the reference evaluator's") {
  const Tensor x = dmatrix("x");
  for (const auto& shape : {Extents{33, 65}, Extents{5, 1000}, Extents{300, 3}, Extents{1, 40}, Extents{7, 1}}) {
    std::vector<Array> wanted;
    for (const std::string& way : {std::string("mode=FAST_COMPILE"), std::string("device=cpu"), on_gpu()}) {
      const ScopedConfig scope{way + ",check_ir=True"};
      RandomStream rng(3);
      const Tensor u = rng.uniform(x.shape()), v = rng.uniform({x.shape(1), x.shape(0)});
      const Tensor rows = softmax(x * u), columns = sum(u * v.T(), 0), both = dot(rows, v);
      const auto f =
          function({x}, {rows, columns, both, max(u, 1), argmax(u), cumsum(u, 1), u + expand_dims(mean(u, 1), 1)});
      const auto found = f(sines(shape));
      if (wanted.empty()) wanted.assign(found.begin(), found.end());
      for (std::size_t k = 0; k < found.size(); ++k)
        for (Index i = 0; i < found[k].size(); ++i) {
          INFO(way << ", result " << k << ", element " << i);
          REQUIRE(get(found[k], i) == Approx(get(wanted[k], i)).epsilon(1e-12));
        }
    }
  }
}

TEST_CASE("numbers that are repeated along another axis are drawn once") {
  RandomStream rng(3);
  const Tensor x = fmatrix("x");
  const Function f = function(x, x + rng.uniform({500}, float32));
  const Array a = f(Array::zeros({300, 500}, float32));
  INFO(f.explain());
  CHECK(count(f.explain(), "[a0, a1] : uint64") == 0);
  for (Index i = 0; i < 500; ++i) REQUIRE(get(a, i) == get(a, Index{299} * 500 + i));
}

TEST_CASE("a kernel with more draws than it has bodies for calls one") {
  std::vector<Array> seen;
  for (const std::string& way : {std::string("device=cpu"), on_gpu()}) {
    const ScopedConfig scope{way};
    RandomStream rng(3);
    Tensor total = rng.uniform({50}, float64);
    for (int k = 0; k < 70; ++k) total = total + rng.uniform({50}, float64);
    seen.push_back(function({}, total)().copy());
    CHECK(std::abs(Moments(seen.back()).mean - 35.5) < 5 * std::sqrt(71 / 12. / 50));
  }
  CHECK(bits_equal(seen[0], seen[1]));
}

TEST_CASE("what is drawn is the same for all rows of a Jacobian") {
  RandomStream rng(3);
  const Tensor x = dvector("x"), u = rng.normal(x.shape());
  const auto [j, drawn] = function({x}, {jacobian(x * u, x), u})(Array::full({40}, 2.0));
  for (Index i = 0; i < 40; ++i)
    for (Index k = 0; k < 40; ++k) REQUIRE(get(j, 40 * i + k) == (i == k ? get(drawn, i) : 0));
}

TEST_CASE("no gradient goes through a draw, to what its shape is taken from") {
  RandomStream rng(3);
  const Tensor x = dvector("x");
  const auto f = function({x}, {grad(sum(x * rng.normal(x.shape())), x)});
  CHECK(Moments(f(Array::full({1000}, 1.0))).variance > 0.7);
  CHECK_THROWS_AS(grad(sum(rng.normal(x.shape())), x), Error);
}
