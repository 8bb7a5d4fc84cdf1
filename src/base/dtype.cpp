#include "base/dtype.h"

#include <algorithm>
#include <cmath>

namespace croton {

std::string_view name_of(DType d) {
  static constexpr std::string_view names[] = {"bool",   "int8",   "int16",   "int32",    "int64",   "uint8",  "uint16",
                                               "uint32", "uint64", "float16", "bfloat16", "float32", "float64"};
  return names[static_cast<std::size_t>(d)];
}

std::size_t size_of(DType d) {
  static constexpr std::size_t sizes[] = {1, 1, 2, 4, 8, 1, 2, 4, 8, 2, 2, 4, 8};
  return sizes[static_cast<std::size_t>(d)];
}

DType promote(DType a, DType b) {
  if (a == b) return a;
  if (a > b) std::swap(a, b);
  if (a == boolean) return b;
  if (is_float(b)) {
    if (!is_float(a)) return b;
    return a == float16 && b == bfloat16 ? float32 : b;
  }
  if (is_signed_int(a) == is_signed_int(b)) return b;
  // signed meets unsigned: the smallest signed type that holds both; above int64 only a float does
  const std::size_t need = std::max(size_of(a), size_of(b) * 2);
  return need <= 2 ? int16 : need <= 4 ? int32 : need <= 8 ? int64 : floatX();
}

DType promote_weak(DType tensor, const Weak& number) {
  if (is_float(tensor)) return tensor;
  if (number.is_float) return floatX();
  return tensor == boolean ? int64 : tensor;
}

DType to_floating(DType d) { return is_float(d) ? d : floatX(); }

float to_float(BFloat16 h) { return std::bit_cast<float>(static_cast<std::uint32_t>(h.bits) << 16); }

float to_float(Float16 h) {
  const std::uint32_t sign = static_cast<std::uint32_t>(h.bits & 0x8000u) << 16;
  const std::uint32_t magnitude = h.bits & 0x7fffu;
  if (magnitude >= 0x7c00u) return std::bit_cast<float>(sign | 0x7f800000u | ((magnitude & 0x3ffu) << 13));
  // scaling by 2^112 moves the exponent's bias and makes subnormals normal, exactly
  const float value = std::bit_cast<float>(magnitude << 13) * 0x1p112f;
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) | sign);
}

namespace {
// Rounds |x| to `digits` significant bits with exponents not below `least`, ties to even.
double round_to(double x, int digits, int least) {
  int exponent = 0;
  std::frexp(x, &exponent);
  const double unit = std::ldexp(1.0, std::max(exponent - digits, least));
  return std::nearbyint(x / unit) * unit;
}
}  // namespace

Float16 to_float16(double x) {
  const std::uint16_t sign = std::signbit(x) ? 0x8000 : 0;
  if (std::isnan(x)) return {static_cast<std::uint16_t>(sign | 0x7e00)};
  const double r = round_to(std::fabs(x), 11, -24);
  if (!(r < 65520.0)) return {static_cast<std::uint16_t>(sign | 0x7c00)};
  if (r < 0x1p-14) return {static_cast<std::uint16_t>(sign | static_cast<int>(r * 0x1p24))};
  int exponent = 0;
  const double fraction = std::frexp(r, &exponent);
  return {static_cast<std::uint16_t>(sign | ((exponent + 14) << 10) | (static_cast<int>(fraction * 0x1p11) & 0x3ff))};
}

BFloat16 to_bfloat16(double x) {
  if (std::isnan(x)) return {static_cast<std::uint16_t>(std::signbit(x) ? 0xffc0 : 0x7fc0)};
  const double r = std::isinf(x) ? x : std::copysign(round_to(std::fabs(x), 8, -133), x);
  return {static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(static_cast<float>(r)) >> 16)};
}

}  // namespace croton
