// The one table of configuration keys. Parsing, `croton config`, config.ini.example and docs/config.md are made from
// its rows, and the library asks for values by names that are checked against it at compile time. A new key is a new
// row.
#pragma once
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "croton/base.h"

namespace croton {

enum class ConfigType : std::uint8_t { flag, number, choice, path, arguments, device };

struct ConfigRow {
  std::string_view name;  ///< "gcc.cxx" is key cxx of [gcc]; a name without a dot stands in [global]
  ConfigType type;
  std::string_view fallback;  ///< the default, written as a person would
  std::string_view allowed;   ///< a choice's values: "raise|warn|ignore"
  Index low, high;            ///< a number's range, ends included
  std::string_view unit;      ///< a number's unit: "bytes", "seconds", "threads"
  std::string_view doc;       ///< one sentence
};

namespace config_rows {

constexpr ConfigRow flag(std::string_view name, bool fallback, std::string_view doc) {
  return {name, ConfigType::flag, fallback ? "True" : "False", {}, 0, 1, {}, doc};
}
constexpr ConfigRow number(std::string_view name, std::string_view fallback, Index low, Index high,
                           std::string_view unit, std::string_view doc) {
  return {name, ConfigType::number, fallback, {}, low, high, unit, doc};
}
constexpr ConfigRow choice(std::string_view name, std::string_view fallback, std::string_view allowed,
                           std::string_view doc) {
  return {name, ConfigType::choice, fallback, allowed, 0, 0, {}, doc};
}
constexpr ConfigRow text(std::string_view name, ConfigType type, std::string_view fallback, std::string_view doc) {
  return {name, type, fallback, {}, 0, 0, {}, doc};
}
constexpr Index any_bytes = Index{1} << 50;

}  // namespace config_rows

// clang-format off
inline constexpr ConfigRow config_table[] = {
    config_rows::text("device", ConfigType::device, "cpu",
                      "Where functions run: cpu, an NVIDIA GPU (cuda, cuda0, ...; gpu and gpu0 mean the same), or emulator, a GPU emulated on the CPU; auto takes a GPU if there is one and says what it took."),
    config_rows::choice("floatX", "float64", "float64|float32|float16",
                        "The float type of variables, constants and results whose type nobody names."),
    config_rows::choice("mode", "FAST_RUN", "FAST_RUN|FAST_COMPILE",
                        "FAST_RUN compiles functions; FAST_COMPILE evaluates them by the slow reference evaluator and needs no compiler."),
    config_rows::flag("openmp", true, "Functions on the CPU may use several threads; False means one."),
    config_rows::number("threads", "0", 0, 1024, "threads",
                        "Threads of a function on the CPU; 0 means OMP_NUM_THREADS, else what affinity and the container's quota allow."),
    config_rows::choice("math", "fast", "fast|exact",
                        "exact computes elementary functions by one formula on all devices, so that their results agree bit for bit; fast takes each device's best within its stated error."),
    config_rows::flag("optimizer_unsafe", false,
                      "Allows rewrites that are wrong for NaN and infinity, such as x * 0 to 0."),
    config_rows::choice("warn_float64", "ignore", "ignore|warn|raise",
                        "What to do where a float64 variable appears in a graph, naming the line that made it."),
    config_rows::choice("on_unused_input", "raise", "raise|warn|ignore",
                        "What to do about an input of a function that no output needs."),
    config_rows::flag("allow_input_downcast", false,
                      "Arguments of a call may lose digits, as float64 data given to a float32 input does."),
    config_rows::flag("profile", false, "Measures every compiled function and prints a table when it is destroyed."),
    config_rows::text("dump", ConfigType::path, "",
                      "A folder that receives the graph after each pass, the tile programs, the loop nests and the source of every kernel; empty means none."),
    config_rows::flag("check_ir", false, "Verifies the graph after every pass, the tile program, and each loop nest."),
    config_rows::flag("check_nan", false, "Stops at the first node that makes a NaN or an infinity, and names it; such functions are run by the reference evaluator."),
    config_rows::flag("emulator_check", false,
                      "The emulated GPU looks for races, uninitialized reads and accesses out of bounds, at a fifteenth of the speed."),
    config_rows::number("emulator_seed", "0", 0, Index{1} << 32, "",
                        "The order of blocks and threads on the emulated GPU, and of the steps of a graph that need not wait for each other: 0 upwards, 1 downwards, any other number a shuffle; results do not depend on it."),
    config_rows::text("blas.ldflags", ConfigType::arguments, "",
                      "The BLAS to open, as -LDIR -lNAME or a path; empty means that OpenBLAS is searched for."),
    config_rows::text("gcc.cxx", ConfigType::path, "", "The host compiler, a g++; empty means CXX, else g++."),
    config_rows::text("gcc.cxxflags", ConfigType::arguments, "",
                      "More flags for the host compiler; no shell sees them, and -ffast-math and its kin are dropped."),
    config_rows::flag("gcc.fastmath", false,
                      "Elementary functions on the CPU may be faster and less accurate than their stated error. It does nothing yet, and says so."),
    config_rows::flag("nvcc.fastmath", false,
                      "Some float32 functions on a GPU, real or emulated, are its own approximations (docs/accuracy.md); math=exact overrides it."),
    config_rows::text("cuda.root", ConfigType::path, "",
                      "The folder of the CUDA toolkit or its libraries (NVRTC, cuBLAS); empty means that they are searched for."),
    config_rows::number("cuda.pool_cap", "0", 0, config_rows::any_bytes, "bytes",
                        "The most memory of the GPU to hold; 0 means no limit."),
    config_rows::flag("cuda.tf32", false,
                      "Products of float32 matrices on a GPU may round their factors to 10 bits (TF32): faster, and good to three digits."),
    config_rows::flag("cuda.graphs", true,
                      "Calls of a function that find the same memory launch all of its kernels as one CUDA graph."),
    config_rows::text("compile.cache", ConfigType::path, "",
                      "The folder of compiled kernels; empty means croton in XDG_CACHE_HOME, else in ~/.cache."),
    config_rows::number("compile.cache_size", "2GiB", 0, config_rows::any_bytes, "bytes",
                        "The most that the compiled kernels may take on disk; the least recently used go first."),
    config_rows::number("compile.wait", "60", 0, 86400, "seconds",
                        "How long to wait for another process that compiles the same kernel before compiling it here too."),
    config_rows::number("compile.timeout", "300", 1, 86400, "seconds",
                        "How long one run of the host compiler may take."),
};
// clang-format on
inline constexpr std::size_t config_size = sizeof(config_table) / sizeof(config_table[0]);

/// A key of Theano's that is accepted but does nothing here: one warning says why. "scan.*" stands for all of [scan].
struct RetiredKey {
  std::string_view name, why;
};
const std::vector<RetiredKey>& retired_keys();

/// The row's number, ignoring case; config_size if there is none.
std::size_t find_config_row(std::string_view key);
/// Theano's key, ignoring case; null if it is none.
const RetiredKey* find_retired_key(std::string_view key);
/// [name] holds keys, here or in a file written for Theano.
bool is_config_section(std::string_view name);
/// "gcc" of "gcc.cxx", "global" of "device".
std::string_view section_of(std::string_view key);
/// "cxx" of "gcc.cxx".
std::string_view option_of(std::string_view key);
/// The key most like this one, or "" where none is near.
std::string_view nearest_key(std::string_view key);
/// What a row's values may be, as a person reads it: "raise, warn, ignore".
std::string allowed_values(const ConfigRow&);

/// A value as the library reads it.
struct ConfigValue {
  std::string text;    ///< in one spelling: "True", "float32", bytes in digits, `~` expanded
  Index number = 0;    ///< a flag's 0 or 1, a number's value, a choice's place among the allowed
  std::string source;  ///< "/home/me/.crotonrc:3", "CROTON_FLAGS", "fit.cpp:12" or "default"
};
/// Reads a value by the rules of its row; `~` stands for home. Throws ConfigError with place, key, value and what is
/// allowed.
struct ConfigEntry;
ConfigValue read_config_value(const ConfigRow&, const ConfigEntry&, std::string_view home);

/// A key's name in the library's code: a typo or a wrong type does not compile.
template <ConfigType... types>
struct ConfigKey {
  std::size_t row = 0;
  consteval ConfigKey(const char* name) {
    while (row < config_size && config_table[row].name != name) ++row;
    if (row == config_size) throw "no such key in config_table";
    if (!((config_table[row].type == types) || ...)) throw "the key's type is another";
  }
};
using FlagKey = ConfigKey<ConfigType::flag>;
using NumberKey = ConfigKey<ConfigType::number>;
using TextKey = ConfigKey<ConfigType::choice, ConfigType::path, ConfigType::arguments, ConfigType::device>;

}  // namespace croton
