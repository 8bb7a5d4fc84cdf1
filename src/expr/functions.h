// The one table of scalar functions: what each means (a reference), how exact its generated code is, what it costs.
// Ops name functions by these names; the evaluator runs `reference`, the printer writes `spelling` and needs
// kernel_files.
#pragma once
#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "croton/base.h"

namespace croton::expr {

/// Which element types a function takes (all operands share one type, but for select's boolean condition).
enum class Takes : std::uint8_t {
  anything,  ///< bool, integers, floats
  numbers,   ///< integers, floats
  floats,
  bits,  ///< bool, integers
  integers,
  words,   ///< uint64 only
  logical  ///< bool only
};
enum class Gives : std::uint8_t { operand, boolean };

struct Interval {
  double low = 0, high = 0;
};

/// Errors of the generated code, in units in the last place of the exact result: 0 = exact, 0.5 = correctly rounded.
/// fma keeps its bound where the target has FMA; elsewhere it is a product and a sum, each rounded.
/// `absolute32/64`: the allowed error near a root, where a relative bound cannot hold.
struct ErrorBound {
  double ulp32 = 0, ulp64 = 0;
  double absolute32 = 0, absolute64 = 0;
};

/// Of a form for fastmath, in float32: at most `ulp` + `per_unit` |x| units in the last place, or `absolute`.
struct FastBound {
  double ulp = 0, per_unit = 0, absolute = 0;
};

struct ScalarFunction {
  std::string_view name;      ///< "add", "tanh", "logical_and"
  std::string_view spelling;  ///< the function's name in kernels/ ("and_" for "and", which C++ keeps for itself)
  int arity = 1;
  Takes takes = Takes::floats;
  Gives gives = Gives::operand;
  int cost = 1;  ///< nominal units: arithmetic 1, elementary function 16
  /// Whether kernels/ has the body apart (`spelling`_here), for loops that spend their time in it.
  bool has_body() const { return file.starts_with("math_") && cost <= 16; }
  /// Whether it is so large that a GPU's text has a function of its own for it too (`spelling`_called), for kernels
  /// that call many.
  bool is_large() const { return !file.empty() && cost >= 4; }
  std::string_view file = {};  ///< the kernel file that defines it beyond prelude.h, or ""
  ErrorBound cpu = {};         ///< bounds of the C++ text on every ISA; see bound()
  FastBound fast = {};         ///< of fast_`spelling` in math_fast.h, where there is one
  bool has_fast() const { return fast.ulp > 0; }

  /// The meaning on floats: operands are values of the float type, the result is rounded to it by the caller.
  /// Booleans are 0 and 1. Null where the function takes no floats.
  long double (*reference)(const long double*) = nullptr;
  /// The meaning on signed integers and bools (sign-extended operands; the caller wraps the result to the type, a bool
  /// to its lowest bit). Null where it takes none.
  std::int64_t (*integer)(const std::int64_t*) = nullptr;
  /// The meaning on unsigned integers (zero-extended operands). Null where it takes none.
  std::uint64_t (*natural)(const std::uint64_t*) = nullptr;

  /// One interval of ordinary valid inputs an operand, for samplers (log: [0.05, 20]).
  std::array<Interval, 3> domain{};

  /// Allowed |computed - exact| / ulp(exact) for a float dtype on the CPU. float16 and bfloat16 compute in float32 and
  /// round once.
  double bound(DType) const;
};

/// The function of that name; an unknown name is an Error that lists near ones.
const ScalarFunction& function(std::string_view name);
/// Null for an unknown name.
const ScalarFunction* find_function(std::string_view name);
/// The whole table, in its order.
std::span<const ScalarFunction> all_functions();

/// Names of the kernel files that a translation unit using these functions includes, each once, dependencies first;
/// always begins with "prelude.h".
std::vector<std::string_view> kernel_files(std::span<const std::string_view> functions);
/// Their texts, joined: what the printer puts first, after its macros CROTON_VECTOR_BYTES.
std::string kernel_source(std::span<const std::string_view> functions);
/// The same for a GPU: primitives_cuda.h (which the emulator's shim takes the place of), prelude_gpu.h, and the files
/// beyond memory and folds, in namespace croton. `fast`: with math_fast.h.
std::string gpu_kernel_source(std::span<const std::string_view> functions, bool fast = false);
/// What stands before it on the host.
std::string_view emulator_shim();

}  // namespace croton::expr
