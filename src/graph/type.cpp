#include "graph/type.h"

#include <fmt/format.h>

namespace croton {

std::string text(const Shape& shape) {
  std::string out = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i) out += ", ";
    out += shape[i] < 0 ? "?" : fmt::to_string(shape[i]);
  }
  return out + "]";
}

std::string text(const Type& t) { return fmt::format("{}{}", name_of(t.dtype), text(t.shape)); }

}  // namespace croton
