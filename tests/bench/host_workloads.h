// What runs as steps on the host, sorting and linear algebra, each beside what does the same: a routine of the standard
// library, or of the LAPACK that the step calls.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "croton/ops.h"

namespace bench {

struct HostProblem {
  std::vector<croton::Tensor> outputs;
  /// The same on one thread, and what it made.
  std::function<void()> peer;
  std::function<std::vector<croton::Array>()> results;
};
struct HostWorkload {
  std::string name, peer;
  std::function<HostProblem()> build;
  double tolerance = 0;  ///< of the largest element, against the peer
};
std::vector<HostWorkload> host_workloads();

}  // namespace bench
