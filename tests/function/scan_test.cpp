// Loops over any number of rows, against the same steps written one after another.
#include <fmt/format.h>

#include <cmath>

#include "array/access.h"
#include "croton/gradient.h"
#include "croton/linalg.h"
#include "croton/random.h"
#include "croton/scan.h"
#include "graph/parse.h"
#include "message.h"
#include "ops/registry.h"
#include "runtime/device.h"
#include "values.h"

namespace croton {
namespace {

const std::string ways[] = {"mode=FAST_RUN", "mode=FAST_COMPILE", "device=queued", on_gpu(),
                            on_gpu() + ",emulator_check=True"};

/// "" where they are equal but for rounding; else both.
std::string difference(const Array& a, const Array& b, double tolerance = 1e-12) {
  std::string both = fmt::format("{} against {}", type_text(a), type_text(b));
  if (a.dtype() != b.dtype() || a.shape() != b.shape()) return both;
  for (Index i = 0; i < a.size(); ++i)
    if (!(std::fabs(get(a, i) - get(b, i)) <= tolerance * (1 + std::fabs(get(b, i)))))
      return fmt::format("{}, element {}: {} and {}", both, i, get(a, i), get(b, i));
  return "";
}

const Shared& weights() {
  static const Shared w = shared(sines({3, 3}, 5), "W");
  return w;
}

/// What a program makes of rows, their number known or not: results, the last of them a cost.
using Program = std::vector<Tensor> (*)(const Tensor& xs, const ScanOptions&);

std::vector<Tensor> network(const Tensor& xs, const ScanOptions& o) {
  const auto [last, ys] = scan(
      [](const Tensor& h, const Tensor& x) {
        const Tensor next = tanh(dot(weights(), h) + x);
        return std::pair{next, next};
      },
      zeros({3}), xs, o);
  return {last, ys, sum(square(ys)) + last[0]};
}

// several carries, one of integers, one that nothing asks for; what is captured is computed
std::vector<Tensor> several(const Tensor& xs, const ScanOptions& o) {
  const Tensor scale = exp(sum(weights())) * 0.1;
  const auto [last, ys] = scan(
      [&](const std::array<Tensor, 3>& c, const Tensor& x) {
        const Tensor sum_of_all = c[0] + x * scale * sqrt(1 + cast(c[1], float64));
        return std::pair{std::array{sum_of_all, c[1] + 2, c[2] * x}, outer(x, sum_of_all)};
      },
      std::array{zeros({3}), Tensor(1).astype(int64), ones({3})}, xs, o);
  return {last[0], last[1], ys, sum(ys * ys) + sum(sin(last[0]))};
}

// a matrix is carried; the rows are only looked at through an index and a condition
std::vector<Tensor> matrices(const Tensor& xs, const ScanOptions& o) {
  const auto [last, ys] = scan(
      [](const Tensor& m, const Tensor& x) {
        const Tensor next = where(x[0] > 0, dot(m, weights()) * 0.5, m.T() + outer(x, x));
        return std::pair{next, m(all, 1)};
      },
      Tensor(sines({3, 3}, 1)), xs, o);
  return {last, ys, sum(last * last) + sum(ys)};
}

// no step looks at the carry
std::vector<Tensor> mapped(const Tensor& xs, const ScanOptions& o) {
  const auto [last, ys] = scan(
      [](const Tensor& c, const Tensor& x) {
        return std::pair{c, softmax(x) * weights()[0]};
      },
      zeros({3}), xs, o);
  return {last, ys, sum(square(ys))};
}

// products with what comes in, what is carried and what goes out; slices of one are what gates make of it
std::vector<Tensor> layers(const Tensor& xs, const ScanOptions& o) {
  const auto [last, ys] = scan(
      [](const std::array<Tensor, 2>& s, const Tensor& x) {
        const Tensor z = dot(x, weights()) + dot(s[0], weights().T()) + weights()[1];
        const Tensor cell = s[1] * sigmoid(z[0]) + tanh(z);
        const Tensor out = concatenate({z[slice(0, 1)] * cell[slice(0, 1)], tanh(cell)[slice(1, 3)]});
        return std::pair{std::array{out, cell}, softmax(dot(out, weights()) + 1)};
      },
      std::array{zeros({3}), ones({3})}, xs, o);
  return {last[0], last[1], ys, sum(square(ys)) + sum(last[1])};
}

constexpr Program programs[] = {network, several, matrices, mapped, layers};

std::vector<Array> run(const Tensor& xs, const std::vector<Tensor>& results, const Array& rows) {
  const auto f = function({xs}, results, {.on_unused_input = Report::ignore});
  return f(rows);
}

std::vector<Tensor> with_gradients(std::vector<Tensor> results, const Tensor& xs) {
  const std::vector<Tensor> g = grad(results.back(), std::vector<Tensor>{xs, weights()});
  results.insert(results.end(), g.begin(), g.end());
  return results;
}

}  // namespace

TEST_CASE("the rows of a loop may be long, and lie anywhere in the memory of all") {
  const Tensor xs = fmatrix("xs"), scale = fvector("scale"), start = fvector("start");
  for (const bool reverse : {false, true}) {
    const auto [last, ys] = scan(
        [&](const std::array<Tensor, 2>& h, const Tensor& x) {
          const Tensor next = h[0] * 0.5f + x * scale;
          return std::pair{std::array{next, h[1] + 1}, next - x + h[1]};
        },
        std::array{start, zeros({1}, float32)}, xs, {.reverse = reverse});
    const auto f = function({xs, scale, start}, {last[0], last[1], ys, grad(sum(ys * ys), xs)});
    for (const Index n : {1, 5, 100'003})
      for (const Index rows : {1, 2, 5}) {
        INFO(n << ", " << rows << ", " << reverse);
        const Array x = sines({rows, n}, 1, float32), by = sines({n}, 2, float32), from = sines({n}, 3, float32);
        Tensor h = from, total;
        std::vector<Tensor> made(static_cast<std::size_t>(rows));
        const Tensor all_rows = tensor("rows", float32, {rows, n});
        for (Index s = 0; s < rows; ++s) {
          const Index row = reverse ? rows - 1 - s : s;
          const Tensor at_row = all_rows[row];
          h = h * 0.5f + at_row * Tensor(by);
          made[static_cast<std::size_t>(row)] = h - at_row + static_cast<float>(s);
        }
        const Tensor stacked = stack(made, 0);
        const auto want = function({all_rows}, {h, stacked, grad(sum(stacked * stacked), all_rows)})(x);
        const auto got = f(x, by, from);
        CHECK(all_close(got[0], want[0], 1e-6));
        CHECK(got[1].at<float>(0) == static_cast<float>(rows));
        CHECK(all_close(got[2], want[1], 1e-6));
        CHECK(all_close(got[3], want[2], 1e-5));
      }
  }
}

TEST_CASE("rows that a caller keeps stay what they are when the loop runs again") {
  const Tensor xs = tensor("xs", float64, {any_extent, 700});
  const auto [last, ys] = scan(
      [](const Tensor& h, const Tensor& x) {
        return std::pair{h + x, h * x};
      },
      zeros({700}), xs);
  const auto f = function({xs}, {last, ys});
  const Array a = sines({3, 700}), b = sines({3, 700}, 1);
  const auto first = f(a);
  const Array last_was = first[0].copy(), ys_were = first[1].copy();
  const auto second = f(b), third = f(a);
  CHECK(difference(first[0], last_was) == "");
  CHECK(difference(first[1], ys_were) == "");
  CHECK(difference(third[1], ys_were) == "");
  CHECK(difference(second[1], ys_were) != "");
}

TEST_CASE("the rows of a loop stay on a GPU, and its steps are graphs", "[emulator]") {
  const ScopedConfig scope{on_gpu()};
  const Tensor xs = dmatrix("xs"), u = dmatrix("u");
  const auto [last, ys] = scan(
      [&](const Tensor& h, const Tensor& x) {
        const Tensor next = tanh(dot(u, h) + x * exp(h));
        return std::pair{next, next * x};
      },
      zeros({3}), xs);
  const auto f = function({xs, u}, {last, ys, grad(sum(ys * ys) + sum(last), u)});
  std::uint64_t graphs = 0;
  const auto transfers = [&](Index rows) {
    const Array v = sines({rows, 3}), m = sines({3, 3}, 1);
    f(v, m);
    const DeviceCounters before = device_counters();
    f(v, m);
    const DeviceCounters after = device_counters();
    graphs = after.graph_launches - before.graph_launches;
    return after.transfers_in - before.transfers_in + after.transfers_out - before.transfers_out;
  };
  const auto few = transfers(5);
  CHECK(few <= 4);
  CHECK(transfers(50) == few);
  CHECK(graphs >= 90);  // of 50 steps there and 50 back
}

TEST_CASE("a scan of any number of rows is the same steps one after another, and so are its gradients") {
  for (std::size_t p = 0; p < std::size(programs); ++p)
    for (const bool reverse : {false, true})
      for (const Index rows : {1, 2, 5}) {
        INFO("program " << p << ", reverse " << reverse << ", rows " << rows);
        const Tensor xs = dmatrix("xs"), known = dmatrix("xs");
        const Array x = sines({rows, 3}, 2);
        const auto loop = run(xs, with_gradients(programs[p](xs, {.reverse = reverse}), xs), x);
        const auto repeated =
            run(known, with_gradients(programs[p](known, {.length = rows, .reverse = reverse}), known), x);
        REQUIRE(loop.size() == repeated.size());
        for (std::size_t k = 0; k < loop.size(); ++k) {
          INFO("result " << k);
          CHECK(difference(loop[k], repeated[k]) == "");
        }
      }
}

TEST_CASE("a scan gives the same on every device and in every mode") {
  for (std::size_t p = 0; p < std::size(programs); ++p) {
    std::vector<Array> want;
    for (const std::string& way : ways) {
      INFO("program " << p << ", " << way);
      const ScopedConfig scope{way};
      const Tensor xs = dmatrix("xs");
      const Shared w = shared(weights().get_value(), "W");  // each device has its own
      std::vector<Tensor> results = with_gradients(programs[p](xs, {}), xs);
      const auto f = function({xs}, results, {.givens = {{weights(), w}}});
      for (const Index rows : {4, 2, 4, 0, 3}) {
        const std::vector<Array> got = f(sines({rows, 3}, 2));
        if (rows != 3) continue;
        if (want.empty()) want = got;
        for (std::size_t k = 0; k < got.size(); ++k) CHECK(difference(got[k], want[k]) == "");
      }
    }
  }
}

TEST_CASE("a scan of no rows leaves the carry as it was, and has ys without rows") {
  for (const std::string& way : ways) {
    INFO(way);
    const ScopedConfig scope{way};
    const Tensor xs = dmatrix("xs"), h = dvector("h");
    const auto [last, ys] = scan(
        [](const Tensor& c, const Tensor& x) {
          return std::pair{c + x, outer(c, concatenate({x, x}))};
        },
        h, xs);
    const Tensor g = grad(sum(last) + sum(ys), h);
    const auto [l, y, d] = function({xs, h}, {last, ys, g})(Array::zeros({0, 2}), Array{1., 2.});
    CHECK(array_equal(l, Array{1., 2.}));
    CHECK(y.shape() == Extents{0, 2, 4});
    CHECK(array_equal(d, Array{1., 1.}));
  }
  const Tensor none = tensor("none", float64, {0, 2});
  const auto [last, ys] = scan([](const Tensor& c, const Tensor& x) { return std::pair{c + x, c}; }, zeros({2}), none);
  CHECK(function(none, ys)(Array::zeros({0, 2})).shape() == Extents{0, 2});
}

TEST_CASE("a scan of no rows whose step cannot take zeros") {
  const Tensor x = tensor3("x");
  const auto [last, ys] = scan(
      [](const Tensor& c, const Tensor& a) {
        return std::pair{c + sum(a), linalg::inv(a)};
      },
      Tensor(0.0), x);
  for (const char* mode : {"mode=FAST_RUN", "mode=FAST_COMPILE"}) {
    const ScopedConfig scope(mode);
    const auto got = function(x, {last, ys, grad(last, x)})(Array::zeros({0, 2, 2}, x.dtype()));
    CHECK(get(got[0], 0) == 0);
    CHECK(got[1].shape(0) == 0);
    CHECK(got[2].shape() == Extents{0, 2, 2});
  }
}

TEST_CASE("one function takes any length, and compiles nothing for another") {
  const Tensor xs = dmatrix("xs");
  const auto f = function({xs}, with_gradients(network(xs, {}), xs));
  static_cast<void>(f(sines({3, 3})));
  const auto before = runtime::device("cpu").counters().compilations;
  for (const Index rows : {1, 2, 30, 500, 7}) {
    const auto r = f(sines({rows, 3}));
    CHECK(r[1].shape() == Extents{rows, 3});
    CHECK(r[3].shape() == Extents{rows, 3});
  }
  CHECK(runtime::device("cpu").counters().compilations == before);
}

TEST_CASE("the length of a scan may be a tensor, and has to be the number of rows") {
  const Tensor xs = dvector("xs"), n = iscalar("n");
  const auto [last, ys] = scan(
      [](const Tensor& c, const Tensor& x) {
        return std::pair{c + x, c};
      },
      Tensor(0.0), xs, {.length = n});
  for (const std::string& way : ways) {
    const ScopedConfig scope{way};
    const auto f = function({xs, n}, {last, ys});
    CHECK(f(Array{1., 2., 4.}, 3)[0].item<double>() == 7);
    CHECK_THROWS_AS(f(Array{1., 2., 4.}, 2), ShapeError);
    CHECK_THROWS_AS(f(Array{1., 2., 4.}, -3), ShapeError);
    CHECK(f(Array::zeros({0}), 0)[0].item<double>() == 0);
  }
  const Shared many = shared(sines({40}), "many");  // as many as there are when it runs
  const auto [total, sums] = scan(
      [](const Tensor& c, const Tensor& x) {
        return std::pair{c + x, c + x};
      },
      Tensor(0.0), many);
  const Function f = function({}, sums);
  CHECK(f().shape() == Extents{40});
  many.set_value(sines({3}));
  CHECK(f().shape() == Extents{3});
}

TEST_CASE("gradients of a loop are differences, and gradients of gradients too") {
  const Tensor xs = dmatrix("xs"), h0 = dvector("h0"), w = dmatrix("w");
  const auto [last, ys] = scan(
      [&](const Tensor& h, const Tensor& x) {
        const Tensor next = tanh(dot(w, h) + x);
        return std::pair{next, next * sin(x)};
      },
      h0, xs);
  const Tensor cost = sum(square(ys)) + sum(last * w[0]);
  const std::vector<Array> at{sines({20, 3}, 1), sines({3}, 2), sines({3, 3}, 3)};
  verify_grad(cost, {xs, h0, w}, at);
  const auto [gx, gh, gw] = grad(cost, xs, h0, w);
  verify_grad(sum(square(gx)) + sum(sin(gh)) + sum(gw * w), {xs, h0, w}, at);
  // and against the steps one after another
  const Tensor rows = dmatrix("rows");
  const auto second = [](const Tensor& x, const ScanOptions& o) {
    const std::vector<Tensor> r = several(x, o);
    const Tensor slope = grad(r.back(), weights());
    return std::vector<Tensor>{r.back(), grad(sum(square(slope)), x), grad(sum(square(slope)), weights())};
  };
  const auto loop = run(rows, second(rows, {}), sines({4, 3}, 1));
  const auto repeated = run(rows, second(rows, {.length = 4}), sines({4, 3}, 1));
  for (std::size_t k = 0; k < 3; ++k) CHECK(difference(loop[k], repeated[k], 1e-10) == "");
}

TEST_CASE("a product with the Jacobian of a loop, and with its Hessian") {
  const Tensor xs = dvector("xs"), v = dvector("v");
  const auto program = [&](const ScanOptions& o) {
    const auto [last, ys] = scan(
        [](const Tensor& c, const Tensor& x) {
          return std::pair{c * x + sin(x), c * c};
        },
        Tensor(0.5), xs, o);
    return std::vector<Tensor>{Rop(ys, xs, v), hessian_vector_product(last + sum(ys), xs, v)};
  };
  const Array x = sines({6}), d = sines({6}, 3);
  const auto f = function({xs, v}, program({})), g = function({xs, v}, program({.length = 6}));
  const auto loop = f(x, d), repeated = g(x, d);
  for (std::size_t k = 0; k < 2; ++k) CHECK(difference(loop[k], repeated[k]) == "");
}

TEST_CASE("what a loop does not depend on is disconnected, and integers hand on no gradient") {
  const Tensor xs = dvector("xs"), a = dscalar("a"), b = dscalar("b");
  const auto [last, ys] = scan(
      [&](const std::array<Tensor, 2>& c, const Tensor& x) {
        return std::pair{std::array{c[0] + x, c[1] * b}, c[1]};
      },
      std::array{a, a}, xs);
  CHECK_THROWS_AS(grad(last[0], b), GraphError);  // only the other carry depends on it
  const Tensor none = grad(last[0], b, {.disconnected_inputs = Disconnected::ignore});
  const auto [n, g] =
      function({xs, a, b}, {none, grad(last[0], xs)}, {.on_unused_input = Report::ignore})(Array{1., 2.}, 3.0, 4.0);
  CHECK(n.item<double>() == 0);
  CHECK(array_equal(g, Array{1., 1.}));
}

TEST_CASE("a loop goes over ten thousand rows") {
  const Tensor xs = dvector("xs");
  const auto [last, ys] = scan(
      [](const Tensor& c, const Tensor& x) {
        return std::pair{0.5 * c + x, c};
      },
      Tensor(0.0), xs);
  const auto [l, g] = function({xs}, {last, grad(last + sum(ys), xs)})(Array::full({10000}, 1.0));
  CHECK(l.item<double>() == Approx(2));
  CHECK(g.at<double>(0) == Approx(2));
  CHECK(g.at<double>(9999) == 1);
  CHECK(ys.eval({{xs, Array::full({10000}, 1.0)}}).at<double>(9999) == Approx(2));
}

TEST_CASE("loops stand in loops") {
  // the sum of all products of neighbours, row by row
  const auto program = [](const Tensor& x, const ScanOptions& outer_rows, const ScanOptions& inner_rows) {
    const auto [last, ys] = scan(
        [&](const Tensor& total, const Tensor& row) {
          const auto [seen, products] = scan(
              [&](const Tensor& before, const Tensor& e) {
                return std::pair{e, before * e * weights()(0, 0)};
              },
              total * 0.25, row, inner_rows);
          return std::pair{total + sum(products) + seen, products};
        },
        Tensor(0.125), x, outer_rows);
    return std::vector<Tensor>{last, ys, sin(last) + sum(ys * ys)};
  };
  for (const std::string& way : ways) {
    INFO(way);
    const ScopedConfig scope{way};
    const Shared w = shared(weights().get_value(), "W");
    const Tensor x = dmatrix("x");
    const auto f = function({x}, with_gradients(program(x, {}, {}), x), {.givens = {{weights(), w}}});
    const auto g =
        function({x}, with_gradients(program(x, {.length = 3}, {.length = 4}), x), {.givens = {{weights(), w}}});
    const auto loop = f(sines({3, 4})), repeated = g(sines({3, 4}));
    for (std::size_t k = 0; k < loop.size(); ++k) CHECK(difference(loop[k], repeated[k]) == "");
  }
}

TEST_CASE("a network that learns from sequences of any length") {
  for (const std::string& way : std::vector<std::string>{"mode=FAST_RUN", "mode=FAST_COMPILE", on_gpu()}) {
    INFO(way);
    const ScopedConfig scope{way};
    const Tensor xs = dvector("xs"), target = dscalar("target");
    const Shared w = shared(sines({4, 4}, 1), "w"), u = shared(sines({4}, 2), "u"), v = shared(sines({4}, 3), "v");
    const auto [h, hs] = scan(
        [&](const Tensor& state, const Tensor& x) {
          const Tensor next = tanh(dot(w, state) + u * x);
          return std::pair{next, next};
        },
        zeros({4}), xs);
    const Tensor loss = square(dot(h, v) - target);
    const auto [dw, du, dv] = grad(loss, w, u, v);
    const Function train = function({xs, target}, loss, {{w, w - 0.1 * dw}, {u, u - 0.1 * du}, {v, v - 0.1 * dv}});
    double first = 0, last = 0;
    for (int pass = 0; pass < 30; ++pass) {
      double sum_of_losses = 0;
      for (const Index length : {3, 8, 5}) {
        const Array x = sines({length}, static_cast<double>(length));
        sum_of_losses += train(x, get(x, 0)).item<double>();  // what the first number was
      }
      (pass == 0 ? first : last) = sum_of_losses;
    }
    CHECK(last < first / 10);
  }
}

TEST_CASE("a step's random numbers are others at each step and in each call") {
  for (const ScanOptions& o : {ScanOptions{}, ScanOptions{.length = 6}}) {
    RandomStream rng(3);
    const Tensor xs = dmatrix("xs");
    const auto [last, ys] = scan(
        [&](const Tensor& c, const Tensor& x) {
          const Tensor u = rng.uniform(x.shape()), v = rng.normal(c.shape());
          return std::pair{c + v, u * x};
        },
        zeros({2}), xs, o);
    const auto f = function({xs}, {last, ys, grad(sum(ys), xs)});
    const auto [l, y, g] = f(Array::full({6, 2}, 1.0));
    const auto [m, z, h] = f(Array::full({6, 2}, 1.0));
    CHECK(array_equal(y, g));
    for (Index i = 0; i < 12; ++i)
      for (Index k = 0; k < 12; ++k) {
        if (k < i) CHECK(get(y, i) != get(y, k));
        CHECK(get(y, i) != get(z, k));
      }
    CHECK(get(l, 0) != get(m, 0));
  }
  RandomStream rng(3);
  const auto by_value = [&](const Tensor& c, const Tensor& x) { return std::pair{c, rng.uniform({x})}; };
  CHECK(message<GraphError>([&] { static_cast<void>(scan(by_value, Tensor(0.0), lvector("n"))); }) ==
        "HERE: scan: the step draws RandomStream::uniform at HERE, whose shape depends on values of the step. Random "
        "numbers of "
        "a loop are drawn before it, for all rows at once: their shape may depend on shapes only");
}

TEST_CASE("what a step draws has the shape of anything in it whose shape follows from shapes") {
  const Tensor start = dmatrix("start"), xs = tensor3("xs", float64), w = constant(eval(normal({4, 2}, float64)));
  // a restricted Boltzmann machine's chain: each draw has the shape of what was computed from the one before
  const auto chain = [&](bool written_out) {
    RandomStream rng(3);
    const Tensor rows = start.shape(0), part = xs.shape(2) - 1;
    return scan(
        [&](const Tensor& h, const Tensor& x) {
          const Tensor p = sigmoid(dot(h, w.T()));
          const Tensor v = cast(rng.uniform(written_out ? Dims{rows, 4} : Dims(p.shape()), float64) < p, float64);
          const Tensor q = sigmoid(dot(v, w)) * mean(x);
          const Tensor n = rng.normal(written_out ? Dims{rows, 2} : Dims(q.shape()), float64);
          const Tensor y = x(all, slice(1, none));
          return std::pair{tanh(q + n),
                           y + rng.uniform(written_out ? Dims{xs.shape(1), part} : Dims(y.shape()), float64)};
        },
        start, xs);
  };
  for (const std::string& way : ways) {
    INFO(way);
    const ScopedConfig scope{way};
    const auto [h, ys] = chain(false);
    const auto [k, zs] = chain(true);
    const auto f = function({start, xs}, {h, k, ys, zs});
    for (const Index steps : {0, 5}) {
      const auto [a, b, c, d] = f(Array::full({3, 2}, 0.5), Array::full({steps, 2, 3}, 1.5));
      CHECK(array_equal(a, b));
      CHECK(array_equal(c, d));
    }
  }
  RandomStream rng(3);
  const Tensor v = dvector("v");
  const auto refused = [&](auto&& shape_of) {
    return message<GraphError>([&] {
             const auto step = [&](const Tensor& c) { return c + sum(rng.uniform(shape_of(c).shape(), float64)); };
             static_cast<void>(scan(step, v, {.length = 20}));
           }).find("whose shape depends on values of the step") != std::string::npos;
  };
  CHECK(refused([](const Tensor& c) { return c[c > 0]; }));
  CHECK(refused([](const Tensor& c) { return c[slice(none, argmax(c))]; }));
  CHECK(refused([](const Tensor& c) { return arange(sum(c > 0)); }));
  CHECK(refused([](const Tensor& c) {
    return scan([](const Tensor& e) { return until(e > 9, std::pair{e, e}); }, max(c)).second;
  }));
  CHECK(refused([&](const Tensor&) { return arange(sum(rng.uniform({3}, float64) > 0.5)); }));
  CHECK(!refused([&](const Tensor& c) { return c[slice(none, v.shape(0) - 1)] + v[argmax(c)]; }));
}

TEST_CASE("shapes within a step may depend on its data, and indices are checked") {
  const Tensor ids = lvector("ids"), table = dmatrix("table");
  const auto [last, ys] = scan(
      [&](const Tensor& c, const Tensor& id) {
        const Tensor row = table[id];
        return std::pair{c + sum(row[row > 0]) + sum(row[slice(none, id)]), sum(row)};
      },
      Tensor(0.0), ids);
  const Array rows{{1., -1., 2.}, {-3., 4., 5.}};
  for (const std::string& way : ways) {
    INFO(way);
    const ScopedConfig scope{way};
    const auto f = function({ids, table}, {last, ys});
    const auto [l, y] = f(Array{std::vector<Index>{1, 0, 1}}, rows);
    CHECK(l.item<double>() == 9 - 3 + 3 + 9 - 3);
    CHECK(array_equal(y, Array{6., 2., 6.}));
    CHECK_THROWS_AS(f(Array{std::vector<Index>{1, 2}}, rows), IndexError);
  }
}

TEST_CASE("few rows are repeated steps where the step is small, and a loop where it has a product or much to do") {
  const Tensor xs = tensor("xs", float64, {8, 4}), w = dmatrix("w"), start = zeros({4});
  const Tensor typed = tensor("typed", float64, {4, 2});
  const auto is_loop = [&](const Tensor& y) {
    const std::string plan = function({xs, w, typed}, y, {.on_unused_input = Report::ignore}).explain();
    return says(plan, "each step:") || says(plan, "step by step");
  };
  const auto small = [](const Tensor& h, const Tensor& x) { return std::pair{h * 0.5 + x, h}; };
  const auto product = [&](const Tensor& h, const Tensor& x) { return std::pair{tanh(dot(h, w) + x), h}; };
  const auto long_step = [](const Tensor& h, const Tensor& x) {
    Tensor y = h + x;
    for (int k = 0; k < 16; ++k) y = sin(y);
    return std::pair{y, h};
  };
  const auto growing = [&](const Tensor& h, const Tensor& x) {
    return std::pair{concatenate({h, tanh(dot(x, typed))}), x};
  };
  CHECK_FALSE(is_loop(scan(small, start, xs).first));
  CHECK(is_loop(scan(product, start, xs).first));
  CHECK(is_loop(scan(long_step, start, xs).first));
  CHECK_FALSE(is_loop(scan(growing, start, xs).first));
}

TEST_CASE("a loop says what is wrong with its carry") {
  const auto doubled = [](const Tensor& c, const Tensor& x) { return std::pair{concatenate({c, c}), x}; };
  const Tensor xs = dvector("xs"), c = dvector("c"), four = tensor("four", float64, {4});
  CHECK(message<ShapeError>([&] { static_cast<void>(scan(doubled, four, xs)); }) ==
        "HERE: scan: the carry four (vector, HERE) is float64[4], the step makes float64[8] of it: axis 0 has to keep "
        "its extent; only where types say that there are at most 16 steps, and without until, may it change");
  const auto halved = [](const Tensor& c, const Tensor& x) { return std::pair{c * 0.5, x}; };
  CHECK(
      message<DTypeError>([&] { static_cast<void>(scan(halved, lscalar("n"), xs)); }) ==
      "HERE: scan: the carry n (scalar, HERE) is int64[], the step makes float64[] of it: begin with a float64 value, "
      "or write .astype(int64) in the step");
  const auto [last, ys] = scan(doubled, c, xs);
  for (const std::string& way : ways) {
    INFO(way);
    const ScopedConfig scope{way};
    const Function f = function({xs, c}, last);
    CHECK(
        message<ShapeError>([&] {
          static_cast<void>(f(Array{1., 2.}, Array{1.}));
        }) ==
        "HERE: scan: the carry c (vector, HERE) is float64[1], the step makes float64[2] of it: its shape has to stay");
  }
  CHECK(message<DTypeError>([&] { static_cast<void>(scan(doubled, c, xs, {.length = dscalar("n")})); }) ==
        "HERE: scan: length is n, float64[]: it must be an integer");
  CHECK(message<ShapeError>([&] { static_cast<void>(scan(doubled, c, xs, {.length = lvector("n")})); }) ==
        "HERE: scan: length is n, int64[?]: it must be a scalar");
}

TEST_CASE("what a step is given without a name is called a carry or a row in its errors") {
  const Tensor xs = dmatrix("xs"), v = tensor("v", float64, {2});
  const auto refused = [&](const Tensor& init, const Tensor& rows) {
    return message<ShapeError>([&] {
      static_cast<void>(scan(
          [&](const std::array<Tensor, 2>& c, const Tensor& x) {
            return Step{std::array{dot(c[1], v.reshape({1, 2})), c[1]}, std::array{x}};
          },
          std::array{init, init}, rows));
    });
  };
  CHECK(says(refused(zeros({3, 2}), xs), "inner sizes differ: carry 2 is float64[3, 2]"));
  CHECK(message<IndexError>([&] {
          static_cast<void>(scan(
              [&](const Tensor& c, const Tensor& x) {
                return std::pair{c + sum(x, 1), x};
              },
              zeros({3}), xs * 2));
        }) == "HERE: sum: axis 1 is out of range for row float64[?] (valid: -1 .. 0)");
}

TEST_CASE("equal loops are one, and givens reach into the step") {
  const Tensor xs = dmatrix("xs"), h = dvector("h"), w = dmatrix("w");
  const auto program = [&] {
    return scan(
        [&](const Tensor& c, const Tensor& x) {
          const Tensor next = dot(w, c) + x;
          return std::pair{next, next};
        },
        h, xs);
  };
  const auto [a, ya] = program();
  const auto [b, yb] = program();
  const std::string text = function({xs, h, w}, {a, b, ya, yb}).explain();
  CHECK(text.find("loop over the rows of xs") != std::string::npos);
  CHECK(text.find("loop over the rows of xs") == text.rfind("loop over the rows of xs"));
  // a matrix of one column in place of a known one would broadcast; a wider one has other extents
  const Tensor narrow = tensor("w", float64, {2, 2});
  const auto [last, ys] = scan(
      [&](const Tensor& c, const Tensor& x) {
        const Tensor next = dot(narrow, c) + x;
        return std::pair{next, next};
      },
      h, xs);
  const Shared wide = shared(sines({3, 3}), "wide");
  const Function f = function({xs, h}, last, {.givens = {{narrow, wide}}});
  CHECK(f(sines({2, 3}), sines({3})).shape() == Extents{3});
  wide.set_value(sines({5, 5}));
  CHECK(f(sines({2, 5}), sines({5})).shape() == Extents{5});
}

TEST_CASE("a loop can be looked at", "[look]") {
  const Tensor xs = dvector("xs");
  const auto [last, ys] = scan([](const Tensor& c, const Tensor& x) { return std::pair{c * x, c}; }, Tensor(1.0), xs);
  CHECK(debugprint(last) == R"(loop{carries=1, rows=1, reverse=False, until=False, result=0} : float64[]
  | %0 = input() : float64[]  # xs
  | %1 = input() : float64[]  # carry
  | %2 = mul(%1, %0) : float64[]
  | return %2, %1
  shape_of{axis=0} : int64[]
    input : float64[?]  xs
  constant 1.0 : float64[]
  input : float64[?]  xs
)");
  const std::string text = print_graph({&last, 1}, false);
  CHECK(print_graph(parse_graph(text, ops::find), false) == text);
}

}  // namespace croton
