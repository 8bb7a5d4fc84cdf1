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
/// outer loop): the caller does all of them itself. Workers run with the default floating-point control. Throws only
/// where the scratch cannot be had, before anything runs.
void parallel_for(long chunks, std::size_t scratch_bytes, void (*run)(void* context, long chunk, void* scratch),
                  void* context);
template <class F>
void parallel_for(long chunks, F&& f) noexcept {
  using Body = std::remove_reference_t<F>;
  parallel_for(
      chunks, 0, [](void* context, long chunk, void*) { (*static_cast<Body*>(context))(chunk); },
      const_cast<void*>(static_cast<const void*>(&f)));
}

/// How many threads parallel_for uses: config `openmp` and `threads`, else OMP_NUM_THREADS, else the smaller of
/// the CPUs that affinity allows and the cgroup's quota. Read once, at first use.
int threads();
/// From here on n threads; 0 means what threads() says at first use. Waits for loops that run. For tests and benches.
void set_threads(int n);

/// The floating-point control of x86's vector unit for the life of the scope: round to nearest, no flushing, no traps;
/// afterwards as before. A host library may have set FTZ.
class FloatControl {
 public:
  FloatControl() noexcept;
  ~FloatControl();
  FloatControl(const FloatControl&) = delete;
  FloatControl& operator=(const FloatControl&) = delete;

 private:
  unsigned before_;
};

}  // namespace croton::runtime
