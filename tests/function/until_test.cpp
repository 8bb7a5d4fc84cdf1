// Loops that end by a condition of their values.
#include "array/access.h"
#include "message.h"
#include "runtime/device.h"
#include "values.h"

namespace croton {
namespace {

const std::string ways[] = {"mode=FAST_RUN", "mode=FAST_COMPILE", "device=queued", on_gpu(),
                            on_gpu() + ",emulator_check=True"};

/// Running sums of xs times w, until one is greater than the limit.
std::vector<Tensor> summed(const Tensor& xs, const Tensor& w, const Tensor& limit, bool reverse) {
  const auto [last, ys] = scan(
      [&](const Tensor& c, const Tensor& x) {
        const Tensor next = c + sin(x) * w;
        return until(sum(next) > limit, std::pair{next, next * x});
      },
      zeros_like(w), xs, {.reverse = reverse});
  return {last, ys, sum(ys * ys) + sum(last)};
}

/// The same with a number of steps that is known.
std::vector<Tensor> summed_for(const Tensor& xs, const Tensor& w, Index steps, bool reverse) {
  const Tensor rows = reverse ? xs[slice(xs.shape(0) - steps, none)] : xs[slice(steps)];
  const auto [last, ys] = scan(
      [&](const Tensor& c, const Tensor& x) {
        const Tensor next = c + sin(x) * w;
        return std::pair{next, next * x};
      },
      zeros_like(w), rows, {.reverse = reverse});
  return {last, ys, sum(ys * ys) + sum(last)};
}

std::vector<Tensor> with_gradients(std::vector<Tensor> r, const Tensor& xs, const Tensor& w) {
  const Tensor cost = r.back(), dx = grad(cost, xs), dw = grad(cost, w);
  r.insert(r.end(), {dx, dw, grad(sum(square(dx)) + sum(exp(dw)), w)});
  return r;
}

}  // namespace

TEST_CASE("a loop ends after the step whose condition holds, and so do its gradients") {
  for (const std::string& way : ways)
    for (const bool reverse : {false, true}) {
      INFO(way << (reverse ? ", reverse" : ""));
      const ScopedConfig scope{way};
      const Tensor xs = dmatrix("xs"), w = dvector("w"), limit = dscalar("limit");
      const auto f = function({xs, w, limit}, with_gradients(summed(xs, w, limit, reverse), xs, w));
      const Array rows = eval(abs(Tensor(sines({40, 3}, 1)))), weights = Array{1., 0.5, 2.};
      for (const double most : {-1., 3., 30., 1e9}) {
        INFO(most);
        const auto got = f(rows, weights, most);
        const Index steps = got[1].shape(0);
        CHECK((most < 0 ? steps == 1 : most < 1e9 ? steps > 1 && steps < 40 : steps == 40));
        const auto want = function({xs, w}, with_gradients(summed_for(xs, w, steps, reverse), xs, w))(rows, weights);
        for (std::size_t k = 0; k < want.size(); ++k) CHECK(all_close(got[k], want[k]));
        CHECK((eval(sum(Tensor(got[0]))).item<double>() > most) == (most < 1e9));
      }
      CHECK(f(Array::zeros({0, 3}), weights, 1.)[1].shape() == Extents{0, 3});
    }
}

TEST_CASE("a loop without rows and without a length ends by its condition") {
  for (const std::string& way : ways) {
    INFO(way);
    const ScopedConfig scope{way};
    const Tensor a = dscalar("a");
    const auto [root, tries] = scan(
        [&](const Tensor& x) {
          const Tensor next = 0.5 * (x + a / x);
          return until(abs(next - x) < 1e-9, std::pair{next, next});
        },
        Tensor(1.));
    const Tensor same = scan(
        [&](const Tensor& x) {
          const Tensor next = 0.5 * (x + a / x);
          return until(abs(next - x) < 1e-9, next);
        },
        Tensor(1.));
    const auto f = function({a}, {root, tries, grad(root, a), same, grad(grad(root, a), a)});
    const auto got = f(1e30);
    CHECK(got[0].item<double>() == Approx(1e15));
    CHECK(got[1].shape(0) > 40);  // more than there was room for at first
    CHECK(get(got[1], 0) == 0.5 * (1 + 1e30));
    CHECK(get(got[1], got[1].shape(0) - 1) == got[0].item<double>());
    CHECK(got[3].item<double>() == got[0].item<double>());
    const auto small = f(2.);
    CHECK(small[0].item<double>() == Approx(std::sqrt(2.)));
    CHECK(small[2].item<double>() == Approx(0.5 / std::sqrt(2.)));
    CHECK(small[4].item<double>() == Approx(-0.25 / std::sqrt(8.)));
  }
}

TEST_CASE("a condition ends inner loops each by itself") {
  for (const std::string& way : ways) {
    INFO(way);
    const ScopedConfig scope{way};
    const Tensor xs = dvector("xs");
    const auto counts = scan(
        [](const Tensor& total, const Tensor& x) {
          const auto [power, all] = scan(
              [&](const Tensor& p) {
                return until(p * 2 > x, std::pair{p * 2, p});
              },
              Tensor(1.), {.length = 20});
          return std::pair{total + power, all.shape(0)};
        },
        Tensor(0.), xs);
    const auto f = function({xs}, {counts.first, counts.second});
    const auto got = f(Array{3., 100., 1., 1e9});
    CHECK(got[0].item<double>() == 4 + 128 + 2 + 1048576);
    CHECK(bits_equal(got[1], Array{std::int64_t{2}, std::int64_t{7}, std::int64_t{1}, std::int64_t{20}}));
  }
}

TEST_CASE("an endless loop may not draw, and a condition is a scalar") {
  RandomStream stream(3);
  CHECK(says(message<GraphError>(
                 [&] { scan([&](const Tensor& x) { return until(x > 3, x + stream.uniform({})); }, Tensor(0.)); }),
             "say how many there are at most, {.length = n}"));
  const Tensor walk =
      scan([&](const Tensor& x) { return until(x > 3, x + stream.uniform({})); }, Tensor(0.), {.length = 100});
  const double end = function({}, walk)().item<double>();
  CHECK(end > 3);
  CHECK(end < 4);
  CHECK(message<ShapeError>([] {
          scan([](const Tensor& x) { return until(x > 3, x + 1); }, Tensor(Array{0., 1.}));
        }).starts_with("HERE: scan: the condition of until is "));
}

TEST_CASE("explain says that a loop ends by its condition") {
  const Tensor a = dscalar("a"), xs = dvector("xs");
  const auto step = [](const Tensor& c, const Tensor& x) { return until(c > x, c * 2); };
  CHECK(says(function({a, xs}, scan(step, a, xs)).explain(),
             "loop over the rows of xs, until its condition holds, each step:"));
  CHECK(says(function({a}, scan([](const Tensor& c) { return until(c > 9, c * 2); }, a)).explain(),
             "loop, until its condition holds, each step:"));
}

}  // namespace croton
