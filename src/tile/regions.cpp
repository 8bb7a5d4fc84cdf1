#include "tile/regions.h"

#include <algorithm>
#include <unordered_map>

#include "croton/ops.h"
#include "graph/codes.h"
#include "ops/infer.h"
#include "ops/parts.h"
#include "ops/pointwise.h"
#include "ops/registry.h"
#include "tile/program.h"
#include "tile/replace.h"
#include "tile/scatter.h"

namespace croton::tile {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

bool is_half(DType d) { return d == float16 || d == bfloat16; }

// Behind permutations and broadcasts, which are read where they are used.
Tensor behind_views(Tensor t) {
  while (is_op(t, ops::permute) || is_op(t, ops::broadcast)) t = Tensor(node(t).inputs[0]);
  return t;
}

// Written over a variable's copy, perhaps after others.
bool goes_into_variable(Tensor whole) {
  while (is_written_over(whole)) whole = Tensor(node(whole).inputs[0]);
  return is_copy_of_variable(whole);
}

// A write into `whole`, whose bounds a plan knows.
Tensor region_written(const Tensor& write, const std::vector<Tensor>& inputs, const Tensor& whole) {
  const Node& n = node(write);
  Tensor v = inputs[1];
  if (!n.params.flag("set")) v = sum_of(ops::part_written(write, whole), v, n.where);
  std::vector<Tensor> all{whole, v};  // bounds are those that the plan knows
  all.insert(all.end(), n.inputs.begin() + ops::first_bound, n.inputs.end());
  Params p = n.params;
  p.set("set", true);
  return apply(ops::write, std::move(p), std::move(all), n.where);
}

// Scatters, and writes of one row: the axis along which rows are named.
using RowWrites = std::unordered_map<const Node*, int>;
RowWrites row_writes(std::span<const Tensor> nodes) {
  const std::unordered_set<const Node*> fixed = known_integers(nodes, false);
  RowWrites r;
  for (const Tensor& t : nodes) {
    const int axis = is_op(t, ops::scatter) ? 0 : meaning<Write>(t) ? written_axis(t, fixed) : -1;
    if (axis >= 0) r.emplace(t.node(), axis);
  }
  return r;
}

// The integers made by such writes that a plan computes, by the ops that the reference knows.
std::unordered_set<const Node*> planned_rows(std::span<const Tensor> nodes, const RowWrites& rows) {
  std::unordered_set<const Node*> r;
  if (rows.empty()) return r;
  const std::unordered_set<const Node*> known = known_integers(nodes);
  for (const Tensor& t : nodes) {
    if (!known.contains(t.node()) || meaning<ShapeOf>(t)) continue;
    const std::vector<Tensor>& inputs = node(t).inputs;
    const bool follows =
        std::any_of(inputs.begin(), inputs.end(), [&](const Tensor& x) { return r.contains(x.node()); });
    if (follows || rows.contains(t.node())) r.insert(t.node());
  }
  return r;
}

}  // namespace

Tensor copy_of(const Tensor& t) { return apply(ops::convert, {{"dtype", t.dtype()}}, {t}, node(t).where); }

Tensor sum_of(const Tensor& a, const Tensor& b, Where w) {
  if (a.dtype() == boolean) return logical_or(a, b, w);
  if (!is_half(a.dtype())) return a + b;
  return ops::converted(ops::converted(a, float32, w) + ops::converted(b, float32, w), a.dtype(), w);
}

bool is_computed(const Tensor& t) {
  return node(t).kind == NodeKind::apply && !meaning<ShapeOf>(t) && !meaning<View>(t) && !meaning<Reshape>(t);
}

bool is_written_over(const Tensor& whole) { return meaning<Write>(whole) || is_op(whole, written_rows); }

ExtentInputs extent_inputs(const Tensor& t) {
  if (meaning<Loop>(t)) return {0, 1};
  const std::size_t all = node(t).inputs.size();
  if (meaning<Iota>(t)) return {0, all};
  if (const auto* host = meaning<HostCall>(t)) return {std::min(host->extents_from, all), all};
  const bool shapes = meaning<Reshape>(t) || meaning<View>(t) || meaning<FoldWindows>(t);
  return {shapes ? 1 : all, all};
}

std::unordered_set<const Node*> known_integers(std::span<const Tensor> nodes, bool of_leaves) {
  std::unordered_set<const Node*> known;
  for (const Tensor& t : nodes) {
    const bool from_known = node(t).kind == NodeKind::apply      ? bounds_are_known(t, 0, known)
                            : node(t).kind == NodeKind::constant ? true
                                                                 : of_leaves;
    if (meaning<ShapeOf>(t) || (ops::holds_integers(t) && from_known && !meaning<Loop>(t))) known.insert(t.node());
  }
  return known;
}

bool bounds_are_known(const Tensor& t, std::size_t first, const std::unordered_set<const Node*>& known) {
  const std::vector<Tensor>& inputs = node(t).inputs;
  return std::all_of(inputs.begin() + static_cast<std::ptrdiff_t>(std::min(first, inputs.size())), inputs.end(),
                     [&](const Tensor& x) { return known.contains(x.node()); });
}

std::unordered_map<const Node*, int> uses_of_elements(std::span<const Tensor> outputs) {
  std::unordered_map<const Node*, int> uses;
  std::vector<Tensor> todo;
  const auto use = [&](const Tensor& t) {
    if (++uses[t.node()] == 1 && !meaning<ShapeOf>(t)) todo.push_back(t);
  };
  for (const Tensor& t : outputs) use(t);
  while (!todo.empty()) {
    const Tensor t = todo.back();
    todo.pop_back();
    for (const Tensor& x : node(t).inputs) use(x);
  }
  return uses;
}

std::unordered_set<const Node*> writes_by_phases(std::span<const Tensor> nodes) {
  const std::unordered_set<const Node*> known = known_integers(nodes);
  std::unordered_set<const Node*> r;
  for (const Tensor& t : nodes)
    if (meaning<Write>(t) && bounds_are_known(t, ops::first_bound, known)) r.insert(t.node());
  return r;
}

std::vector<Tensor> owned_writes(std::span<const Tensor> outputs, NamedRows by) {
  const std::vector<Tensor> nodes = topological(outputs);
  const std::unordered_set<const Node*> writes = writes_by_phases(nodes);
  const RowWrites rows = by == NamedRows::by_phases ? row_writes(nodes) : RowWrites{};
  const auto is_owned = [&](const Tensor& t) { return writes.contains(t.node()) || rows.contains(t.node()); };
  if (std::none_of(nodes.begin(), nodes.end(), is_owned)) return {outputs.begin(), outputs.end()};
  const std::unordered_map<const Node*, int> uses = uses_of_elements(outputs);
  const auto is_used_once = [&](const Tensor& t) {
    const auto found = uses.find(t.node());
    return found != uses.end() && found->second == 1;
  };
  const std::unordered_set<const Node*> planned = planned_rows(nodes, rows);
  const auto is_sized_by_them = [&](const Tensor& t) {
    const auto [first, last] = extent_inputs(t);
    const std::span<const Tensor> extents = std::span(node(t).inputs).subspan(first, last - first);
    return std::any_of(extents.begin(), extents.end(), [&](const Tensor& x) { return planned.contains(x.node()); });
  };
  const auto make = [&](const Tensor& t, std::vector<Tensor> inputs) {
    const std::vector<Tensor>& old = node(t).inputs;
    if (!is_owned(t)) {
      const auto [first, last] = extent_inputs(t);
      for (std::size_t k = first; k < last; ++k)
        if (planned.contains(old[k].node())) inputs[k] = old[k];
      return with_inputs(t, std::move(inputs));
    }
    const bool is_scatter = meaning<Scatter>(t) != nullptr;
    const Tensor whole = is_computed(old[0]) && is_used_once(old[0]) ? inputs[0] : copy_of(inputs[0]);
    Tensor& value = inputs[is_scatter ? 2 : 1];
    if (goes_into_variable(whole) && is_computed(behind_views(value))) value = copy_of(value);
    if (is_scatter) return scattered(t, std::move(inputs), whole);
    const auto row = rows.find(t.node());
    return row == rows.end() ? region_written(t, inputs, whole) : row_written(t, std::move(inputs), whole, row->second);
  };
  return replaced(
      outputs, [&](const Tensor& t) { return is_owned(t) || is_sized_by_them(t); }, make);
}

bool is_copy(const Tensor& t) { return meaning<Convert>(t) && node(t).inputs[0].dtype() == t.dtype(); }

bool is_copy_of_variable(const Tensor& t) { return is_copy(t) && node(node(t).inputs[0]).kind == NodeKind::shared; }

bool parts_are_dense(const Tensor& whole) {
  const auto axis = static_cast<int>(node(whole).params.integer("axis"));
  for (int d = 0; d < axis; ++d)
    if (!type(whole).broadcasts(d)) return false;
  return true;
}

bool is_dense_part(const Tensor& slice_or_write) {
  const Params& p = node(slice_or_write).params;
  const auto &start = p.list("start"), &stop = p.list("stop"), &step = p.list("step");
  bool run = false;  // axes further in are whole
  for (std::size_t d = 0; d < step.size(); ++d) {
    const bool whole = start[d] == absent_bound && stop[d] == absent_bound && step[d] == 1;
    if (run && !whole) return false;
    if (step[d] != 0 && step[d] != 1) return false;
    run = run || step[d] == 1;
  }
  return true;
}

int axis_along(const Tensor& slice_or_write, int axis) {
  const auto& step = node(slice_or_write).params.list("step");
  if (axis < 0 || step[at(axis)] != 1) return -1;
  return static_cast<int>(std::count_if(step.begin(), step.begin() + axis, [](Index by) { return by != 0; }));
}

}  // namespace croton::tile
