// Parts of what was written: read from what was written there, or from what lay there before. Exact.
#include <algorithm>

#include "ops/registry.h"
#include "ops/slicing.h"
#include "rewrite/rules/rules.h"

namespace croton::rewrite {
namespace {

/// What a slice or a write says of one axis of `extent` elements (-1: not known): a number in place of a bound that is
/// not given, too.
struct Part {
  Index start, stop, step, extent;

  bool is_whole() const { return start == absent_bound && stop == absent_bound && step == 1; }
  bool is_index() const { return step == 0; }
  /// No bound is held by an input, and it goes forwards.
  bool is_known() const {
    return !holder_of_bound(start) && !holder_of_bound(stop) && !holder_of_bound(step) && step >= 0;
  }
};
Part part(const Tensor& t, std::size_t axis) {
  const Params& p = node(t).params;
  return {p.list("start")[axis], p.list("stop")[axis], p.list("step")[axis], type(node(t).inputs[0]).shape[axis]};
}

/// The same with numbers counted from the first element, where the extent is known.
Part counted(Part p) {
  if (p.extent < 0) return p;
  const auto from_first = [&](Index n) { return std::clamp(n < 0 ? n + p.extent : n, Index{0}, p.extent); };
  p.start = p.start == absent_bound ? 0 : from_first(p.start);
  if (!p.is_index()) p.stop = p.stop == absent_bound ? p.extent : std::max(p.start, from_first(p.stop));
  return p;
}

/// Whether they have no element in common, for all that is known.
bool are_apart(const Part& a, const Part& b) {
  const auto ends_before = [](const Part& first, const Part& then) {
    const bool begins_within = then.start != absent_bound && then.start >= 0;
    if (first.is_index() && first.start >= 0) return begins_within && first.start < then.start;
    if (first.stop != absent_bound && first.stop >= 0) return begins_within && first.stop <= then.start;
    // [:-1] and -1
    return !first.is_index() && first.stop != absent_bound && then.is_index() && then.start < 0 &&
           first.stop <= then.start;
  };
  const auto is_empty = [](const Part& p) { return !p.is_index() && p.extent >= 0 && p.start == p.stop; };
  return is_empty(a) || is_empty(b) || ends_before(a, b) || ends_before(b, a);
}

/// Adds to `within` what `read` says of the elements that `written` selects. False where it reads others too, or
/// nobody knows.
bool add_within(ops::SliceList& within, const Part& read, const Part& written) {
  const auto add = [&](Index start, Index stop, Index step) {
    within.start.push_back(start), within.stop.push_back(stop), within.step.push_back(step);
    return true;
  };
  if (written.is_whole()) return add(read.start, read.stop, read.step);
  const Part r = counted(read), w = counted(written);
  if (w.is_index()) return r.is_index() && r.start >= 0 && r.start == w.start;  // an axis that neither keeps
  const Index from = w.start == absent_bound ? 0 : w.start, first = r.start == absent_bound ? 0 : r.start;
  if (w.step != 1 || from < 0 || first < from) return false;
  const bool to_the_end = w.stop == absent_bound || (w.extent >= 0 && w.stop == w.extent);
  if (r.is_index()) {
    const bool is_within = to_the_end || (w.stop >= 0 && w.extent >= 0 && first < w.stop);
    return is_within && add(first - from, absent_bound, 0);
  }
  if (r.step == 1 && first == from && r.stop == w.stop) return add(absent_bound, absent_bound, 1);
  if (w.extent >= 0) return r.stop <= w.stop && add(first - from, r.stop - from, r.step);
  if (r.stop == absent_bound) return w.stop == absent_bound && add(first - from, absent_bound, r.step);
  if (r.stop >= 0) return w.stop == absent_bound && r.stop >= from && add(first - from, r.stop - from, r.step);
  if (w.stop == absent_bound) return add(first - from, r.stop, r.step);
  if (w.stop >= 0 || r.stop > w.stop) return false;
  return add(first - from, r.stop == w.stop ? absent_bound : r.stop - w.stop, r.step);
}

/// Whether what uses t may use r: an extent of 1 in the type broadcasts, and another one does not.
bool broadcasts_alike(const Tensor& r, const Tensor& t) {
  const Shape &a = type(r).shape, &b = type(t).shape;
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](Index known, Index asked) { return known == asked || (asked == any_extent && known != 1); });
}

/// write(x, v, part)[other part]: x's, where they are apart; v's, where all that is read was written.
Tensor slice_of_write(const Tensor& t, const NodeSet& keep) {
  const Tensor& made = node(t).inputs[0];
  if (!is_op(made, ops::write) || keep.contains(made.node())) return {};
  const Tensor &x = node(made).inputs[0], &v = node(made).inputs[1];
  if (v.dtype() != x.dtype()) return {};
  const auto slice_of = [&](const Tensor& whole) {
    std::vector<Tensor> inputs = node(t).inputs;
    inputs[0] = whole;
    return apply(ops::slice, node(t).params, std::move(inputs), node(t).where);
  };
  const std::size_t axes = type(x).shape.size();
  for (std::size_t axis = 0; axis < axes; ++axis)  // an index that is out of range is an error of the write
    if (const Part written = part(made, axis); written.is_index() && written.extent < 0) return {};
  ops::SliceList within;
  bool all_within = true;
  for (std::size_t axis = 0; axis < axes; ++axis) {
    const Part read = part(t, axis), written = part(made, axis);
    if (!read.is_known() || !written.is_known()) {
      all_within = false;
      continue;
    }
    if (are_apart(counted(read), counted(written))) return slice_of(x);
    all_within = all_within && add_within(within, read, written);
  }
  if (!all_within) return {};
  const Tensor of_v = within.is_whole() ? v : apply(ops::slice, within.params(), {v}, node(t).where);
  if (!broadcasts_alike(of_v, t)) return {};
  return node(made).params.flag("set") ? of_v : apply(ops::add, {}, {slice_of(x), of_v}, node(t).where);
}

}  // namespace

RuleBook writing_rules() {
  RuleBook b;
  b += rule("slice_of_write", ops::slice, slice_of_write);
  return b;
}

}  // namespace croton::rewrite
