// The text of strided products (kernels/strided_product.h), which are not made from a nest.
#pragma once
#include <string>

#include "croton/base.h"
#include "expr/target.h"

namespace croton::print {

/// What a product goes along, by the number of its entry. The kernels' file says when it may.
enum class ProductWay : std::uint8_t { columns, terms, packed };
inline constexpr std::size_t product_ways = 3;
/// A translation unit for the CPU: entry_name(0), ... of each way, for float32 or float64.
std::string product_unit(DType, const Target&);

}  // namespace croton::print
