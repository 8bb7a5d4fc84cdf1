// Windows that slide along axes, and what is folded from them, against loops.
#include "catch.h"
#include "croton.h"
#include "sweep.h"

using namespace croton;

namespace {

Array computed(const Tensor& t) { return ops::evaluate({&t, 1}, {})[0]; }

Array counting(const Extents& shape) {
  Array a = Array::zeros(shape, DType::float64);
  for (Index i = 0; i < a.size(); ++i) set(a, i, static_cast<double>(i));
  return a;
}

}  // namespace

TEST_CASE("sliding windows of a vector") {
  const Tensor x = constant(Array{0.0, 1.0, 2.0, 3.0, 4.0});
  CHECK(array_equal(computed(sliding_window_view(x, 3)), Array{{0.0, 1.0, 2.0}, {1.0, 2.0, 3.0}, {2.0, 3.0, 4.0}}));
  CHECK(array_equal(computed(sliding_window_view(x, 2, 0, {.stride = {3}})), Array{{0.0, 1.0}, {3.0, 4.0}}));
  CHECK(array_equal(computed(sliding_window_view(x, 3, 0, {.dilation = {2}})), Array{{0.0, 2.0, 4.0}}));
}

TEST_CASE("windows along two axes have their elements in the order of the axes") {
  const Array x = counting({4, 5});
  const Array y = computed(sliding_window_view(constant(x), {2, 3}, {0, 1}, {.stride = {2, 1}}));
  REQUIRE(y.shape() == Extents{2, 3, 2, 3});
  for (Index i = 0; i < 2; ++i)
    for (Index j = 0; j < 3; ++j)
      for (Index k = 0; k < 2; ++k)
        for (Index l = 0; l < 3; ++l) CHECK(y.at<double>(i, j, k, l) == static_cast<double>((2 * i + k) * 5 + j + l));
  CHECK(computed(sliding_window_view(constant(x), {3, 2}, {1, 0}, {.stride = {1, 2}})).shape() == Extents{2, 3, 3, 2});
}

TEST_CASE("folded windows are added where they overlap") {
  const Tensor windows = constant(Array{{1.0, 2.0, 3.0}, {10.0, 20.0, 30.0}});
  CHECK(array_equal(computed(fold_windows(windows, 4)), Array{1.0, 12.0, 23.0, 30.0}));
  CHECK(array_equal(computed(fold_windows(windows, 6, 0, {.stride = {2}})), Array{1.0, 2.0, 13.0, 20.0, 30.0, 0.0}));
  CHECK(array_equal(computed(fold_windows(windows, 6, 0, {.dilation = {2}})), Array{1.0, 10.0, 2.0, 20.0, 3.0, 30.0}));
}

TEST_CASE("windows know their extents as far as types do") {
  const Tensor x = tensor("x", float64, {any_extent, 9});
  CHECK(text(type(sliding_window_view(x, 3, 1, {.stride = {2}}))) == "float64[?, 4, 3]");
}

TEST_CASE("what is no window is refused by name and shape") {
  const Tensor x = tensor("x", float64, {3, 4});
  CHECK_THROWS_WITH(sliding_window_view(x, 5, 1),
                    Catch::Contains("sliding_window_view: a window of 5 elements along axis 1 of x float64[3, 4] "
                                    "needs 5 elements, and there are 4"));
  CHECK_THROWS_WITH(sliding_window_view(x, 3, 1, {.dilation = {2}}),
                    Catch::Contains("a window of 3 elements with dilation 2 along axis 1 of x float64[3, 4] needs 5"));
  CHECK_THROWS_WITH(sliding_window_view(x, 0, 1), Catch::Contains("a window of 0 elements along axis 1"));
  CHECK_THROWS_WITH(sliding_window_view(x, 2, 1, {.stride = {0}}), Catch::Contains("a stride of 0; it is at least 1"));
  CHECK_THROWS_WITH(sliding_window_view(x, {2}), Catch::Contains("1 extents for 2 axes"));
  CHECK_THROWS_WITH(sliding_window_view(x, {2, 2}, {1, 1}), Catch::Contains("axis 1 is named twice"));
  CHECK_THROWS_WITH(fold_windows(x, 5), Catch::Contains("axis 0 of x float64[3, 4] holds 3 windows of 4, which need 6 "
                                                        "elements; there are 5"));
  CHECK_THROWS_AS(fold_windows(x > 0, 6), DTypeError);
}
