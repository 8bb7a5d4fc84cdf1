#include "runtime/cpu/parallel.h"

#include <pthread.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <new>
#include <vector>

#include "runtime/cpu/cpu_count.h"
#include "runtime/cpu/pool.h"

namespace croton::runtime {
namespace {

std::atomic<int> thread_count{0};  // 0: nobody has asked yet

// A pool once published lives as long as the process, for other threads may be in it. A forked child has none of its
// threads: it leaves the parent's pool alone and makes its own at need.
std::atomic<Pool*> current_pool{nullptr};
Pool* parents_pool = nullptr;

void leave_pool_in_child() { parents_pool = current_pool.exchange(nullptr, std::memory_order_relaxed); }

// Retired pools stay where a leak checker finds them.
void retire(Pool* pool) {
  static std::mutex door;
  static auto* const retired = new std::vector<Pool*>;
  pool->stop();
  const std::lock_guard guard(door);
  retired->push_back(pool);
}

// Null where there is no memory for one.
Pool* make_pool() try {
  static const int registered = pthread_atfork(nullptr, nullptr, leave_pool_in_child);
  (void)registered;
  auto fresh = std::make_unique<Pool>(threads() - 1);
  Pool* seen = nullptr;
  if (current_pool.compare_exchange_strong(seen, fresh.get(), std::memory_order_acq_rel)) return fresh.release();
  return seen;  // another thread was first
} catch (const std::bad_alloc&) { return nullptr; }

// This thread's scratch, or a fresh one where a loop around this one uses it.
class CallersScratch {
 public:
  CallersScratch() : mine_(!in_use_) {
    if (mine_) in_use_ = true;
  }
  ~CallersScratch() {
    if (mine_) in_use_ = false;
  }
  CallersScratch(const CallersScratch&) = delete;
  CallersScratch& operator=(const CallersScratch&) = delete;
  Scratch& get() { return mine_ ? kept_ : fresh_; }
  static void reserve(std::size_t bytes) { kept_.get(bytes); }

 private:
  static thread_local Scratch kept_;
  static thread_local bool in_use_;
  Scratch fresh_;
  bool mine_;
};
thread_local Scratch CallersScratch::kept_;
thread_local bool CallersScratch::in_use_ = false;

}  // namespace

void parallel_for(long chunks, std::size_t scratch_bytes, ChunkRun run, void* context) {
  if (chunks <= 0) return;
  if (chunks == 1 && scratch_bytes == 0) return run(context, 0, nullptr);
  CallersScratch scratch;
  if (chunks > 1 && chunks <= 0x7fffffff && threads() > 1) {
    Pool* pool = current_pool.load(std::memory_order_acquire);
    if (pool == nullptr) pool = make_pool();
    if (pool != nullptr && pool->try_run(chunks, scratch_bytes, run, context, scratch.get())) return;
  }
  void* const own = scratch.get().get(scratch_bytes);
  for (long chunk = 0; chunk < chunks; ++chunk) run(context, chunk, own);
}

void reserve_scratch(std::size_t bytes) { CallersScratch::reserve(bytes); }

int threads() {
  int n = thread_count.load(std::memory_order_relaxed);
  if (n == 0) {
    n = threads_allowed();
    thread_count.store(n, std::memory_order_relaxed);
  }
  return n;
}

void set_threads(int n) {
  thread_count.store(n, std::memory_order_relaxed);
  if (Pool* old = current_pool.exchange(nullptr, std::memory_order_acq_rel)) retire(old);
}

}  // namespace croton::runtime
