// CustomOp: an operation of the user's own, run on host arrays between generated kernels.
#pragma once
#include "croton/ops.h"

namespace croton {

/// What an operation of one's own is: captureless functions, so that it is the same operation wherever it is written.
/// Exceptions thrown by them reach the caller of the function (or of apply, grad) as they are; shared variables then
/// keep their old values. `forward` may run on several threads at once.
struct CustomOp {
  /// What errors and printed graphs call it.
  std::string name = {};
  /// How many results forward makes, all of one dtype and shape.
  int outputs = 1;
  /// The results' dtype from those of the inputs; by default that of the first input.
  DType (*dtype)(std::span<const DType> in) = nullptr;
  /// Fills `out`, whose arrays have the right dtype and shape and begin as zeros. Inputs have the dtypes of the tensors
  /// that apply was given: nothing is converted.
  void (*forward)(std::span<const Array> in, std::span<Array> out) = nullptr;
  /// The gradients of the cost with respect to each input from those with respect to each result: one tensor an input,
  /// of its rank, floating; an empty Tensor where the cost does not depend on the input. Without it, grad through the
  /// operation is a GraphError.
  std::vector<Tensor> (*pullback)(std::span<const Tensor> x, std::span<const Tensor> y,
                                  std::span<const Tensor> y_bar) = nullptr;
  /// The results' shape from those of the inputs; by default that of the first input. While a graph is built, extents
  /// not known yet are any_extent: an extent of the result that depends on one of those is any_extent too.
  Extents (*shape)(std::span<const Extents> in) = nullptr;
};

/// The operation on these inputs. Throws GraphError where it has no forward, or has several outputs (see apply<N>).
Tensor apply(const CustomOp&, const Tensors&, Where = Where::here());

namespace detail {
std::vector<Tensor> apply_all(const CustomOp&, const Tensors&, std::size_t outputs, Where);
}
/// All results of an operation that has N: auto [q, r] = apply<2>(divide, {a, b}). forward runs once for each of them
/// that is used.
template <std::size_t N>
std::array<Tensor, N> apply(const CustomOp& op, const Tensors& x, Where w = Where::here()) {
  const std::vector<Tensor> results = detail::apply_all(op, x, N, w);
  std::array<Tensor, N> r;
  for (std::size_t i = 0; i < N; ++i) r[i] = results[i];
  return r;
}

}  // namespace croton
