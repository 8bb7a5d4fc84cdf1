#include <fmt/format.h>

#include "print/printer.h"

namespace croton::print {

const Dialect& cpp_dialect() {
  static constexpr Dialect d{
      .type = [](DType t) -> std::string {
        static constexpr const char* names[] = {"b8",  "i8",  "i16", "i32",  "i64", "u8", "u16",
                                                "u32", "u64", "f16", "bf16", "f32", "f64"};
        return names[static_cast<std::size_t>(t)];
      },
      .signature =
          [](std::string_view name) {
            return fmt::format("extern \"C\" void {}(const void* words, i64 v2, void* scratch) {{\n", name);
          },
  };
  return d;
}

}  // namespace croton::print
