// True shapes of a call: what it brings, and what follows for every node of a program.
#pragma once
#include <vector>

#include "ops/infer.h"
#include "tile/program.h"

namespace croton::runtime {

/// What a call brings: true shapes of the leaves, and the integers that shapes depend on.
using Shapes = ops::TrueShapes;
using Integers = ops::KnownIntegers;

/// Every node that a program mentions, operands before users.
std::vector<Tensor> mentioned(const tile::Program&);
/// Nodes whose integers somebody's shape depends on, or where a view lies, operands before users.
std::vector<Tensor> shape_deciding(const tile::Program&);
/// The leaves among them: slice bounds, counts of arange, new extents.
std::vector<Tensor> shape_deciding_leaves(const tile::Program&);

/// True shapes of every node a program mentions, from those of its leaves. Throws what the type rules throw.
Shapes infer(const tile::Program&, const Shapes& leaves, Integers& integers);
inline Index extent(const tile::Axis& a, const Shapes& shapes) {
  return tile::extent_by_shape(a, shapes.at(a.witness.node()));
}

}  // namespace croton::runtime
