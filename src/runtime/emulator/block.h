// Runs the threads of a block as fibers: one after another, each up to the next point where it must wait for others.
// That is the order in which a GPU that wanted to do harm would run them.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "runtime/emulator/machine.h"

namespace croton::runtime::emulator {

/// The order of blocks and of the threads of a warp: 0 upwards, 1 downwards, any other number a shuffle of its own.
/// Results must not depend on it.
std::vector<std::uint32_t> order_of(std::uint32_t count, std::uint64_t seed);

/// Why a block could not go on.
struct Stop {
  enum class Kind : std::uint8_t { none, divergence, fault, overflow, report };
  Kind kind = Kind::none;
  std::uint32_t block = 0, thread = 0;
  std::string what;               ///< divergence: of what; report: the checker's words
  int signal = 0;                 ///< fault
  const void* address = nullptr;  ///< what it touched, an address of the host; null where the machine does not say
  const void* from = nullptr;     ///< report: where in the code
  /// Neighbouring threads that stand in one place; line: of the compiled text, 0 where they have ended.
  struct Group {
    std::uint32_t first = 0, last = 0;
    std::string_view how;
    int line = 0;
  };
  std::vector<Group> groups = {};  ///< divergence: who waits where
};

/// What a thread of a kernel has.
inline constexpr std::size_t stack_bytes = 256 << 10;

class Threads;

/// One multiprocessor; used by one thread of the host at a time (a lock of the process is held meanwhile).
class Multiprocessor {
 public:
  Multiprocessor();
  ~Multiprocessor();

  /// All blocks of a kernel. `start_block` is called before each. Stops at the first thing that goes wrong.
  Stop run(Machine&, Entry, const void* parameters, std::uint32_t blocks, std::uint32_t threads, std::uint64_t seed,
           void (*start_block)(void*), void* context);

  /// Fills in what a kernel calls.
  static void fill_in(Machine&);
  /// From inside a kernel: ends the launch. Does not return.
  [[noreturn]] static void stop_with(Stop);
  /// How many barriers of all threads the running block has passed.
  static std::uint32_t intervals();

 private:
  std::unique_ptr<Threads> threads_;
};

}  // namespace croton::runtime::emulator
