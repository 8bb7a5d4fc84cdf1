// Facts about element types that rooms share: kinds, promotion, the half formats.
#pragma once
#include <bit>
#include <limits>

#include "croton/base.h"

namespace croton {

inline constexpr DType all_dtypes[] = {boolean, int8,   int16,   int32,    int64,   uint8,  uint16,
                                       uint32,  uint64, float16, bfloat16, float32, float64};

constexpr bool is_float(DType d) { return d >= DType::float16; }
constexpr bool is_signed_int(DType d) { return d >= DType::int8 && d <= DType::int64; }
constexpr bool is_unsigned_int(DType d) { return d >= DType::uint8 && d <= DType::uint64; }
constexpr bool is_int(DType d) { return d >= DType::int8 && d <= DType::uint64; }

/// The array API's promotion, plus integer x float -> that float, and uint64 x signed -> float64's place taken by
/// floatX.
DType promote(DType a, DType b);
/// A bare number beside a tensor: the tensor's own type where the kind allows it, floatX where a float meets an
/// integer.
DType promote_weak(DType tensor, const Weak& number);
/// What exp, tanh, ... and true division make of an operand: floats stay, integers and bools become floatX.
DType to_floating(DType);

/// float16 and bfloat16 are stored as their 16 bits; conversions round to nearest, ties to even, and keep NaN and
/// subnormals.
struct Float16 {
  std::uint16_t bits = 0;
};
struct BFloat16 {
  std::uint16_t bits = 0;
};
float to_float(Float16);
float to_float(BFloat16);
Float16 to_float16(double);
BFloat16 to_bfloat16(double);

/// Float to integer on every device: saturates, NaN gives 0 (NumPy leaves it undefined, C++ too).
template <class I, class F>
constexpr I saturate(F x) {
  if (!(x == x)) return 0;
  constexpr F low = static_cast<F>(std::numeric_limits<I>::min());
  constexpr I half = std::numeric_limits<I>::max() / 2 + 1;
  constexpr F beyond = static_cast<F>(half) * 2;  // 2^n exactly, max may round up
  if (x <= low) return std::numeric_limits<I>::min();
  if (x >= beyond) return std::numeric_limits<I>::max();
  return static_cast<I>(x);
}

/// Calls f with a value of the C++ type that stores dtype d: visit_dtype(d, []<class T>(T) { ... }).
template <class F>
decltype(auto) visit_dtype(DType d, F&& f) {
  switch (d) {
    case DType::boolean: return f(bool{});
    case DType::int8: return f(std::int8_t{});
    case DType::int16: return f(std::int16_t{});
    case DType::int32: return f(std::int32_t{});
    case DType::int64: return f(std::int64_t{});
    case DType::uint8: return f(std::uint8_t{});
    case DType::uint16: return f(std::uint16_t{});
    case DType::uint32: return f(std::uint32_t{});
    case DType::uint64: return f(std::uint64_t{});
    case DType::float16: return f(Float16{});
    case DType::bfloat16: return f(BFloat16{});
    case DType::float32: return f(float{});
    case DType::float64: break;
  }
  return f(double{});
}

}  // namespace croton
