// The reference evaluator: runs each op's own meaning over a graph, on the host, one node at a time, compiling nothing.
// Every node is computed in the next wider type and rounded to its own, so that its result is the yardstick for
// everything else.
#pragma once
#include <unordered_map>

#include "graph/walk.h"
#include "ops/host.h"

namespace croton::ops {

using Values = std::unordered_map<const Node*, Array>;

/// The values of `outputs`, given those of the input and shared leaves they need (constants are known). A leaf without
/// a value is a GraphError. Shapes that do not fit are a ShapeError naming both nodes, an index out of range an
/// IndexError.
std::vector<Array> evaluate(std::span<const Tensor> outputs, const Values& leaves);

/// A value with a bound on how far an implementation within the published bounds may lie from it, element by element
/// (first order: rounding of each op, conditioning of what follows). `doubtful` marks elements that a comparison, floor
/// or sign decided within that bound: sweeps skip and count them.
struct Bounded {
  Array value;     // the node's dtype
  Array bound;     // float64, same shape; 0 where the result must be exact
  Array doubtful;  // bool, same shape
};
std::vector<Bounded> evaluate_bounded(std::span<const Tensor> outputs, const Values& leaves);

/// One node on given arguments: what evaluate() does at each step, and what a host call in a plan does.
Array evaluate_node(const Tensor& node, std::span<const Array> arguments, const Host& = {});

/// What an index out of range means that only tells which rows of values are refused: an Error, where the gather has
/// the params refused (what values have to be) and of (whose they are). `row`: "1, 2", or "" for all of them.
void refuse_values(const Node& gather, std::string_view row);

/// Whether a node is its argument 0 with some elements changed: a write, a scatter.
bool changes_argument(const Tensor& node);
/// One node's result in `out`, row-major memory of its true shape that no argument lies in. Only a node that changes
/// its argument 0 may find that there: then no more is written than what changes, and an IndexError comes before it.
void evaluate_into(const Tensor& node, std::span<const Array> arguments, std::byte* out, const Host& = {});

}  // namespace croton::ops
