// What a checked kernel's accesses are held against: a shadow of the device's memory that knows, for each byte, who
// wrote and read it last.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "runtime/device.h"
#include "runtime/emulator/memory.h"

namespace croton::runtime::emulator {

class Checker {
 public:
  explicit Checker(const Memory&);
  ~Checker();
  Checker(const Checker&) = delete;
  Checker& operator=(const Checker&) = delete;

  /// Fresh memory: nothing of it has been written.
  void forget(std::byte* start, std::size_t bytes);
  /// The host, a library or a copy has written it.
  void wrote(std::byte* start, std::size_t bytes);
  void copied(std::byte* to, const std::byte* from, std::size_t bytes);

  /// Before a launch, and before each of its blocks. `own` is the blocks' shared memory: nothing of it is written when
  /// a block begins.
  void begin_launch(std::span<const BufferUse> buffers, std::span<const std::span<std::byte>> own);
  void begin_block();

  /// An access of the thread that runs: "" where it is well, else what is wrong with it.
  std::string access(const void* p, std::uint32_t bytes, bool writes, std::uint32_t block, std::uint32_t thread,
                     std::uint32_t interval);

 private:
  struct Shadow;
  std::unique_ptr<Shadow> shadow_;
};

}  // namespace croton::runtime::emulator
