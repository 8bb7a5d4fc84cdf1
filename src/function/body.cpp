#include "function/body.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>

#include "base/float_control.h"
#include "function/profile.h"

namespace croton {
namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

FunctionBase::Body::Body(Recipe r, Making m) : recipe(std::move(r)), making(std::move(m)) {}

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

Specialized* FunctionBase::Body::fitting() {
  Specialized* last = latest.load(std::memory_order_acquire);
  if (last && last->fits(recipe)) return last;
  const std::lock_guard lock(mutex);
  for (const auto& s : specialized) {
    if (!s->fits(recipe)) continue;
    latest.store(s.get(), std::memory_order_release);
    return s.get();
  }
  return nullptr;
}

void FunctionBase::Body::specialize(const std::vector<Extents>& now) {
  const ConfigInUse scope(making.config);
  const FloatControl control;  // libraries may be opened
  auto made = std::make_unique<Specialized>(recipe, making, now);
  const std::lock_guard lock(mutex);
  latest.store(made.get(), std::memory_order_release);
  specialized.push_back(std::move(made));
}

void FunctionBase::Body::call(std::span<const Array> inputs, std::span<Array> outputs) {
  const auto run = [&](Specialized& s) { s.run(inputs, outputs); };
  if (!making.profile) return with_specialized(run);
  const auto start = Clock::now();
  with_specialized(run);
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
