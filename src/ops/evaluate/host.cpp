#include "ops/host.h"

#include <new>

namespace croton {

void Host::one_after_another(long chunks, std::size_t scratch_bytes, Chunk run, void* context) {
  constexpr std::align_val_t alignment{64};
  struct Scratch {
    void* bytes;
    explicit Scratch(std::size_t n) : bytes(operator new(n, alignment)) {}
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    ~Scratch() { operator delete(bytes, alignment); }
  };
  const Scratch scratch(scratch_bytes);
  for (long chunk = 0; chunk < chunks; ++chunk) run(context, chunk, scratch.bytes);
}

}  // namespace croton
