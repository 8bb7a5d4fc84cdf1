// Parts of what was written: read from what was written there, or from what lay there before; and writes of which
// nothing is left. Exact.
#include <algorithm>

#include "ops/extents.h"
#include "ops/parts.h"
#include "ops/registry.h"
#include "ops/slicing.h"
#include "rewrite/rules/rules.h"

namespace croton::rewrite {
namespace {

using ops::Part;

/// Adds to `within` what `read` says of the elements that `written` selects. False where it reads others too, or
/// nobody knows.
bool add_within(ops::SliceList& within, const Part& read, const Part& written) {
  const auto add = [&](Index start, Index stop, Index step) {
    within.start.push_back(start), within.stop.push_back(stop), within.step.push_back(step);
    return true;
  };
  if (written.is_whole()) return add(read.start, read.stop, read.step);
  const Part r = read.counted(), w = written.counted();
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

/// What the write puts in place of a part, or adds to it, of the extents that the part has: others are an error of the
/// write.
Tensor value_of(const Tensor& made) {
  const Node& n = node(made);
  const WhereScope place(n, true);
  return ops::checked_value(n.inputs[1], ops::part_written(made, n.inputs[0]), n.where);
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
    if (const Part written = ops::part_along(made, axis); written.is_index() && written.extent < 0) return {};
  ops::SliceList within;
  bool all_within = true;
  for (std::size_t axis = 0; axis < axes; ++axis) {
    const Part read = ops::part_along(t, axis), written = ops::part_along(made, axis);
    if (!read.is_known() || !written.is_known()) {
      all_within = false;
      continue;
    }
    if (are_apart(read, written)) return slice_of(x);
    all_within = all_within && add_within(within, read, written);
  }
  if (!all_within) return {};
  const Tensor value = value_of(made);
  const Tensor of_v = within.is_whole() ? value : apply(ops::slice, within.params(), {value}, node(t).where);
  if (!broadcasts_alike(of_v, t)) return {};
  return node(made).params.flag("set") ? of_v : apply(ops::add, {}, {slice_of(x), of_v}, node(t).where);
}

/// Whether every element of `inner` is one of `outer`, two writes into tensors of one shape.
bool lies_within(const Tensor& inner, const Tensor& outer) {
  ops::SliceList within;
  for (std::size_t axis = 0; axis < type(outer).shape.size(); ++axis) {
    const Part a = ops::part_along(inner, axis), b = ops::part_along(outer, axis);
    if (!a.is_known() || !b.is_known() || !add_within(within, a, b)) return false;
  }
  return true;
}

/// write(write(x, v, part), w, all of that part): nothing is left of v.
Tensor write_over_write(const Tensor& t, const NodeSet& keep) {
  const Tensor& made = node(t).inputs[0];
  if (!is_op(made, ops::write) || keep.contains(made.node()) || !node(t).params.flag("set")) return {};
  if (!lies_within(made, t)) return {};
  std::vector<Tensor> inputs = node(t).inputs;
  inputs[0] = node(made).inputs[0];
  return apply(ops::write, node(t).params, std::move(inputs), node(t).where);
}

/// write(x, v, everything): v.
Tensor write_of_everything(const Tensor& t, const NodeSet&) {
  if (!node(t).params.flag("set")) return {};
  for (std::size_t axis = 0; axis < type(t).shape.size(); ++axis)
    if (!ops::part_along(t, axis).is_whole()) return {};
  const Tensor v = value_of(t);
  return type(v) == type(t) ? v : Tensor();
}

}  // namespace

RuleBook writing_rules() {
  RuleBook b;
  b += rule("slice_of_write", ops::slice, slice_of_write);
  b += rule("write_over_write", ops::write, write_over_write);
  b += rule("write_of_everything", ops::write, write_of_everything);
  return b;
}

}  // namespace croton::rewrite
