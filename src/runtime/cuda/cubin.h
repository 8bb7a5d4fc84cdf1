// What each kernel of a cubin needs, read out of the file itself: no GPU, no NVIDIA tool, and it works for cached
// images too. Takes the bytes that NVRTC made for an sm; gives a line a kernel.
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace croton::runtime::cuda {

struct KernelNeeds {
  std::string name;
  unsigned registers = 0;     ///< of a thread
  unsigned stack_bytes = 0;   ///< of a thread, in local memory: arrays that were not unrolled, and spilled registers
  unsigned shared_bytes = 0;  ///< of a block, static; from sm_90 on this counts 1,024 bytes that the system keeps
  friend bool operator==(const KernelNeeds&, const KernelNeeds&) = default;
};

/// In the order of the file's symbols. Throws CompileError, with what is wrong, for bytes that are no whole cubin.
std::vector<KernelNeeds> kernel_needs(std::span<const std::byte> cubin);

/// Whether these bytes are an ELF file (a cubin) and not PTX.
bool is_cubin(std::span<const std::byte> image);

}  // namespace croton::runtime::cuda
