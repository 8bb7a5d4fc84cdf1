#include "runtime/emulator/checker.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>

#include "base/error.h"

namespace croton::runtime::emulator {
namespace {

// One byte's history. `when` numbers the intervals between barriers of all blocks of all launches: two accesses of one
// interval by different threads are in no order. `launch` and block say the same of different blocks.
struct Cell {
  std::uint32_t write_when = 0, read_when = 0;
  std::uint32_t write_launch = 0, read_launch = 0;
  std::uint32_t write_block = 0, read_block = 0;
  std::uint16_t write_thread = 0, read_thread = 0;
  bool written = false, many_readers = false, many_blocks_read = false;
  std::uint8_t unused = 0;
};
static_assert(sizeof(Cell) == 32);

constexpr std::size_t page = 4096, word = 4;

}  // namespace

struct Checker::Shadow {
  const Memory& memory;
  Cell* cells = nullptr;
  std::uint32_t launch = 0, when = 0, interval = 0;
  std::vector<BufferUse> buffers;  // addresses of the host
  std::vector<std::span<std::byte>> own;
  const BufferUse* last_use = nullptr;  // where the last access went, and the next is likely to go
  bool last_writes = false;

  explicit Shadow(const Memory& m) : memory(m) {
    void* const whole = mmap(nullptr, Memory::region_bytes * sizeof(Cell), PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (whole == MAP_FAILED) fail<DeviceError>("emulator_check=True: no addresses for the shadow of its memory");
    cells = static_cast<Cell*>(whole);
  }
  ~Shadow() { munmap(cells, Memory::region_bytes * sizeof(Cell)); }
  Shadow(const Shadow&) = delete;
  Shadow& operator=(const Shadow&) = delete;

  std::span<Cell> of(const void* p, std::size_t bytes) const {
    return {cells + (static_cast<const std::byte*>(p) - memory.region()), bytes};
  }
  bool is_own(const void* p) const {
    return std::any_of(own.begin(), own.end(),
                       [&](std::span<std::byte> s) { return p >= s.data() && p < s.data() + s.size(); });
  }
  static bool is_in(const BufferUse& b, const void* p) {
    return p >= b.data && p < static_cast<std::byte*>(b.data) + b.bytes;
  }
  const BufferUse* use_of(const void* p, bool writes) {
    if (last_use != nullptr && last_writes == writes && is_in(*last_use, p)) return last_use;
    const BufferUse* found = nullptr;
    for (const BufferUse& b : buffers)
      if (is_in(b, p) && (found == nullptr || writes == (b.access != Access::r))) found = &b;
    last_use = found;
    last_writes = writes;
    return found;
  }
};

Checker::Checker(const Memory& memory) : shadow_(std::make_unique<Shadow>(memory)) {}
Checker::~Checker() = default;

void Checker::forget(std::byte* start, std::size_t bytes) {
  if (bytes == 0) return;
  // whole pages go back to the system, which gives zeros
  auto* const first = reinterpret_cast<std::byte*>(shadow_->of(start, bytes).data());
  auto* const last = first + bytes * sizeof(Cell);
  const auto up = [](std::byte* p) { return p + (page - reinterpret_cast<std::uintptr_t>(p) % page) % page; };
  if (last - first < static_cast<std::ptrdiff_t>(4 * page)) {
    std::memset(static_cast<void*>(first), 0, static_cast<std::size_t>(last - first));
    return;
  }
  std::byte *const whole = up(first), *const end = last - reinterpret_cast<std::uintptr_t>(last) % page;
  std::memset(static_cast<void*>(first), 0, static_cast<std::size_t>(whole - first));
  madvise(whole, static_cast<std::size_t>(end - whole), MADV_DONTNEED);
  std::memset(static_cast<void*>(end), 0, static_cast<std::size_t>(last - end));
}

void Checker::wrote(std::byte* start, std::size_t bytes) {
  for (Cell& c : shadow_->of(start, bytes)) c = Cell{.written = true};
}

void Checker::copied(std::byte* to, const std::byte* from, std::size_t bytes) {
  const auto source = shadow_->of(from, bytes);
  const auto target = shadow_->of(to, bytes);
  for (std::size_t k = 0; k < bytes; ++k) target[k] = Cell{.written = source[k].written};
}

void Checker::begin_launch(std::span<const BufferUse> buffers, std::span<const std::span<std::byte>> own) {
  ++shadow_->launch;
  shadow_->buffers.assign(buffers.begin(), buffers.end());
  for (BufferUse& b : shadow_->buffers) b.data = Memory::host(b.data);
  shadow_->own.assign(own.begin(), own.end());
  shadow_->last_use = nullptr;
  ++shadow_->when;
}

void Checker::begin_block() {
  for (const std::span<std::byte> s : shadow_->own) forget(s.data(), s.size());
  ++shadow_->when;
  shadow_->interval = 0;
}

std::string Checker::access(const void* p, std::uint32_t bytes, bool writes, std::uint32_t block, std::uint32_t thread,
                            std::uint32_t interval) {
  Shadow& s = *shadow_;
  if (interval != s.interval) s.interval = interval, ++s.when;
  const char* const verb = writes ? "writes" : "reads";
  const bool own = s.is_own(p);
  if (reinterpret_cast<std::uintptr_t>(p) % bytes != 0)
    return fmt::format("{} {} bytes at an address that is no multiple of {}", verb, bytes, bytes);
  const BufferUse* const use = own ? nullptr : s.use_of(p, writes);
  if (!own) {
    if (use == nullptr) return fmt::format("{} memory that the launch does not name", verb);
    if (static_cast<const std::byte*>(p) + bytes > static_cast<std::byte*>(use->data) + use->bytes)
      return fmt::format("{} beyond the end of a buffer", verb);
    if (writes && use->access == Access::r) return "writes a buffer that the launch only reads";
  }
  // the first byte of a word stands for it: nobody takes one apart
  const auto bytes_of_access = s.of(p, bytes);
  for (std::size_t at = 0; at < bytes; at += word) {
    Cell& c = bytes_of_access[at];
    const bool this_launch_wrote = !own && c.write_launch == s.launch,
               this_launch_read = !own && c.read_launch == s.launch;
    if (!writes && !c.written) return "reads what nobody has written";
    if (c.write_when == s.when && c.write_thread != thread)
      return fmt::format("{} what thread {} of the same block writes, with no barrier between", verb, c.write_thread);
    if (writes && c.read_when == s.when && (c.many_readers || c.read_thread != thread))
      return fmt::format("writes what thread {} of the same block reads, with no barrier between",
                         c.read_thread != thread ? fmt::format("{}", c.read_thread) : "another");
    if (this_launch_wrote && c.write_block != block)
      return fmt::format("{} what block {} of the same launch writes", verb, c.write_block);
    if (writes && this_launch_read && (c.many_blocks_read || c.read_block != block))
      return fmt::format("writes what block {} of the same launch reads",
                         c.read_block != block ? fmt::format("{}", c.read_block) : "another");
    if (writes) {
      c.written = true;
      c.write_when = s.when;
      c.write_launch = s.launch;
      c.write_block = block;
      c.write_thread = static_cast<std::uint16_t>(thread);
      continue;
    }
    if (c.read_when != s.when)
      c.many_readers = false;
    else if (c.read_thread != thread)
      c.many_readers = true;
    if (c.read_launch != s.launch)
      c.many_blocks_read = false;
    else if (c.read_block != block)
      c.many_blocks_read = true;
    c.read_when = s.when;
    c.read_launch = s.launch;
    c.read_block = block;
    c.read_thread = static_cast<std::uint16_t>(thread);
  }
  return "";
}

}  // namespace croton::runtime::emulator
