// Machine code as NVIDIA's nvdisasm writes it (SASS): what a kernel's largest loop issues.
#pragma once
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace croton::sweep {

/// Kinds of instructions, in the order of Loop::of_kind.
inline constexpr std::array<std::string_view, 8> instruction_kinds = {"float",  "special", "choice",  "exchange",
                                                                      "shared", "memory",  "integer", "other"};

/// The loop with most instructions, inner loops and all paths within it included: those that a branch goes back over.
struct Loop {
  std::string kernel;
  std::size_t instructions = 0;  ///< 0: the kernel has no loop
  std::array<std::size_t, instruction_kinds.size()> of_kind{};
};

/// One for each kernel of the text, in its order.
std::vector<Loop> largest_loops(std::string_view sass);

/// What `disassembler` (nvdisasm) makes of a cubin. Throws FileError where it fails.
std::string disassembled(const std::string& disassembler, std::span<const std::byte> cubin);

}  // namespace croton::sweep
