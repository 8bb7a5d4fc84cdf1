// What every pointwise op shares: promotion of operands, alignment of ranks, the type rule, gradients masked where they
// are 0.
#pragma once
#include <initializer_list>
#include <string>

#include "graph/op.h"

namespace croton::ops {

using Gradients = std::vector<Tensor>;

/// The dtype that operands agree on: the array API's promotion among tensors, bare numbers follow. DTypeError for a
/// number that the integer type cannot hold.
DType common_dtype(std::string_view op, std::span<const Tensor> operands, Where);
/// The operand as a node of that dtype: itself, a constant converted, or a `convert` node.
Tensor converted(const Tensor&, DType, Where);
/// Operands as nodes of one dtype that the function takes and of one rank, an axis of extent 1 put before shorter ones.
/// ShapeError where shapes cannot broadcast.
Tensor pointwise(const Op&, std::initializer_list<Operand>, Where);
/// The same, the first operand a condition that is converted to bool.
Tensor pointwise_select(const Op&, std::initializer_list<Operand>, Where);

/// Operands of any dtype as nodes of one dtype and one rank, for ops that are no row of the table of functions.
std::vector<Tensor> same_dtype_operands(std::string_view op, std::initializer_list<Operand>, Where);
/// Their type rule.
Type same_dtype_type(const TypeAt&);

/// x with axes of extent 1 put before its own until it has that rank.
Tensor with_rank(const Tensor& x, int rank, Where);

/// The type rule of all of them: one dtype, one rank, extents equal or the constant 1 in the type.
Type pointwise_type(const TypeAt&);

/// g * factor, but 0 where g is 0, however large the factor is: a branch that select did not take stays without NaN.
Tensor masked(const Tensor& g, const Tensor& factor);
/// g / divisor, and 0 where g is 0; a constant divisor needs no mask.
Tensor quotient(const Tensor& g, const Tensor& divisor);

/// Samples for the sweeps: float64 and float32 inputs of several shapes, values of input i in its interval.
std::vector<Sample> float_samples(const std::vector<Interval>& intervals);
/// The same for signed and unsigned integers.
std::vector<Sample> int_samples(const std::vector<Interval>& intervals);
std::vector<Sample> bool_samples(std::size_t inputs);
std::vector<Sample> join(std::vector<Sample> a, const std::vector<Sample>& b);

/// Why a function into a discrete set has no gradient.
inline constexpr std::string_view discrete = "its values are discrete";

}  // namespace croton::ops
