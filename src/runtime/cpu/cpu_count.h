// How many threads this process may use: affinity, the container's quota, OMP_NUM_THREADS.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace croton::runtime {

/// The CPUs that the affinity mask allows; at least 1.
int cpus_by_affinity();
/// The tightest CPU quota, in CPUs, of the groups named in /proc/self/cgroup (its text is `membership`) and of their
/// parents, read below `root` (/sys/fs/cgroup); versions 1 and 2. std::nullopt where there is none.
std::optional<double> cgroup_cpus(std::string_view membership, const std::string& root);
/// The first number of OMP_NUM_THREADS or OMP_THREAD_LIMIT ("4" or "4,2"); std::nullopt where it is none, or below 1.
std::optional<int> omp_threads(const char* variable);
/// What config, OMP_NUM_THREADS, affinity and quota come to, as threads() in parallel.h says.
int threads_allowed();

}  // namespace croton::runtime
