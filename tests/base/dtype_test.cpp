#include "base/dtype.h"

#include <cmath>
#include <limits>

#include "catch.h"
#include "croton/config.h"

using namespace croton;

TEST_CASE("names and sizes are NumPy's") {
  const std::pair<const char*, std::size_t> expected[] = {
      {"bool", 1},   {"int8", 1},   {"int16", 2},   {"int32", 4},    {"int64", 8},   {"uint8", 1},  {"uint16", 2},
      {"uint32", 4}, {"uint64", 8}, {"float16", 2}, {"bfloat16", 2}, {"float32", 4}, {"float64", 8}};
  std::size_t i = 0;
  for (const DType d : all_dtypes) {
    CHECK(name_of(d) == expected[i].first);
    CHECK(size_of(d) == expected[i++].second);
    visit_dtype(d, [&]<class T>(T) { CHECK(sizeof(T) == size_of(d)); });
  }
}

TEST_CASE("promotion is commutative, idempotent, associative within a kind, and never narrows") {
  for (const DType a : all_dtypes) {
    CHECK(promote(a, a) == a);
    CHECK(promote(boolean, a) == a);
    for (const DType b : all_dtypes) {
      CAPTURE(name_of(a), name_of(b));
      const DType p = promote(a, b);
      CHECK(p == promote(b, a));
      CHECK(promote(p, a) == p);
      if (is_float(a) == is_float(b)) CHECK(size_of(p) >= std::max(size_of(a), size_of(b)));
    }
  }
}

TEST_CASE("the promotion table: array API within kinds, an integer and a float give that float") {
  struct Row {
    DType a, b, result;
  };
  for (const Row& r : {Row{int8, int32, int32},
                       {uint8, uint16, uint16},
                       {int8, uint8, int16},
                       Row{int32, uint8, int32},
                       {int16, uint16, int32},
                       {int32, uint32, int64},
                       Row{int8, uint32, int64},
                       {int64, uint32, int64},
                       {float32, int64, float32},
                       Row{float16, int64, float16},
                       {float16, float32, float32},
                       {float32, float64, float64},
                       Row{bfloat16, float32, float32},
                       {float16, bfloat16, float32},
                       {bfloat16, uint64, bfloat16},
                       Row{boolean, float16, float16}}) {
    CAPTURE(name_of(r.a), name_of(r.b));
    CHECK(promote(r.a, r.b) == r.result);
  }
}

TEST_CASE("uint64 with a signed integer, and functions of integers, give floatX") {
  CHECK(promote(uint64, int8) == float64);
  CHECK(to_floating(int32) == float64);
  const ScopedConfig scope{"floatX=float32"};
  CHECK(promote(int64, uint64) == float32);
  CHECK(to_floating(boolean) == float32);
  CHECK(to_floating(float16) == float16);
}

TEST_CASE("a bare number never widens a tensor of its kind") {
  const ScopedConfig scope{"floatX=float32"};
  CHECK(promote_weak(float16, 2.0) == float16);
  CHECK(promote_weak(float32, 2) == float32);
  CHECK(promote_weak(int8, 1000) == int8);
  CHECK(promote_weak(int8, 0.5) == float32);
  CHECK(promote_weak(boolean, 1) == int64);
  CHECK(promote_weak(boolean, 1.5f) == float32);
}

namespace {

// The meaning of a pattern by its definition: sign, exponent of `exponents` bits, fraction.
double meaning(unsigned bits, int fraction_bits, int bias) {
  const unsigned fraction = bits & ((1u << fraction_bits) - 1), exponent = (bits & 0x7fffu) >> fraction_bits;
  const unsigned full = 0x7fffu >> fraction_bits;
  const double sign = bits & 0x8000u ? -1 : 1;
  if (exponent == full) return fraction ? std::nan("") : sign * std::numeric_limits<double>::infinity();
  const double significand = fraction + (exponent ? std::ldexp(1.0, fraction_bits) : 0);
  return sign * std::ldexp(significand, static_cast<int>(exponent ? exponent : 1) - bias - fraction_bits);
}

// Every pattern means what the format says and comes back; between neighbours the rounding is to nearest, ties to even.
template <class Half, class ToHalf>
int wrong_patterns(int fraction_bits, int bias, ToHalf to_half) {
  int wrong = 0;
  for (unsigned bits = 0; bits < 65536; ++bits) {
    const double x = meaning(bits, fraction_bits, bias);
    const double got = to_float(Half{static_cast<std::uint16_t>(bits)});
    if (std::isnan(x)) {
      wrong += !std::isnan(got) || !std::isnan(to_float(to_half(got)));
      continue;
    }
    wrong += got != x || std::signbit(got) != std::signbit(x) || to_half(x).bits != bits;
    const double next = meaning(bits + 1, fraction_bits, bias);
    if ((bits & 0x7fffu) == 0x7fffu || !std::isfinite(x) || !std::isfinite(next)) continue;
    const double middle = x + (next - x) / 2, inside = x + (next - x) * 0.499, outside = x + (next - x) * 0.501;
    wrong += to_half(middle).bits != (bits & 1 ? bits + 1 : bits);
    wrong += to_half(inside).bits != bits || to_half(outside).bits != bits + 1;
  }
  return wrong;
}

}  // namespace

TEST_CASE("all 65536 float16 patterns convert both ways, and rounding is to nearest even") {
  CHECK(wrong_patterns<Float16>(10, 15, to_float16) == 0);
}

TEST_CASE("all 65536 bfloat16 patterns convert both ways, and rounding is to nearest even") {
  CHECK(wrong_patterns<BFloat16>(7, 127, to_bfloat16) == 0);
}

TEST_CASE("halves overflow to infinity half a step beyond the largest, and underflow to a signed zero") {
  CHECK(to_float16(65519.99).bits == 0x7bff);
  CHECK(to_float16(65520.0).bits == 0x7c00);
  CHECK(to_float16(-1e300).bits == 0xfc00);
  CHECK(to_float16(0x1p-25).bits == 0);
  CHECK(to_float16(-0x1.8p-25).bits == 0x8001);
  CHECK(to_float16(-1e-300).bits == 0x8000);
  CHECK(to_bfloat16(0x1.fefffp127).bits == 0x7f7f);
  CHECK(to_bfloat16(0x1.ffp127).bits == 0x7f80);
  CHECK(to_bfloat16(1e300).bits == 0x7f80);
  CHECK(to_bfloat16(-1e300).bits == 0xff80);
  CHECK(to_bfloat16(-1e-300).bits == 0x8000);
  CHECK(to_bfloat16(std::numeric_limits<double>::infinity()).bits == 0x7f80);
}

TEST_CASE("a double rounds to a half once, not by way of float32") {
  CHECK(to_float16(1 + 0x1p-11 + 0x1p-40).bits == 0x3c01);  // float32 would make a tie of it, and round it down
  CHECK(to_bfloat16(1 + 0x1p-8 + 0x1p-40).bits == 0x3f81);
}

TEMPLATE_TEST_CASE("floats saturate to integers, and NaN is 0", "", std::int8_t, std::int16_t, std::int32_t,
                   std::int64_t, std::uint8_t, std::uint16_t, std::uint32_t, std::uint64_t) {
  constexpr TestType low = std::numeric_limits<TestType>::min(), high = std::numeric_limits<TestType>::max();
  CHECK(saturate<TestType>(std::nan("")) == 0);
  CHECK(saturate<TestType>(1e300) == high);
  CHECK(saturate<TestType>(-1e300) == low);
  CHECK(saturate<TestType>(std::numeric_limits<float>::infinity()) == high);
  CHECK(saturate<TestType>(-std::numeric_limits<float>::infinity()) == low);
  CHECK(saturate<TestType>(static_cast<double>(high)) == high);  // rounds up to 2^63 and 2^64 for the widest
  CHECK(saturate<TestType>(static_cast<float>(high)) == high);
  CHECK(saturate<TestType>(static_cast<double>(low)) == low);
  CHECK(saturate<TestType>(100.99) == 100);
  CHECK(saturate<TestType>(-0.99) == 0);
}
