// Small words that the graph's texts share: how an op is spelled in formulas, how a number is written.
#pragma once
#include <string>
#include <string_view>

#include "graph/node.h"

namespace croton {

/// "+" for add; "" for an op that is written as a call.
std::string_view infix(std::string_view op);
/// The word between op and user: "dot" for contract; the op's own name for most.
std::string_view spelling(std::string_view op);
/// Element `i` so that reading it back gives the same bits: 2.5, 0x7fc00001 for an unusual NaN, True.
std::string number_text(const Array&, Index i);
/// "vector", "matrix", ..., by rank.
std::string_view rank_word(int rank);

}  // namespace croton
