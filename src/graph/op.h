// What an op is: everything that any room may ask of it, declared once, in one file of ops/.
#pragma once
#include <optional>
#include <span>
#include <variant>

#include "graph/node.h"

namespace croton {

struct Host;  // ops/host.h

/// What a type rule sees. `shapes` are the input's static shapes when a graph is built, and the true ones when a plan
/// is made for given arguments; `x[i]`'s own type always holds the static one, which alone decides what broadcasts.
struct TypeAt {
  const Op& op;
  const Params& params;
  std::span<const Tensor> x;
  std::span<const Shape> shapes;
  /// The integers held by input i (an integer scalar or vector), where they are known; rules ask only for extents and
  /// bounds.
  std::span<const std::optional<std::vector<Index>>> values;
  Where where;
  std::string_view part_of = {};  // as the node's own
  /// What errors call the node.
  std::string_view name() const;
  DType dtype(std::size_t i) const { return type(x[i]).dtype; }
  int rank(std::size_t i) const { return type(x[i]).rank(); }
};
using TypeRule = Type (*)(const TypeAt&);

/// A node as pullbacks and expansions see it: y = op(x).
struct At {
  const Params& params;
  std::span<const Tensor> x;
  Tensor y;      // the node itself
  Tensor y_bar;  // pullbacks: the gradient of the cost with respect to y; same shape as y, floating
};
/// Gradients of the cost with respect to each input; an empty handle means that the input has none (an index, a shape).
/// Results have the shape that y_bar's broadcasting gives: the gradient room sums over broadcast axes itself.
using Pullback = std::vector<Tensor> (*)(const At&);

// ---- the ways to run an op: exactly one of them
/// One row of the table expr/functions applied to each element. All inputs have the rank of the result; an axis of
/// static extent 1 broadcasts. Inputs have the dtype the function computes in (casts are nodes of their own), except
/// `select` (its first input is bool).
struct Pointwise {
  std::string_view function;
};
/// Conversion of each element to params.dtype("dtype").
struct Convert {};
/// A fold over params.list("axes") (sorted, not negative; the axes disappear). spread: the sum of the squares of what
/// is left of each element without their mean.
enum class Monoid : std::uint8_t { sum, prod, max, min, any, all, argmax, argmin, spread };
struct Reduce {
  Monoid monoid;
};
/// A general contraction of two operands. params.list("a"), ("b"), ("out") label the axes of each with small integers;
/// a label in both operands and not in out is summed over; one in all three is a batch axis; others are free.
struct Contract {};
/// Where axis d of the input is read: start + step * (the result's index along `axis`), or start alone if axis < 0. A
/// window adds inner_step * (the result's index along `inner`).
struct AxisMap {
  int axis = -1;
  Index start = 0, step = 1;
  int inner = -1;
  Index inner_step = 1;
};
/// A view of input 0 by one AxisMap for each of the input's axes: permute, broadcast, slice, flip, expand, squeeze,
/// diagonal, windows. Called with the true shapes and values, as a type rule is.
struct View {
  std::vector<AxisMap> (*map)(const TypeAt&, const Shape& result);
};
/// The same elements in row-major order under another shape.
struct Reshape {};
/// One extent of input 0: params.integer("axis"). The input's data are never read.
struct ShapeOf {};
/// The row-major number of each element among the axes params.list("axes") of the result: its index along one of them,
/// its place in the whole of it by all. (arange is iota of one axis.) Inputs are extents only.
struct Iota {};
/// result[i..., rest] = x[index[i...], rest] along axis 0; indices may be negative; out of range is an IndexError.
struct Gather {};
/// x with rows added to (or replaced) at index: inputs x, index, rows. params.flag("set") replaces, the last write
/// wins.
struct Scatter {};
/// x with the region of a view (start, stop, step by axis as in View) replaced by, or increased by, a value.
struct Write {
  std::vector<AxisMap> (*map)(const TypeAt&, const Shape& value);
};
/// Zeros to which each element of input 0 is added where the view reads it, windows that slide along
/// params.integer("axis") by params.integer("stride"), their elements params.integer("dilation") apart: the transpose
/// of that view. Generated code gathers.
struct FoldWindows {
  std::vector<AxisMap> (*map)(const TypeAt&);
};
/// Parts one after another along params.integer("axis").
struct Concatenate {};
/// A composite: stays whole while rules look for it, then becomes simpler ops.
struct Expansion {
  Tensor (*expand)(const At&);
};
/// Runs on host arrays, outside generated code, with what the host lends it: out is allocated with the node's dtype and
/// true shape. What it refuses, it refuses at the node's place.
struct HostCall {
  void (*run)(const Node&, std::span<const Array> in, Array& out, const Host&);
  /// Inputs from this one on say how large the result is; the data of those before do not.
  std::size_t extents_from = static_cast<std::size_t>(-1);
  /// The result's extents depend on the data: its type leaves them open, and run makes `out` anew.
  bool sizes_itself = false;
  /// What one more axis in front of all inputs is to it: refused; one more before params.integer("axis"); or one more
  /// of those that count the matrices of a stack.
  enum class Leading : std::uint8_t { refused, before_axis, of_stack };
  Leading leading = Leading::refused;
};

/// The step's graph once for each row of some inputs, carrying values from step to step (ops/loop.h): it is run by
/// whoever runs graphs, not by generated code of its own.
struct Loop {};
/// One of two graphs, by a condition (ops/ifelse.h): run like a loop's step.
struct IfElse {};

using Meaning = std::variant<Pointwise, Convert, Reduce, Contract, View, Reshape, ShapeOf, Iota, Gather, Scatter, Write,
                             FoldWindows, Concatenate, Expansion, HostCall, Loop, IfElse>;

/// What the sweeps feed an input.
struct Interval {
  double low = -4, high = 4;
};

/// One sampled use of an op, made by its declaration for the sweeps: it builds the node from inputs it declares itself.
struct Sample {
  std::vector<Type> inputs;
  Params params;
  std::vector<Interval> intervals = {};  // one an input; [-4, 4] where absent
};

struct Op {
  std::string_view name;  // lower_case, the field's word
  std::string_view doc;   // one sentence, with NumPy's or Theano's name where there is one
  int arity = 1;          // -1: any number
  TypeRule type = nullptr;
  Meaning meaning;
  Pullback pullback = nullptr;  // null: the op has no gradient, and `no_gradient` says why
  std::string_view no_gradient = {};
  std::vector<Sample> (*samples)() = nullptr;
  /// The first so many inputs have no gradient, though the result depends on them smoothly: to ask for it is an error.
  int parameters = 0;
  /// Where parameters follow from the inputs' types: those of a node on these inputs, made from another's.
  Params (*fitted)(const Params&, std::span<const Tensor> x) = nullptr;
};

inline std::string_view TypeAt::name() const { return part_of.empty() ? op.name : part_of; }

template <class M>
const M* meaning(const Op& op) {
  return std::get_if<M>(&op.meaning);
}
template <class M>
const M* meaning(const Expr& e) {
  return e.node()->op ? std::get_if<M>(&e.node()->op->meaning) : nullptr;
}

}  // namespace croton
