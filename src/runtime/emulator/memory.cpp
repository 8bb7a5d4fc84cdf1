#include "runtime/emulator/memory.h"

#include <sys/mman.h>

#include <cstring>

#include "base/error.h"
#include "runtime/emulator/machine.h"

namespace croton::runtime::emulator {
namespace {

constexpr std::size_t page = 4096;
constexpr int poison = 0xff;  // NaN, -1, or a bool that is neither

std::size_t rounded_up(std::size_t n, std::size_t unit) { return (n + unit - 1) / unit * unit; }

}  // namespace

std::uintptr_t Memory::offset() { return device_offset; }

Memory::Memory(std::size_t most) : most_(most), next_(page) {
  void* const whole = mmap(nullptr, region_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (whole == MAP_FAILED)
    fail<DeviceError>("device=emulator: no {} GiB of addresses to lay its memory out in (is `ulimit -v` set?)",
                      region_bytes >> 30);
  region_ = static_cast<std::byte*>(whole);
}

Memory::~Memory() { munmap(region_, region_bytes); }

// Behind the block before, so that an address is not used again soon; around at the end of the region.
std::byte* Memory::find_room(std::size_t pages_bytes) {
  for (int round = 0; round < 2; ++round) {
    auto at = blocks_.lower_bound(next_);
    while (next_ + pages_bytes <= region_bytes) {
      if (at == blocks_.end() || next_ + pages_bytes <= at->first) return region_ + next_;
      next_ = at->first + at->second.pages_bytes;
      ++at;
    }
    next_ = page;
  }
  return nullptr;
}

std::byte* Memory::allocate(std::size_t bytes) {
  if (bytes > most_ - used_) return nullptr;
  const std::size_t room = rounded_up(bytes, page), pages_bytes = room + page;
  std::byte* const first = find_room(pages_bytes);
  if (first == nullptr) return nullptr;
  if (room != 0 && mprotect(first, room, PROT_READ | PROT_WRITE) != 0) return nullptr;
  std::byte* const start = first + room - rounded_up(bytes, 16);
  std::memset(first, poison, room);
  const auto at = static_cast<std::size_t>(first - region_);
  blocks_[at] = {pages_bytes, {start, bytes, true}};
  next_ = at + pages_bytes;
  used_ += bytes;
  return start;
}

void Memory::release(std::byte* start) noexcept {
  if (start == nullptr) return;
  auto it = blocks_.upper_bound(static_cast<std::size_t>(start - region_));
  if (it == blocks_.begin()) return;
  --it;
  Pages& pages = it->second;
  used_ -= pages.block.bytes;
  pages.block.live = false;
  // fresh pages take their place: the old ones go back to the system, and touching them is an error
  static_cast<void>(mmap(region_ + it->first, pages.pages_bytes, PROT_NONE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0));
  std::size_t& oldest = order_[released_ % quarantine];
  if (released_ >= quarantine) blocks_.erase(oldest);
  oldest = it->first;
  ++released_;
}

Memory::Block Memory::around(const void* host) const {
  if (!covers(host)) return {};
  const auto at = static_cast<std::size_t>(static_cast<const std::byte*>(host) - region_);
  auto it = blocks_.upper_bound(at);
  if (it != blocks_.begin()) {
    const auto before = std::prev(it);
    if (at < before->first + before->second.pages_bytes) return before->second.block;
  }
  return it != blocks_.end() && it->first - at <= page ? it->second.block : Block{};
}

Memory::Block Memory::holding(const void* host, std::size_t bytes) const {
  const Block b = around(host);
  const auto* const first = static_cast<const std::byte*>(host);
  const bool inside = b.start != nullptr && b.live && first >= b.start && first + bytes <= b.start + b.bytes;
  return inside ? b : Block{};
}

}  // namespace croton::runtime::emulator
