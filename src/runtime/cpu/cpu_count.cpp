#include "runtime/cpu/cpu_count.h"

#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "base/cgroup.h"
#include "base/config.h"
#include "base/environment.h"
#include "base/text.h"

namespace croton::runtime {

int cpus_by_affinity() {
  for (int cpus = 1024; cpus <= 1 << 20; cpus *= 4) {  // the kernel refuses a mask smaller than its own
    cpu_set_t* set = CPU_ALLOC(static_cast<std::size_t>(cpus));
    if (set == nullptr) break;
    const std::size_t bytes = CPU_ALLOC_SIZE(static_cast<std::size_t>(cpus));
    const bool known = sched_getaffinity(0, bytes, set) == 0;
    const int count = known ? CPU_COUNT_S(bytes, set) : 0;
    CPU_FREE(set);
    if (known) return std::max(count, 1);
  }
  return 1;
}

namespace {

std::optional<double> number(std::string_view text) {
  text = trim(text);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// version 2: "max 100000" or "150000 100000"
std::optional<double> quota_2(const std::string& folder) {
  const std::string text = read_small_file(folder + "/cpu.max");
  const auto words = split(trim(text), ' ');
  if (words.size() != 2) return std::nullopt;
  const auto quota = number(words[0]), period = number(words[1]);
  if (!quota || !period || *quota <= 0 || *period <= 0) return std::nullopt;
  return *quota / *period;
}

// version 1: -1 means none
std::optional<double> quota_1(const std::string& folder) {
  const auto quota = number(read_small_file(folder + "/cpu.cfs_quota_us"));
  const auto period = number(read_small_file(folder + "/cpu.cfs_period_us"));
  if (!quota || !period || *quota <= 0 || *period <= 0) return std::nullopt;
  return *quota / *period;
}

}  // namespace

std::optional<double> cgroup_cpus(std::string_view membership, const std::string& root) {
  std::optional<double> least;
  for (const CgroupFolder& group : cgroup_folders(membership, root, "cpu"))
    if (const auto q = group.version == 2 ? quota_2(group.path) : quota_1(group.path); q && (!least || *q < *least))
      least = q;
  return least;
}

std::optional<int> omp_threads(const char* variable) {
  if (variable == nullptr) return std::nullopt;
  const std::string_view first = trim(split(variable, ',').front());
  int n = 0;
  const auto [end, error] = std::from_chars(first.data(), first.data() + first.size(), n);
  if (error != std::errc() || end != first.data() + first.size() || n < 1) return std::nullopt;
  return std::min(n, 1024);
}

int threads_allowed() {
  const auto config = config_snapshot();
  if (!config->flag("openmp")) return 1;
  if (const Index n = config->number("threads"); n > 0) return static_cast<int>(n);
  const auto from_environment = [](const char* name) {
    const auto value = environment_value(name);
    return omp_threads(value ? value->c_str() : nullptr);
  };
  const int limit = from_environment("OMP_THREAD_LIMIT").value_or(1024);
  if (const auto n = from_environment("OMP_NUM_THREADS")) return std::min(*n, limit);
  const int cpus = std::min(cpus_by_affinity(), limit);
  const auto quota = cgroup_cpus(read_small_file("/proc/self/cgroup"), "/sys/fs/cgroup");
  return quota ? std::clamp(static_cast<int>(std::ceil(*quota)), 1, cpus) : cpus;
}

}  // namespace croton::runtime
