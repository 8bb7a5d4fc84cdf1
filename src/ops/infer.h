// True shapes: what the type rules say once the shapes of leaves are known, and the integers that some of them hold.
#pragma once
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/dtype.h"
#include "graph/op.h"

namespace croton::ops {

using TrueShapes = std::unordered_map<const Node*, Shape>;
/// Of nodes that were looked at; nothing where they are not known.
using KnownIntegers = std::unordered_map<const Node*, std::optional<std::vector<Index>>>;

/// Whether a node may hold extents or bounds.
inline bool holds_integers(const Tensor& t) { return is_int(t.dtype()) && t.ndim() <= 1; }

/// The true shape of a node, from those of its inputs and the integers that some of them hold.
Shape true_shape(const Tensor&, std::span<const Shape> shapes,
                 std::span<const std::optional<std::vector<Index>>> values);

/// What a type rule sees of a node's inputs.
struct TrueInputs {
  std::vector<Shape> shapes;
  std::vector<std::optional<std::vector<Index>>> values;
  TrueInputs(const Node&, const TrueShapes&, const KnownIntegers&);
};

/// The integers of a node, where those of its inputs are known.
std::optional<std::vector<Index>> true_integers(const Tensor&, const TrueShapes&, const KnownIntegers&);

/// Adds one node, whose inputs are there, and its integers where they follow and are `wanted`. An extent is -1 where it
/// depends on data. Throws what its type rule throws.
void infer(const Tensor&, TrueShapes&, KnownIntegers&, bool wanted);

/// Throws what the type rules of a graph throw for such leaves.
void check_shapes(std::span<const Tensor> results, TrueShapes leaves, KnownIntegers of_leaves);

}  // namespace croton::ops
