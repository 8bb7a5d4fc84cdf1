#include <cstdlib>

#include "array/body.h"
#include "base/error.h"

namespace croton {

void retain(Block* b) noexcept {
  if (b) b->count.fetch_add(1, std::memory_order_relaxed);
}

void release(Block* b) noexcept {
  if (!b || b->count.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  if (b->release) b->release(*b);
  delete b;
}

Block* new_block(std::size_t bytes, DType dtype) {
  constexpr std::size_t line = 64, address_space = std::size_t{1} << 47;  // sanitized allocators abort beyond it
  const std::size_t room = bytes == 0 ? line : (bytes + line - 1) / line * line;
  void* memory = bytes < address_space ? std::aligned_alloc(line, room) : nullptr;
  if (!memory) fail<Error>("out of memory: {} bytes for an array of {} cannot be had", bytes, name_of(dtype));
  Block* b = new Block;
  b->bytes = static_cast<std::byte*>(memory);
  b->size = bytes;
  b->dtype = dtype;
  b->release = [](Block& block) noexcept { std::free(block.bytes); };
  return b;
}

std::byte* bring_here(Block& b) {
  const std::lock_guard lock(b.bringing);
  if (b.ready && !b.here.load(std::memory_order_relaxed)) b.ready(b);
  b.here.store(true, std::memory_order_release);
  return b.bytes;
}

}  // namespace croton
