// Loop nests as source text. The printer decides nothing: a dialect holds the spellings.
#pragma once
#include <span>
#include <string>

#include "expr/functions.h"
#include "tile/nest.h"

namespace croton::print {

/// How one language writes what a nest says.
struct Dialect {
  /// The name of an element type.
  std::string (*type)(DType);
  /// Opens a kernel of that name, for one nest or for several, each with blocks of its own.
  std::string (*signature)(std::string_view name, std::span<const tile::Nest>);
  /// Closes it.
  std::string (*closing)(std::string_view name, std::span<const tile::Nest>);
  /// The 64-bit word of that number.
  std::string (*word)(std::size_t);
  /// Where the scratch of a chunk begins: a declaration, or "" where the signature brings it.
  std::string (*scratch)(const tile::Nest&);
  /// What a call of a function is spelled with, for operands of that type; `in_line`: its body may stand in this place.
  std::string (*function)(const expr::ScalarFunction&, DType, bool in_line);
  /// A lane is a thread: a register of lanes is a scalar, and a loop over lanes goes from thread to thread.
  bool threads = false;
};
const Dialect& cpp_dialect();
const Dialect& cuda_dialect();
/// The CUDA dialect with fastmath: fast_exp instead of exp.
const Dialect& fast_cuda_dialect();
const Dialect& dialect(const Target&);

/// What people see beside the same text (the dump); the compiled text has made-up names and no comments.
struct Names {
  std::vector<std::string> words;          // one a word of the nest
  std::vector<std::string> computes = {};  // what stands above the kernel, a line each
};

/// One kernel: of one nest, or, where lanes are threads, of several. `names`, of each nest: with comments for people.
std::string kernel(std::span<const tile::Nest>, std::string_view name, const Dialect&,
                   std::span<const Names> names = {});
/// The functions of expr/functions that a nest calls.
std::vector<std::string_view> functions(const tile::Nest&);
/// What a kernel of a GPU takes: the words of its nests, one nest after another; where blocks of a second nest begin,
/// and those of each after it; then where the scratch of all blocks lies (0: in shared memory) and how many bytes of it
/// a block has.
std::size_t gpu_words(std::span<const tile::Nest>);
/// Beyond it, in bytes, a kernel's words lie in memory and its one parameter is their address.
inline constexpr std::size_t most_gpu_parameters = 4096;
/// A whole translation unit: the prelude with the mathematics that is used, then kernel_0, kernel_1, ... of each nest
/// and those that share its kernel. For a GPU all of it compiles as it is with NVRTC, and on the host behind the
/// emulator's shim.
std::string translation_unit(std::span<const tile::Nest>, const Target&);
std::string entry_name(std::size_t number);

}  // namespace croton::print
