#include "runtime/cpu/memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <new>

#include "base/cgroup.h"
#include "base/error.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

namespace croton::runtime {
namespace {

constexpr std::size_t large = 64 << 10, page = 4 << 10, huge_page = 2 << 20;
constexpr std::size_t most_kept = std::size_t{1} << 30;  // of released blocks

// In steps of an eighth, so that a block that was released fits the next one of nearly its size. 0 where the size
// overflows.
std::size_t block_bytes(std::size_t bytes) {
  const std::size_t least = bytes < huge_page ? page : huge_page, eighth = std::bit_floor(bytes) / 8;
  const std::size_t unit = std::clamp(eighth, least, 32 * huge_page);
  return bytes > std::numeric_limits<std::size_t>::max() / 2 ? 0 : (bytes + unit - 1) / unit * unit;
}

[[noreturn]] void refuse(std::size_t bytes) {
  fail<DeviceError>("out of memory: {} bytes ({:.1f} GiB) were asked for, {:.1f} GiB are free", bytes,
                    static_cast<double>(bytes) / (1 << 30), static_cast<double>(available_bytes()) / (1 << 30));
}

void* map_block(std::size_t block) {
  const std::size_t align = block < huge_page ? page : huge_page;
  char* const whole = static_cast<char*>(
      mmap(nullptr, block + align - page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  if (whole == MAP_FAILED) return nullptr;
  char* const start = whole + (align - reinterpret_cast<std::uintptr_t>(whole) % align) % align;
  if (start != whole) munmap(whole, static_cast<std::size_t>(start - whole));
  if (const auto rest = static_cast<std::size_t>(whole + block + align - page - (start + block)); rest != 0) {
    munmap(start + block, rest);
  }
  if (align == huge_page) madvise(start, block, MADV_HUGEPAGE);
  if (madvise(start, block, MADV_POPULATE_WRITE) == 0) return start;
  if (errno != EINVAL) {
    munmap(start, block);
    return nullptr;
  }
  for (std::size_t at = 0; at < block; at += page) static_cast<volatile char*>(start)[at] = 0;  // Linux before 5.14
  return start;
}

}  // namespace

HostMemory::~HostMemory() { trim(); }

void HostMemory::trim() noexcept {
  const std::lock_guard guard(door_);
  for (auto& [block, blocks] : kept_) {
    for (void* data : blocks) munmap(data, block);
  }
  kept_.clear();
  kept_bytes_ = 0;
}

void* HostMemory::take(std::size_t block) {
  const std::lock_guard guard(door_);
  const auto found = kept_.find(block);
  if (found == kept_.end() || found->second.empty()) return nullptr;
  void* data = found->second.back();
  found->second.pop_back();
  kept_bytes_ -= block;
  return data;
}

void* HostMemory::allocate(std::size_t bytes) {
  if (bytes < large) {
    void* data = ::operator new (std::max<std::size_t>(bytes, 1), std::align_val_t{64}, std::nothrow);
    if (data == nullptr) refuse(bytes);
    return data;
  }
  const std::size_t block = block_bytes(bytes);
  if (block == 0) refuse(bytes);
  if (void* data = take(block)) return data;
  // the system promises more than it has, and kills who believes it
  const bool huge = block >= (std::size_t{64} << 20);
  if (huge && block > available_bytes()) trim();
  if (huge && block > available_bytes()) refuse(bytes);
  void* data = map_block(block);
  if (data == nullptr) {
    trim();
    data = map_block(block);
  }
  if (data == nullptr) refuse(bytes);
  return data;
}

void HostMemory::release(void* data, std::size_t bytes) noexcept {
  if (data == nullptr) return;
  if (bytes < large) return ::operator delete (data, std::align_val_t{64});
  const std::size_t block = block_bytes(bytes);
  try {
    const std::lock_guard guard(door_);
    if (kept_bytes_ + block <= most_kept) {
      kept_[block].push_back(data);
      kept_bytes_ += block;
      return;
    }
  } catch (const std::bad_alloc&) {}
  munmap(data, block);
}

}  // namespace croton::runtime
