#include "gradient/pieces.h"

#include <algorithm>

#include "croton/ops.h"
#include "graph/codes.h"
#include "ops/extents.h"
#include "ops/registry.h"

namespace croton::gradient {
namespace {

bool is_known(Index bound) { return bound == absent_bound || bound >= 0; }

/// x from `start` to before `stop` along an axis.
Tensor part(const Tensor& x, int axis, Index start, Index stop, Where w) {
  std::vector<Index> from(static_cast<std::size_t>(x.ndim()), absent_bound), to = from, step(from.size(), 1);
  from[static_cast<std::size_t>(axis)] = start;
  to[static_cast<std::size_t>(axis)] = stop;
  return apply(ops::slice, {{"start", std::move(from)}, {"stop", std::move(to)}, {"step", std::move(step)}}, {x}, w);
}

/// Those of equal slices together; all are of one axis.
std::vector<Piece> by_place(std::vector<Piece> pieces, Where w) {
  std::stable_sort(pieces.begin(), pieces.end(), [](const Piece& a, const Piece& b) { return a.start < b.start; });
  std::vector<Piece> r;
  for (Piece& p : pieces)
    if (!r.empty() && p.start == r.back().start && p.stop == r.back().stop)
      r.back().gradient = ops::add_all(std::vector{r.back().gradient, p.gradient}, w);
    else
      r.push_back(std::move(p));
  return r;
}

}  // namespace

std::optional<Piece> piece_of(const Tensor& slice) {
  if (!is_op(slice, ops::slice)) return {};
  const Params& p = node(slice).params;
  const auto &start = p.list("start"), &stop = p.list("stop"), &step = p.list("step");
  std::optional<Piece> piece;
  for (std::size_t d = 0; d < step.size(); ++d) {
    if (step[d] != 1 || !is_known(start[d]) || !is_known(stop[d])) return {};
    if (start[d] == absent_bound && stop[d] == absent_bound) continue;
    if (piece) return {};
    piece = Piece{slice, {}, static_cast<int>(d), start[d] == absent_bound ? 0 : start[d], stop[d]};
  }
  return piece;
}

Tensor assembled(std::vector<Piece> pieces, Where w) {
  if (pieces.size() < 2) return {};
  const int axis = pieces[0].axis;
  if (std::any_of(pieces.begin(), pieces.end(), [&](const Piece& p) { return p.axis != axis; })) return {};
  pieces = by_place(std::move(pieces), w);
  const Tensor x = node(pieces[0].slice).inputs[0];
  std::vector<Tensor> parts;
  Index at = 0;
  for (const Piece& p : pieces) {
    if (at == absent_bound || p.start < at || (p.stop != absent_bound && p.stop < p.start)) return {};
    if (p.start > at) parts.push_back(ops::zeros_of(part(x, axis, at, p.start, w), w));
    parts.push_back(p.gradient);
    at = p.stop;
  }
  if (at != absent_bound) parts.push_back(ops::zeros_of(part(x, axis, at, absent_bound, w), w));
  return parts.size() < 2 ? Tensor() : concatenate(parts, axis, w);
}

}  // namespace croton::gradient
