#include "gradient/flow.h"

#include <algorithm>
#include <stdexcept>

#include "base/dtype.h"
#include "base/error.h"
#include "croton/ops.h"
#include "gradient/ifelse.h"
#include "gradient/loop.h"
#include "graph/walk.h"
#include "ops/extents.h"
#include "ops/ifelse.h"
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

[[noreturn]] void refuse_parameter(const Node& n, const Tensor& x) {
  const bool has_none = n.op->parameters == static_cast<int>(n.inputs.size());
  fail_at<GraphError>(
      n.where,
      "grad: {} has no gradient with respect to {}{}. To leave this one out: disconnected_grad({}), or "
      "{{.consider_constant = {{{}}}}}",
      n.part_of.empty() ? n.op->name : n.part_of, formula(x),
      has_none ? "" : fmt::format("; it has one with respect to its last argument, {}", formula(n.inputs.back())),
      formula(x), formula(x));
}

}  // namespace

Tensor fitted(const Tensor& g, const Tensor& x, Where w) {
  if (g.ndim() != x.ndim())
    throw std::logic_error(fmt::format("the gradient of {} {} has {} axes", describe(x), text(type(x)), g.ndim()));
  const Tensor summed = ops::sum_to(g, x);
  return ops::converted(ops::broadcast_like(summed, x, w), x.dtype(), w);
}

void Seeds::add(const Tensor& result, Tensor gradient, Where w) {
  roots.push_back(apply(ops::permute, {{"axes", ops::counting(result.ndim())}}, {result}, w));
  gradients.emplace(roots.back().node(), std::move(gradient));
}

Flow::Flow(const std::unordered_map<const Node*, Tensor>& seeds, std::span<const Tensor> roots,
           std::span<const Tensor> wanted, std::span<const Tensor> constants)
    : seeds_(seeds) {
  for (const Tensor& c : constants) constants_.insert(c.node());
  const std::vector<Tensor> order = topological(roots);
  mark(order, wanted);
  group_runs(order);
  for (const auto& [n, g] : seeds_) places_[n].reached = true;
  for (auto y = order.rbegin(); y != order.rend(); ++y) visit(*y);
}

/// A node's gradient is needed if it is wanted or leads to one that is.
void Flow::mark(std::span<const Tensor> order, std::span<const Tensor> wanted) {
  places_.reserve(order.size());
  for (const Tensor& x : wanted) places_[x.node()].needed = true;
  for (const Tensor& y : order) {
    Place& place = places_[y.node()];
    if (constants_.contains(y.node()) || (node(y).op != nullptr && cuts(*node(y).op))) continue;
    for (const Tensor& x : node(y).inputs) place.needed |= places_[x.node()].needed;
  }
}

void Flow::group_runs(std::span<const Tensor> order) {
  std::vector<Tensor> results;
  for (const Tensor& t : order)
    if (ops::runs_graphs(t)) results.push_back(t);
  for (std::vector<Tensor>& run : ops::by_run(results)) {
    const Node* const first = run[0].node();
    runs_.emplace(first, std::move(run));
  }
}

void Flow::visit(const Tensor& y) {
  Place& place = places_[y.node()];
  if (ops::runs_graphs(y)) {
    if (place.needed && place.reached) place.total = total(y);
    if (const auto results = runs_.find(y.node()); results != runs_.end()) pull_run(results->second);
    return;
  }
  if (!place.needed || !place.reached) return;
  place.total = total(y);
  place.terms.clear();
  place.pieces.clear();
  const bool through = node(y).kind == NodeKind::apply && !constants_.contains(y.node()) && !cuts(*node(y).op);
  if (!through) return;
  if (!place.total.node() || !node(y).op->pullback)
    reach_inputs(y);
  else if (std::optional<Piece> piece = piece_of(y)) {
    piece->gradient = place.total;
    Place& whole = places_[node(y).inputs[0].node()];
    whole.reached = true;
    if (whole.needed) whole.pieces.push_back(std::move(*piece));
  } else {
    pull(y);
  }
}

Tensor Flow::total(const Tensor& y) {
  if (const auto seed = seeds_.find(y.node()); seed != seeds_.end()) return seed->second;
  join_pieces(y);
  const std::vector<Tensor>& terms = places_[y.node()].terms;
  if (terms.size() < 2) return terms.empty() ? Tensor() : terms[0];
  return ops::add_all(terms, node(y).where);
}

/// The gradients of slices of y as terms: one, or one of each slice.
void Flow::join_pieces(const Tensor& y) {
  const std::vector<Piece> pieces = std::move(places_[y.node()].pieces);
  if (const Tensor all = assembled(pieces, node(y).where); all.node())
    give(all, y, node(y).where);
  else
    for (const Piece& p : pieces) pull(p.slice);
}

void Flow::pull(const Tensor& y) {
  const Node& n = node(y);
  const WhereScope scope(n);
  const std::vector<Tensor> g = n.op->pullback({n.params, n.inputs, y, places_[y.node()].total});
  if (g.size() != n.inputs.size())
    throw std::logic_error(
        fmt::format("the pullback of {} gives {} gradients for {} inputs", n.op->name, g.size(), n.inputs.size()));
  for (std::size_t i = 0; i < g.size(); ++i) {
    const Tensor& x = n.inputs[i];
    if (static_cast<int>(i) < n.op->parameters && places_[x.node()].needed) refuse_parameter(n, x);
    if (!g[i].node() && !is_zero_step(*n.op, x)) continue;
    give(g[i], x, n.where);
  }
}

/// A gradient for x, or none where it is zero.
void Flow::give(const Tensor& g, const Tensor& x, Where w) {
  Place& place = places_[x.node()];
  place.reached = true;
  if (g.node() && place.needed && is_float(x.dtype())) place.terms.push_back(fitted(g, x, w));
}

void Flow::pull_run(const std::vector<Tensor>& results) {
  const Node& n = node(results[0]);
  const WhereScope scope(n);
  const bool is_loop = meaning<Loop>(results[0]) != nullptr;
  std::vector<Tensor> bars(is_loop ? ops::form_of(results[0]).results()
                                   : ops::sides_of(results[0]).then->outputs.size());
  bool reached = false, any = false;
  for (const Tensor& t : results) {
    const Place& place = places_[t.node()];
    if (!place.needed || !place.reached || constants_.contains(t.node())) continue;
    reached = true;
    if (!place.total.node()) continue;
    Tensor& bar = bars[ops::result_of(t)];
    bar = bar.node() ? ops::add_all(std::vector{bar, place.total}, n.where) : place.total;
    any = true;
  }
  if (!any) return reached ? reach_inputs(results[0]) : void();
  std::vector<bool> needed;
  for (const Tensor& x : n.inputs) needed.push_back(places_[x.node()].needed && is_float(x.dtype()));
  const InputGradients g = (is_loop ? loop_gradients : ifelse_gradients)(results[0], bars, needed);
  for (std::size_t i = 0; i < n.inputs.size(); ++i)
    if (g.reached[i]) give(g.of[i], n.inputs[i], n.where);
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
