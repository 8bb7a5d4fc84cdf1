// ifelse: the side that is taken, and that the other is not computed.
#include "array/access.h"
#include "message.h"
#include "runtime/device.h"
#include "values.h"

namespace croton {
namespace {

const std::string ways[] = {"mode=FAST_RUN", "mode=FAST_COMPILE", "device=queued", on_gpu(),
                            on_gpu() + ",emulator_check=True"};

/// Its argument, by an operation that counts its runs; its gradient counts too.
int runs = 0;
Tensor counted(const Tensor& x) {
  static const CustomOp op{.name = "counted",
                           .forward =
                               [](std::span<const Array> in, std::span<Array> out) {
                                 ++runs;
                                 out[0] = in[0];
                               },
                           .pullback = [](std::span<const Tensor>, std::span<const Tensor>,
                                          std::span<const Tensor> y_bar) { return std::vector{counted(y_bar[0])}; }};
  return apply(op, {x});
}
template <class F>
int runs_of(F&& f) {
  runs = 0;
  f();
  return runs;
}

}  // namespace

TEST_CASE("ifelse gives the side that its condition takes") {
  for (const std::string& way : ways) {
    INFO(way);
    const ScopedConfig scope{way};
    const Tensor c = tensor("c", boolean, {}), x = dvector("x");
    const Shared w = shared(sines({3}), "w");
    const std::vector<Tensor> then{exp(x) * w, sum(x)}, otherwise{sum(x) + w, max(w)};
    const auto both = ifelse(c, then, otherwise);
    const auto f = function({c, x}, both);
    const auto all = function({x}, {then[0], then[1], otherwise[0], otherwise[1]});
    const Array v = sines({3}, 2);
    const auto want = all(v);
    for (const bool yes : {true, false, true}) {
      const auto got = f(yes, v);
      for (std::size_t k = 0; k < 2; ++k) CHECK(bits_equal(got[k], want[yes ? k : k + 2]));
    }
  }
}

TEST_CASE("the side that an ifelse does not take is not computed, and its errors are not raised") {
  for (const std::string& way : ways) {
    INFO(way);
    const ScopedConfig scope{way};
    const Tensor c = tensor("c", int64, {}), x = dvector("x"), i = lscalar("i"), shared_by_both = counted(x);
    const Tensor y = ifelse(c, counted(tanh(shared_by_both)), shared_by_both + x[i]);
    const auto f = function({c, x, i}, {y, grad(sum(y), x)});
    const Array v = sines({3});
    // the value and its gradient, which computes what it needs of the value again
    CHECK(runs_of([&] { f(7, v, 100); }) == runs_of([&] { f(1, v, 0); }));
    CHECK(runs_of([&] { f(0, v, 0); }) < runs_of([&] { f(1, v, 0); }));
    CHECK_THROWS_AS(f(0, v, 100), IndexError);
  }
}

TEST_CASE("an ifelse has the gradients of the side that is taken, of any order") {
  for (const std::string& way : ways) {
    INFO(way);
    const ScopedConfig scope{way};
    const Tensor c = tensor("c", boolean, {}), x = dvector("x"), unused = dvector("unused");
    const Shared w = shared(sines({3, 3}, 1), "w");
    const auto cost = [&](const auto& choose) {
      const Tensor h = tanh(dot(x, w));
      return sum(choose(h * h, exp(x) + unused) * sin(x));
    };
    const Tensor lazy = cost([&](const Tensor& a, const Tensor& b) { return ifelse(c, a, b); });
    const Tensor eager = cost([&](const Tensor& a, const Tensor& b) { return where(c, a, b); });
    const auto results = [&](const Tensor& t) {
      const auto [dx, dw, du] = std::array{grad(t, x), grad(t, w), grad(t, unused)};
      return std::vector<Tensor>{t, dx, dw, du, grad(sum(square(dx)) + sum(dw * dw), x)};
    };
    const auto f = function({c, x, unused}, results(lazy)), g = function({c, x, unused}, results(eager));
    for (const bool yes : {true, false}) {
      const auto got = f(yes, sines({3}, 4), sines({3}, 5)), want = g(yes, sines({3}, 4), sines({3}, 5));
      for (std::size_t k = 0; k < want.size(); ++k) CHECK(all_close(got[k], want[k]));
    }
  }
}

TEST_CASE("the sides of an ifelse may have other extents, and one may be a leaf") {
  for (const std::string& way : ways) {
    INFO(way);
    const ScopedConfig scope{way};
    const Tensor c = tensor("c", boolean, {}), x = dmatrix("x");
    const Tensor y = ifelse(c, x, concatenate({x, x * 2}, 0));
    const auto f = function({c, x}, {y + 1, y.shape(0), grad(sum(y * y), x)});
    const Array v = sines({2, 3});
    CHECK(bits_equal(f(true, v)[0], eval(Tensor(v) + 1)));
    CHECK(bits_equal(f(false, v)[0], eval(concatenate({Tensor(v), Tensor(v) * 2}, 0) + 1)));
    CHECK(f(true, v)[1].item<Index>() == 2);
    CHECK(f(false, v)[1].item<Index>() == 4);
    CHECK(all_close(f(true, v)[2], eval(Tensor(v) * 2)));
    CHECK(all_close(f(false, v)[2], eval(Tensor(v) * 10)));
  }
}

TEST_CASE("ifelse and scan hold each other") {
  for (const std::string& way : ways) {
    INFO(way);
    const ScopedConfig scope{way};
    const Tensor xs = dvector("xs"), n = lscalar("n");
    // the collatz sequence's sum, and how many steps were odd
    const auto [last, odd] = scan(
        [](const Tensor& v, const Tensor& x) {
          const Tensor is_odd = fmod(v, 2.) == 1;
          return std::pair{ifelse(is_odd, 3 * v + x, ifelse(v > 4, v / 2, v / 2 + 0 * x)), is_odd};
        },
        Tensor(27.), xs);
    const auto f = function({xs}, {last, sum(cast(odd, int64)), grad(last, xs)});
    double v = 27, odds = 0;
    for (int k = 0; k < 30; ++k) {
      odds += std::fmod(v, 2) == 1;
      v = std::fmod(v, 2) == 1 ? 3 * v + 1 : v / 2;
    }
    const auto got = f(Array::full({30}, 1));
    CHECK(got[0].item<double>() == v);
    CHECK(got[1].item<Index>() == static_cast<Index>(odds));
    CHECK(got[2].shape() == Extents{30});
    const Tensor total =
        ifelse(n > 0, scan([](const Tensor& c, const Tensor& x) { return c + x; }, Tensor(0.), xs), -1.);
    const auto g = function({n, xs}, {total, grad(total, xs)});
    CHECK(g(1, sines({40}))[0].item<double>() == Approx(eval(sum(Tensor(sines({40})))).item<double>()));
    CHECK(g(0, sines({40}))[0].item<double>() == -1);
    CHECK(bits_equal(g(1, sines({40}))[1], Array::full({40}, 1)));
    CHECK(bits_equal(g(0, sines({40}))[1], Array::zeros({40}, float64)));
  }
}

TEST_CASE("what the sides of an ifelse draw is drawn anew at each step of a loop") {
  RandomStream stream(7);
  const auto [last, ys] = scan(
      [&](const Tensor& c, const Tensor& x) {
        const Tensor next = ifelse(x > 0, stream.uniform({}), -stream.uniform({}));
        return std::pair{c + next, next};
      },
      Tensor(0.), Tensor(sines({40})));
  const Array rows = function({}, ys)();
  for (Index i = 1; i < 40; ++i) CHECK(std::fabs(get(rows, i)) != std::fabs(get(rows, i - 1)));
}

TEST_CASE("a variable is updated by the side that is taken") {
  for (const std::string& way : ways) {
    INFO(way);
    const ScopedConfig scope{way};
    const Shared w = shared(sines({4}), "w"), best = shared(1e9, "best");
    const Tensor loss = dscalar("loss");
    const auto step = function({loss}, {}, {{w, ifelse(loss < best, w * 0.5, w)}, {best, minimum(loss, best)}});
    step(3.);
    step(4.);
    step(2.);
    CHECK(all_close(w.get_value(), eval(Tensor(sines({4})) * 0.25)));
    CHECK(best.get_value().item<double>() == 2);
  }
}

TEST_CASE("a condition that is known leaves one side") {
  const Tensor x = dvector("x");
  const auto f = function({x}, ifelse(Tensor(1) > 0, exp(x), log(x)));
  CHECK(f.explain().find("if ") == std::string::npos);
  CHECK(bits_equal(f(sines({3})), function({x}, exp(x))(sines({3}))));
}

TEST_CASE("explain shows both sides of an ifelse") {
  const Tensor c = tensor("c", boolean, {}), x = dvector("x");
  const std::string text = function({c, x}, ifelse(c, exp(x), log(x))).explain();
  INFO(text);
  CHECK(text.find("if c:\n") != std::string::npos);
  CHECK(text.find("else:\n") != std::string::npos);
}

TEST_CASE("what one side of an ifelse computes has no gradient and takes no value of its own") {
  const Tensor c = tensor("c", boolean, {}), d = tensor("d", boolean, {}), x = dvector("x");
  const Tensor inner = tanh(x).named("inner"), deep = exp(x).named("deep"), both = sin(x).named("both");
  const Tensor y = sum(ifelse(c, inner * both, ifelse(d, deep * both, both)) + inner);
  const std::string why = "by the side that alone needs it";
  for (const Tensor& t : {inner, deep}) {
    CHECK(says(message<GraphError>([&] { grad(y, t); }), "grad: " + t.name()));
    CHECK(says(message<GraphError>([&] { grad(y, t); }), why));
    CHECK(says(message<GraphError>([&] { grad(y, x, {.consider_constant = {t}}); }), why));
    CHECK(says(message<GraphError>([&] { function({c, d, x}, y, {.givens = {{t, x}}}); }), why));
    CHECK(says(message<GraphError>([&] { function({c, d, x}, grad(y, x), {.givens = {{t, x}}}); }), why));
  }
  const auto f = function({c, d, x}, {grad(y, both), y}, {.givens = {{both, x * 2}}});
  const Array v{0.5, -1.};
  CHECK(all_close(f(true, true, v)[0], eval(tanh(Tensor(v)))));
  CHECK(all_close(f(true, true, v)[1], eval(sum(tanh(Tensor(v)) * (2 * Tensor(v) + 1)))));
}

TEST_CASE("ifelse refuses what it cannot choose between") {
  const Tensor c = tensor("c", boolean, {}), m = tensor("m", boolean, {any_extent}), x = dvector("x"), s = dscalar("s");
  CHECK(message<ShapeError>([&] { ifelse(m, x, x); }) ==
        "HERE: ifelse: the condition m is bool[?]: it must be a scalar; where() chooses for each element");
  CHECK(message<ShapeError>([&] { ifelse(c, x, s); }) ==
        "HERE: ifelse: x is float64[?], s is float64[]: both sides need the same number of axes");
  CHECK(message<ShapeError>([&] {
          ifelse(c, std::vector{x, x}, std::vector{x});
        }) == "HERE: ifelse: one side has 2 values, the other 1: they need as many");
  CHECK(ifelse(c, x, cast(x, float32)).dtype() == float64);
}

}  // namespace croton
