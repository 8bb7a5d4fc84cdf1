#include "expr/functions.h"

#include <algorithm>

#include "base/dtype.h"
#include "base/error.h"
#include "expr/kernel_text.h"

namespace croton::expr {
namespace {

struct KernelFile {
  std::string_view name;
  std::array<std::string_view, 4> needs{};
};

/// Dependencies before dependents; those of the first group belong to every translation unit.
constexpr KernelFile files[] = {
    {"prelude.h"},
    {"casts.h"},
    {"memory.h"},
    {"folds.h"},
    {"rows.h"},
    {"integers.h"},
    {"random.h"},
    {"math_core.h"},
    {"math_exp.h", {"math_core.h"}},
    {"math_log.h", {"math_core.h"}},
    {"math_root.h", {"math_core.h"}},
    {"math_tanh.h", {"math_core.h", "math_exp.h"}},
    {"math_sigmoid.h", {"math_core.h", "math_exp.h", "math_log.h"}},
    {"math_trig.h", {"math_core.h"}},
    {"math_hyperbolic.h", {"math_core.h", "math_exp.h", "math_log.h"}},
    {"math_inverse.h", {"math_core.h"}},
    {"math_erf.h", {"math_core.h", "math_exp.h"}},
    {"math_bessel.h", {"math_core.h", "math_exp.h"}},
    {"math_erfinv.h", {"math_core.h", "math_exp.h", "math_log.h", "math_erf.h"}},
    {"math_pow.h", {"integers.h", "math_core.h", "math_exp.h", "math_log.h"}},
    {"math_normal.h", {"math_core.h", "math_log.h"}},
    {"math_gamma.h", {"math_core.h", "math_exp.h", "math_log.h", "math_trig.h"}},
    {"math_gammainc.h", {"math_pow.h", "math_gamma.h"}},
    {"math_betainc.h", {"math_gammainc.h"}},
    {"math_draws.h", {"random.h", "math_normal.h", "math_gamma.h"}},
};
constexpr std::size_t in_every_unit = 5;

std::size_t place_of(std::string_view file) {
  const auto at = std::find_if(std::begin(files), std::end(files), [&](const KernelFile& f) { return f.name == file; });
  return static_cast<std::size_t>(at - std::begin(files));
}

/// Letters that differ in a common alignment, plus the difference in length: enough to find a misspelt name.
std::size_t distance(std::string_view a, std::string_view b) {
  std::array<std::size_t, 64> row{};
  if (a.size() >= row.size() || b.size() >= row.size()) return row.size();
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

double ScalarFunction::bound(DType d) const {
  switch (d) {
    case DType::float64: return cpu.ulp64;
    case DType::float32: return cpu.ulp32;
    // An error of cpu.ulp32 units of the 24th digit, then one rounding to 11 or 8 digits.
    case DType::float16: return cpu.ulp32 == 0 ? 0 : 0.5 + cpu.ulp32 / 8192;
    case DType::bfloat16: return cpu.ulp32 == 0 ? 0 : 0.5 + cpu.ulp32 / 65536;
    default: return 0;
  }
}

const ScalarFunction* find_function(std::string_view name) {
  const auto table = all_functions();
  const auto at = std::find_if(table.begin(), table.end(), [&](const ScalarFunction& f) { return f.name == name; });
  return at == table.end() ? nullptr : &*at;
}

const ScalarFunction& function(std::string_view name) {
  if (const ScalarFunction* f = find_function(name)) return *f;
  const auto table = all_functions();
  const auto near = std::min_element(table.begin(), table.end(), [&](const ScalarFunction& a, const ScalarFunction& b) {
    return distance(a.name, name) < distance(b.name, name);
  });
  fail<GraphError>("there is no scalar function \"{}\"; the nearest name is \"{}\"", name, near->name);
}

std::vector<std::string_view> kernel_files(std::span<const std::string_view> functions) {
  std::array<bool, std::size(files)> wanted{};
  std::fill_n(wanted.begin(), in_every_unit, true);
  for (const std::string_view name : functions) {
    const std::string_view file = function(name).file;
    if (!file.empty()) wanted[place_of(file)] = true;
  }
  for (std::size_t i = wanted.size(); i-- > 0;)
    if (wanted[i])
      for (const std::string_view need : files[i].needs)
        if (!need.empty()) wanted[place_of(need)] = true;
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < wanted.size(); ++i)
    if (wanted[i]) names.push_back(files[i].name);
  return names;
}

std::string kernel_source(std::span<const std::string_view> functions) {
  std::string source;
  for (const std::string_view file : kernel_files(functions)) source += kernel_text(file);
  return source;
}

std::string gpu_kernel_source(std::span<const std::string_view> functions, bool fast) {
  std::string source = std::string(kernel_text("primitives_cuda.h")) + std::string(kernel_text("prelude_gpu.h"));
  source += "namespace croton {\n";
  for (const std::string_view file : kernel_files(functions))
    if (file != "prelude.h" && file != "memory.h" && file != "folds.h") source += kernel_text(file);
  if (fast) source += kernel_text("math_fast.h");
  return source + "}  // namespace croton\n";
}

std::string_view emulator_shim() { return kernel_text("emulator_shim.h"); }

}  // namespace croton::expr
