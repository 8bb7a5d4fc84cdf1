#include "function/specialized.h"

#include <algorithm>
#include <functional>
#include <unordered_map>

#include "array/access.h"
#include "base/dtype.h"
#include "base/error.h"
#include "base/float_control.h"
#include "function/borrowed.h"
#include "function/check_nan.h"
#include "ops/evaluate.h"
#include "ops/infer.h"
#include "rewrite/passes.h"

namespace croton {
Specialized::Specialized(const Recipe& recipe, const Making& making, const std::vector<Extents>& shared_shapes,
                         const std::vector<Shape>& input_shapes)
    : check_nan_(making.check_nan) {
  std::vector<Tensor> asked = recipe.outputs, asked_inputs;
  for (const Update& u : recipe.updates) asked.push_back(u.value);
  for (const InputSlot& s : recipe.inputs) asked_inputs.push_back(s.variable);
  TypedGraph now = typed(asked, recipe.shared, shared_shapes, asked_inputs, input_shapes);
  results_ = std::move(now.results);
  leaves_ = std::move(now.shared);
  inputs_ = std::move(now.inputs);
  note_ = std::move(now.note);
  std::unordered_map<const SharedValue*, Tensor> leaf_of;
  for (const Tensor& leaf : leaves_) leaf_of.emplace(node(leaf).shared.get(), leaf);
  for (std::size_t u = 0; u < recipe.updates.size(); ++u)
    updates_.push_back({leaf_of.at(node(recipe.updates[u].target).shared.get()), recipe.outputs.size() + u});

  Dump dump(making.dump, recipe.title());
  dump.graph("asked_for", results_);
  rewrite::Options options;
  options.stabilize_only = making.reference;
  options.unsafe = making.unsafe;
  options.check = making.check;
  if (dump.on()) options.observe = [&](std::string_view pass, std::span<const Tensor> g) { dump.graph(pass, g); };
  results_ = rewrite::run(results_, options);
  set_views_apart(recipe);
  if (!making.reference) compile(making, recipe.title(), dump);
  const auto has_more_ones = [](const Tensor& now, const Tensor& before) {
    return std::ranges::count(type(now).shape, 1) > std::ranges::count(type(before).shape, 1);
  };
  if (std::equal(inputs_.begin(), inputs_.end(), asked_inputs.begin(), std::not_fn(has_more_ones))) return;
  TypedGraph graph = typed(asked, recipe.shared, shared_shapes);
  graph.inputs = std::move(asked_inputs);
  executable_->only()->set_check(
      [this, graph = std::move(graph)](const runtime::Shapes& shapes, const runtime::Integers& integers) {
        check_as(graph, shapes, integers);
      });
}

// The types of the inputs say 1 where those of the graph as asked for say nothing: what it would not broadcast is
// refused.
void Specialized::check_as(const TypedGraph& asked, const runtime::Shapes& shapes,
                           const runtime::Integers& integers) const {
  runtime::Shapes now;
  runtime::Integers known;
  const auto add = [&](const Tensor& leaf, const Tensor& mine, const Shape& shape) {
    now.emplace(leaf.node(), shape);
    if (const auto k = integers.find(mine.node()); k != integers.end()) known.emplace(leaf.node(), k->second);
  };
  for (std::size_t i = 0; i < inputs_.size(); ++i) add(asked.inputs[i], inputs_[i], shapes.at(inputs_[i].node()));
  for (std::size_t i = 0; i < leaves_.size(); ++i) {
    const Extents& shape = storage_of(leaves_[i]).shape();
    add(asked.shared[i], leaves_[i], {shape.begin(), shape.end()});
  }
  ops::check_shapes(asked.results, std::move(now), std::move(known));
}

// Borrowed views leave the results: what is computed closes up.
void Specialized::set_views_apart(const Recipe& recipe) {
  std::vector<Tensor> computed;
  for (std::size_t r = 0; r < results_.size(); ++r) {
    if (r < recipe.borrow.size() && recipe.borrow[r] && is_view_of_leaf(results_[r]))
      borrowed_.push_back({r, results_[r]});
    else
      computed.push_back(results_[r]);
  }
  for (runtime::UpdateTarget& u : updates_) u.result -= borrowed_.size();
  results_ = std::move(computed);
  std::vector<Tensor> all;
  for (const Borrowed& b : borrowed_) all.push_back(b.view);
  borrowed_shared_ = croton::leaves(all, NodeKind::shared);
}

void Specialized::compile(const Making& making, const std::string& title, Dump& dump) {
  device_ = making.device;
  executable_ = std::make_unique<runtime::Programs>(results_, inputs_, updates_, *device_, title);
  executable_->set_profiling(making.profile);
  on_device_ = executable_->shared_variables();
  for (const Tensor& leaf : borrowed_shared_) on_device_.push_back(&storage_of(leaf));
  dump.text("tile_program.txt", [&] { return executable_->explain(); });
  dump.text("kernels.cpp", [&] { return executable_->source(); });
  const std::vector<std::string> nests = dump.on() ? executable_->nests() : std::vector<std::string>();
  const std::vector<std::string> kernels = dump.on() ? executable_->kernels_to_read() : std::vector<std::string>();
  for (std::size_t k = 0; k < nests.size(); ++k) {
    dump.text(fmt::format("kernel_{}.nest.txt", k), [&] { return nests[k]; });
    dump.text(fmt::format("kernel_{}.to_read.cpp", k), [&] { return kernels[k]; });
  }
}

void Specialized::load() {
  const FloatControl control;  // libraries may be opened
  if (executable_) executable_->load();
  is_loaded_.store(true, std::memory_order_release);
}

bool Specialized::fits(const Recipe& recipe) const {
  for (std::size_t i = 0; i < leaves_.size(); ++i) {
    const Extents& now = recipe.shared[i].storage->shape();
    const Shape& wanted = node(leaves_[i]).type.shape;
    for (std::size_t axis = 0; axis < now.size(); ++axis)
      if (wanted[axis] >= 0 && wanted[axis] != now[axis]) return false;
  }
  return true;
}

bool Specialized::is_for(const std::vector<Shape>& input_shapes) const {
  return std::equal(inputs_.begin(), inputs_.end(), input_shapes.begin(), input_shapes.end(),
                    [](const Tensor& input, const Shape& shape) { return type(input).shape == shape; });
}

bool Specialized::has_types_of(const Specialized& o) const {
  const auto equal = [](const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const Tensor& x, const Tensor& y) { return type(x) == type(y); });
  };
  return equal(inputs_, o.inputs_) && equal(leaves_, o.leaves_);
}

bool Specialized::is_for(const Recipe& recipe, const ShortAxes& short_axes, std::span<const Array> inputs) const {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Type& asked = type(recipe.inputs[i].variable);
    for (std::size_t axis = 0; axis < asked.shape.size(); ++axis)
      if (type(inputs_[i]).shape[axis] != short_axes.extent(asked, inputs[i].shape(), axis)) return false;
  }
  return true;
}

bool Specialized::needs_exclusive() const {
  for (const runtime::SharedStorage* s : on_device_)
    if (s->device() != device_) return true;
  return false;
}

void Specialized::run(std::span<const Array> inputs, std::span<Array> outputs) {
  if (!was_wanted()) was_wanted_.store(true, std::memory_order_relaxed);
  if (borrowed_.empty()) return compute(inputs, outputs);
  std::vector<Array> seen = views(inputs), computed;
  std::vector<bool> is_seen(outputs.size(), false);
  for (const Borrowed& b : borrowed_) is_seen[b.output] = true;
  for (std::size_t i = 0; i < outputs.size(); ++i)
    if (!is_seen[i]) computed.push_back(std::move(outputs[i]));
  compute(inputs, computed);
  for (std::size_t i = 0, s = 0, c = 0; i < outputs.size(); ++i)
    outputs[i] = std::move(is_seen[i] ? seen[s++] : computed[c++]);
}

void Specialized::compute(std::span<const Array> inputs, std::span<Array> outputs) {
  if (!executable_) return evaluate(inputs, outputs);
  executable_->run(inputs, outputs);
}

// An update that comes after finds their memory lent, and leaves it alone.
std::vector<Array> Specialized::views(std::span<const Array> inputs) const {
  ops::Values values;
  for (std::size_t i = 0; i < inputs.size(); ++i) values.emplace(inputs_[i].node(), inputs[i]);
  for (const Tensor& leaf : borrowed_shared_) {
    if (device_) storage_of(leaf).on(*device_);
    values.emplace(leaf.node(), storage_of(leaf).lend());
  }
  std::vector<Array> seen;
  for (const Borrowed& b : borrowed_) seen.push_back(view_of_leaf(b.view, values));
  return seen;
}

void Specialized::prepare(std::span<const Array> inputs) {
  if (executable_) executable_->prepare(inputs);
  was_wanted_.store(true, std::memory_order_relaxed);
}

void Specialized::evaluate(std::span<const Array> inputs, std::span<Array> outputs) {
  if (results_.empty()) return;
  ops::Values values;
  for (std::size_t i = 0; i < inputs.size(); ++i) values.emplace(inputs_[i].node(), inputs[i]);
  for (const Tensor& leaf : leaves_) values.emplace(leaf.node(), storage_of(leaf).get());
  std::vector<Array> results = check_nan_ ? evaluate_finite(results_, values) : ops::evaluate(results_, values);
  for (std::size_t u = 0; u < updates_.size(); ++u) check_update(u, results[updates_[u].result]);
  const auto is_given = [&](const Array& a) {
    return std::any_of(values.begin(), values.end(), [&](const auto& v) { return block(v.second) == block(a); });
  };
  for (std::size_t r = 0; r < results.size(); ++r) {
    results[r] = owned(contiguous(results[r]));  // nothing of the caller's memory
    if (r < outputs.size() && is_given(results[r])) results[r] = results[r].copy();
  }
  // the rest cannot fail
  for (std::size_t i = 0; i < outputs.size(); ++i) outputs[i] = results[i];
  for (const runtime::UpdateTarget& u : updates_) storage_of(u.shared).set(results[u.result]);
}

void Specialized::check_update(std::size_t u, const Array& value) const {
  const Shape& wanted = type(updates_[u].shared).shape;
  for (std::size_t axis = 0; axis < wanted.size(); ++axis)
    if (wanted[axis] == 1 && value.shape()[axis] != 1)
      fail_at<ShapeError>(node(results_[updates_[u].result]).where,
                          "update of {}: the new value has shape {}, but axis {} of the variable has extent 1 for good",
                          describe(updates_[u].shared), shape_text(value.shape()), axis);
}

std::string Specialized::source() const { return executable_ ? executable_->source() : std::string(); }

std::string Specialized::explain() const {
  if (executable_) return executable_->explain() + views_text();
  return "nothing is compiled, the reference evaluator runs\n" + print_graph(results_) + views_text();
}

std::string Specialized::views_text() const {
  std::string r;
  for (const Borrowed& b : borrowed_)
    r += fmt::format("output {} is borrowed, nothing is computed: {}\n", b.output + 1, formula(b.view));
  return r;
}

std::vector<runtime::Executable::StepTime> Specialized::step_times() const {
  if (!executable_) return {};
  return executable_->step_times();
}

}  // namespace croton
