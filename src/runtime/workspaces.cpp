#include "runtime/workspaces.h"

#include <algorithm>

namespace croton::runtime {
namespace {

// Of one function. Each keeps its arena and its results.
constexpr std::size_t most_plans = 32;

}  // namespace

std::shared_ptr<const Plan> Workspaces::find(const std::vector<Index>& signature) {
  const std::lock_guard lock(mutex_);
  return find_locked(signature);
}

std::shared_ptr<const Plan> Workspaces::find_locked(const std::vector<Index>& signature) {
  for (Entry& e : entries_) {
    if (e.plan->signature != signature) continue;
    e.last_use = ++clock_;
    return e.plan;
  }
  return nullptr;
}

std::vector<std::shared_ptr<const Plan>> Workspaces::all() const {
  std::vector<std::shared_ptr<const Plan>> r;
  const std::lock_guard lock(mutex_);
  for (const Entry& e : entries_) r.push_back(e.plan);
  return r;
}

std::shared_ptr<const Plan> Workspaces::add(Plan plan) {
  auto added = std::make_shared<const Plan>(std::move(plan));
  Entry dropped;  // its memory goes back without the lock
  const std::lock_guard lock(mutex_);
  if (auto there = find_locked(added->signature)) return there;
  if (entries_.size() >= most_plans) {
    const auto oldest = std::min_element(entries_.begin(), entries_.end(),
                                         [](const Entry& a, const Entry& b) { return a.last_use < b.last_use; });
    dropped = std::move(*oldest);
    entries_.erase(oldest);
  }
  entries_.push_back({added, {}, ++clock_});
  return added;
}

std::unique_ptr<Workspace> Workspaces::idle(const std::shared_ptr<const Plan>& plan) {
  const std::lock_guard lock(mutex_);
  for (Entry& e : entries_) {
    if (e.plan != plan || e.idle.empty()) continue;
    auto w = std::move(e.idle.back());
    e.idle.pop_back();
    return w;
  }
  return nullptr;
}

void Workspaces::keep(std::unique_ptr<Workspace> w) noexcept {
  const std::lock_guard lock(mutex_);
  for (Entry& e : entries_) {
    if (e.plan != w->plan) continue;
    try {
      e.idle.push_back(std::move(w));
    } catch (const std::bad_alloc&) {}
    return;
  }
}

std::shared_ptr<const Plan> Workspaces::latest() const {
  const std::lock_guard lock(mutex_);
  const auto last = std::max_element(entries_.begin(), entries_.end(),
                                     [](const Entry& a, const Entry& b) { return a.last_use < b.last_use; });
  return last == entries_.end() ? nullptr : last->plan;
}

}  // namespace croton::runtime
