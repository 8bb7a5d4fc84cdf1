// One graph for many values of a leaf at once: takes a graph and a leaf, gives the graph with a leading axis more.
#pragma once
#include "graph/op.h"

namespace croton::gradient {

/// y for each row of `rows` in place of the leaf x: the results along a new first axis. `rows` has x's dtype and one
/// axis more, in front. Also where y does not depend on x. Throws GraphError, beginning with `verb`, naming the op for
/// which there is no way to do many at once: operations of the user's own, and what decides by x: indices,
/// lengths, conditions, sorting.
Tensor batched(const Tensor& y, const Tensor& x, const Tensor& rows, std::string_view verb, Where);

}  // namespace croton::gradient
