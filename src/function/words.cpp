#include "function/words.h"

#include <algorithm>
#include <unordered_map>

#include "base/error.h"
#include "graph/walk.h"

namespace croton {

std::vector<SharedUse> shared_uses(std::span<const Tensor> read, std::span<const Tensor> updated) {
  std::vector<SharedUse> uses;
  std::unordered_map<const runtime::SharedStorage*, std::size_t> numbers;
  const auto add = [&](const Tensor& leaf, bool written) {
    runtime::SharedStorage& storage = storage_of(leaf);
    const auto [number, fresh] = numbers.try_emplace(&storage, uses.size());
    if (fresh)
      uses.push_back({leaf, &storage, written});
    else
      uses[number->second].updated |= written;
  };
  for (const Tensor& t : read) add(t, false);
  for (const Tensor& t : updated) add(t, true);
  std::sort(uses.begin(), uses.end(),
            [](const SharedUse& a, const SharedUse& b) { return a.storage->id < b.storage->id; });
  return uses;
}

namespace {
thread_local constinit const Words* innermost [[gnu::tls_model("initial-exec")]] = nullptr;

[[noreturn]] void refuse(const SharedUse& use, const SharedUse& held) {
  const std::string called = describe(use.leaf);
  fail<GraphError>(
      "{} is {} inside a call that {} it (from a custom op's forward, say), which would wait for itself: give the op "
      "its "
      "value as an input",
      called, use.updated ? "changed" : "asked for", held.updated ? "updates" : "reads");
}
}  // namespace

Words::Words(std::span<const SharedUse> uses, bool everything)
    : uses_(uses), everything_(everything), outside_(innermost) {
  if (outside_)
    for (const SharedUse& u : uses_)
      if (const SharedUse* held = held_outside(u); held && (held->updated || u.updated)) refuse(u, *held);
  for (const SharedUse& u : uses_) {
    if (outside_ && held_outside(u)) continue;
    if (everything_ || u.updated)
      u.storage->word().lock();
    else
      u.storage->word().lock_shared();
  }
  innermost = this;
}

Words::~Words() {
  innermost = outside_;
  for (std::size_t i = uses_.size(); i-- > 0;) {
    if (outside_ && held_outside(uses_[i])) continue;
    if (everything_ || uses_[i].updated)
      uses_[i].storage->word().unlock();
    else
      uses_[i].storage->word().unlock_shared();
  }
}

const SharedUse* Words::held_outside(const SharedUse& use) const noexcept {
  for (const Words* w = outside_; w; w = w->outside_)
    for (const SharedUse& u : w->uses_)
      if (u.storage == use.storage) return &u;
  return nullptr;
}

}  // namespace croton
