// Nodes that run graphs of their own: the step of a loop, the two sides of a condition. A node is one result of a run;
// the nodes of one run have the same inputs and graphs, and whoever runs them runs them once.
#pragma once
#include "graph/op.h"
#include "graph/subgraph.h"

namespace croton::ops {

inline bool runs_graphs(const Tensor& t) { return meaning<Loop>(t) || meaning<IfElse>(t); }
/// Which result of its run a node is.
std::size_t result_of(const Tensor&);
/// Whether two nodes are results of one run.
bool same_run(const Tensor& a, const Tensor& b);
/// Nodes in groups: results of one run stand together, any other node alone; in the order of their first ones.
std::vector<std::vector<Tensor>> by_run(std::span<const Tensor> nodes);
/// The graph on inputs of such types, made anew where they are others than its own.
SubgraphHandle with_types(const SubgraphHandle&, std::span<const Type>);
/// GraphError, beginning with the verb, if one of these nodes is computed inside a node that the roots depend on, so
/// that nothing done to it reaches them.
void refuse_hidden(std::string_view verb, std::span<const Tensor> these, std::span<const Tensor> roots, Where);
/// The value of a condition, a bool scalar.
bool holds(const Array& condition);
/// A draw from a stream, or an initial value: a loop makes it for all rows before it begins.
bool is_draw(const Tensor&);

}  // namespace croton::ops
