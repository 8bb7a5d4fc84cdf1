// What building and evaluating say about mistakes: the texts, not just the types.
#include <functional>

#include "base/log.h"
#include "catch.h"
#include "croton.h"
#include "croton/numpy.h"
#include "sweep.h"

using namespace croton;

namespace {

/// The text of the Error of that type that f throws, without its place.
template <class E>
std::string refusal(const std::function<void()>& f) {
  try {
    f();
  } catch (const E& e) {
    const std::string text = e.what();
    const std::string place = "errors_test.cpp:";
    REQUIRE(text.rfind(place, 0) == 0);
    return text.substr(text.find(": ") + 2);
  }
  return "nothing was thrown";
}

Array value(const Tensor& t, const ops::Values& given) { return ops::evaluate({&t, 1}, given)[0]; }

}  // namespace

TEST_CASE("shapes that do not broadcast are refused with the way out") {
  const Tensor a = tensor("a", float32, {64, 128}), b = tensor("b", float32, {64});
  CHECK(refusal<ShapeError>([&] { static_cast<void>(a + b); }) ==
        "add: shapes [64, 128] and [64] do not broadcast: the last axes are 128 and 64; a size must be equal or 1. "
        "For one value per row write b(all, newaxis)");
  CHECK(refusal<ShapeError>([&] { static_cast<void>(b < a); }) ==
        "less: shapes [64] and [64, 128] do not broadcast: the last axes are 64 and 128; a size must be equal or 1. "
        "For one value per row write b(all, newaxis)");
  const Tensor c = tensor("c", float32, {3, 5}), d = tensor("d", float32, {2, 4, 5});
  CHECK(refusal<ShapeError>([&] { static_cast<void>(c * d); }) ==
        "mul: shapes [3, 5] and [2, 4, 5] do not broadcast: the axes -2 are 3 and 4; a size must be equal or 1");
}

TEST_CASE("a run-time 1 does not broadcast, and the error names both nodes and broadcastable") {
  const Tensor x = dmatrix("x"), y = dmatrix("y");
  const Tensor sum = x + y;
  const ops::Values given{{x.node(), Array::zeros({1, 3})}, {y.node(), Array::zeros({2, 3})}};
  const std::string text = refusal<ShapeError>([&] { value(sum, given); });
  CHECK(text.find("add: shapes [1, 3] and [2, 3] do not broadcast: axis 0 of x (matrix, errors_test.cpp:") == 0);
  CHECK(text.find(") is 1, axis 0 of y (matrix, errors_test.cpp:") != std::string::npos);
  CHECK(text.find("\n  a size of 1 broadcasts only where the type says so: write broadcastable(x, 0)") !=
        std::string::npos);
  CHECK(value(broadcastable(x, 0) + y, given).shape() == Extents{2, 3});
}

TEST_CASE("an axis that alignment put before a vector is not counted when it is named") {
  const Tensor x = dmatrix("x"), v = dvector("v");
  const ops::Values given{{x.node(), Array::zeros({4, 3})}, {v.node(), Array::zeros({2})}};
  const std::string text = refusal<ShapeError>([&] { value(x + v, given); });
  CHECK(text.find("axis 1 of x (matrix") != std::string::npos);
  CHECK(text.find("axis 0 of v (vector") != std::string::npos);
}

TEST_CASE("a number that an integer type cannot hold is refused") {
  const Tensor x = tensor("x", uint8, {3});
  CHECK(refusal<DTypeError>([&] { static_cast<void>(x + 300); }) ==
        "add: 300 does not fit uint8, the type of the other operand; convert that with astype(int64)");
  CHECK(refusal<DTypeError>([&] { static_cast<void>(x * -1); }) ==
        "mul: -1 does not fit uint8, the type of the other operand; convert that with astype(int64)");
}

TEST_CASE("bit operations and shifts refuse floats") {
  const Tensor x = dvector("x");
  CHECK(refusal<DTypeError>([&] { static_cast<void>(x & x); }) ==
        "bitwise_and: float64 is refused; it takes bool and integers: convert with astype(int64)");
  CHECK(refusal<DTypeError>([&] { static_cast<void>(left_shift(x, 1)); }).find("left_shift: float64 is refused") == 0);
}

TEST_CASE("an integer to a negative power is refused where the exponent is known") {
  const Tensor i = lvector("i");
  CHECK(refusal<DTypeError>([&] { static_cast<void>(croton::pow(i, -2)); }) ==
        "pow: an integer to the negative power -2 is no integer; convert the base with astype(floatX())");
}

TEST_CASE("an empty Tensor is named by its side") {
  const Tensor never, x = dvector("x");
  CHECK(refusal<GraphError>([&] { static_cast<void>(never + x); }) ==
        "the left side of + is an empty Tensor (declared, never assigned)");
  CHECK(refusal<GraphError>([&] { static_cast<void>(x * never); }) ==
        "the right side of * is an empty Tensor (declared, never assigned)");
  CHECK(refusal<GraphError>([&] { static_cast<void>(tanh(never)); }) ==
        "the argument of tanh is an empty Tensor (declared, never assigned)");
  CHECK(refusal<GraphError>([&] { static_cast<void>(sum(never)); }).find("empty Tensor") != std::string::npos);
}

TEST_CASE("axes of a reduction are checked") {
  const Tensor x = dmatrix("x");
  CHECK(refusal<IndexError>([&] { static_cast<void>(sum(x, 2)); }) ==
        "sum: axis 2 is out of range for x float64[?, ?] (valid: -2 .. 1)");
  CHECK(refusal<ShapeError>([&] { static_cast<void>(sum(x, {0, -2})); }) == "sum: axis 0 is given twice");
}

TEST_CASE("an axis that there is not is said of the operand, with its shape") {
  const Tensor v = dvector("v"), x = dmatrix("x"), s = dscalar("s");
  const auto says = [](std::string_view text, auto&& f) {
    CHECK(refusal<IndexError>([&] { static_cast<void>(f()); }) == text);
  };
  says("cumsum: axis 1 is out of range for v float64[?] (valid: -1 .. 0)", [&] { return cumsum(v, 1); });
  says("softmax: axis -3 is out of range for x * 2.0 float64[?, ?] (valid: -2 .. 1)",
       [&] { return softmax(x * 2, -3); });
  says("transpose: axis 2 is out of range for x float64[?, ?] (valid: -2 .. 1)", [&] { return transpose(x, {0, 2}); });
  says("concatenate: axis 1 is out of range for v float64[?] (valid: -1 .. 0)", [&] { return concatenate({v, v}, 1); });
  says("sum: axis 0 is out of range for s float64[], which has no axes", [&] { return sum(s, 0); });
  says("shape: axis 1 is out of range for v float64[?] (valid: -1 .. 0)", [&] { return v.shape(1); });
  says("expand_dims: axis 2 is out of range for the 2 axes of the result (valid: -2 .. 1); v is float64[?]",
       [&] { return expand_dims(v, 2); });
  says("stack: axis 3 is out of range for the 2 axes of the result (valid: -2 .. 1); v is float64[?]", [&] {
    return stack({v, v}, 3);
  });
  says("sliding_window_view: axis 1 is out of range for v float64[?] (valid: -1 .. 0)",
       [&] { return sliding_window_view(v, {2}, 1); });
  says("fold_windows: axis 1 is out of range for the 1 axes of the result (valid: -1 .. 0); x is float64[?, ?]",
       [&] { return fold_windows(x, {2}, 1); });
  says("dimshuffle: 1 is neither an axis of v float64[?] nor -1, a new axis", [&] { return dimshuffle(v, {0, 1}); });
}

TEST_CASE("a constant that has no name is not named by its type, which messages say anyway") {
  const Array two{1.0, 2.0};
  CHECK(refusal<IndexError>([&] { static_cast<void>(cumsum(two, 1)); }) ==
        "cumsum: axis 1 is out of range for constant float64[2] (valid: -1 .. 0)");
  CHECK(refusal<ShapeError>([&] {
          static_cast<void>(dot(dmatrix("x").reshape({3, 3}), two));
        }).find("constant is float64[2]; ") != std::string::npos);
  CHECK(formula(dvector("x") + two) == "x + constant float64[2]");
}

TEST_CASE("max of nothing is an error, sum and prod of nothing are 0 and 1") {
  const Tensor x = dmatrix("x");
  const ops::Values empty{{x.node(), Array::zeros({0, 3})}};
  CHECK(refusal<ShapeError>([&] { value(max(x, 0), empty); }) ==
        "max: axis 0 of x float64[0, 3] has no elements; max of nothing is not defined");
  CHECK(refusal<ShapeError>([&] { value(argmin(x), empty); }).find("argmin of nothing is not defined") !=
        std::string::npos);
  CHECK(value(max(x, 1), empty).shape() == Extents{0});
  CHECK(value(sum(x), empty).item<double>() == 0);
  CHECK(value(prod(x, 0), empty).at<double>(2) == 1);
  CHECK(value(all(x), empty).item<bool>());
  CHECK_FALSE(value(any(x), empty).item<bool>());
}

TEST_CASE("what is made of several ops is called by the name that the user called") {
  const Tensor x = dmatrix("x"), v = tensor("v", float64, {4}), row = tensor("row", float64, {3}), never;
  const auto says = [](std::string_view text, auto&& f) {
    try {
      f();
    } catch (const Error& e) {
      CHECK_THAT(e.what(), Catch::StartsWith("errors_test.cpp:") && Catch::Contains(std::string(text)));
      return;
    }
    FAIL("no error");
  };
  says(": xlogy: shapes [3] and [4] do not broadcast", [&] { static_cast<void>(xlogy(row, v)); });
  says(": allclose: shapes [3] and [4] do not broadcast", [&] { static_cast<void>(allclose(row, v)); });
  says(": where: shapes [3] and [4] do not broadcast", [&] { static_cast<void>(where(row > 0, row, v)); });
  says(": logspace: -3 numbers; a count is not negative", [&] { static_cast<void>(logspace(0, 1, -3)); });
  says(": one_hot: an extent is a count, not -1", [&] { static_cast<void>(one_hot(lvector("l"), -1)); });
  says(": dimshuffle: axis 0 of v float64[4] has 4 elements", [&] { static_cast<void>(dimshuffle(v, {})); });
  says(": zeros: an extent is a count, not -1", [&] { static_cast<void>(zeros({-1})); });
  says(": stack: axis 0 of v (vector, ", [&] { static_cast<void>(stack({row, v})); });
  says(": softmax: an argument is an empty Tensor", [&] { static_cast<void>(softmax(never)); });
  says(": flip: an argument is an empty Tensor", [&] { static_cast<void>(flip(never, 0)); });
  says(": sliding_window_view: a window of 5 elements", [&] { static_cast<void>(sliding_window_view(v, {5})); });
}

TEST_CASE("an index out of range names the array, the range and the element of the index") {
  const Tensor e = tensor("embedding", float32, {5, 2}), t = tensor("tokens", int64, {2, 3});
  const ops::Values given{{e.node(), Array::zeros({5, 2}, float32)},
                          {t.node(), Array(std::vector<std::int64_t>{0, -5, 4, 1, 2, 5}, {2, 3})}};
  CHECK(refusal<IndexError>([&] { value(e[t], given); }) ==
        "index 5 is out of range for axis 0 of embedding float32[5, 2] (valid: -5 .. 4), at element [1, 2] "
        "of tokens "
        "int64[2, 3]");
}

TEST_CASE("an index that functions take on their way is said to be out of what their users know") {
  const Tensor x = matrix("x", float64), i = lvector("i"), j = lmatrix("j");
  const Array three{0, 7}, wide = Array::zeros({3, 4}, float64);
  const auto refused = [&](const Tensor& t) {
    return refusal<IndexError>([&] {
      value(t, {{x.node(), wide}, {i.node(), three.astype(int64)}, {j.node(), Array::full({3, 1}, 9.0).astype(int64)}});
    });
  };
  const std::string at = ", at element [1] of i int64[2]";
  CHECK(refused(take(x, i, 0)) == "index 7 is out of range for axis 0 of x float64[3, 4] (valid: -3 .. 2)" + at);
  CHECK(
      refused(take_along_axis(x, j, 1)) ==
      "take_along_axis: index 9 is out of range for axis 1 of x (valid: -4 .. 3), at element [0, 0] of j int64[3, 1]");
  CHECK(refused(choose(i, {x, x})) == "choose: index 7 is out of range for axis 0 of the choices (valid: -2 .. 1)");
  CHECK(refused(ravel_multi_index({i, i}, {3, 4})) ==
        "ravel_multi_index: index 7 is out of range for axis 0 of shape [3, 4] (valid: -3 .. 2)" + at);
  CHECK(refused(unravel_index(i, {2, 3})[0]) ==
        "unravel_index: index 7 is out of range for the 6 elements of shape [2, 3] (valid: -6 .. 5)" + at);
  CHECK(refusal<ShapeError>([&] {
          value(einsum("ii->i", {x}), {{x.node(), wide}});
        }).substr(0, 17) == "einsum: axis 0 of");
}

TEST_CASE("a leaf without a value, or with one of another type, is named") {
  const Tensor x = dvector("x");
  CHECK_THROWS_WITH(value(x + 1, {}),
                    Catch::Contains("x (vector, errors_test.cpp:") && Catch::Contains("has no value"));
  CHECK_THROWS_AS(value(x + 1, {{x.node(), Array{1.f}}}), DTypeError);
  CHECK_THROWS_AS(value(x + 1, {{x.node(), Array{{1.0}}}}), ShapeError);
}

TEST_CASE("warn_float64 names the line where float64 enters a narrower graph") {
  const Tensor x = fvector("x"), d = dvector("d");
  {
    const ScopedConfig scope{"warn_float64=warn"};
    const WarningsHeard heard;
    static_cast<void>(x * 2.0);
    CHECK(heard.texts.empty());
    static_cast<void>(x * d);
    REQUIRE(heard.texts.size() == 1);
    CHECK(heard.texts[0].find("errors_test.cpp:") == 0);
    CHECK(heard.texts[0].find("mul: float64 appears in a narrower graph: x (vector, ") != std::string::npos);
  }
  const ScopedConfig scope{"warn_float64=raise"};
  CHECK(refusal<DTypeError>([&] { static_cast<void>(x + d); }).find("add: float64 appears") == 0);
}
