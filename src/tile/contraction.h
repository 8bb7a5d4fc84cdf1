// Which contractions are library calls, and how their operands must lie in memory for one.
#pragma once
#include <span>

#include "tile/program.h"

namespace croton::tile {

/// Large on all sides: rows, columns and the summed axes each have a free extent, or constants of more than 16
/// together; at least 4 where axes are more than a loop nest goes along.
bool is_library_call(const Tensor& contraction);
/// One with an operand that is windows, a copy of which would be as many times as large as a window has elements: where
/// a library call would read that copy, and where several axes are summed over.
bool is_strided_product(const Tensor& contraction);
/// The outputs with every library contraction brought to the order [batch..., rows..., columns...] of its result, and
/// with operands permuted so that each group's axes are neighbours in one order; permutations put back what the users
/// expect. An axis of one operand alone may become a batch, where that saves a copy. Strided products, if the device
/// has those, stay as they are: they read and write axes in any order.
std::vector<Tensor> canonical_contractions(std::span<const Tensor> outputs, bool products_of_views);
/// The node behind permutations, and its axis that each axis of t is; false where axes are new ones.
bool permuted(const Tensor& t, Tensor& base, std::vector<Index>& axes);
/// Operand k of a canonical contraction as it may lie in memory: itself, or with its last two groups exchanged, where
/// it is a permutation of a matrix that has them so, or where a copy has, whose neighbours are then neighbours in what
/// is copied.
Tensor stored_operand(const Tensor& contraction, std::size_t k);
/// Whether stored_operand(k) has its last two groups exchanged.
bool is_transposed(const Tensor& contraction, std::size_t k);

/// The labels of a contraction in their groups, each in the order of the first operand that has it.
struct Groups {
  std::vector<Index> batch, rows, columns, summed;
};
Groups groups(const Tensor& contraction);
Groups groups(const Params&);

/// The call for a canonical contraction of two buffers.
LibraryCall library_call(const Tensor& contraction, int a, int b);

}  // namespace croton::tile
