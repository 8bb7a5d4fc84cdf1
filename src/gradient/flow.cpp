#include "gradient/flow.h"

#include <stdexcept>

#include "base/dtype.h"
#include "base/error.h"
#include "croton/ops.h"
#include "graph/walk.h"
#include "ops/extents.h"
#include "ops/pointwise.h"

namespace croton::gradient {
namespace {

/// Ops whose result does not depend on the values of their inputs: no cost reaches through them.
bool cuts(const Op& op) {
  return op.pullback == nullptr &&
         (meaning<ShapeOf>(op) || meaning<Iota>(op) || meaning<HostCall>(op) || meaning<View>(op));
}

/// A condition, or what is converted from integers: the result depends on it, with a gradient of zero. (Indices and
/// shapes: not at all.)
bool is_zero_step(const Op& op, const Tensor& x) { return x.dtype() == boolean || meaning<Convert>(op); }

}  // namespace

Tensor fitted(const Tensor& g, const Tensor& x, Where w) {
  if (g.ndim() != x.ndim())
    throw std::logic_error(fmt::format("the gradient of {} {} has {} axes", describe(x), text(type(x)), g.ndim()));
  const Tensor summed = ops::sum_to(g, x);
  return ops::converted(ops::broadcast_like(summed, x, w), x.dtype(), w);
}

Flow::Flow(const std::unordered_map<const Node*, Tensor>& seeds, std::span<const Tensor> roots,
           std::span<const Tensor> wanted, std::span<const Tensor> constants)
    : seeds_(seeds) {
  for (const Tensor& c : constants) constants_.insert(c.node());
  const std::vector<Tensor> order = topological(roots);
  mark(order, wanted);
  for (const auto& [n, g] : seeds_) places_[n].reached = true;
  for (auto y = order.rbegin(); y != order.rend(); ++y) visit(*y);
}

/// A node's gradient is needed if it is wanted or leads to one that is.
void Flow::mark(std::span<const Tensor> order, std::span<const Tensor> wanted) {
  places_.reserve(order.size());
  for (const Tensor& x : wanted) places_[x.node()].needed = true;
  for (const Tensor& y : order) {
    Place& place = places_[y.node()];
    if (constants_.contains(y.node())) continue;
    for (const Tensor& x : node(y).inputs) place.needed |= places_[x.node()].needed;
  }
}

void Flow::visit(const Tensor& y) {
  Place& place = places_[y.node()];
  if (!place.needed || !place.reached) return;
  place.total = total(y);
  place.terms.clear();
  const bool through = node(y).kind == NodeKind::apply && !constants_.contains(y.node()) && !cuts(*node(y).op);
  if (!through) return;
  if (place.total.node() && node(y).op->pullback)
    pull(y);
  else
    reach_inputs(y);
}

Tensor Flow::total(const Tensor& y) {
  if (const auto seed = seeds_.find(y.node()); seed != seeds_.end()) return seed->second;
  const std::vector<Tensor>& terms = places_[y.node()].terms;
  if (terms.size() < 2) return terms.empty() ? Tensor() : terms[0];
  return ops::add_all(terms, node(y).where);
}

void Flow::pull(const Tensor& y) {
  const Node& n = node(y);
  const WhereScope scope(n.where);
  const std::vector<Tensor> g = n.op->pullback({n.params, n.inputs, y, places_[y.node()].total});
  if (g.size() != n.inputs.size())
    throw std::logic_error(
        fmt::format("the pullback of {} gives {} gradients for {} inputs", n.op->name, g.size(), n.inputs.size()));
  for (std::size_t i = 0; i < g.size(); ++i) {
    const Tensor& x = n.inputs[i];
    if (!g[i].node() && !is_zero_step(*n.op, x)) continue;
    Place& place = places_[x.node()];
    place.reached = true;
    if (g[i].node() && place.needed && is_float(x.dtype())) place.terms.push_back(fitted(g[i], x, n.where));
  }
}

/// A gradient of zero: the cost depends on the inputs all the same.
void Flow::reach_inputs(const Tensor& y) {
  for (const Tensor& x : node(y).inputs) places_[x.node()].reached = true;
}

bool Flow::reaches(const Tensor& x) const {
  const auto at = places_.find(x.node());
  return at != places_.end() && at->second.reached;
}

Tensor Flow::of(const Tensor& x) const {
  const auto at = places_.find(x.node());
  return at == places_.end() ? Tensor() : at->second.total;
}

}  // namespace croton::gradient
