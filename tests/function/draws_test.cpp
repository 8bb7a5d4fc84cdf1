// Draws of distributions that have parameters: each is exact in distribution, and the same everywhere. Bounds are such
// that another generator would fail one by chance once in 10^5 times; seeds are fixed.
#include <algorithm>
#include <cmath>

#include "array/access.h"
#include "catch.h"
#include "croton.h"
#include "gpu.h"
#include "runtime/cpu/parallel.h"
#include "values.h"

using namespace croton;

namespace {

constexpr Index n = 40000;

/// The greatest distance between the distribution function of numbers that should be uniform and its own, times the
/// root of how many there are (Kolmogorov and Smirnov): above 2.5 once in 130,000 times.
double distance_from_uniform(const Array& a) {
  std::vector<double> u;
  for (Index i = 0; i < a.size(); ++i) u.push_back(get(a, i));
  if (std::ranges::any_of(u, [](double x) { return !(x >= 0 && x <= 1); })) return HUGE_VAL;
  std::ranges::sort(u);
  const auto count = static_cast<double>(u.size());
  double d = 0;
  for (std::size_t i = 0; i < u.size(); ++i) {
    const auto before = static_cast<double>(i);
    d = std::max({d, u[i] - before / count, (before + 1) / count - u[i]});
  }
  return d * std::sqrt(count);
}
constexpr double seldom = 2.5;

/// Whether neighbours have to do with each other: their correlation as uniform numbers, in standard errors.
double correlation_of_neighbours(const Array& u) {
  double sum = 0;
  for (Index i = 1; i < u.size(); ++i) sum += (get(u, i - 1) - 0.5) * (get(u, i) - 0.5);
  return 12 * sum / std::sqrt(static_cast<double>(u.size()));
}

/// A number in [below, up to] for each, evenly: uniform where these are the distribution function before and at a
/// count.
Tensor between(const Tensor& below, const Tensor& upto) {
  RandomStream even(77);
  return below + even.uniform(below.shape(), float64) * (upto - below);
}

std::string refusal(const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& e) {
    const std::string text = e.what();
    return text.substr(text.find(": ") + 2);
  }
  return "";
}

}  // namespace

TEST_CASE("gamma draws have the gamma distribution, whatever the shape") {
  for (const double shape : {0.05, 0.5, 1.0, 2.5, 50.0, 1e4, 1e9}) {
    RandomStream rng(5);
    const Tensor x = rng.gamma({n}, shape, float64);
    const auto [draws, p] = function({}, {x, gammainc(shape, x)})();
    INFO("shape " << shape);
    CHECK(distance_from_uniform(p) < seldom);
    CHECK(std::abs(correlation_of_neighbours(p)) < 4.5);
    const Moments m(draws);
    CHECK(std::abs(m.mean - shape) < 5 * std::sqrt(shape / n));
    CHECK(std::abs(m.variance - shape) < 5 * std::sqrt((2 * shape * shape + 6 * shape) / n));
  }
}

TEST_CASE("gamma draws of float32 are those of float64, rounded") {
  const Tensor k = dvector("k");
  RandomStream a(5), b(5);
  const auto [x, y] =
      function(k, {a.gamma(k.shape(), k, float64), b.gamma(k.shape(), k, float32)})(Array::full({1000}, 0.7));
  CHECK(y.dtype() == float32);
  CHECK(array_equal(x.astype(float32), y));
  CHECK(RandomStream().gamma({2}, 1).dtype() == floatX());
  CHECK(RandomStream().gamma({2}, 1, float16).eval().dtype() == float16);
}

TEST_CASE("beta draws have the beta distribution") {
  for (const auto& [a, b] : {std::pair{0.5, 0.5}, {1.0, 1.0}, {2.0, 5.0}, {200.0, 1.0}, {0.1, 8.0}, {1e4, 3e4}}) {
    RandomStream rng(6);
    const auto p = function({}, betainc(a, b, rng.beta({n}, a, b, float64)))();
    INFO(a << ", " << b);
    CHECK(distance_from_uniform(p) < seldom);
    CHECK(std::abs(correlation_of_neighbours(p)) < 4.5);
  }
}

TEST_CASE("beta draws of tiny parameters are 0 or 1, not NaN, each by its share") {
  RandomStream rng(6);
  for (const double scale : {1e-5, 1e-300, 1e-320}) {
    const Array x = function({}, rng.beta({n}, scale, 3 * scale, float64))();
    double ones = 0, others = 0;
    for (Index i = 0; i < n; ++i) (get(x, i) == 1 ? ones : others) += get(x, i) == 1 || get(x, i) == 0;
    INFO(scale);
    CHECK(ones + others > 0.99 * n);
    CHECK(std::abs(ones / n - 0.25) < 5 * std::sqrt(0.1875 / n) + (scale > 1e-310 ? 0 : 0.3));
  }
}

TEST_CASE("rows of dirichlet are shares of a whole, each share beta distributed") {
  RandomStream rng(7);
  const Array alpha{0.3, 2., 7.7};
  const Tensor x = rng.dirichlet(broadcast_to(Tensor(alpha), {n, 3}), float64);
  const auto [draws, total, first, last] =
      function({}, {x, sum(x, 1), betainc(0.3, 9.7, x(all, 0)), betainc(7.7, 2.3, x(all, 2))})();
  CHECK(draws.shape() == Extents{n, 3});
  for (Index i = 0; i < n; ++i) REQUIRE(std::abs(get(total, i) - 1) < 1e-15);
  CHECK(distance_from_uniform(first) < seldom);
  CHECK(distance_from_uniform(last) < seldom);
  const Array tiny = function({}, rng.dirichlet(Array::full({2000, 4}, 1e-4), float32))();
  CHECK(tiny.dtype() == float32);
  for (Index i = 0; i < 2000; ++i) {
    double all_of_row = 0;
    for (Index k = 0; k < 4; ++k) all_of_row += get(tiny, 4 * i + k);
    REQUIRE(all_of_row == Approx(1).epsilon(1e-6));
  }
}

TEST_CASE("compositions of gamma draws are the distributions that the documentation names") {
  RandomStream rng(8);
  const double k = 5;
  const Tensor chi2 = 2 * rng.gamma({n}, k / 2, float64);
  const Tensor t = rng.normal({n}, float64) * sqrt(k / 2 / rng.gamma({n}, k / 2, float64));
  const double r = 2.5, p = 0.3;
  const Tensor counts = cast(rng.poisson({n}, rng.gamma({n}, r, float64) * (1 - p) / p), float64);
  const Tensor tail = 0.5 * betainc(k / 2, 0.5, k / (k + sqr(t)));
  const auto [of_chi2, of_t, of_counts] =
      function({}, {chi2sf(chi2, k), where(t > 0, 1 - tail, tail),
                    between(where(counts > 0, betainc(r, maximum(counts, 1), p), 0), betainc(r, counts + 1, p))})();
  CHECK(distance_from_uniform(of_chi2) < seldom);
  CHECK(distance_from_uniform(of_t) < seldom);
  CHECK(distance_from_uniform(of_counts) < seldom);
}

TEST_CASE("Poisson draws have the Poisson distribution, whatever the rate") {
  for (const double rate : {0.1, 3.0, 9.9, 10.1, 31.9, 32.1, 1000.0, 1e6, 1e9}) {
    RandomStream rng(9);
    const Tensor x = rng.poisson({n}, rate), k = cast(x, float64);
    const auto [draws, p] = function({}, {x, between(gammaincc(k, rate), gammaincc(k + 1, rate))})();
    CHECK(draws.dtype() == int64);
    INFO("rate " << rate);
    CHECK(distance_from_uniform(p) < seldom);
    CHECK(std::abs(correlation_of_neighbours(p)) < 4.5);
    const Moments m(draws);
    CHECK(std::abs(m.mean - rate) < 5 * std::sqrt(rate / n));
    CHECK(std::abs(m.variance - rate) < 5 * std::sqrt((2 * rate * rate + rate) / n));
  }
  RandomStream rng(9);
  const auto [none, most] = function({}, {rng.poisson({100}, 0), rng.poisson({1000}, 9.2e18)})();
  CHECK(array_equal(none, Array::zeros({100}, int64)));
  for (Index i = 0; i < most.size(); ++i) REQUIRE(std::abs(get(most, i) - 9.2e18) < 8 * std::sqrt(9.2e18));
}

TEST_CASE("counts come as often as their probabilities") {
  RandomStream rng(10);
  const auto [few, many, of_30, of_100] = function(
      {}, {rng.poisson({n}, 10), rng.poisson({n}, 33), rng.binomial({n}, 30, 0.4), rng.binomial({n}, 100, 0.4)})();
  // of the counts from first to last, and of all others together
  const auto chi2 = [](const Array& draws, Index first, Index last, auto&& log_probability) {
    std::vector<double> counts(static_cast<std::size_t>(last - first + 2));
    for (Index i = 0; i < n; ++i) {
      const Index x = draws.at<Index>(i);
      ++counts.at(static_cast<std::size_t>(x < first || x > last ? last - first + 1 : x - first));
    }
    double sum = 0, others = 1;
    for (Index k = first; k <= last + 1; ++k) {
      const double p = k <= last ? std::exp(log_probability(static_cast<double>(k))) : others;
      others -= p;
      sum += std::pow(counts.at(static_cast<std::size_t>(k - first)) - n * p, 2) / (n * p);
    }
    const auto freedom = static_cast<double>(last - first + 1);
    return (sum - freedom) / std::sqrt(2 * freedom);
  };
  const auto poisson = [](double m) { return [m](double k) { return k * std::log(m) - m - std::lgamma(k + 1); }; };
  const auto binomial = [](double of, double p) {
    return [of, p](double k) {
      return std::lgamma(of + 1) - std::lgamma(k + 1) - std::lgamma(of - k + 1) + k * std::log(p) +
             (of - k) * std::log1p(-p);
    };
  };
  CHECK(chi2(few, 1, 24, poisson(10)) < 5);
  CHECK(chi2(many, 14, 55, poisson(33)) < 5);
  CHECK(chi2(of_30, 3, 21, binomial(30, 0.4)) < 5);
  CHECK(chi2(of_100, 23, 58, binomial(100, 0.4)) < 5);
}

TEST_CASE("binomial draws have the binomial distribution, whatever n and p") {
  const std::pair<Index, double> cases[] = {
      {1, 0.3},    {10, 0.5},        {19, 0.5},          {25, 0.5},         {40, 0.9},
      {12, 0.97},  {63, 0.5},        {64, 0.5},          {81, 0.4},         {1000, 0.004},
      {1000, 0.3}, {1000000, 0.999}, {1000000000, 3e-9}, {1000000000, 0.5}, {1000000000000, 0.25}};
  for (const auto& [of, p] : cases) {
    RandomStream rng(11);
    const auto total = static_cast<double>(of);
    const Tensor x = rng.binomial({n}, of, p), k = cast(x, float64);
    const auto [draws, u] =
        function({}, {x, between(betainc(total - k + 1, k, 1 - p), betainc(total - k, k + 1, 1 - p))})();
    CHECK(draws.dtype() == int64);
    INFO(of << " trials, " << p);
    CHECK(distance_from_uniform(u) < seldom);
    CHECK(std::abs(correlation_of_neighbours(u)) < 4.5);
    const double variance = total * p * (1 - p);
    CHECK(std::abs(Moments(draws).mean - total * p) < 5 * std::sqrt(variance / n));
  }
  RandomStream rng(11);
  for (const auto& [of, p] : {std::pair{0, 0.5}, {7, 0.0}, {7, 1.0}, {1000, 1.0}}) {
    const Array x = function({}, rng.binomial({100}, of, p))();
    CHECK(array_equal(x, Array::full({100}, p == 1 ? of : 0, int64)));
  }
}

TEST_CASE("parameters may differ from element to element, and broadcast to the draws") {
  const Tensor k = dvector("k"), of = lvector("of"), p = tensor("p", float64, {any_extent, 1});
  RandomStream rng(12), again(12);
  const auto f = function(
      {k, of, p}, {rng.gamma({2000, 4}, k, float64), rng.poisson({2000, 4}, k * 3), rng.binomial({2000, 4}, of, p)});
  const auto [x, y, z] =
      f(Array{0.2, 3., 40., 1e5}, Array{Index{5}, Index{30}, Index{1000}, Index{0}}, Array::full({2000, 1}, 0.4));
  const std::array mean{0.2, 3., 40., 1e5}, trials{5., 30., 1000., 0.};
  for (Index column = 0; column < 4; ++column) {
    double sums[3] = {};
    for (Index i = 0; i < 2000; ++i) {
      sums[0] += get(x, 4 * i + column) / 2000;
      sums[1] += get(y, 4 * i + column) / 2000;
      sums[2] += get(z, 4 * i + column) / 2000;
    }
    const double m = mean.at(static_cast<std::size_t>(column)), t = trials.at(static_cast<std::size_t>(column));
    CHECK(std::abs(sums[0] - m) < 5 * std::sqrt(m / 2000));
    CHECK(std::abs(sums[1] - 3 * m) < 5 * std::sqrt(3 * m / 2000));
    CHECK(std::abs(sums[2] - 0.4 * t) <= 5 * std::sqrt(0.24 * t / 2000));
  }
  // each element is that of its parameter, whichever ones its neighbours have
  const Array alone = function({}, again.gamma({2000, 4}, 40, float64))();
  for (Index i = 0; i < 2000; ++i) REQUIRE(get(alone, 4 * i + 2) == Approx(get(x, 4 * i + 2)).epsilon(1e-14));
}

TEST_CASE("draws by rejection are the same in every mode, on every device and for any number of threads") {
  const Tensor k = dmatrix("k");
  Array shapes = Array::zeros({300, 7}, float64);
  for (Index i = 0; i < shapes.size(); ++i) set(shapes, i, std::exp(std::remainder(0.37 * static_cast<double>(i), 9)));
  std::vector<std::vector<Array>> seen;
  for (const std::string& way :
       {std::string("mode=FAST_RUN"), std::string("mode=FAST_COMPILE"), std::string("device=queued"),
        std::string("math=exact"), on_gpu() + ",emulator_check=True", on_gpu() + ",math=exact"})
    for (const int threads : {1, 2, 7}) {
      const ScopedConfig scope{way};
      runtime::set_threads(threads);
      RandomStream rng(13);
      const Tensor share = sigmoid(k - 3);
      const auto f = function(
          {k}, {rng.gamma(k.shape(), k, float64), rng.beta(k.shape(), k, 2, float64), rng.dirichlet(k, float64),
                rng.poisson(k.shape(), k), rng.binomial(k.shape(), cast(k * 30, int64), share)});
      (void)f(shapes);
      std::vector<Array> found;
      for (const Array& a : f(shapes)) found.push_back(a.copy());
      seen.push_back(found);
      INFO(way << ", " << threads << " threads");
      for (std::size_t r = 0; r < 5; ++r)
        for (Index i = 0; i < shapes.size(); ++i) {
          const double got = get(found[r], i), wanted = get(seen[0][r], i);
          REQUIRE((r > 2 ? got == wanted : std::abs(got - wanted) <= 1e-13 * std::abs(wanted)));
        }
      if (way == "mode=FAST_RUN")
        for (std::size_t r = 0; r < 5; ++r) CHECK(bits_equal(found[r], seen[0][r]));
    }
  runtime::set_threads(0);
  for (std::size_t r = 0; r < 5; ++r) CHECK(bits_equal(seen[9][r], seen[15][r]));  // math=exact
}

TEST_CASE("draws by rejection are made in the kernels that use them") {
  for (const std::string& way : {std::string("device=cpu"), on_gpu()}) {
    const ScopedConfig scope{way + ",check_ir=True"};
    RandomStream rng(14);
    const Tensor x = fmatrix("x");
    const Function f = function(x, sum(x * rng.gamma(x.shape(), exp(x), float32), 1));
    (void)f(Array::full({50, 40}, 1, float32));
    INFO(f.explain());
    CHECK(f.explain().find("host") == std::string::npos);
    CHECK(f.explain().find("= gamma_draw(v") != std::string::npos);
    CHECK(f.explain().find("[a0, a1] := ") == std::string::npos);  // sums alone are written
  }
}

TEST_CASE("every call draws others") {
  RandomStream rng(15);
  const auto f = function({}, {rng.gamma({9}, 2), rng.gamma({9}, 2), cast(rng.poisson({9}, 1e6), floatX())});
  const auto [a, b, c] = f();
  const auto [d, e, g] = f();
  CHECK(!array_equal(a, b));
  CHECK(!array_equal(a, d));
  CHECK(!array_equal(c, g));
}

TEST_CASE("parameters that are none are refused where they are constants, and give NaN or -1 elsewhere") {
  const double nan = std::nan(""), inf = HUGE_VAL;
  RandomStream rng(16);
  const Tensor v = dvector("v"), i = lvector("i");
  CHECK(refusal([&] { (void)rng.gamma({2}, -1.5); }) ==
        "RandomStream::gamma: a shape is a finite number from 0 on; shape is -1.5");
  CHECK(refusal([&] {
          (void)rng.gamma({3}, Array{1., nan, 2.});
        }) == "RandomStream::gamma: a shape is a finite number from 0 on; element [1] of constant is nan");
  CHECK(refusal([&] { (void)rng.beta({2}, 1, 0); }) ==
        "RandomStream::beta: a concentration is a finite number above 0; b is 0");
  CHECK(refusal([&] {
          (void)rng.dirichlet(Array{{1., 2.}, {inf, 2.}});
        }) == "RandomStream::dirichlet: a concentration is a finite number above 0; element [1, 0] of constant is inf");
  CHECK(refusal([&] { (void)rng.poisson({2}, 1e19); }) ==
        "RandomStream::poisson: a rate is a number from 0 to 9.2e18; rate is 1e+19");
  CHECK(refusal([&] { (void)rng.binomial({2}, -3, 0.5); }) ==
        "RandomStream::binomial: a number of trials is an integer from 0 to 9.2e18; n is -3");
  CHECK(refusal([&] { (void)rng.binomial({2}, 3, 1.5); }) ==
        "RandomStream::binomial: a probability is a number from 0 to 1; p is 1.5");
  CHECK(refusal([&] { (void)rng.binomial({2}, 2.5, 0.5); }) ==
        "RandomStream::binomial: n is float64[]; a number of trials is an integer");
  CHECK_THROWS_AS(rng.binomial({2}, 2.5, 0.5), DTypeError);
  CHECK_THROWS_AS(rng.gamma({2}, 2, int64), DTypeError);
  CHECK_THROWS_AS(rng.dirichlet(2.0), ShapeError);
  // a draw for each parameter needs the shape of the parameters
  CHECK(refusal([&] { (void)rng.gamma({}, v); }) ==
        "RandomStream::gamma: v is float64[?], which does not broadcast to the shape of the draws, []");
  CHECK_THROWS_AS(rng.poisson({4, 1}, Array{1., 2.}), ShapeError);
  CHECK_THROWS_AS(rng.bernoulli({}, v), ShapeError);

  for (const std::string& way : {std::string("mode=FAST_RUN"), std::string("mode=FAST_COMPILE"), on_gpu()}) {
    INFO(way);
    const ScopedConfig scope{way};
    const auto f = function({v, i}, {rng.gamma({7}, v, float64), rng.beta({7}, v, 1, float64), rng.poisson({7}, v),
                                     rng.binomial({7}, 5, v), rng.binomial({7}, i, 0.5)});
    const auto [x, y, counts, of_p, of_n] =
        f(Array{nan, -1., inf, 0., 1., 1e19, -inf},
          Array{Index{-1}, Index{0}, Index{5}, Index{-9}, Index{1}, Index{2}, std::numeric_limits<Index>::max()});
    for (const Index bad : {0, 1, 2, 6}) {
      CHECK(std::isnan(get(x, bad)));
      CHECK(std::isnan(get(y, bad)));
      CHECK(get(counts, bad) == -1);
      CHECK(get(of_p, bad) == -1);
    }
    CHECK((get(x, 3) == 0 && get(y, 3) == 0 && get(counts, 3) == 0 && get(of_p, 3) == 0));
    CHECK((get(x, 4) > 0 && get(y, 4) > 0 && get(counts, 4) >= 0 && get(of_p, 4) == 5));
    CHECK((get(x, 5) > 9e18 && get(counts, 5) == -1));
    CHECK((get(of_n, 0) == -1 && get(of_n, 1) == 0 && get(of_n, 3) == -1 && get(of_n, 6) == -1));
  }
}

TEST_CASE("a gradient with respect to a parameter of a draw is refused, and is 0 for counts") {
  RandomStream rng(17);
  const Tensor k = dvector("k"), x = dvector("x");
  CHECK(refusal([&] { (void)grad(sum(rng.gamma(k.shape(), k, float64)), k); }) ==
        "grad: RandomStream::gamma has no gradient with respect to k. To leave this one out: disconnected_grad(k), or "
        "{.consider_constant = {k}}");
  CHECK_THROWS_AS(grad(sum(rng.beta(k.shape(), 2, k)), k), GraphError);
  CHECK_THROWS_AS(grad(sum(sqr(rng.dirichlet(exp(k)))), k), GraphError);
  const auto f = function({k, x}, {grad(sum(x * rng.gamma(k.shape(), disconnected_grad(k), float64)), x),
                                   grad(sum(k * rng.poisson(k.shape(), k)), k)});
  const auto [of_x, of_k] = f(Array::full({1000}, 2.0), Array::full({1000}, 1.0));
  CHECK(Moments(of_x).mean == Approx(2).margin(0.25));
  CHECK(Moments(of_k).mean == Approx(2).margin(0.25));
}
