#include "graph/notation.h"

#include <bit>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "array/access.h"
#include "base/dtype.h"

namespace croton {
namespace {

constexpr std::pair<std::string_view, std::string_view> symbols[] = {{"add", "+"},
                                                                     {"sub", "-"},
                                                                     {"mul", "*"},
                                                                     {"div", "/"},
                                                                     {"mod", "%"},
                                                                     {"equal", "=="},
                                                                     {"not_equal", "!="},
                                                                     {"less", "<"},
                                                                     {"less_equal", "<="},
                                                                     {"greater", ">"},
                                                                     {"greater_equal", ">="},
                                                                     {"bitwise_and", "&"},
                                                                     {"bitwise_or", "|"},
                                                                     {"bitwise_xor", "^"},
                                                                     {"logical_and", "&&"},
                                                                     {"logical_or", "||"}};

std::string float_text(double v) {
  if (std::isinf(v)) return v < 0 ? "-inf" : "inf";
  std::string s = fmt::to_string(v);
  if (s.find_first_not_of("-0123456789") == std::string::npos) s += ".0";
  return s;
}

template <class Bits>
std::string nan_text(Bits bits, Bits usual) {
  return bits == usual ? std::string("nan") : fmt::format("0x{:x}", bits);
}

}  // namespace

std::string_view infix(std::string_view op) {
  for (const auto& [name, symbol] : symbols)
    if (op == name) return symbol;
  for (const auto& [name, symbol] : symbols)
    if (op == symbol) return symbol;
  return {};
}

std::string_view spelling(std::string_view op) { return op == "contract" ? "dot" : op; }

std::string number_text(const Array& a, Index i) {
  if (a.dtype() == DType::boolean) return get(a, i) != 0 ? "True" : "False";
  if (a.dtype() == DType::uint64) return fmt::to_string(static_cast<std::uint64_t>(get_index(a, i)));
  if (!is_float(a.dtype())) return fmt::to_string(get_index(a, i));
  const double v = get(a, i);
  const Array whole = contiguous(a);
  const auto at = static_cast<std::size_t>(i);
  switch (a.dtype()) {
    case DType::float64:
      if (std::isnan(v))
        return nan_text(std::bit_cast<std::uint64_t>(data_as<double>(whole)[at]), std::uint64_t{0x7ff8000000000000});
      return float_text(v);
    case DType::float32: {
      if (std::isnan(v))
        return nan_text(std::bit_cast<std::uint32_t>(data_as<float>(whole)[at]), std::uint32_t{0x7fc00000});
      std::string s = std::isinf(v) ? float_text(v) : fmt::to_string(static_cast<float>(v));
      if (s.find_first_not_of("-0123456789") == std::string::npos) s += ".0";
      return s;
    }
    default: break;
  }
  if (!std::isnan(v)) return float_text(v);
  const std::uint16_t usual = a.dtype() == DType::float16 ? 0x7e00 : 0x7fc0;
  return nan_text(data_as<std::uint16_t>(whole)[at], usual);
}

std::string_view rank_word(int rank) {
  constexpr std::string_view words[] = {"scalar", "vector", "matrix", "tensor3", "tensor4"};
  return rank < 5 ? words[rank] : "tensor";
}

}  // namespace croton
