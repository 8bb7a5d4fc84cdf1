// The threads behind parallel_for: they sleep on one word, take chunk numbers from one counter, and know nothing else.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace croton::runtime {

/// 64-byte aligned memory of one thread that only grows.
class Scratch {
 public:
  Scratch() = default;
  Scratch(Scratch&& o) noexcept;
  Scratch& operator=(Scratch&&) = delete;
  ~Scratch();
  /// Throws std::bad_alloc.
  void* get(std::size_t bytes);

 private:
  void* data_ = nullptr;
  std::size_t bytes_ = 0;
};

using ChunkRun = void (*)(void* context, long chunk, void* scratch);

/// `workers` threads besides the caller's. One loop at a time.
class Pool {
 public:
  explicit Pool(int workers);
  /// Stops; the threads share the state, and nobody waits for them.
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  /// False, having done nothing, where a loop runs already (of another thread, or around this one), or where there is
  /// no memory for the workers' scratch. At most 2^31 chunks; `own` is the caller's scratch.
  bool try_run(long chunks, std::size_t scratch_bytes, ChunkRun, void* context, Scratch& own);
  /// Tells the threads to end. Loops still work: the caller does all.
  void stop();

 private:
  struct State;
  std::shared_ptr<State> state_;
  int workers_ = 0;
};

}  // namespace croton::runtime
