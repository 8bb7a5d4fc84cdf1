// One graph for many values of some leaves at once: takes a graph and those leaves, gives the graph with a leading axis
// more.
#pragma once
#include "graph/walk.h"

namespace croton::rewrite {

/// A leaf, and many values of it along a leading axis: its dtype, and one axis more, in front.
struct Many {
  Tensor leaf, rows;
};
/// The outputs for each row of what is given, all with as many rows: the results along a new first axis, also where an
/// output does not depend on it. Throws GraphError, beginning with `verb`, naming the op for which there is no way to
/// do many at once: operations of the user's own, and what decides by the leaves: indices, lengths, conditions,
/// sorting.
std::vector<Tensor> batched(std::span<const Tensor> outputs, const std::vector<Many>& given, std::string_view verb,
                            Where);

}  // namespace croton::rewrite
