// The passes that are not rules.
#pragma once
#include <functional>

#include "graph/walk.h"

namespace croton::rewrite {

/// Nodes whose inputs are constants become constants, by the reference evaluator; so do extents that are certain: an
/// input's or a constant's, and 1. An extent of a shared variable is a hint, and so is all that follows from it.
std::vector<Tensor> fold(std::span<const Tensor> outputs);

/// Composites (Expansion) become primitives: each is expanded on its own inputs, so that categorical_crossentropy still
/// sees the softmax that it is given.
std::vector<Tensor> expand(std::span<const Tensor> outputs);

/// Products in the steps of loops that need not wait for a step: those of rows alone become one product before the
/// loop, those for ys alone one after it, and those that an earlier loop makes of the same rows are taken from there.
/// Only where a loop does not keep much more of all its rows. Of primitives.
std::vector<Tensor> push_out(std::span<const Tensor> outputs);

using GraphRewrite = std::function<std::vector<Tensor>(std::span<const Tensor>)>;
/// The graphs inside nodes (steps of loops, sides of conditions), rewritten; nodes of one run keep the same ones.
std::vector<Tensor> with_inner_graphs(std::span<const Tensor> outputs, const GraphRewrite& rewritten);

}  // namespace croton::rewrite
