// The forms of scan: several values carried, gone over and given out, no outputs, no rows, nothing carried.
#include <cmath>

#include "array/access.h"
#include "croton/gradient.h"
#include "croton/random.h"
#include "croton/scan.h"
#include "message.h"
#include "values.h"

namespace croton {
namespace {

using One = std::array<Tensor, 1>;
using Two = std::array<Tensor, 2>;
using Nothing = std::array<Tensor, 0>;

const std::string ways[] = {"mode=FAST_RUN", "mode=FAST_COMPILE", "device=queued", on_gpu()};

// c0' = c0 u + c1, c1' = c1 - v c0 of numbers, by hand
struct Mixed {
  double c0, c1;
  std::vector<double> sums, products;
};
Mixed mixed_by_hand(double a, double b, const Array& u, const Array& v) {
  Mixed m{a, b, {}, {}};
  for (Index i = 0; i < u.size(); ++i) {
    m.sums.push_back(m.c0 + u.at<double>(i));
    m.products.push_back(m.c1 * v.at<double>(i));
    const double next = m.c0 * u.at<double>(i) + m.c1;
    m.c1 -= v.at<double>(i) * m.c0;
    m.c0 = next;
  }
  return m;
}
std::pair<Two, Two> mixed(const Tensor& a, const Tensor& b, const Tensor& u, const Tensor& v, const ScanOptions& o) {
  return scan(
      [](const Two& c, const Two& x) {
        return Step{Two{c[0] * x[0] + c[1], c[1] - x[1] * c[0]}, Two{c[0] + x[0], c[1] * x[1]}};
      },
      std::array{a, b}, std::array{u, v}, o);
}

}  // namespace

TEST_CASE("scan goes over several sequences and gives several outputs") {
  for (const std::string& way : ways)
    for (const ScanOptions& o : {ScanOptions{}, ScanOptions{.length = 5}}) {  // a loop, and steps one after another
      INFO(way << ", " << (o.length.node() != nullptr));
      const ScopedConfig scope{way};
      const Tensor a = dscalar("a"), b = dscalar("b"), u = dvector("u"), v = dvector("v");
      const auto [last, ys] = mixed(a, b, u, v, o);
      const auto f = function({a, b, u, v}, {last[0], last[1], ys[0], ys[1]});
      const Array x = sines({5}), z = sines({5}, 1);
      const auto got = f(0.5, 2.0, x, z);
      const Mixed want = mixed_by_hand(0.5, 2.0, x, z);
      CHECK(got[0].item<double>() == Approx(want.c0));
      CHECK(got[1].item<double>() == Approx(want.c1));
      for (Index i = 0; i < 5; ++i) {
        CHECK(got[2].at<double>(i) == Approx(want.sums[static_cast<std::size_t>(i)]));
        CHECK(got[3].at<double>(i) == Approx(want.products[static_cast<std::size_t>(i)]));
      }
    }
}

TEST_CASE("one and several go together in every way") {
  const Tensor m = tensor("m", float64, {3, 2}), n = tensor("n", float64, {3, 2}), h = dvector("h");
  // one carried, two gone over, one out; one carried, one gone over, two out; arrays of one are arrays
  const auto [a, y] = scan([](const Tensor& c, const Two& x) { return std::pair{c + x[0] * x[1], c}; }, h, Two{m, n});
  const auto [b, both] = scan(
      [](const Tensor& c, const Tensor& x) {
        return std::pair{c + x, std::array{c * x, sum(x)}};
      },
      h, m);
  const auto [c, single] = scan(
      [](const One& p, const One& x) {
        return Step{One{p[0] - x[0]}, One{x[0] * p[0]}};
      },
      One{h}, One{m});
  const auto f = function({m, n, h}, {a, y, b, both[0], both[1], c[0], single[0]});
  const auto r = f(Array{{1., 2.}, {3., 4.}, {5., 6.}}, Array{{1., 0.}, {0., 1.}, {1., 1.}}, Array{1., 1.});
  CHECK(array_equal(r[0], Array{7., 11.}));
  CHECK(array_equal(r[1], Array{{1., 1.}, {2., 1.}, {2., 5.}}));
  CHECK(array_equal(r[2], Array{10., 13.}));
  CHECK(array_equal(r[3], Array{{1., 2.}, {6., 12.}, {25., 42.}}));
  CHECK(array_equal(r[4], Array{3., 7., 11.}));
  CHECK(array_equal(r[5], Array{-8., -11.}));
  CHECK(array_equal(r[6], Array{{1., 2.}, {0., -4.}, {-15., -30.}}));
  // what becomes a tensor will do, as it does elsewhere
  const Shared s = shared(Array{1., 2., 4.}, "s");
  const Tensor total = scan([](const Tensor& t, const Tensor& x) { return t + x; }, 0.0, s);
  CHECK(total.eval().item<double>() == 7);
  const Two sums = scan(
      [](const Two& t, const Two& x) {
        return Two{t[0] + x[0], t[1] * x[1]};
      },
      std::array{s, s}, std::array{s, s});
  CHECK(array_equal(sums[1].eval(), Array{8., 16., 32.}));
}

TEST_CASE("a step without outputs makes a scan that returns the last carry alone") {
  for (const std::string& way : ways) {
    INFO(way);
    const ScopedConfig scope{way};
    const Tensor xs = dvector("xs"), h = dscalar("h");
    const Tensor last = scan([](const Tensor& c, const Tensor& x) { return c * x; }, h, xs);
    const Two pair = scan([](const Two& c, const Tensor& x) { return std::array{c[1], c[0] + x}; }, Two{h, h}, xs);
    const auto f = function({xs, h}, {last, pair[0], pair[1], grad(last, xs)});
    const auto r = f(Array{2., 3., 5.}, 1.0);
    CHECK(r[0].item<double>() == 30);
    CHECK(r[1].item<double>() == 4);  // 1, 1; 1, 3; 3, 4; 4, 8
    CHECK(r[2].item<double>() == 8);
    CHECK(array_equal(r[3], Array{15., 10., 6.}));
    CHECK(f(Array::zeros({0}), 4.0)[0].item<double>() == 4);
  }
}

TEST_CASE("a scan of so many steps needs no rows") {
  for (const std::string& way : ways) {
    INFO(way);
    const ScopedConfig scope{way};
    const Tensor a = dvector("a"), k = lscalar("k");
    const Tensor power = scan([&](const Tensor& p) { return p * a; }, ones_like(a), {.length = k});
    const auto [last, all_of_them] = scan(
        [&](const Tensor& p) {
          return std::pair{p * a, p};
        },
        ones_like(a), {.length = k});
    const auto [pair, ys] = scan(
        [](const Two& c) {
          return Step{Two{c[1], c[0] + c[1]}, One{c[0]}};
        },
        Two{Tensor(0.0), Tensor(1.0)}, {.length = 10});
    const auto f = function({a, k}, {power, last, all_of_them, grad(sum(power), a), ys[0]});
    const auto r = f(Array{2., 3.}, 4);
    CHECK(array_equal(r[0], Array{16., 81.}));
    CHECK(array_equal(r[1], r[0]));
    CHECK(array_equal(r[2], Array{{1., 1.}, {2., 3.}, {4., 9.}, {8., 27.}}));
    CHECK(array_equal(r[3], Array{32., 108.}));
    CHECK(array_equal(r[4], Array{0., 1., 1., 2., 3., 5., 8., 13., 21., 34.}));  // Fibonacci's
    const auto none = f(Array{2., 3.}, 0);
    CHECK(array_equal(none[0], Array{1., 1.}));
    CHECK(none[2].shape() == Extents{0, 2});
    CHECK_THROWS_AS(f(Array{2., 3.}, -1), ShapeError);
  }
  const Tensor a = dvector("a"), k = lscalar("k");
  const Function f = function({a, k}, scan([&](const Tensor& p) { return p * a; }, ones_like(a), {.length = k}));
  CHECK(says(f.explain(), "step by step along"));
}

TEST_CASE("a scan that carries nothing maps") {
  const Tensor u = dmatrix("u"), v = dvector("v");
  for (const ScanOptions& o : {ScanOptions{}, ScanOptions{.length = 3}}) {
    const auto [nothing, ys] = scan(
        [](const Nothing& c, const Two& x) {
          return std::pair{c, x[0] * x[1]};
        },
        Nothing{}, Two{u, v}, o);
    static_assert(std::is_same_v<decltype(nothing), const Nothing>);
    const auto [y, g] =
        function({u, v}, {ys, grad(sum(square(ys)), v)})(Array{{1., 2.}, {3., 4.}, {5., 6.}}, Array{1., 2., 3.});
    CHECK(array_equal(y, Array{{1., 2.}, {6., 8.}, {15., 18.}}));
    CHECK(array_equal(g, Array{10., 100., 366.}));
  }
}

TEST_CASE("gradients of every form of scan are differences") {
  const Tensor a = dscalar("a"), b = dscalar("b"), u = dvector("u"), v = dvector("v"), w = dvector("w");
  for (const std::string& way : {std::string("mode=FAST_RUN"), on_gpu()})
    for (const ScanOptions& o : {ScanOptions{}, ScanOptions{.reverse = true}, ScanOptions{.length = 6}}) {
      INFO(way);
      const ScopedConfig scope{way};
      const auto [last, ys] = mixed(a, b, u, v, o);
      const Tensor cost = last[0] * last[1] + sum(ys[0] * ys[1]);
      verify_grad(cost, {a, b, u, v}, {Array(0.5), Array(-1.5), sines({6}), sines({6}, 1)});
    }
  const Tensor carried = scan([&](const Tensor& c, const Two& x) { return tanh(c * x[0] + x[1]) * w; }, w, Two{u, v});
  verify_grad(sum(square(carried)), {u, v, w}, {sines({6}), sines({6}, 1), sines({3}, 2)});
  for (const Tensor& length : {Tensor(5), u.shape(0)}) {
    const auto [h, hs] = scan(
        [&](const Tensor& c) {
          const Tensor next = sin(c * w) + c;
          return std::pair{next, std::array{next * w, c}};
        },
        w, {.length = length});
    verify_grad(sum(h) + sum(hs[0] * hs[1]) + 0 * sum(u), {w, u}, {sines({3}, 2), sines({5})});
  }
}

TEST_CASE("a step that draws draws for each step of a length") {
  RandomStream rng(5);
  const Tensor n = lscalar("n");
  const auto [last, ys] = scan(
      [&](const Tensor& c) {
        const Tensor u = rng.uniform({2});
        return std::pair{c + u, u};
      },
      zeros({2}), {.length = n});
  const auto f = function(n, {last, ys});
  const auto r = f(50);
  CHECK(r[1].shape() == Extents{50, 2});
  CHECK(r[1].at<double>(0, 0) != r[1].at<double>(1, 0));
  double total = 0;
  for (Index i = 0; i < 50; ++i) total += r[1].at<double>(i, 1);
  CHECK(r[0].at<double>(1) == Approx(total));
}

TEST_CASE("scan says what of its forms is wrong") {
  const Tensor three = tensor("three", float64, {3}), four = tensor("four", float64, {4}), u = dvector("u"),
               v = dvector("v");
  const auto add = [](const Tensor& c, const Two& x) { return c + x[0] * x[1]; };
  CHECK(message<ShapeError>([&] {
          static_cast<void>(scan(add, 0.0, Two{three, four}));
        }) ==
        "HERE: scan: what it goes over has different numbers of rows: three (vector, HERE) has 3, four "
        "(vector, HERE) has 4");
  CHECK(message<ShapeError>([&] {
          static_cast<void>(scan(add, 0.0, Two{u, four}, {.length = 3}));
        }) ==
        "HERE: scan: length is 3, so what it goes over needs 3 rows, one for each step: four (vector, HERE) has 4");
  for (const std::string& way : ways) {
    INFO(way);
    const ScopedConfig scope{way};
    const Function f = function({u, v}, scan(add, 0.0, Two{u, v}));
    CHECK(f(Array{1., 2.}, Array{3., 4.}).item<double>() == 11);
    CHECK(
        message<ShapeError>([&] {
          static_cast<void>(f(Array{1., 2.}, Array{1.}));
        }) ==
        "HERE: scan: what it goes over has different numbers of rows: u (vector, HERE) has 2, v (vector, HERE) has 1");
    const Function g = function({u, four}, scan(add, 0.0, Two{u, four}));
    CHECK_THROWS_AS(g(Array{1., 2.}, Array{1., 2., 3., 4.}), ShapeError);
  }
  const auto twice = [](const Tensor& c) { return c * 2; };
  CHECK(
      message<ShapeError>([&] { static_cast<void>(scan(twice, 1.0, ScanOptions{})); }) ==
      "HERE: scan: there are no xs to go over: say how many steps there are, {.length = n}, or return until(condition, "
      "...) from the step");
  CHECK(message<ShapeError>(
            [&] { static_cast<void>(scan([](const Tensor& c, const Nothing&) { return c; }, 1.0, Nothing{})); }) ==
        "HERE: scan: there are no xs to go over: say how many steps there are, {.length = n}, or return "
        "until(condition, ...) from the step");
  CHECK(message<ShapeError>([&] {
          static_cast<void>(scan([](const Nothing& c) { return c; }, Nothing{}, {.length = 3}));
        }) == "HERE: scan: there is nothing to carry and nothing to go over: give it init, xs, or both");
  CHECK_THROWS_AS(scan(twice, 1.0, {.length = -1}), ShapeError);
}

}  // namespace croton
