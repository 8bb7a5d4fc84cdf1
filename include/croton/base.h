// Words that every other header uses: element types, source locations, bare numbers, errors.
#pragma once
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

#define CROTON_VERSION_MAJOR 0
#define CROTON_VERSION_MINOR 1
#define CROTON_VERSION_PATCH 0
#define CROTON_VERSION "0.1.0"

namespace croton {

/// Extents, indices, counts of elements.
using Index = std::int64_t;

/// The element types, in the order of promotion within each kind.
enum class DType : std::uint8_t {
  boolean, int8, int16, int32, int64, uint8, uint16, uint32, uint64, float16, bfloat16, float32, float64
};
using enum DType;

/// The default float: config key `floatX` (float64 unless the configuration says otherwise).
DType floatX();

/// "float32", as NumPy writes it ("bool" for boolean).
std::string_view name_of(DType);
/// Bytes of one element in memory.
std::size_t size_of(DType);

/// Where in the user's program something was written. Our own type: Debian 12's clang 14 has no std::source_location.
struct Where {
  const char* file = "";
  int line = 0;
  const char* function = "";
  static constexpr Where here(const char* f = __builtin_FILE(), int l = __builtin_LINE(),
                              const char* fn = __builtin_FUNCTION()) {
    return {f, l, fn};
  }
};

/// A C++ number that may stand for a tensor: not bool, not a character, not long double.
template <class T>
concept Number = std::is_arithmetic_v<T> && !std::same_as<T, bool> && !std::same_as<T, char> &&
                 !std::same_as<T, wchar_t> && !std::same_as<T, char8_t> && !std::same_as<T, char16_t> &&
                 !std::same_as<T, char32_t> && !std::same_as<T, long double>;
/// A C++ type that an Array can hold.
template <class T>
concept Element = Number<T> || std::same_as<T, bool>;

/// The DType of an Element: float32 for float, int32 for int.
template <Element T>
constexpr DType dtype_of() {
  if constexpr (std::same_as<T, bool>) return DType::boolean;
  else if constexpr (std::is_floating_point_v<T>) return sizeof(T) == 4 ? DType::float32 : DType::float64;
  else if constexpr (std::is_signed_v<T>)
    return sizeof(T) == 1 ? DType::int8 : sizeof(T) == 2 ? DType::int16 : sizeof(T) == 4 ? DType::int32 : DType::int64;
  else
    return sizeof(T) == 1   ? DType::uint8
           : sizeof(T) == 2 ? DType::uint16
           : sizeof(T) == 4 ? DType::uint32
                            : DType::uint64;
}

/// A bare C++ number: it has a kind (integer or float) but no width, so that 2.0 * float32 stays float32.
struct Weak {
  bool is_float = false;
  double f = 0;
  Index i = 0;
  template <Number T>
  constexpr Weak(T v) : is_float(std::is_floating_point_v<T>), f(static_cast<double>(v)), i(whole(v)) {}
  /// A uint64 above the largest int64 is kept as its bits; `f` holds its rounded value.
  template <Number T>
  static constexpr Index whole(T v) {
    if constexpr (std::is_floating_point_v<T>) {
      return v >= -9.2e18 && v <= 9.2e18 ? static_cast<Index>(v) : 0;
    } else {
      return static_cast<Index>(v);
    }
  }
  /// The dtype that holds it as it is: float64, int64, or uint64 above the largest int64.
  constexpr DType dtype() const { return is_float ? float64 : i < 0 && f > 0 ? uint64 : int64; }
};

/// All errors of Croton. what() says what, where (a file and line of the user's program, or of a configuration file)
/// and what is allowed. The subclasses tell a caller what can be done about it.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  ~Error() override;
};
/// Shapes that do not fit; ranks, counts of elements.
class ShapeError : public Error { using Error::Error; };
/// An element type that is refused, or a conversion that would lose digits.
class DTypeError : public Error { using Error::Error; };
/// An index out of range, also inside a running kernel.
class IndexError : public Error { using Error::Error; };
/// A graph that has no meaning: missing inputs, disconnected gradients, empty handles, wrong arguments of a call.
class GraphError : public Error { using Error::Error; };
/// The configuration: unknown key, bad value, unreadable file.
class ConfigError : public Error { using Error::Error; };
/// A device that was asked for and cannot be had, or that failed.
class DeviceError : public Error { using Error::Error; };
/// The host compiler (or NVRTC) could not be run or refused generated code.
class CompileError : public Error { using Error::Error; };
/// A file that cannot be read or written, or is malformed.
class FileError : public Error { using Error::Error; };

}  // namespace croton
