// What a graph's results are for.
#pragma once
#include "graph/node.h"

namespace croton::runtime {

/// New value of a shared leaf: result number `result` of the graph.
struct UpdateTarget {
  Tensor shared;
  std::size_t result = 0;
};

}  // namespace croton::runtime
