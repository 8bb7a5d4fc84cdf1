#include "runtime/cpu/cpu_target.h"

#include <unistd.h>

#include <charconv>

#include <fmt/format.h>

#include "base/cgroup.h"
#include "base/text.h"
#include "runtime/cpu/cpu_count.h"

namespace croton::runtime {
namespace {

#if defined(__x86_64__)
// Clang 14 knows the levels of x86-64 only by what they consist of.
bool has_level_4() {
#if defined(__clang__)
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#else
  return __builtin_cpu_supports("x86-64-v4");
#endif
}
bool has_level_3() {
#if defined(__clang__)
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
#else
  return __builtin_cpu_supports("x86-64-v3");
#endif
}
#endif

// "32K" in sysfs, which counts the cores that share a cache rightly on virtual machines too; else what the C library
// knows
Index cache_bytes(int name, int index, Index otherwise) {
  const std::string text = read_small_file(fmt::format("/sys/devices/system/cpu/cpu0/cache/index{}/size", index));
  Index n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error == std::errc() && n > 0) return *end == 'M' ? n << 20 : n << 10;
  const long known = sysconf(name);
  return known > 0 ? known : otherwise;
}

}  // namespace

std::string_view detected_isa() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  return has_level_4() ? "avx512" : has_level_3() ? "avx2" : "sse2";
#else
  return "generic";
#endif
}

Target cpu_target(std::string_view isa) {
  Target t;
  t.isa = isa;
  if (isa == "avx512") t.vector_bytes = 64, t.vector_registers = 32;
  if (isa == "avx2") t.vector_bytes = 32;
  t.fma = isa == "avx512" || isa == "avx2";
  t.l1_bytes = cache_bytes(_SC_LEVEL1_DCACHE_SIZE, 0, t.l1_bytes);
  t.l2_bytes = cache_bytes(_SC_LEVEL2_CACHE_SIZE, 2, t.l2_bytes);
  t.l3_bytes = cache_bytes(_SC_LEVEL3_CACHE_SIZE, 3, t.l3_bytes);
  t.gemm = true;
  t.products_of_views = true;
  return t;
}

Target cpu_target() { return cpu_target(detected_isa()); }

std::vector<std::string> isa_flags(const Target& t) {
  if (t.isa == "avx512") return {"-march=x86-64-v4"};
  if (t.isa == "avx2") return {"-march=x86-64-v3"};
  if (t.isa == "sse2") return {"-march=x86-64"};
  return {};
}

std::string cpu_model() {
  const std::string info = read_small_file("/proc/cpuinfo");
  for (const std::string_view line : split(info, '\n')) {
    if (line.starts_with("model name")) return std::string(trim(line.substr(line.find(':') + 1)));
  }
  return "unknown CPU";
}

}  // namespace croton::runtime
