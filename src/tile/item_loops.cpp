// The items of loops that are one phase.
#include <algorithm>

#include "croton/ops.h"
#include "ops/extents.h"
#include "tile/items.h"

namespace croton::tile {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

}  // namespace

// Elements go along several axes as one run of memory.
Operand Items::loop_operand(const ItemLoop& loop, std::size_t input) {
  const Recurrence& r = loop.recurrence;
  const Recurrence::Input& in = r.inputs[input];
  const bool rows = r.is_row(input);
  if (node(in.outer).kind == NodeKind::constant && !views_.contains(in.outer.node())) {  // of the step
    add_leaf(in.outer);
    last_item_is(in.outer);
  }
  std::vector<int> labels(rows ? 1 : 0, loop.steps);
  for (const int a : in.axes) labels.push_back(a < 0 ? -1 : loop.elements[at(a)]);
  Operand o = operand(in.outer, labels);
  const auto of_elements = [&](int l) { return l >= 0 && l != loop.steps; };
  if (loop.elements.size() < 2 || std::none_of(o.labels.begin(), o.labels.end(), of_elements)) return o;
  // the steps, then the elements' axes in their order; 1 where it has none
  const auto in_order = [&](const Recurrence::Input& x, bool of_rows) {
    std::vector<Index> axes(loop.elements.size(), -1);
    for (std::size_t d = 0; d < x.axes.size(); ++d)
      if (x.axes[d] >= 0) axes[at(x.axes[d])] = static_cast<Index>(d + (of_rows ? 1 : 0));
    if (of_rows) axes.insert(axes.begin(), 0);
    return ops::permuted(x.outer, std::move(axes), node(x.outer).where);
  };
  Tensor all = in_order(in, rows);
  if (const Recurrence::Input& state = r.inputs[r.elements_of]; !rows)
    all = ops::broadcast_like(all, in_order(state, r.is_row(r.elements_of)), node(in.outer).where);
  seen_.push_back(all);
  labels = loop.elements;
  if (rows) labels.insert(labels.begin(), loop.steps);
  return {.item = whole(all, true).item, .labels = std::move(labels)};
}

// All that the steps read, for each result.
void Items::begin_loop(ItemLoop& loop) {
  const Recurrence& r = loop.recurrence;
  const Recurrence::Input& whole = r.inputs[r.elements_of];
  for (std::size_t d = 0; d < whole.axes.size(); ++d)
    if (whole.axes[d] >= 0)
      loop.elements.push_back(new_label(whole.outer, static_cast<int>(d) + (r.is_row(r.elements_of) ? 1 : 0)));
  std::optional<Tensor> rows;
  for (std::size_t k = 0; k < r.inputs.size() && !rows; ++k)
    if (r.is_row(k)) rows = r.inputs[k].outer;
  for (std::size_t k = 0; k < r.results.size() && !rows; ++k)
    if (!r.form.is_last(ops::result_of(r.results[k]))) rows = r.results[k];
  const Node& n = node(r.results[0]);
  loop.steps = new_label(rows ? *rows : arange(n.inputs[0], n.where), 0);
  for (std::size_t k = 0; k < r.inputs.size(); ++k) loop.operands.push_back(loop_operand(loop, k));
}

void Items::add_loop_result(const Tensor& t, int number) {
  ItemLoop& loop = loops[at(number)];
  if (loop.steps < 0) begin_loop(loop);
  const LoopResult of = loop.recurrence.result(t);
  Item item{.kind = Item::Kind::recurrence, .node = t, .operands = loop.operands, .labels = {}, .reduced = {}};
  (of.is_last ? item.reduced : item.labels).push_back(loop.steps);  // no axis of its elements, even if as long
  std::size_t next = 0;
  for (int d = of.is_last ? 0 : 1; d < t.ndim(); ++d)
    item.labels.push_back(type(t).broadcasts(d) ? -1 : loop.elements[next++]);
  item.loop = number;
  loop.items.push_back(push(std::move(item)));
}

}  // namespace croton::tile
