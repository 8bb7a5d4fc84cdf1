// The device that the configuration names, for people and for measurements.
#pragma once
#include "croton/base.h"

namespace croton {

/// One line for people: "cpu: AMD EPYC, avx512, 2 threads". Opens the device; throws DeviceError where it cannot be
/// had.
std::string device_description();

/// What the device has done since the process began.
struct DeviceCounters {
  std::uint64_t launches = 0;       ///< of generated kernels
  std::uint64_t library_calls = 0;  ///< matrix products and the like
  std::uint64_t compilations = 0;   ///< runs of the compiler: what the cache did not have
  std::uint64_t transfers_in = 0;   ///< copies from the host to the device
  std::uint64_t transfers_out = 0;  ///< copies from the device to the host
  std::uint64_t graph_launches = 0;  ///< of many kernels and products as one (docs/gpu-kernels.md); each of them counts too
};
/// Of the configured device, which it opens as device_description does.
DeviceCounters device_counters();

}  // namespace croton
