// The GPU of this machine, where it has one.
#pragma once
#include "cuda_fixture.h"

namespace croton::runtime::cuda {

/// Null, with a line that says so and why, where there is none.
inline std::unique_ptr<CudaDriver> real_gpu() {
  if (dlopen(STAND_INS "/libcuda.so.1", RTLD_NOW | RTLD_NOLOAD) != nullptr) {
    WARN("skipped: another test of this process has opened the stand-in, which the loader now gives for libcuda.so.1");
    return nullptr;
  }
  try {
    return std::make_unique<CudaDriver>(gpu::CudaOptions::from(*config_snapshot()), 0);
  } catch (const DeviceError& e) {
    WARN("skipped, for there is no GPU: " << e.what());
    return nullptr;
  }
}

}  // namespace croton::runtime::cuda
