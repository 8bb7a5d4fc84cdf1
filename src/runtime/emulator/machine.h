// What a running kernel of the emulator shares with it: the twin of Machine in kernels/emulator_shim.h.
#pragma once
#include <cstdint>

namespace croton::runtime::emulator {

struct Machine {
  std::uint32_t thread = 0, block = 0;  ///< who runs
  char* dynamic_shared = nullptr;       ///< an address of the device
  std::uint64_t* fold_words = nullptr;  ///< 1024, then 4096 of 32 bits; an address of the host
  /// Folds of all threads, between a barrier after the last put and one before the next.
  void (*put)(int slot, std::uint64_t x, std::uint64_t (*step)(std::uint64_t, std::uint64_t)) = nullptr;
  std::uint64_t (*folded)(int slot) = nullptr;
  void (*barrier)(int line) = nullptr;  ///< line: of the compiled text
  /// The value of the thread of the warp whose number differs in these bits; where they are negative, of thread ~bits.
  std::uint64_t (*exchange)(std::uint64_t x, int bits, int line) = nullptr;
  float (*fused32)(float, float, float) = nullptr;
  double (*fused64)(double, double, double) = nullptr;
  /// A GPU's approximations: 2^a, log2 a, tanh a, 1 / a, the root of a, its reciprocal, a / b; see rough_result.
  float (*rough)(int which, float a, float b) = nullptr;
  void (*touched)(void* p, int bytes, bool writes, void* from) = nullptr;  ///< checked builds call it before an access
};

/// A device's address is the host's plus this: nothing that the host can follow.
inline constexpr std::uintptr_t device_offset = 0x400000000000;

/// A kernel of a loaded object; its parameters lie at the address.
using Entry = void (*)(const void* parameters);

}  // namespace croton::runtime::emulator
