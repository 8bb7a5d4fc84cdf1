// The workloads: graphs over shared variables, at any scale, each with its physical limit.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "croton/optimizers.h"

namespace bench {

/// A graph whose leaves are shared variables.
struct Problem {
  std::vector<croton::Tensor> outputs;
  croton::Updates updates;
};
/// A small one that the reference evaluator can do, and those that are timed: a GPU's lie beyond its caches.
enum class Size : std::uint8_t { checked, cpu, gpu };
struct Workload {
  std::string name;
  std::function<Problem(Size)> build;
  /// Seconds that the machine needs at least, and what bounds it.
  std::function<double()> limit;
  std::string bound;
  double tolerance = 2e-4;  ///< of the largest element, against the reference evaluator
  /// Gives the work that `limit` stands for, to be timed in turns with the workload; or nothing.
  std::function<std::function<void()>()> beside = {};
  std::string config = {};  ///< as ScopedConfig takes it
};
std::vector<Workload> workloads();
/// Those of a GPU, by the names that they have on the processor where they are the same.
std::vector<Workload> gpu_workloads();

/// The tutorial's network: examples x 2 -> hidden -> 2.
struct Tutorial {
  croton::Shared x, y, w1, b1, w2, b2;
  Problem problem;
};
inline constexpr double tutorial_rate = 0.01, tutorial_lambda = 0.01;
Tutorial tutorial(croton::Index examples, croton::Index hidden, croton::DType);

/// Normal numbers times `scale`, always the same for the same shape.
croton::Array numbers(const croton::Extents&, double scale = 1, croton::DType = croton::DType::float32);
/// Rows with a single 1.
croton::Array classes(croton::Index rows, croton::Index count, croton::DType = croton::DType::float32);

}  // namespace bench
