// Convolutions, pooling and batch normalization. Inputs are (N, C, spatial axes...): N images or signals of C channels,
// with one to three spatial axes. Everything is made of other functions, such as windows that slide along an axis, so
// gradients of every order come of themselves. Functions take Operands, so that a program's own function of the same
// name is preferred.
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "croton/ops.h"

namespace croton {

// ---- windows
/// How windows slide: by `stride` from one to the next, their elements `dilation` apart. One number an axis, one for all
/// of them, or none, which is 1. ShapeError for numbers below 1.
struct WindowSteps {
  Extents stride = {}, dilation = {};
};
/// NumPy's, with a stride and a dilation: y[..., o, ..., k] = x[..., o stride + k dilation, ...] for all windows that lie
/// in x as a whole. New axes, one for each axis that windows slide along, come last. It is a view: nothing is copied.
/// Without axes windows slide along all. ShapeError (perhaps when it runs) where not even one window fits.
Tensor sliding_window_view(const Operand& x, const Dims& window, const Axes& axes = {}, const WindowSteps& = {},
                           Where = Where::here());
/// The transpose of that: a tensor with `extents` along the axes that windows slid along, each element the sum of those
/// elements of `windows` that lie there. PyTorch's fold (col2im). ShapeError where windows reach beyond an extent,
/// DTypeError for bools.
Tensor fold_windows(const Operand& windows, const Dims& extents, const Axes& axes = {}, const WindowSteps& = {},
                    Where = Where::here());

// ---- convolutions
/// How many elements of padding stand before and after each spatial axis. They are 0, but for those of max_pool, which
/// never win.
class Padding {
 public:
  enum class Kind : std::uint8_t { numbers, half, full, same };
  /// "valid": none. "half": (K - 1) dilation / 2 on both sides, K being the window's extent. "full": (K - 1) dilation on
  /// both sides. "same": as many as let the result have ceil(n / stride) elements, an odd one behind. GraphError for
  /// another word.
  Padding(const char* word = "valid", Where = Where::here());
  /// On both sides of every axis.
  template <std::integral I>
    requires(!std::same_as<I, bool>)
  Padding(I n) : widths_{{static_cast<Index>(n), static_cast<Index>(n)}} {}
  /// On both sides of each axis.
  Padding(std::initializer_list<Index> widths);
  /// Before and after each axis.
  Padding(std::initializer_list<std::array<Index, 2>> widths) : widths_(widths) {}
  Padding(std::vector<std::array<Index, 2>> widths) : widths_(std::move(widths)) {}

  Kind kind() const { return kind_; }
  /// Of numbers: one pair an axis, or one for all.
  const std::vector<std::array<Index, 2>>& widths() const { return widths_; }

 private:
  Kind kind_ = Kind::numbers;
  std::vector<std::array<Index, 2>> widths_;
};

/// Numbers an axis: one for each spatial axis, one for all, or none, which is 1.
struct ConvOptions {
  Padding padding = {};
  Extents stride = {}, dilation = {};
  Index groups = 1;          ///< input and filters fall into so many groups of channels, each for itself
  bool filter_flip = false;  ///< true: the filters turned round along all spatial axes, Theano's default
};
/// The products of filters with the windows of the input, summed: input is (N, C, n...), filters (O, C / groups, K...),
/// the result (N, O, m...) with m = (n + padding - ((K - 1) dilation + 1)) / stride + 1 rounded down. It is a
/// cross-correlation, as in PyTorch, JAX and ONNX; Theano's conv2d turns its filters round, which filter_flip = true does
/// here. The dtype is the one that both agree on; DTypeError for bools. ShapeError for wrong ranks, for channels that do
/// not fit or divide, and (perhaps when it runs) where the filters are larger than the padded input.
///     conv2d(x, w, {.padding = "same", .stride = {2}})
Tensor conv1d(const Operand& input, const Operand& filters, const ConvOptions& = {}, Where = Where::here());
Tensor conv2d(const Operand& input, const Operand& filters, const ConvOptions& = {}, Where = Where::here());
Tensor conv3d(const Operand& input, const Operand& filters, const ConvOptions& = {}, Where = Where::here());
/// What that gives a gradient along its input, as a function of its own: input is (N, O, m...), filters (O, C / groups,
/// K...), the result (N, C, n...) with n = (m - 1) stride + (K - 1) dilation + 1 - padding + output_padding (one number
/// an axis, one for all, or none, which is 0). "same" gives n = m stride. Errors are those of conv2d.
struct ConvTransposeOptions {
  Padding padding = {};
  Extents stride = {}, dilation = {}, output_padding = {};
  Index groups = 1;
  bool filter_flip = false;
};
Tensor conv1d_transpose(const Operand& input, const Operand& filters, const ConvTransposeOptions& = {},
                        Where = Where::here());
Tensor conv2d_transpose(const Operand& input, const Operand& filters, const ConvTransposeOptions& = {},
                        Where = Where::here());
Tensor conv3d_transpose(const Operand& input, const Operand& filters, const ConvTransposeOptions& = {},
                        Where = Where::here());

// ---- pooling
/// Numbers an axis, as in ConvOptions, but that windows slide by their own extent where no stride is given.
struct PoolOptions {
  Extents stride = {};
  Padding padding = {};
  Extents dilation = {};
  bool ceil = false;  ///< a last window that reaches beyond the (padded) end counts too, but for one that begins there
};
/// The largest element of each window along the last axes of x, as many as `window` has numbers: {2, 2} pools images
/// (..., rows, columns). NaN wins. Padding never does: a window of nothing else gives -infinity, or the least integer.
/// Elements of a window that tie for its maximum share its gradient, as in max. ShapeError where x has fewer axes or
/// (perhaps when it runs) no window fits.
Tensor max_pool(const Operand& x, const Extents& window, const PoolOptions& = {}, Where = Where::here());
/// The mean of each window, in floatX where x is of integers. include_padding: zeros of the padding count as elements,
/// else the sum is divided by the count of those that are x's own (NaN where there are none).
Tensor avg_pool(const Operand& x, const Extents& window, const PoolOptions& = {}, bool include_padding = true,
                Where = Where::here());

// ---- normalization
struct BatchNormalizationOptions {
  Axes axes = {};         ///< whose elements are taken together: without a list all but axis 1, the channels
  double epsilon = 1e-4;  ///< added to the variance
  double running_average_factor = 0.1;
};
struct BatchNormalized {
  Tensor y;
  Tensor mean, inverse_stddev;            ///< of this batch: 1 / sqrt(variance + epsilon)
  Tensor running_mean, running_variance;  ///< new values for the variables that hold them
};
/// Theano's: (x - mean) gamma / sqrt(variance + epsilon) + beta, with the mean and the variance of the batch. Parameters
/// have the axes of x that are not taken together: vectors of channels, if no axes are named. The running values move by
/// running_average_factor towards those of the batch, the variance being the unbiased one (NaN of one element). x of
/// integers is taken in floatX. ShapeError for parameters with another number of axes.
BatchNormalized batch_normalization_train(const Operand& x, const Operand& gamma, const Operand& beta,
                                          const Operand& running_mean, const Operand& running_variance,
                                          const BatchNormalizationOptions& = {}, Where = Where::here());
/// The same with a mean and a variance that are given, those that ran along in training.
Tensor batch_normalization_test(const Operand& x, const Operand& gamma, const Operand& beta, const Operand& mean,
                                const Operand& variance, const BatchNormalizationOptions& = {}, Where = Where::here());

}  // namespace croton
