// Small words that the graph's texts share: how an op is spelled in formulas, how a number is written.
#pragma once
#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "graph/node.h"

namespace croton {

/// "+" for add; "" for an op that is written as a call.
std::string_view infix(std::string_view op);
/// The word between an op and its user: "dot" for contract, or "matmul" over a batch; the op's own name for most.
std::string_view spelling(const Node&);
/// "ij,kj->ik" of a contraction, as einsum takes it; "" where it is what dot does with its operands, or, over a batch,
/// matmul.
std::string subscripts(const Node&);
/// Which operands of a contraction are transposed first where dot does the rest; nothing where it does not.
std::optional<std::array<bool, 2>> transposed_for_dot(const Node&);
/// Element `i` so that reading it back gives the same bits: 2.5, 0x7fc00001 for an unusual NaN, True.
std::string number_text(const Array&, Index i);
/// Appends an input's text.
using WriteInput = std::function<void(const Tensor&)>;
/// Appends what slice and write select, as NumPy writes it: "1:5:2, ::-1".
void write_index(std::string&, const Node&, const WriteInput& held);
/// Appends the extents of an op with `dims`: "2, -1", where -1 is what the operand decides.
void write_extents(std::string&, const Node&, const WriteInput& held);
/// How many inputs come before those that hold bounds or extents: all of them, where none does.
std::size_t inputs_before_held(const Node&);
/// "vector", "matrix", ..., by rank.
std::string_view rank_word(int rank);

}  // namespace croton
