#include "base/config_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace croton {

const std::vector<RetiredKey>& retired_keys() {
  static constexpr std::string_view rewriting = "rewriting is not set by names; dump=DIR shows what each pass does";
  static constexpr std::string_view one_device =
      "a function runs on one device, and a device opens when it is first used";
  static constexpr std::string_view c_code = "there is one way to run a function, mode=FAST_RUN: generated C++ or CUDA";
  static constexpr std::string_view cache =
      "the cache looks after itself; its keys are compile.cache and compile.cache_size";
  static constexpr std::string_view error_text =
      "every error already names the node, its inputs and the line that made it";
  static constexpr std::string_view profiling = "profile=True measures all that there is";
  static constexpr std::string_view planned = "memory is planned when a function is compiled";
  static constexpr std::string_view pickles = "functions are not pickled";
  static const std::vector<RetiredKey> keys = {
      {"force_device", "a device that cannot be had is always an error; device=auto falls back"},
      {"init_gpu_device", one_device},
      {"contexts", one_device},
      {"enable_initial_driver_test", one_device},
      {"print_active_device", "`croton config --check` shows the device"},
      {"linker", c_code},
      {"vm.*", c_code},
      {"numba.*", c_code},
      {"optimizer", rewriting},
      {"optimizer_including", rewriting},
      {"optimizer_excluding", rewriting},
      {"optimizer_requiring", rewriting},
      {"optimizer_verbose", rewriting},
      {"optimizer_verbose_ignore", rewriting},
      {"optdb.*", rewriting},
      {"metaopt.*", rewriting},
      {"tensor.*", rewriting},
      {"gpu.*", rewriting},
      {"experimental.*", rewriting},
      {"cycle_detection", rewriting},
      {"on_opt_error", "a rewrite that fails is always an error"},
      {"on_shape_error",
       "a shape error is always an error (of a value whose shape alone is used, as zeros_like(x) + y, FAST_RUN looks "
       "at y)"},
      {"conv.assert_shape", "a shape error is always an error"},
      {"cast_policy", "promotion has one rule, and bare numbers never widen a type"},
      {"int_division", "/ is true division, as in Python 3; floor_div is //"},
      {"allow_gc", planned},
      {"openmp_elemwise_minsize", "small work stays on one thread by a measured rule"},
      {"blas.check_openmp", "BLAS runs one thread a panel, whatever it was built with"},
      {"lib.*", "memory of the GPU is pooled by Croton itself, and elementary functions are its own"},
      {"base_compiledir", cache},
      {"compiledir", cache},
      {"compiledir_format", cache},
      {"nocleanup", cache},
      {"cmodule.*", cache},
      {"compiler_verbose", "an error shows the compiler's own words, and dump=DIR the source"},
      {"profile_memory", profiling},
      {"profile_optimizer", profiling},
      {"profiling.*", profiling},
      {"print_global_stats", profiling},
      {"exception_verbosity", error_text},
      {"traceback.*", error_text},
      {"compute_test_value", "shapes are inferred while the graph is built, and eval() gives values"},
      {"compute_test_value_opt", "shapes are inferred while the graph is built, and eval() gives values"},
      {"print_test_value", "shapes are inferred while the graph is built, and eval() gives values"},
      {"check_stack_trace", error_text},
      {"check_input", "arguments are always checked"},
      {"NanGuardMode.*", "check_nan=True stops at the first node that makes a NaN"},
      {"DebugMode.*", "tests compare every rewrite with the reference; check_ir=True verifies each pass"},
      {"deterministic", "results are the same from run to run and for any number of threads"},
      {"assert_no_cpu_op", "a function runs on its device as a whole or says why not"},
      {"gpuarray.*", "memory of the GPU is pooled on demand; cuda.pool_cap limits it"},
      {"gpuelemwise.*", "kernels of the GPU run asynchronously, and a value that is read waits for them"},
      {"dnn.*", "cuDNN is not needed"},
      {"magma.*", "MAGMA is not needed"},
      {"ctc.*", "warp-ctc is not needed"},
      {"cublas.*", "cuBLAS is found beside the driver or in cuda.root"},
      {"cuda.*", "nothing of CUDA is needed at build time; at run time it is found beside the driver or in cuda.root"},
      {"nvcc.*", "no nvcc is run: NVRTC compiles kernels for the GPU inside the process"},
      {"compile.*", "the keys of [compile] here are cache, cache_size, wait and timeout"},
      {"scan.*", "memory of loops is planned when a function is compiled"},
      {"warn.*", "the old faults of Theano that it warns about are not here"},
      {"reoptimize_unpickled_function", pickles},
      {"unpickle_function", pickles},
      {"pickle_test_value", pickles},
  };
  return keys;
}

std::size_t find_config_row(std::string_view key) {
  if (same_ignoring_case(key, "cxx")) key = "gcc.cxx";  // Theano kept the compiler's path in [global]
  std::size_t row = 0;
  while (row < config_size && !same_ignoring_case(config_table[row].name, key)) ++row;
  return row;
}

namespace {

bool matches(std::string_view pattern, std::string_view key) {
  if (!pattern.empty() && pattern.back() == '*') {
    pattern.remove_suffix(1);
    return key.size() > pattern.size() && same_ignoring_case(pattern, key.substr(0, pattern.size()));
  }
  return same_ignoring_case(pattern, key);
}

}  // namespace

const RetiredKey* find_retired_key(std::string_view key) {
  const auto& keys = retired_keys();
  const auto found = std::find_if(keys.begin(), keys.end(), [&](const RetiredKey& k) { return matches(k.name, key); });
  return found == keys.end() ? nullptr : &*found;
}

std::string_view section_of(std::string_view key) {
  const std::size_t dot = key.rfind('.');
  return dot == std::string_view::npos ? "global" : key.substr(0, dot);
}

std::string_view option_of(std::string_view key) {
  return key.substr(key.rfind('.') + 1);  // npos + 1 is 0
}

bool is_config_section(std::string_view name) {
  const std::string_view first = name.substr(0, name.find('.'));  // Theano also writes [dnn.conv]
  const auto holds = [&](std::string_view key) { return same_ignoring_case(section_of(key), first); };
  return std::any_of(std::begin(config_table), std::end(config_table),
                     [&](const ConfigRow& r) { return same_ignoring_case(section_of(r.name), name); }) ||
         std::any_of(retired_keys().begin(), retired_keys().end(),
                     [&](const RetiredKey& k) { return k.name.find('.') != std::string_view::npos && holds(k.name); });
}

std::string_view nearest_key(std::string_view key) {
  std::string_view best;
  std::size_t least = std::clamp<std::size_t>(key.size() / 3, 1, 3) + 1;
  for (const ConfigRow& row : config_table) {
    const bool elsewhere = same_ignoring_case(option_of(key), option_of(row.name));  // right key, wrong section
    const std::size_t d = elsewhere ? 1 : edit_distance(key, row.name);
    if (d < least) {
      least = d;
      best = row.name;
    }
  }
  return best;
}

std::string allowed_values(const ConfigRow& row) {
  switch (row.type) {
    case ConfigType::flag: return "True, False";
    case ConfigType::number:
      return fmt::format("a whole number{}{} from {} to {}{}", row.unit.empty() ? "" : " of ", row.unit, row.low,
                         row.high, row.unit == "bytes" ? ", also as 512MiB or 2GiB" : "");
    case ConfigType::choice: return fmt::format("{}", fmt::join(split(row.allowed, '|'), ", "));
    case ConfigType::device: return "cpu, cuda or gpu (cuda0, gpu1, ... with a number), emulator, auto";
    case ConfigType::path: return "a path";
    case ConfigType::arguments: break;
  }
  return "arguments as on a command line";
}

}  // namespace croton
