// The words of shared variables: taken in the order of their ids, whoever takes them, so that nobody waits in a circle.
#pragma once
#include <span>
#include <vector>

#include "croton/shared.h"
#include "runtime/storage.h"

namespace croton {

using runtime::storage_of;

/// A handle that can be updated, for a leaf found in a graph.
struct SharedAccess {
  static Shared of(const Tensor& leaf) { return Shared(leaf); }
};

/// A shared variable as a function uses it. The leaf keeps the storage alive.
struct SharedUse {
  Tensor leaf;
  runtime::SharedStorage* storage = nullptr;
  bool updated = false;
};
/// One entry a storage, by id; those of `updated` are written.
std::vector<SharedUse> shared_uses(std::span<const Tensor> read, std::span<const Tensor> updated);

/// Holds the words of all of them: exclusively where `everything` or the variable is updated. Within a call that holds
/// some of them on this thread (a custom op's forward may ask for values, and call functions) those are not taken
/// again; GraphError, without waiting, where one side changes what the other uses.
class Words {
 public:
  explicit Words(std::span<const SharedUse> uses, bool everything = false);
  ~Words();
  Words(const Words&) = delete;
  Words& operator=(const Words&) = delete;

 private:
  const SharedUse* held_outside(const SharedUse&) const noexcept;

  std::span<const SharedUse> uses_;
  bool everything_;
  const Words* outside_;
};

}  // namespace croton
