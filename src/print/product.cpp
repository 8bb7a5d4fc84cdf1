#include "print/product.h"

#include <fmt/format.h>

#include "expr/functions.h"
#include "expr/kernel_text.h"
#include "print/printer.h"

namespace croton::print {

std::string product_unit(DType d, const Target& target) {
  constexpr std::string_view ways[product_ways] = {"product_along_columns", "product_along_terms", "product_packed"};
  std::string text = fmt::format("#define CROTON_VECTOR_BYTES {}\n", target.vector_bytes) + expr::kernel_source({});
  text += expr::kernel_text("strided_product.h");
  for (std::size_t w = 0; w < product_ways; ++w)
    text += fmt::format(
        "extern \"C\" void {}(const void* words, i64 chunk, void* scratch) {{ {}<{}>((const i64*)words, chunk, "
        "scratch); }}\n",
        entry_name(w), ways[w], d == DType::float64 ? "f64" : "f32");
  return text;
}

}  // namespace croton::print
