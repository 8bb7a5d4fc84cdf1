#include "function/specialized.h"

#include "array/access.h"
#include "base/dtype.h"
#include "base/error.h"
#include "function/check_nan.h"
#include "function/opened.h"
#include "ops/evaluate.h"
#include "rewrite/passes.h"

namespace croton {
Specialized::Specialized(const Recipe& recipe, const Making& making, const std::vector<Extents>& shapes)
    : check_nan_(making.check_nan) {
  results_ = recipe.outputs;
  for (const Update& u : recipe.updates) results_.push_back(u.value);
  Opened now = opened(results_, recipe.shared, shapes);
  results_ = std::move(now.results);
  leaves_ = std::move(now.leaves);
  note_ = std::move(now.note);
  for (std::size_t u = 0; u < recipe.updates.size(); ++u) {
    const SharedValue* target = node(recipe.updates[u].target).shared.get();
    for (const Tensor& leaf : leaves_)
      if (node(leaf).shared.get() == target) updates_.push_back({leaf, recipe.outputs.size() + u});
  }
  for (const InputSlot& s : recipe.inputs) inputs_.push_back(s.variable);

  Dump dump(making.dump, recipe.title());
  dump.graph("asked_for", results_);
  rewrite::Options options;
  options.stabilize_only = making.reference;
  options.unsafe = making.unsafe;
  options.check = making.check;
  if (dump.on()) options.observe = [&](std::string_view pass, std::span<const Tensor> g) { dump.graph(pass, g); };
  results_ = rewrite::run(results_, options);
  if (making.reference) return;
  executable_ = std::make_unique<runtime::Executable>(results_, inputs_, updates_, *making.device, recipe.title());
  executable_->set_profiling(making.profile);
  dump.text("tile_program.txt", [&] { return executable_->explain(); });
  dump.text("kernels.cpp", [&] { return executable_->source(); });
  const std::vector<std::string> nests = dump.on() ? executable_->nests() : std::vector<std::string>();
  const std::vector<std::string> kernels = dump.on() ? executable_->kernels_to_read() : std::vector<std::string>();
  for (std::size_t k = 0; k < nests.size(); ++k) {
    dump.text(fmt::format("kernel_{}.nest.txt", k), [&] { return nests[k]; });
    dump.text(fmt::format("kernel_{}.to_read.cpp", k), [&] { return kernels[k]; });
  }
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

void Specialized::run(std::span<const Array> inputs, std::span<Array> outputs) {
  if (!executable_) return evaluate(inputs, outputs);
  executable_->run(inputs, outputs);
}

void Specialized::prepare(std::span<const Extents> shapes) {
  if (executable_) executable_->prepare(shapes);
}

void Specialized::evaluate(std::span<const Array> inputs, std::span<Array> outputs) {
  ops::Values values;
  for (std::size_t i = 0; i < inputs.size(); ++i) values.emplace(inputs_[i].node(), inputs[i]);
  for (const Tensor& leaf : leaves_) values.emplace(leaf.node(), storage_of(leaf).get());
  std::vector<Array> results = check_nan_ ? evaluate_finite(results_, values) : ops::evaluate(results_, values);
  for (std::size_t u = 0; u < updates_.size(); ++u) check_update(u, results[updates_[u].result]);
  for (Array& a : results) a = owned(contiguous(a));  // nothing of the caller's memory; the rest cannot fail
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
  if (executable_) return executable_->explain();
  return "nothing is compiled, the reference evaluator runs\n" + print_graph(results_);
}

std::vector<runtime::Executable::StepTime> Specialized::step_times() const {
  if (!executable_) return {};
  return executable_->step_times();
}

}  // namespace croton
