// The evaluator's steps: one function a meaning, on true shapes and host arrays.
#pragma once
#include <functional>

#include "array/access.h"
#include "graph/op.h"
#include "ops/evaluate.h"

namespace croton::ops {

/// A node with what it is called on: arguments, their shapes, and the integers that some of them hold.
class Call {
 public:
  Call(const Tensor& node, std::span<const Array> arguments);
  const Op& op() const { return *node_->op; }
  const Params& params() const { return node_->params; }
  const Node& node() const { return *node_; }
  const Tensor& input(std::size_t i) const { return node_->inputs[i]; }
  std::span<const Array> arguments() const { return arguments_; }
  const Array& argument(std::size_t i) const { return arguments_[i]; }
  TypeAt at() const;
  /// The true shape and dtype of the result.
  const Type& result() const { return result_; }

 private:
  const Node* node_;
  std::span<const Array> arguments_;
  std::vector<Shape> shapes_;
  std::vector<std::optional<std::vector<Index>>> values_;
  Type result_;
};

inline Extents extents_of(const Shape& s) { return Extents(s); }

Array run_pointwise(const Call&);
Array run_convert(const Call&);
Array run_reduce(const Call&, Monoid);
Array run_contract(const Call&);
/// The node's contraction of other operands of the same shapes; the result has dtype `out`.
Array contract(const Call&, const Array& a, const Array& b, DType out);
/// For each axis: its stride in a row-major array over the axes that a fold keeps, 0 where it folds; or, `folded`, the
/// reverse.
Extents strides_over(const Extents& shape, const std::vector<Index>& axes, bool folded);
/// View, Reshape, Gather, Scatter, Write, FoldWindows, Concatenate: they move elements of any dtype. `moved` stands in
/// the place of the arguments whose elements move (bounds, say); all others are the call's own.
Array run_movement(const Call&, std::span<const Array> moved);
bool is_movement(const Op&);
/// Changes `out`, which has the elements that a write begins with.
void run_write(const Call&, std::span<const Array> moved, std::byte* out);
/// The rows of x (moved) that a gather names.
Array gathered(const Call&, const Array& x);
/// What a scatter makes of its arguments, in `out`; the first one may lie there. IndexError before anything is written.
void scatter_into(const Call&, std::span<const Array> arguments, std::byte* out, const Host&);
/// Parts one after another in `out`.
void run_concatenate(const Call&, std::span<const Array> parts, std::byte* out);
Array run_shape_of(const Call&);
Array run_iota(const Call&);
/// Leaves in the place of the node's inputs; constants stay what they are, since shapes may follow from them.
std::vector<Tensor> stand_ins(const Node&);
/// The node's composite as a graph on `inputs`, which stand for the node's own.
Tensor expanded(const Node&, std::span<const Tensor> inputs);

/// Nodes that `outputs` need, inputs before users, not looking below those that `known` says true for.
std::vector<const Node*> needed(std::span<const Tensor> outputs, const std::function<bool(const Node&)>& known);

}  // namespace croton::ops
