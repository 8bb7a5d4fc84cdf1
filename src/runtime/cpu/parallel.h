// parallel_for: the one parallel construct of the CPU. The caller works too; workers take chunk numbers from one
// counter.
#pragma once

#include <cstddef>
#include <type_traits>

#include "croton/base.h"

namespace croton::runtime {

/// Calls run(context, chunk, scratch) once for each chunk in [0, chunks), on any of threads() threads, and returns when
/// all are done. `scratch` is scratch_bytes of 64-byte aligned memory that nobody else uses meanwhile, with undefined
/// contents. Nothing that run does may throw. One chunk, one thread, or a pool that is busy with another caller (or an
/// outer loop): the caller does all of them itself, and where there is no memory for workers too. Workers run with the
/// default floating-point control. Throws std::bad_alloc only where the caller's own scratch cannot be had, before
/// anything runs; never after reserve_scratch of as much.
void parallel_for(long chunks, std::size_t scratch_bytes, void (*run)(void* context, long chunk, void* scratch),
                  void* context);
template <class F>
void parallel_for(long chunks, F&& f) noexcept {
  using Body = std::remove_reference_t<F>;
  parallel_for(
      chunks, 0, [](void* context, long chunk, void*) { (*static_cast<Body*>(context))(chunk); },
      const_cast<void*>(static_cast<const void*>(&f)));
}

/// Gets the calling thread's scratch ahead of its loops. Throws std::bad_alloc.
void reserve_scratch(std::size_t bytes);

/// How many threads parallel_for uses: config `openmp` and `threads`, else OMP_NUM_THREADS, else the smaller of
/// the CPUs that affinity allows and the cgroup's quota. Read once, at first use.
int threads();
/// From here on n threads; 0 means what threads() says at first use. Waits for loops that run. For tests and benches.
void set_threads(int n);

}  // namespace croton::runtime
