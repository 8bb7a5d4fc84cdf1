#include "croton/array.h"

#include <limits>
#include <memory>
#include <sstream>

#include "array/access.h"
#include "catch.h"
#include "message.h"

using namespace croton;

TEST_CASE("an Array is made from vectors, spans, lists, rows, bools, pointers and numbers") {
  const std::vector<float> v{1, 2, 3, 4, 5, 6};
  CHECK(Array(v).shape() == Extents{6});
  CHECK(Array(v, {2, 3}).shape() == Extents{2, 3});
  CHECK(Array(v, {2, 3}).at<float>(1, 0) == 4);
  CHECK(Array(v.data(), {3, 2}).at<float>(1, 0) == 3);
  CHECK(Array(std::span(v)).dtype() == float32);
  CHECK(Array(std::span(v), {3, 2}).at<float>(-1, -1) == 6);
  const Array rows{{1.f, 2.f}, {3.f, 4.f}};
  CHECK(rows.shape() == Extents{2, 2});
  CHECK(rows.at<float>(1, 0) == 3);
  CHECK(Array{1, 2, 3}.dtype() == int32);
  CHECK(Array(std::vector<std::vector<double>>{{1, 2, 3}, {4, 5, 6}}).shape() == Extents{2, 3});
  const Array bools(std::vector<bool>{true, false, true});
  CHECK(bools.dtype() == boolean);
  CHECK(bools.at<bool>(2));
  CHECK(Array(std::vector<bool>{true, false}, {2, 1}).shape() == Extents{2, 1});
  CHECK(Array(std::vector<std::vector<bool>>{{true, false}, {false, true}}).at<bool>(1, 1));
  CHECK(Array::scalar(2.5).ndim() == 0);
  CHECK(Array(7).item<int>() == 7);
  CHECK(Array().shape() == Extents{0});
  CHECK(Array().dtype() == float64);
  CHECK(Array::zeros({2, 2}).dtype() == float64);
  CHECK(Array::full({3}, 7, int16).at<int>(2) == 7);
  CHECK(Array::full({1}, std::uint64_t{1} << 63, uint64).item<std::uint64_t>() == std::uint64_t{1} << 63);
}

TEST_CASE("extents come from int, size_t and Index, compare and print") {
  const std::size_t n = 2;
  const Extents e{n, 3, Index{4}};
  CHECK(e == Extents(std::vector<int>{2, 3, 4}));
  CHECK(shape_text(Extents{2, -1}) == "[2, ?]");
  CHECK(type_text(float32, Extents{2, -1}) == "float32[2, ?]");
  CHECK(type_text(Array(1)) == "int32[]");
  std::ostringstream out;
  out << e;
  CHECK(out.str() == "[2, 3, 4]");
}

TEST_CASE("what does not fill a shape is refused with both counts") {
  const std::vector<float> v{1, 2, 3, 4, 5};
  CHECK(message<ShapeError>([&] {
          Array(v, {2, 3});
        }) == "Array: 5 values were given for the shape [2, 3], which has 6 elements");
  CHECK(message<ShapeError>([] {
          Array(std::vector<std::vector<int>>{{1, 2}, {3}});
        }) == "Array: row 1 has 1 elements, row 0 has 2; all rows need the same length");
  CHECK(message<ShapeError>([] { Array::zeros({2, -3}); }) == "Array: the shape [2, -3] has a negative extent");
  CHECK(message<ShapeError>([] {
          Array::zeros({Index{1} << 40, Index{1} << 40});
        }) == "Array: float64[1099511627776, 1099511627776] has 2^63 bytes or more");
  CHECK(message<ShapeError>([] { Array::zeros(Extents(std::vector<int>(33, 1))); }) ==
        "Array: 33 axes; an array has at most 32");
  CHECK(message<Error>([] {
          Array::zeros({Index{1} << 58}, int8);
        }).starts_with("out of memory: 288230376151711744 bytes for an array of int8 cannot be had; "));
}

TEST_CASE("an Array is a value: writing to one leaves its copies and views as they were") {
  Array a{{1, 2}, {3, 4}};
  const Array copy = a, row = a[1];
  a.mutable_values<int>()[3] = 40;
  CHECK(a.at<int>(1, 1) == 40);
  CHECK(copy.at<int>(1, 1) == 4);
  CHECK(row.at<int>(1) == 4);
}

TEST_CASE("an Array that nobody shares is written in place") {
  Array a = Array::zeros({8});
  const std::byte* before = data(a);
  a.mutable_values<double>()[0] = 1;
  CHECK(data(a) == before);
  CHECK(use_count(a) == 1);
  {
    const Array b = a;
    CHECK(use_count(a) == 2);
  }
  CHECK(use_count(a) == 1);
}

TEST_CASE("values refuses another type and names both") {
  const Array a = Array::zeros({2, 2});
  CHECK(message<DTypeError>([&] { a.values<float>(); }) ==
        "values<float>(): the array is float64[2, 2]; use values<double>() or astype(float32)");
  const Array half = a.astype(float16);
  CHECK(message<DTypeError>([&] { half.values<float>(); }) ==
        "values<float>(): the array is float16[2, 2]; use astype(float32)");
  Array w = a;
  CHECK(message<DTypeError>([&] { w.mutable_values<int>(); }) ==
        "mutable_values<int>(): the array is float64[2, 2]; use mutable_values<double>() or astype(int32)");
}

TEST_CASE("item is exact or an error") {
  CHECK(Array(2.5).item<float>() == 2.5f);
  CHECK(Array(0.1).item<float>() == 0.1f);
  CHECK(Array(3.0).item<int>() == 3);
  CHECK(Array(-0.0).item<int>() == 0);
  CHECK(Array(1).item<bool>());
  CHECK(Array(std::int64_t{9007199254740993}).item<std::int64_t>() == 9007199254740993);
  CHECK(
      message<DTypeError>([] { Array(2.5).item<int>(); }) ==
      "item<int>(): 2.5 of float64[] cannot be held exactly by int32; read it as double or convert with astype(int32)");
  CHECK(message<ShapeError>([] {
          Array::zeros({2, 2}, float32).item<float>();
        }) ==
        "item<float>(): the array is float32[2, 2]; item needs exactly one element; use at<float>(i, j) or "
        "values<float>()");
  const double inf = std::numeric_limits<double>::infinity(), not_a_number = std::numeric_limits<double>::quiet_NaN();
  CHECK(Array(inf).item<float>() == std::numeric_limits<float>::infinity());
  CHECK_THROWS_AS(Array(inf).item<int>(), DTypeError);
  CHECK_THROWS_AS(Array(not_a_number).item<std::int64_t>(), DTypeError);
  CHECK_THROWS_AS(Array(1e300).item<float>(), DTypeError);
  CHECK_THROWS_AS(Array(0x1p63).item<std::int64_t>(), DTypeError);
  CHECK_THROWS_AS(Array(0x1p64).item<std::uint64_t>(), DTypeError);
  CHECK_THROWS_AS(Array(-1).item<unsigned>(), DTypeError);
  CHECK_THROWS_AS(Array(2).item<bool>(), DTypeError);
  CHECK_THROWS_AS(Array(16777217).item<float>(), DTypeError);
  CHECK_THROWS_AS(Array(std::numeric_limits<std::int64_t>::max()).item<double>(), DTypeError);
  CHECK_THROWS_AS(Array(std::numeric_limits<std::uint64_t>::max()).item<float>(), DTypeError);
}

TEST_CASE("at takes one index an axis, counts negative ones from the end and checks all") {
  const Array a{{1.f, 2.f}, {3.f, 4.f}};
  CHECK(a.at<float>(-1, 0) == 3);
  CHECK(a.at<double>(0, -1) == 2);
  CHECK(Array(5).at<int>() == 5);
  CHECK(message<IndexError>([&] { a.at<float>(0, 2); }) ==
        "at<float>(0, 2): index 2 is out of range for axis 1 of float32[2, 2] (valid: -2 .. 1)");
  CHECK(message<IndexError>([&] { a.at<float>(-3, 0); }) ==
        "at<float>(-3, 0): index -3 is out of range for axis 0 of float32[2, 2] (valid: -2 .. 1)");
  CHECK(message<ShapeError>([&] { a.at<float>(1); }) == "at<float>(1): the array is float32[2, 2] and needs 2 indices");
  CHECK(message<IndexError>([] { Array().at<double>(0); }) ==
        "at<double>(0): index 0 is out of range for axis 0 of float64[0], which is empty");
}

TEST_CASE("rows are views, extents are asked by axis") {
  const Array a{{1, 2, 3}, {4, 5, 6}};
  const Array last = a[-1];
  CHECK(last.shape() == Extents{3});
  CHECK(last[1].item<int>() == 5);
  CHECK(data(last) == data(a) + 3 * sizeof(int));
  CHECK(a.shape(-1) == 3);
  CHECK(message<IndexError>([&] { a[2]; }) ==
        "a[2]: index 2 is out of range for axis 0 of int32[2, 3] (valid: -2 .. 1)");
  CHECK(message<IndexError>([&] { a.shape(2); }) ==
        "shape(2): axis 2 is out of range for int32[2, 3] (valid: -2 .. 1)");
  CHECK(message<ShapeError>([] { Array(1)[0]; }) ==
        "a[0]: the array is int32[] and has no axes to index; use item<T>()");
}

TEST_CASE("T is a view; values of it are gathered in row-major order") {
  const Array a{{1, 2, 3}, {4, 5, 6}};
  const Array t = a.T();
  CHECK(t.shape() == Extents{3, 2});
  CHECK(data(t) == data(a));
  CHECK_FALSE(is_contiguous(t));
  const auto v = t.values<int>();
  CHECK(std::vector<int>(v.begin(), v.end()) == std::vector<int>{1, 4, 2, 5, 3, 6});
  CHECK(t.at<int>(2, 1) == 6);
  CHECK(get(t, 3) == 5);
  Array w = t;
  w.mutable_values<int>()[0] = 10;
  CHECK(a.at<int>(0, 0) == 1);
  CHECK(w.at<int>(0, 0) == 10);
  CHECK(w.at<int>(0, 1) == 4);
}

TEST_CASE("reshape works out one -1 and refuses what does not fit") {
  const Array a = Array::zeros({2, 6}, float32);
  CHECK(a.reshape({-1, 4}).shape() == Extents{3, 4});
  CHECK(a.reshape({12}).shape() == Extents{12});
  CHECK(Array{{1, 2}, {3, 4}}.T().reshape({-1}).at<int>(1) == 3);
  CHECK(message<ShapeError>([&] { a.reshape({5}); }) ==
        "reshape([5]): the array is float32[2, 6], which has 12 elements, not 5");
  CHECK(message<ShapeError>([&] {
          a.reshape({-1, 5});
        }) == "reshape([?, 5]): the array is float32[2, 6], which has 12 elements, not a multiple of 5");
  CHECK(message<ShapeError>([&] { a.reshape({-1, -1}); }) == "reshape([?, ?]): only one extent may be -1");
  CHECK(message<ShapeError>([&] {
          Array().reshape({-1, 0});
        }) == "reshape([?, 0]): the array is float64[0], which has 0 elements; -1 has no meaning beside an extent 0");
}

TEST_CASE("astype truncates and saturates floats, wraps integers, makes NaN 0 and nonzero True") {
  const double inf = std::numeric_limits<double>::infinity(), not_a_number = std::numeric_limits<double>::quiet_NaN();
  const Array a = Array{-1.7, 300.0, inf, not_a_number, 0.0};
  CHECK(array_equal(a.astype(int8),
                    Array{std::int8_t{-1}, std::int8_t{127}, std::int8_t{127}, std::int8_t{0}, std::int8_t{0}}));
  CHECK(array_equal(a.astype(boolean), Array{true, true, true, true, false}));
  CHECK(Array(300).astype(uint8).item<int>() == 44);
  CHECK(Array(-1).astype(uint32).item<unsigned>() == 4294967295u);
  CHECK(Array(true).astype(float32).item<float>() == 1);
  CHECK(Array(65520.0).astype(float16).astype(float64).item<double>() == inf);
  CHECK(Array(1.0 / 3).astype(bfloat16).item<double>() == 0.333984375);
  CHECK(Array(-2.9).astype(float16).astype(int32).item<int>() == -2);
  CHECK(data(a.astype(float64)) == data(a));
}

TEST_CASE("bits_equal knows NaN and the sign of zero, array_equal knows numbers") {
  const double not_a_number = std::numeric_limits<double>::quiet_NaN();
  CHECK(bits_equal(Array{not_a_number}, Array{not_a_number}));
  CHECK_FALSE(array_equal(Array{not_a_number}, Array{not_a_number}));
  CHECK_FALSE(bits_equal(Array{0.0}, Array{-0.0}));
  CHECK(array_equal(Array{0.0}, Array{-0.0}));
  CHECK_FALSE(array_equal(Array{1}, Array{1.0}));
  CHECK_FALSE(array_equal(Array{1}, Array{{1}}));
}

TEST_CASE("a moved-from Array is empty and can be assigned") {
  Array a{1, 2};
  const Array b = std::move(a);
  CHECK(a.size() == 0);  // NOLINT(bugprone-use-after-move)
  a = b;
  CHECK(a.size() == 2);
}
