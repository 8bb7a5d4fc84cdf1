// Loops with random steps: what leaves them changes no value.
#include <array>
#include <random>

#include "catch.h"
#include "croton/gradient.h"
#include "croton/scan.h"
#include "differences.h"
#include "rewrite/passes.h"
#include "values.h"

namespace croton::rewrite {
namespace {

using differences::Leaf;
using Two = std::array<Tensor, 2>;

/// A loop over two of xs that carries two values, all of shape [2, 3], and gives two.
class RandomLoop {
 public:
  RandomLoop(unsigned seed, const Tensor& w, const Tensor& v)
      : random_(seed), weights_{w, v, tanh(w)}, reverse_(number(2) == 0), ends_(number(5) == 0) {}

  std::pair<Two, Two> over(const Two& start, const Two& xs) {
    const auto step = [&](const Two& c, const Two& x) { return made(c, x); };
    const auto ending = [&](const Two& c, const Two& x) {
      const auto made_now = made(c, x);
      return until(sum(made_now.carry[0]) > 1, made_now);
    };
    return ends_ ? scan(ending, start, xs, {.reverse = reverse_}) : scan(step, start, xs, {.reverse = reverse_});
  }
  bool ends() const { return ends_; }
  std::size_t number(std::size_t below) { return random_() % below; }

 private:
  Step<2, 2> made(const Two& c, const Two& x) {
    std::vector<Tensor> values{c[0], c[1], x[0], x[1]};
    for (std::size_t n = 3 + number(8); n > 0; --n) values.push_back(next(values));
    const auto late = [&] { return values[values.size() - 1 - number(4)]; };
    const Tensor a = tanh(late()), b = tanh(late()), y = late();
    return {{a, b}, {y, late()}};
  }
  Tensor next(const std::vector<Tensor>& values) {
    const auto any = [&] { return values[number(values.size())]; };
    const Tensor a = any(), b = any(), w = weights_[number(weights_.size())];
    switch (number(11)) {
      case 0: return tanh(a);
      case 1: return a + b;
      case 2: return a * sigmoid(b);
      case 3: return dot(a, w.T());
      case 4: return dot(concatenate({a(all, slice(1)), b(all, slice(1, 3))}, 1), w);
      case 5: return softmax(a);
      case 6: return a - expand_dims(sum(b, 1), 1);
      case 7: return dot(a.T().reshape({2, 3}), w);
      case 8: return sin(a) + w[1];
      default: return dot(a, w);
    }
  }

  std::mt19937 random_;
  std::vector<Tensor> weights_;
  bool reverse_, ends_;
};

}  // namespace

TEST_CASE("random steps and their gradients are the same where products leave them") {
  for (unsigned seed = 0; seed < 150; ++seed) {
    INFO("seed " << seed);
    const Index columns = seed % 2 == 0 ? 3 : any_extent;
    const Tensor xs = tensor("xs", float64, {any_extent, columns == 3 ? 2 : any_extent, columns}),
                 us = tensor("us", float64, {any_extent, any_extent, 3}), w = tensor("W", float64, {3, columns}),
                 v = tensor("V", float64, {columns, 3});
    RandomLoop loop(seed, w, v);
    auto [last, ys] = loop.over(Two{zeros({2, 3}) + 0.3, zeros({2, 3}) - 0.2}, Two{xs, us});
    if (!loop.ends() && loop.number(3) == 0) std::tie(last, ys) = loop.over(last, ys);  // a loop over a loop's rows
    std::vector<Tensor> results{last[0], ys[0], ys[1]};
    results.erase(results.begin() + static_cast<std::ptrdiff_t>(loop.number(3)));
    GradOptions o;
    o.disconnected_inputs = Disconnected::ignore;
    const auto [dw, dv, dx, du] = grad(sum(sin(results[0])) + sum(sin(results[1])), {w, v, xs, us}, o);
    results.insert(results.end(), {dw, dv, dx, du});
    if (loop.number(3) == 0) results.push_back(grad(sum(sin(dw)) + sum(square(dx)), w, o));
    const std::vector<Tensor> was = run(std::span(results), {.stabilize_only = true}),
                              now = run(std::span(results), {.check = true});
    for (const Index rows : {4, 1, 0}) {
      const std::vector<Leaf> leaves{
          {xs, sines({rows, 2, 3})}, {us, sines({rows, 2, 3}, 1)}, {w, sines({3, 3}, 2)}, {v, sines({3, 3}, 3)}};
      const auto want = differences::values(was, leaves), got = differences::values(now, leaves);
      for (std::size_t k = 0; k < want.size(); ++k) {
        INFO("result " << k << ", " << rows << " rows");
        REQUIRE(got[k].shape() == want[k].shape());
        for (Index i = 0; i < got[k].size(); ++i)
          REQUIRE(get(got[k], i) == Approx(get(want[k], i)).epsilon(1e-10).margin(1e-10));
      }
    }
  }
}

}  // namespace croton::rewrite
