// What there is of CUDA on this machine, without opening a device: for `croton gputest` and for device=auto.
#pragma once
#include "runtime/gpu/cuda_plugin.h"

namespace croton::runtime::cuda {

/// Never throws for what is missing: that is what it reports.
gpu::CudaSurvey survey(const gpu::CudaOptions&);

}  // namespace croton::runtime::cuda
