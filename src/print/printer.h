// Loop nests as source text. The printer decides nothing: a dialect holds the spellings.
#pragma once
#include <span>
#include <string>

#include "tile/nest.h"

namespace croton::print {

/// How one language writes what a nest says.
struct Dialect {
  /// The name of an element type.
  std::string (*type)(DType);
  /// Opens and closes a kernel of that name.
  std::string (*signature)(std::string_view name);
};
const Dialect& cpp_dialect();

/// What people see beside the same text (the dump); the compiled text has made-up names and no comments.
struct Names {
  std::vector<std::string> words;          // one a word of the nest
  std::vector<std::string> computes = {};  // what stands above the kernel, a line each
};

/// One kernel. `names`: with comments for people.
std::string kernel(const tile::Nest&, std::string_view name, const Dialect&, const Names* names = nullptr);
/// The functions of expr/functions that a nest calls.
std::vector<std::string_view> functions(const tile::Nest&);
/// A whole translation unit for the CPU: the prelude with the mathematics that is used, then each nest as kernel_0,
/// kernel_1, ...
std::string translation_unit(std::span<const tile::Nest>, const Target&);
std::string entry_name(std::size_t number);

}  // namespace croton::print
