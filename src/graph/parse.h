// The graph's notation, as print_graph writes it, back into a graph: for tests and for looking at a dump again.
#pragma once
#include "graph/walk.h"

namespace croton {

/// The outputs of a graph written as print_graph writes it. `op` finds an op by name (null: unknown). Shared leaves get
/// a SharedValue of the id written; constants that print_graph cut short cannot be read. Throws GraphError naming the
/// line and what is wrong there: a bad number, an unknown op, a type that is not what the op's rule gives.
std::vector<Tensor> parse_graph(std::string_view text, const std::function<const Op*(std::string_view)>& op);

}  // namespace croton
