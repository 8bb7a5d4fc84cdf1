// The op behind ifelse: two graphs over the same values, one of which is run.
#pragma once
#include "ops/nested.h"

namespace croton::ops {

extern const Op ifelse;

/// The two sides. Inputs of the node: the condition (a bool scalar), then what the sides capture, which are the inputs
/// of both. They have as many outputs, of the same dtypes and ranks, which are the results.
struct Sides {
  SubgraphHandle then, otherwise;
  const Subgraph& side(bool condition) const { return condition ? *then : *otherwise; }
};
Sides sides_of(const Params&);
inline Sides sides_of(const Tensor& result) { return sides_of(node(result).params); }
Tensor ifelse_result(const Sides&, std::size_t result, std::vector<Tensor> inputs, Where);

}  // namespace croton::ops
