// Tensors, Arrays and their words in fmt's format strings: fmt::print("{}\n", loss). Apart from croton.h, because fmt
// takes longer to compile than all of it; a program that includes this one links fmt itself.
#pragma once
#include <fmt/ostream.h>

#include "croton/shared.h"

/// As operator<< prints them: a Tensor and a Shared as a formula, an Array as NumPy does, Extents as "[2, 3]".
template <>
struct fmt::formatter<croton::Tensor> : fmt::ostream_formatter {};
template <>
struct fmt::formatter<croton::Shared> : fmt::ostream_formatter {};
template <>
struct fmt::formatter<croton::Array> : fmt::ostream_formatter {};
template <>
struct fmt::formatter<croton::Extents> : fmt::ostream_formatter {};
/// "float32"; takes the widths of a string: {:>10}.
template <>
struct fmt::formatter<croton::DType> : fmt::formatter<std::string_view> {
  template <class Context>
  auto format(croton::DType d, Context& c) const {
    return fmt::formatter<std::string_view>::format(croton::name_of(d), c);
  }
};
