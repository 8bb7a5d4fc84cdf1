// The plans of a function and the memory of its calls: a call takes the last call's workspace by one exchange where its
// plan fits, and else looks in the list.
#pragma once
#include <atomic>
#include <memory>
#include <utility>
#include <vector>

#include "base/fork_safe.h"
#include "runtime/plan.h"
#include "runtime/replays.h"
#include "runtime/storage.h"
#include "runtime/views.h"

namespace croton::runtime {

/// A kernel's launch with its arguments: pointers are filled in by each call, the rest stays.
struct WorkspaceLaunch {
  std::vector<std::int64_t> words;
  std::vector<BufferUse> uses;
  Launch launch;  // points to both
};

/// Memory of a result that arrays share: of the last call, and of the one before, which serves where the caller keeps
/// a result until the next call has made its own.
struct Given {
  CountedBuffer last, before;
};

/// What one running call owns: memory between steps, arguments with pointers filled in, results kept for reuse. It
/// keeps its plan alive.
struct Workspace {
  explicit Workspace(std::shared_ptr<const Plan> p) : plan(std::move(p)), views(*plan) {}

  std::shared_ptr<const Plan> plan;
  ViewStarts views;
  Buffer arena;
  Buffer integers;
  Buffer errors;                          // where kernels report an index that is out of range
  std::vector<void*> pointers;            // by buffer
  std::vector<WorkspaceLaunch> launches;  // by step
  std::vector<Array> results;             // the last call's, reused once the caller has let go
  std::vector<CountedBuffer> spares;      // by update: where a new value goes before it is exchanged with the old
  // where the host cannot address the device's memory
  std::vector<Buffer> arguments;  // by input
  std::vector<Given> given;       // by result
  std::vector<Buffer> separate;   // by buffer, where each wants memory of its own
  std::vector<Buffer> stand_ins;  // as the plan lists them
  Replays replays;                // of devices that gain by them
  std::vector<Array> replaced;    // outs that could not be used again, while an argument may lie in their memory
};

class Workspaces {
 public:
  Workspaces() = default;
  ~Workspaces() { delete last_.load(); }
  Workspaces(const Workspaces&) = delete;
  Workspaces& operator=(const Workspaces&) = delete;

  /// The last call's, whatever its plan; null while another call has it.
  std::unique_ptr<Workspace> take() noexcept {
    return std::unique_ptr<Workspace>(last_.exchange(nullptr, std::memory_order_acquire));
  }
  /// The call has done its work.
  void give_back(std::unique_ptr<Workspace> w) noexcept {
    if (Workspace* const other = last_.exchange(w.release(), std::memory_order_acq_rel))
      keep(std::unique_ptr<Workspace>(other));
  }

  /// The plan of that signature; null where there is none (any more).
  std::shared_ptr<const Plan> find(const std::vector<Index>& signature);
  std::vector<std::shared_ptr<const Plan>> all() const;
  /// A plan for calls to come, which takes the place of the one that was not used for longest once there are many.
  /// Gives the one that another thread was first with, if any.
  std::shared_ptr<const Plan> add(Plan);
  /// A workspace of that plan that no call has; null where there is none.
  std::unique_ptr<Workspace> idle(const std::shared_ptr<const Plan>&);
  /// Remembers a workspace. Where there is no memory to remember it, a later call makes its own.
  void keep(std::unique_ptr<Workspace>) noexcept;
  /// The plan that was looked for last; null before the first.
  std::shared_ptr<const Plan> latest() const;

 private:
  struct Entry {
    std::shared_ptr<const Plan> plan;
    std::vector<std::unique_ptr<Workspace>> idle;
    std::uint64_t last_use = 0;
  };
  /// find(), with the lock held.
  std::shared_ptr<const Plan> find_locked(const std::vector<Index>& signature);

  std::atomic<Workspace*> last_{nullptr};
  mutable ForkSafeMutex mutex_;
  std::vector<Entry> entries_;
  std::uint64_t clock_ = 0;
};

}  // namespace croton::runtime
