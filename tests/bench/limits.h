// What the machine can do, measured in this process: bandwidth, arithmetic, elementary functions, matrix products.
#pragma once
#include <algorithm>
#include <functional>
#include <string>
#include <string_view>

#include "runtime/device.h"

namespace bench {

/// Bytes a second over arrays far larger than the caches, by the least of the passes since they were last forgotten, at
/// least seven. `streamed`: with stores past the caches.
double read_bandwidth();
double copy_bandwidth(bool streamed);
double triad_bandwidth(bool streamed);
/// Bytes a second of a pass that reads and writes: the better of both kinds of store.
double pass_bandwidth();
/// Other machines share the memory bus, and take more or less of it from second to second: forget what was measured,
/// and pass over the arrays once more.
void forget_bandwidth();
void measure_bandwidth();
/// Floating operations a second in registers, of all threads.
double fma_peak();
/// Results a second of a float32 function ("tanh", "exp", ...) on data in L1, of all threads.
double throughput(std::string_view function);
/// Bytes a second that the configured device reads and writes by copies of 512 MiB: beyond a GPU's caches.
double device_bandwidth();
/// The configured device's own matrix product, m x n x k, float32: each call runs it once.
std::function<void()> bare_product(croton::Index m, croton::Index n, croton::Index k);
/// Floating operations a second of it.
double gemm_rate(croton::Index m, croton::Index n, croton::Index k);
/// One line a measurement, for people; of the configured device.
std::string table();

/// Least of several runs of `work`, in seconds.
template <class F>
double least_seconds(int runs, F work);
double now();
/// Processor seconds of all threads of this process: what a busy machine does not change much.
double processor_now();

template <class F>
double least_seconds(int runs, F work) {
  double least = 1e300;
  for (int i = 0; i < runs; ++i) {
    const double start = now();
    work();
    least = std::min(least, now() - start);
  }
  return least;
}

/// A module of the device from a text that follows the prelude and the given functions' kernels.
std::shared_ptr<croton::runtime::Module> compile(std::string_view body, std::vector<std::string_view> functions,
                                                 std::vector<std::string> entries);
croton::runtime::Device& cpu();
/// The one of the configuration, where functions run.
croton::runtime::Device& here();

}  // namespace bench
