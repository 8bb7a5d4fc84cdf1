// Running folds against what is written down element by element, however the lines lie.
#include <cmath>

#include "array/access.h"
#include "catch.h"
#include "croton.h"
#include "message.h"
#include "runtime/cpu/parallel.h"

using namespace croton;

namespace {

struct Threads {
  explicit Threads(int n) { runtime::set_threads(n); }
  ~Threads() { runtime::set_threads(0); }
};

// Small numbers of both signs; products of them stay near 1.
Array numbers(const Extents& shape) {
  Array a = Array::zeros(shape, float64);
  int k = 0;
  for (double& v : a.mutable_values<double>()) {
    k = (7 * k + 5) % 1013;
    v = (k % 2 == 0 ? 1 : -1) * (1 + k * 1e-5);
  }
  return a;
}

// The four folds of a [blocks, length, step] array along its second axis.
std::vector<Array> folds(const Array& x) {
  std::vector<Array> r{x.copy(), x.copy(), x.copy(), x.copy()};
  for (Index b = 0; b < x.shape()[0]; ++b)
    for (Index k = 0; k < x.shape()[2]; ++k) {
      long double sum = 0, product = 1;
      double most = -HUGE_VAL, least = HUGE_VAL;
      for (Index i = 0; i < x.shape()[1]; ++i) {
        const double v = x.at<double>(b, i, k);
        const double wanted[] = {static_cast<double>(sum += v), static_cast<double>(product *= v),
                                 most = std::max(most, v), least = std::min(least, v)};
        for (std::size_t f = 0; f < 4; ++f)
          r[f].mutable_values<double>()[static_cast<std::size_t>((b * x.shape()[1] + i) * x.shape()[2] + k)] =
              wanted[f];
      }
    }
  return r;
}

}  // namespace

TEST_CASE("running folds are right whichever axis they go along, on any number of threads", "[threads]") {
  const Tensor x = dtensor3("x");
  const auto running = function({x}, {cumsum(x, 1), cumprod(x, 1), cummax(x, 1), cummin(x, 1)});
  const auto back = function({x}, grad(sum(cumsum(x, 1) * x), x)),
             back_by_hand = function({x}, sum(x, 1, keepdims) + x);
  for (const Extents& shape : {Extents{0, 3, 2},
                               {2, 0, 3},
                               {3, 1, 1},
                               {5, 7, 1},
                               {1, 40000, 1},
                               {1, 20000, 3},
                               {2, 9, 3},
                               {3, 11, 20},
                               {1, 30, 1100},
                               {700, 30, 1}}) {
    INFO(shape);
    const Array a = numbers(shape);
    const std::vector<Array> wanted = folds(a);
    const auto on = [&](int threads) {
      const Threads scope(threads);
      return std::pair(running(a), back(a));
    };
    const auto [one, one_back] = on(1);
    const auto [several, several_back] = on(3);
    for (std::size_t f = 0; f < 4; ++f) {
      CHECK(all_close(one[f], wanted[f], 1e-14));
      CHECK(bits_equal(several[f], one[f]));
    }
    CHECK(bits_equal(several_back, one_back));
    CHECK(all_close(one_back, back_by_hand(a), 1e-12));
  }
}

TEST_CASE("running sums of floats, integers and bools are those of their wider types") {
  const Array ones = Array::full({3, 70000}, 0.1), sevens = Array::full({3, 70000}, 7.0);
  const Tensor x = fmatrix("x"), h = tensor("h", float16, {any_extent, any_extent}), n = imatrix("n");
  const Array sums = function(x, cumsum(x, 1))(ones.astype(float32));
  CHECK(sums.at<float>(2, 69999) == Approx(static_cast<double>(0.1F) * 70000).epsilon(1e-7));
  CHECK(function(h, cumsum(h, 0))(ones.astype(float16)).dtype() == float16);
  const Array whole = function(n, cumsum(n, 1))(sevens.astype(int32));
  CHECK(whole.dtype() == int64);
  CHECK(whole.at<std::int64_t>(1, 69999) == 490000);
  CHECK(function(n, cumsum(n > 0, 0))(sevens.astype(int32)).at<std::int64_t>(2, 5) == 3);
}
