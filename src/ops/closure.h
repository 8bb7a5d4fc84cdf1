// A graph cut free from the graph around it: takes outputs and the inputs that they are a function of, and makes
// everything else that they use an input too.
#pragma once
#include "graph/op.h"
#include "graph/subgraph.h"
#include "graph/walk.h"

namespace croton::ops {

struct Closure {
  /// The given inputs, then one for each of `captured`.
  Subgraph graph;
  /// What the graph uses from outside: as large parts as there are that do not depend on the inputs. What follows from
  /// constants alone, and extents of leaves, stay in the graph.
  std::vector<Tensor> captured;
};
Closure closed(const std::vector<Tensor>& outputs, const std::vector<Tensor>& inputs);
/// The same where what the graph holds is said, instead of following from inputs: these nodes; what they use is
/// captured.
Closure closed(const std::vector<Tensor>& outputs, NodeSet inside);

}  // namespace croton::ops
