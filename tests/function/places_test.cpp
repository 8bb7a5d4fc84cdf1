// An axis's numbers compared with one number of each row: masks of attention, one-hot rows, triangles.
#include <limits>

#include "array/access.h"
#include "catch.h"
#include "croton.h"
#include "gpu.h"
#include "message.h"

using namespace croton;

TEST_CASE("numbers of an axis are compared with any number of a row, the least and the greatest too") {
  const ScopedConfig scope(GENERATE(std::string("device=cpu"), on_gpu()));
  const Tensor x = fmatrix("x"), n = lvector("n"), at = arange(x.shape(1)), of_row = expand_dims(n, 1);
  const std::vector<Tensor> sums{sum(where(at < of_row, x, 0), 1),  sum(where(of_row >= at, x, 0), 1),
                                 sum(where(at > of_row, x, 0), 1),  sum(where(at >= of_row, x, 0), 1),
                                 sum(where(at == of_row, x, 0), 1), max(where(of_row != at, x, -9), 1)};
  const auto f = function({x, n}, sums), wanted = function({x, n}, sums, {.mode = Mode::FAST_COMPILE});
  using Limits = std::numeric_limits<std::int64_t>;
  const std::vector<std::int64_t> numbers{
      0, 3, 7, 8, 9, 31, 32, 33, 99, -1, -2147483649, 2147483648, Limits::min(), Limits::max()};
  Array of_rows = Array::zeros({static_cast<Index>(numbers.size())}, int64);
  std::copy(numbers.begin(), numbers.end(), of_rows.mutable_values<std::int64_t>().begin());
  for (const Index columns : {1, 7, 8, 33, 100}) {
    INFO(columns << " columns");
    const Array a = eval(cast(arange(of_rows.size() * columns).reshape({of_rows.size(), columns}) % 13 + 1, float32));
    const auto got = f(a, of_rows), want = wanted(a, of_rows);
    for (std::size_t k = 0; k < sums.size(); ++k) CHECK(bits_equal(got[k], want[k]));
  }
}

TEST_CASE("a mask of numbers leaves as many lanes as its neighbours have") {
  const ScopedConfig scope("device=cpu");
  const Tensor x = fmatrix("x"), at = arange(x.shape(0)), causal = expand_dims(at, 1) >= at;
  const auto f = function(x, softmax(where(causal, x, -1e9F)));
  const Array weights = f(Array::full({40, 40}, 0.25).astype(float32));
  CHECK(says(f.source(), " place_in_lanes<"));
  CHECK_FALSE(says(f.explain(), "phase 1"));
  for (const Index row : {0, 6, 7, 8, 39}) {
    CHECK(weights.at<float>(row, row) == Approx(1. / static_cast<double>(row + 1)));
    if (row < 39) CHECK(weights.at<float>(row, row + 1) == 0);
  }
}
