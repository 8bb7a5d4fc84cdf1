#include "function/body.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>

#include "base/error.h"
#include "base/float_control.h"
#include "function/profile.h"

namespace croton {
namespace {

using Clock = std::chrono::steady_clock;

// Of those that are made for arguments: a program whose short axes have ever other extents compiles no more than these.
constexpr std::ptrdiff_t most_for_arguments = 2;

bool is_of_shapes(const Error& e) {
  return dynamic_cast<const ShapeError*>(&e) != nullptr || dynamic_cast<const IndexError*>(&e) != nullptr;
}

}  // namespace

FunctionBase::Body::Body(Recipe r, Making m)
    : recipe(std::move(r)),
      making(std::move(m)),
      short_axes(making.device ? making.device->target().device_class : DeviceClass::cpu, recipe.nodes) {}

FunctionBase::Body::~Body() {
  if (making.print_profile && calls > 0) try {
      const std::string table = profile_table();
      std::fwrite(table.data(), 1, table.size(), stderr);  // which may be closed
    } catch (const std::bad_alloc&) {}
  delete spare.load(std::memory_order_acquire);
}

std::vector<Extents> FunctionBase::Body::shapes() const {
  std::vector<Extents> now;
  for (const SharedUse& u : recipe.shared) now.push_back(u.storage->shape());
  return now;
}

// The caller has the lock.
std::vector<Shape> FunctionBase::Body::input_shapes(std::span<const Array> inputs) const {
  std::vector<Shape> any, r;
  for (const InputSlot& s : recipe.inputs) any.push_back(type(s.variable).shape);
  r = any;
  for (std::size_t i = 0; i < inputs.size(); ++i)
    for (std::size_t axis = 0; axis < r[i].size(); ++axis)
      r[i][axis] = short_axes.extent(type(recipe.inputs[i].variable), inputs[i].shape(), axis);
  const auto is_known = [&](const auto& s) { return s->is_for(r); };
  if (std::any_of(specialized.begin(), specialized.end(), is_known)) return r;
  // one that is not loaded has refused its inputs, or is being compiled
  const auto for_arguments = std::count_if(specialized.begin(), specialized.end(),
                                           [&](const auto& s) { return s->is_loaded() && !s->is_for(any); });
  return for_arguments < most_for_arguments ? r : any;
}

void FunctionBase::Body::begin() {
  std::vector<Extents> now;
  {
    const Words words(recipe.shared);
    now = shapes();
  }
  specialize(now, {});
  if (latest.load()->takes_ones()) short_axes.take_ones();
  const auto is_known = [](const InputSlot& s) {
    const Shape& shape = type(s.variable).shape;
    return shape.empty() || std::find(shape.begin() + 1, shape.end(), any_extent) == shape.end();
  };
  if (std::all_of(recipe.inputs.begin(), recipe.inputs.end(), is_known)) latest.load()->load();
}

Specialized* FunctionBase::Body::fitting(std::span<const Array> inputs) {
  Specialized* last = latest.load(std::memory_order_acquire);
  const bool for_these = inputs.size() == recipe.inputs.size();
  if (for_these && last && last->fits(recipe) && last->is_for(recipe, short_axes, inputs)) return last;
  const std::lock_guard lock(mutex);
  const std::vector<Shape> wanted = input_shapes(inputs);
  for (const auto& s : specialized) {
    if (!s->fits(recipe) || !s->is_for(wanted)) continue;
    latest.store(s.get(), std::memory_order_release);
    return s.get();
  }
  return nullptr;
}

bool FunctionBase::Body::specialize(const std::vector<Extents>& now, std::span<const Array> inputs) {
  const ConfigInUse scope(making.config);
  const FloatControl control;  // libraries may be opened
  std::unique_lock lock(mutex);
  const std::vector<Shape> wanted = input_shapes(inputs);
  lock.unlock();
  std::unique_ptr<Specialized> made;
  try {
    made = std::make_unique<Specialized>(recipe, making, now, wanted);
  } catch (const Error& e) {
    if (inputs.empty() || !is_of_shapes(e)) throw;
    return false;
  }
  lock.lock();
  const auto is_same = [&](const auto& s) { return s->has_types_of(*made); };
  if (std::any_of(specialized.begin(), specialized.end(), is_same)) return true;  // another thread's
  latest.store(made.get(), std::memory_order_release);
  specialized.push_back(std::move(made));
  return true;
}

void FunctionBase::Body::call(std::span<const Array> inputs, std::span<Array> outputs) {
  const auto run = [&](Specialized& s) { s.run(inputs, outputs); };
  if (!making.profile) return with_specialized(inputs, run);
  const auto start = Clock::now();
  with_specialized(inputs, run);
  calls.fetch_add(1, std::memory_order_relaxed);
  nanoseconds.fetch_add(std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count(),
                        std::memory_order_relaxed);
}

std::string FunctionBase::Body::profile_table() {
  if (!making.profile)
    return fmt::format("{}: not measured; compile with {{.profile = true}} or set profile=True\n", recipe.title());
  std::vector<runtime::Executable::StepTime> steps;
  const std::lock_guard lock(mutex);
  for (const auto& s : specialized)
    for (runtime::Executable::StepTime& t : s->step_times()) steps.push_back(std::move(t));
  return profile_text(recipe.title(), calls.load(), static_cast<double>(nanoseconds.load()) * 1e-9, steps);
}

}  // namespace croton
