// Products that read windows where they lie: how their operands lie, and folds that are such products.
#pragma once
#include <optional>

#include "tile/program.h"

namespace croton::tile {

/// Folds of windows that a library call makes as products that read windows: y[i] = sum of a[k] b[o] where i = first +
/// o + k dilation is the sum of a[n - 1 - k] b'[i + k dilation], b' being b among zeros. With a stride s, element q s +
/// r is the sum of a[k s + r] b[q - k]: r is one more of the rows, a having zeros behind it as far as s divides. What
/// would be as many times as large as a window, and written and read, is never there. Nor are elements of such products
/// that only a part leaves out; and parts of parts are one view.
std::vector<Tensor> folds_as_products(std::span<const Tensor> outputs);

/// The product for a contraction of two buffers. Of each operand that is a permutation or a broadcast of its
/// buffer: the buffer's axis that each of its axes is, -1 where it repeats the buffer.
StridedProduct strided_product(const Tensor& contraction, int a, const std::optional<std::vector<int>>& axes_of_a,
                               int b, const std::optional<std::vector<int>>& axes_of_b);

}  // namespace croton::tile
