// Walking a graph: always iterative (chains of a million nodes are normal), always in order of node id.
#pragma once
#include <functional>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "graph/op.h"

namespace croton {

/// Every node that `outputs` depend on, themselves included, inputs before users, ordered by id.
std::vector<Tensor> topological(std::span<const Tensor> outputs);
/// The leaves of a kind among them, by id.
std::vector<Tensor> leaves(std::span<const Tensor> outputs, NodeKind kind);
/// For each node of `nodes` (as topological() gives them): the nodes that use it, by id.
std::unordered_map<const Node*, std::vector<const Node*>> users(std::span<const Tensor> nodes);

using NodeSet = std::unordered_set<const Node*>;
using Replacements = std::unordered_map<const Node*, Tensor>;
/// The outputs with nodes replaced (givens, rewrites): every node downstream of a replacement is made again by its type
/// rule, with its own place and name; the others stay as they are. Replacements are not themselves rebuilt.
std::vector<Tensor> rebuild(std::span<const Tensor> outputs, const Replacements&);
/// The same node on other inputs (its type rule runs again); the node itself if they are the same handles.
Tensor with_inputs(const Tensor& t, std::vector<Tensor> inputs);

/// Equal nodes (op, params, inputs; constants by bits; shared by id) become one. Keeps the first by id.
std::vector<Tensor> merge(std::span<const Tensor> outputs);

/// The integers that a node holds, if they follow from the graph alone: constants, static extents, and arithmetic on
/// them.
std::optional<std::vector<Index>> static_integers(const Tensor&);

/// Checks what every graph must satisfy (types agree with rules, arities, no empty handle); throws std::logic_error
/// naming the pass.
void check_graph(std::span<const Tensor> outputs, std::string_view after);

/// The graph as text that parse_graph reads back: one node a line, "%3 = add(%1, %2) : float32[?, 4]  # name, place".
std::string print_graph(std::span<const Tensor> outputs, bool with_places = true);

/// How errors call a node: its name, or the op that made it with its place: "W1 (shared, moons.cpp:17)", "mul at
/// newton.cpp:8".
std::string describe(const Tensor&);
/// Its name if it has one, else a short formula such as "tanh(dot(X, W1) + b1)", cut at `limit` characters.
std::string formula(const Tensor&, std::size_t limit = 60);

}  // namespace croton
