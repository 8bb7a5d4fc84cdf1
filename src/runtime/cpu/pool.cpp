#include "runtime/cpu/pool.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <new>

#include "base/float_control.h"
#include "base/signals.h"

namespace croton::runtime {

Scratch::Scratch(Scratch&& o) noexcept : data_(o.data_), bytes_(o.bytes_) { o.data_ = nullptr; }
Scratch::~Scratch() { ::operator delete (data_, std::align_val_t{64}); }

void* Scratch::get(std::size_t bytes) {
  if (bytes > bytes_) {
    void* larger = ::operator new (bytes, std::align_val_t{64});
    ::operator delete (data_, std::align_val_t{64});
    data_ = larger;
    bytes_ = bytes;
  }
  return data_;
}

namespace {

void pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

void futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t seen) {
  syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, seen, nullptr, nullptr, 0);
}
void futex_wake(std::atomic<std::uint32_t>& word, int count) {
  syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, count, nullptr, nullptr, 0);
}

// About 10 us: longer than the gap between two phases of a step, shorter than anyone would notice as load.
constexpr int spins = 400;

}  // namespace

// `work` is the loop's number and how many of its chunks nobody has taken. The caller alone writes the description of a
// loop, while the count is 0; a worker reads it and then takes a chunk by compare-exchange, which fails if the loop is
// another by then.
struct Pool::State {
  alignas(64) std::atomic<std::uint64_t> work{0};
  std::atomic<ChunkRun> run{nullptr};
  std::atomic<void*> context{nullptr};
  std::atomic<long> chunks{0};
  alignas(64) std::atomic<std::uint32_t> unfinished{0};
  alignas(64) std::atomic<std::uint32_t> bell{0};
  std::atomic<std::uint32_t> sleepers{0};
  std::atomic<bool> stop{false};
  alignas(64) std::atomic<bool> busy{false};
  std::atomic<bool> caller_sleeps{false};
  std::vector<Scratch> scratch;  // of each worker; grown by the caller before a loop

  static std::uint32_t left(std::uint64_t w) { return static_cast<std::uint32_t>(w); }

  // Takes and runs chunks until none is left; gives how many.
  std::uint32_t help(Scratch* own);
  void finish(std::uint32_t count);
  void wait_finished();
  void wait_for_work();
  void serve(Scratch* own);
};

std::uint32_t Pool::State::help(Scratch* own) {
  std::uint32_t done = 0;
  std::uint64_t seen = work.load(std::memory_order_acquire);
  while (left(seen) != 0) {
    const ChunkRun f = run.load(std::memory_order_acquire);
    void* const c = context.load(std::memory_order_acquire);
    const long n = chunks.load(std::memory_order_acquire);
    if (!work.compare_exchange_weak(seen, seen - 1, std::memory_order_acq_rel, std::memory_order_acquire)) continue;
    f(c, n - static_cast<long>(left(seen)), own->get(0));
    ++done;
    // a loop is not over before this thread reports, so the next chunk is of the same loop or there is none
    seen = work.load(std::memory_order_acquire);
  }
  return done;
}

void Pool::State::finish(std::uint32_t count) {
  if (count == 0) return;
  if (unfinished.fetch_sub(count, std::memory_order_seq_cst) == count &&
      caller_sleeps.load(std::memory_order_seq_cst)) {
    futex_wake(unfinished, 1);
  }
}

void Pool::State::wait_finished() {
  for (int i = 0; i < spins; ++i) {
    if (unfinished.load(std::memory_order_acquire) == 0) return;
    pause();
  }
  caller_sleeps.store(true, std::memory_order_seq_cst);
  for (std::uint32_t seen; (seen = unfinished.load(std::memory_order_seq_cst)) != 0;) futex_wait(unfinished, seen);
  caller_sleeps.store(false, std::memory_order_relaxed);
}

void Pool::State::wait_for_work() {
  for (int i = 0; i < spins; ++i) {
    if (left(work.load(std::memory_order_relaxed)) != 0) return;
    pause();
  }
  const std::uint32_t seen = bell.load(std::memory_order_seq_cst);
  sleepers.fetch_add(1, std::memory_order_seq_cst);
  if (left(work.load(std::memory_order_seq_cst)) == 0 && !stop.load(std::memory_order_seq_cst)) futex_wait(bell, seen);
  sleepers.fetch_sub(1, std::memory_order_relaxed);
}

void Pool::State::serve(Scratch* own) {
  while (!stop.load(std::memory_order_relaxed)) {
    const FloatControl control;
    finish(help(own));
    wait_for_work();
  }
}

namespace {
struct Birth {
  std::shared_ptr<void> state;
  void (*serve)(void*, Scratch*);
  Scratch* own;
};
void* live(void* birth) {
  const std::unique_ptr<Birth> b(static_cast<Birth*>(birth));
  b->serve(b->state.get(), b->own);
  return nullptr;
}
}  // namespace

Pool::Pool(int workers) : state_(std::make_shared<State>()) {
  state_->scratch.resize(static_cast<std::size_t>(std::max(workers, 0)));
  const SignalsBlocked scope;
  for (Scratch& own : state_->scratch) {
    std::unique_ptr<Birth> birth(
        new (std::nothrow) Birth{state_, [](void* s, Scratch* mine) { static_cast<State*>(s)->serve(mine); }, &own});
    pthread_t thread;
    if (birth == nullptr || pthread_create(&thread, nullptr, live, birth.get()) != 0)
      break;                // fewer threads do the same work
    (void)birth.release();  // the thread's now
    pthread_detach(thread);
    ++workers_;
  }
}

Pool::~Pool() { stop(); }

void Pool::stop() {
  state_->stop.store(true, std::memory_order_seq_cst);
  state_->bell.fetch_add(1, std::memory_order_seq_cst);
  futex_wake(state_->bell, INT_MAX);
}

bool Pool::try_run(long chunks, std::size_t scratch_bytes, ChunkRun run, void* context, Scratch& own) {
  State& s = *state_;
  if (s.busy.load(std::memory_order_relaxed) || s.busy.exchange(true, std::memory_order_acquire)) return false;
  struct Free {
    std::atomic<bool>& busy;
    ~Free() { busy.store(false, std::memory_order_release); }
  } free{s.busy};
  try {
    own.get(scratch_bytes);
    for (Scratch& w : s.scratch) w.get(scratch_bytes);
  } catch (const std::bad_alloc&) { return false; }

  s.run.store(run, std::memory_order_release);
  s.context.store(context, std::memory_order_release);
  s.chunks.store(chunks, std::memory_order_release);
  s.unfinished.store(static_cast<std::uint32_t>(chunks), std::memory_order_relaxed);
  const std::uint64_t loop = (s.work.load(std::memory_order_relaxed) >> 32) + 1;
  s.work.store(loop << 32 | static_cast<std::uint32_t>(chunks), std::memory_order_seq_cst);
  if (s.sleepers.load(std::memory_order_seq_cst) != 0) {
    s.bell.fetch_add(1, std::memory_order_seq_cst);
    futex_wake(s.bell, static_cast<int>(std::min<long>(chunks - 1, workers_)));
  }
  s.finish(s.help(&own));
  s.wait_finished();
  return true;
}

}  // namespace croton::runtime
