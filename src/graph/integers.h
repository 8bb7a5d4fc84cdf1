// Integers that follow from the graph alone (extents, bounds, axes), found once when a node is made.
#pragma once
#include <memory>

#include "graph/op.h"

namespace croton {

using Integers = std::unique_ptr<const std::vector<Index>>;

/// Of an integer scalar or a short integer vector; null for others.
Integers integers_of(const Array&);
/// Of a node whose op, inputs and type are set: constants' arithmetic, static extents, views and joins of them.
Integers integers_of(const Node&);

}  // namespace croton
