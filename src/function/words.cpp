#include "function/words.h"

#include <algorithm>

namespace croton {

std::vector<SharedUse> shared_uses(std::span<const Tensor> read, std::span<const Tensor> updated) {
  std::vector<SharedUse> uses;
  const auto add = [&](const Tensor& leaf, bool written) {
    runtime::SharedStorage& storage = storage_of(leaf);
    const auto there =
        std::find_if(uses.begin(), uses.end(), [&](const SharedUse& u) { return u.storage == &storage; });
    if (there == uses.end())
      uses.push_back({leaf, &storage, written});
    else
      there->updated = there->updated || written;
  };
  for (const Tensor& t : read) add(t, false);
  for (const Tensor& t : updated) add(t, true);
  std::sort(uses.begin(), uses.end(),
            [](const SharedUse& a, const SharedUse& b) { return a.storage->id < b.storage->id; });
  return uses;
}

Words::Words(std::span<const SharedUse> uses, bool everything) noexcept : uses_(uses), everything_(everything) {
  for (const SharedUse& u : uses_) {
    if (everything_ || u.updated)
      u.storage->word().lock();
    else
      u.storage->word().lock_shared();
  }
}

Words::~Words() {
  for (std::size_t i = uses_.size(); i-- > 0;) {
    if (everything_ || uses_[i].updated)
      uses_[i].storage->word().unlock();
    else
      uses_[i].storage->word().unlock_shared();
  }
}

}  // namespace croton
