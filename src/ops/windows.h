// Windows along several axes at once, for what is made of them: convolutions and pooling.
#pragma once
#include <string_view>
#include <vector>

#include "croton/tensor.h"

namespace croton::ops {

/// Windows of sizes[i] (int64 scalars) along axes[i]; new axes, in this order, come last.
Tensor windows_of(Tensor x, const std::vector<int>& axes, const std::vector<Tensor>& sizes,
                  const std::vector<Index>& stride, const std::vector<Index>& dilation, Where);

/// The transpose: axis axes[i] of the result has extents[i] elements, and the first window begins at first[i].
Tensor folded(Tensor windows, const std::vector<int>& axes, const std::vector<Tensor>& extents,
              const std::vector<Tensor>& first, const std::vector<Index>& stride, const std::vector<Index>& dilation,
              Where);

/// That with windows of one element: an axis of x among zeros, in one of `extent` elements, from `first` on and
/// `stride` apart.
Tensor among_zeros(const Tensor& x, int axis, const Tensor& extent, const Tensor& first, Index stride, Where);

/// So many elements of an axis from that one on (int64 scalars). The gradient is a fold, in generated code, where that
/// of a slice whose bounds are no numbers is a write.
Tensor between(const Tensor& x, int axis, const Tensor& first, const Tensor& count, Where);

/// So many (an int64 scalar) of the windows of a sliding_window_view, from that one on.
Tensor fewer_windows(const Tensor& windows, const Tensor& first, const Tensor& count, Where);

/// The extent or position that dims[k] of such a node says: an int64 scalar.
Tensor held_dim(const Params&, std::span<const Tensor> inputs, std::size_t k);

/// What a user gave for some axes: one number each, one for all of them, or none, which is 1. ShapeError for another
/// count, and for numbers below 1; `what` is their name.
std::vector<Index> one_an_axis(std::string_view name, std::string_view what, const Extents& given, std::size_t axes,
                               Where);

}  // namespace croton::ops
