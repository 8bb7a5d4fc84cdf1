#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <memory>

#include "array/body.h"
#include "base/cgroup.h"
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

namespace {
[[noreturn]] void refuse(std::size_t bytes, DType dtype) {
  fail<Error>("out of memory: {} bytes for an array of {} cannot be had; {:.1f} GiB are free", bytes, name_of(dtype),
              static_cast<double>(available_bytes()) / (1 << 30));
}

// Bytes from p on to the next multiple of `unit`.
std::size_t left_of(const void* p, std::size_t unit) {
  return (unit - reinterpret_cast<std::uintptr_t>(p) % unit) % unit;
}

// Whole large pages in it: fewer addresses to look up.
void ask_for_large_pages(std::byte* from, std::size_t bytes) {
  constexpr std::size_t page = 2 << 20;
  const std::size_t before = left_of(from, page);
  if (bytes >= before + page)  // a wish: no error matters
    madvise(from + before, (bytes - before) / page * page, MADV_HUGEPAGE);
}
}  // namespace

Block* new_block(std::size_t bytes, DType dtype) {
  constexpr std::size_t small = 512, line = 64, page = 4096, several_pages = 64 << 10;
  constexpr std::size_t address_space = std::size_t{1} << 47;  // sanitized allocators abort beyond it
  // the system promises more than it has, and kills who believes it
  constexpr std::size_t large = std::size_t{64} << 20;
  // A load waits for an earlier store whose address ends like its own: where results lie some lines further in a page
  // than arguments, and are written past the caches, a kernel takes up to 1.4 times as long.
  const std::size_t align = bytes >= several_pages ? page : line;
  const std::size_t room = bytes == 0 ? line : (bytes + align - 1) / align * align;
  if (bytes >= address_space || (bytes >= large && bytes > available_bytes())) refuse(bytes, dtype);
  auto b = std::make_unique<Block>();
  // malloc keeps lists of small pieces by size; aligned_alloc cuts a larger one each time, which costs a call 60 ns
  b->owner = room > small ? std::aligned_alloc(align, room) : std::malloc(room + line);
  if (!b->owner) refuse(bytes, dtype);
  b->bytes = static_cast<std::byte*>(b->owner) + left_of(b->owner, line);
  ask_for_large_pages(b->bytes, bytes);
  b->size = bytes;
  b->dtype = dtype;
  b->release = [](Block& block) noexcept { std::free(block.owner); };
  b->here.store(true, std::memory_order_relaxed);
  return b.release();
}

std::byte* bring_here(Block& b) {
  const std::lock_guard lock(b.bringing);
  if (b.ready && !b.here.load(std::memory_order_relaxed)) b.ready(b);
  b.here.store(true, std::memory_order_release);
  return b.bytes;
}

}  // namespace croton
