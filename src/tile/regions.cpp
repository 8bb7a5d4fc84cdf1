#include "tile/regions.h"

#include <algorithm>
#include <unordered_map>

#include "croton/ops.h"
#include "graph/codes.h"
#include "ops/pointwise.h"
#include "ops/registry.h"
#include "tile/program.h"
#include "tile/replace.h"

namespace croton::tile {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

constexpr std::size_t first_bound = 2;  // of a write's inputs: x, value, bounds

bool is_half(DType d) { return d == float16 || d == bfloat16; }

Params bounds(const Tensor& t) {
  const Params& p = node(t).params;
  return {{"start", p.list("start")}, {"stop", p.list("stop")}, {"step", p.list("step")}};
}

// Memory of a step's own.
bool is_computed(const Tensor& t) {
  return node(t).kind == NodeKind::apply && !meaning<ShapeOf>(t) && !meaning<View>(t) && !meaning<Reshape>(t);
}

// Behind permutations and broadcasts, which are read where they are used.
Tensor behind_views(Tensor t) {
  while (is_op(t, ops::permute) || is_op(t, ops::broadcast)) t = Tensor(node(t).inputs[0]);
  return t;
}

// Written over a variable's copy, perhaps after others.
bool goes_into_variable(Tensor whole) {
  while (meaning<Write>(whole)) whole = Tensor(node(whole).inputs[0]);
  return is_copy_of_variable(whole);
}

Tensor copy_of(const Tensor& t) { return apply(ops::convert, {{"dtype", t.dtype()}}, {t}, node(t).where); }

// Rounded once, as other arithmetic on halves.
Tensor sum(const Tensor& a, const Tensor& b, Where w) {
  if (a.dtype() == boolean) return logical_or(a, b, w);
  if (!is_half(a.dtype())) return a + b;
  return ops::converted(ops::converted(a, float32, w) + ops::converted(b, float32, w), a.dtype(), w);
}

Tensor owned(const Tensor& write, const Tensor& x, const Tensor& value, bool has_memory) {
  const Node& n = node(write);
  const WhereScope scope(n.where);
  const Tensor whole = has_memory ? x : copy_of(x);
  const auto behind = [&](std::vector<Tensor> inputs) {
    inputs.insert(inputs.end(), n.inputs.begin() + first_bound, n.inputs.end());
    return inputs;
  };
  Tensor v = value;
  if (goes_into_variable(whole) && is_computed(behind_views(value))) v = copy_of(value);
  if (!n.params.flag("set")) v = sum(apply(ops::slice, bounds(write), behind({whole}), n.where), v, n.where);
  Params p = n.params;
  p.set("set", true);
  return apply(ops::write, std::move(p), behind({whole, v}), n.where);
}

}  // namespace

std::unordered_set<const Node*> known_integers(std::span<const Tensor> nodes, bool of_leaves) {
  std::unordered_set<const Node*> known;
  for (const Tensor& t : nodes) {
    const bool from_known = node(t).kind == NodeKind::apply      ? bounds_are_known(t, 0, known)
                            : node(t).kind == NodeKind::constant ? true
                                                                 : of_leaves;
    if (meaning<ShapeOf>(t) || (holds_integers(t) && from_known)) known.insert(t.node());
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

std::unordered_set<const Node*> writes_by_phases(std::span<const Tensor> nodes, MovingRegions moving) {
  const std::unordered_set<const Node*> known = known_integers(nodes, moving == MovingRegions::by_phases);
  std::unordered_set<const Node*> r;
  for (const Tensor& t : nodes)
    if (meaning<Write>(t) && bounds_are_known(t, first_bound, known)) r.insert(t.node());
  return r;
}

std::vector<Tensor> owned_writes(std::span<const Tensor> outputs, MovingRegions moving) {
  const std::unordered_set<const Node*> writes = writes_by_phases(topological(outputs), moving);
  if (writes.empty()) return {outputs.begin(), outputs.end()};
  const std::unordered_map<const Node*, int> uses = uses_of_elements(outputs);
  const auto is_used_once = [&](const Tensor& t) {
    const auto found = uses.find(t.node());
    return found != uses.end() && found->second == 1;
  };
  return replaced(
      outputs, [&](const Tensor& t) { return writes.contains(t.node()); },
      [&](const Tensor& t, std::vector<Tensor> inputs) {
        const Tensor& x = node(t).inputs[0];
        return owned(t, inputs[0], inputs[1], is_computed(x) && is_used_once(x));
      });
}

bool is_copy(const Tensor& t) { return meaning<Convert>(t) && node(t).inputs[0].dtype() == t.dtype(); }

bool is_copy_of_variable(const Tensor& t) { return is_copy(t) && node(node(t).inputs[0]).kind == NodeKind::shared; }

bool parts_are_dense(const Tensor& concatenation) {
  const auto axis = static_cast<int>(node(concatenation).params.integer("axis"));
  for (int d = 0; d < axis; ++d)
    if (!type(concatenation).broadcasts(d)) return false;
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
