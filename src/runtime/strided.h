// The launch of a strided product (kernels/strided_product.h).
#pragma once
#include "runtime/plan.h"

namespace croton::runtime {

/// `kernel`: the first of those of its dtype, one a way to go. Nothing is launched where the result has no elements.
PlannedLaunch strided_launch(const tile::StridedProduct&, std::span<const Place>, int kernel, const Target&);

/// Rows, columns, terms and how many such products.
struct ProductSize {
  Index batch = 1, rows = 1, columns = 1, terms = 1;
};
ProductSize size_of_product(const tile::StridedProduct&, std::span<const Place>);

}  // namespace croton::runtime
