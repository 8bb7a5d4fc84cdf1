// The memory of the emulated GPU. Every block ends at a page that nobody may touch and begins behind one; what is fresh
// is full of NaN, what was released cannot be touched for a while.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace croton::runtime::emulator {

class Memory {
 public:
  /// `most`: bytes that may be allocated at a time.
  explicit Memory(std::size_t most);
  ~Memory();
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  /// An address of the host, 16-byte aligned; null where there is not that much. The last byte of a multiple of 16 lies
  /// before the guard page.
  std::byte* allocate(std::size_t bytes);
  void release(std::byte*) noexcept;
  std::size_t used() const { return used_; }
  std::size_t most() const { return most_; }

  /// The device's address of a host's, and back.
  // NOLINTBEGIN(performance-no-int-to-ptr): a device's address is no pointer that the host can follow
  static void* device(std::byte* host) { return reinterpret_cast<void*>(as_number(host) + offset()); }
  static std::byte* host(const void* device) { return reinterpret_cast<std::byte*>(as_number(device) - offset()); }
  // NOLINTEND(performance-no-int-to-ptr)

  struct Block {
    std::byte* start = nullptr;
    std::size_t bytes = 0;  ///< as asked for
    bool live = false;      ///< not released
  };
  /// Whether the address lies where blocks can be.
  bool covers(const void* host) const { return as_number(host) - as_number(region_) < region_bytes; }
  /// The block whose pages or guards hold the address; start is null where there is none.
  Block around(const void* host) const;
  /// The block that holds all of these bytes, where they are in use; start is null else.
  Block holding(const void* host, std::size_t bytes) const;

  std::byte* region() const { return region_; }
  static constexpr std::size_t region_bytes = std::size_t{1} << 37;
  /// Past the least recently released blocks, this many stay out of use.
  static constexpr std::size_t quarantine = 256;

 private:
  static std::uintptr_t as_number(const void* p) { return reinterpret_cast<std::uintptr_t>(p); }
  static std::uintptr_t offset();
  struct Pages {
    std::size_t pages_bytes = 0;  // with the guard page after it
    Block block;
  };
  std::byte* find_room(std::size_t pages_bytes);

  std::byte* region_ = nullptr;
  std::size_t most_, used_ = 0, next_ = 0;
  std::map<std::size_t, Pages> blocks_;  // by offset of their first page; live and quarantined
  std::array<std::size_t, quarantine> order_ =
      {};  // the offsets last released, round and round: a release wants no memory
  std::size_t released_ = 0;
};

}  // namespace croton::runtime::emulator
