// The texts of kernels for GPUs, kept by content while the test suite runs, so that NVRTC can compile all of them
// afterwards where there is no GPU (tools/nvrtc_sweep).
#pragma once
#include "runtime/device.h"

namespace croton::runtime::gpu {

/// Writes FOLDER/HASH.cu, if the variable CROTON_GPU_KERNELS names a folder; else does nothing. For drivers that run
/// kernels without NVRTC, before they compile one. Never throws for what the disk does: a warning says it once.
void collect(const Source&);
/// The same into that folder; gives the path. Its first line is "// kernels: phase_0 phase_1; name". Throws FileError.
std::string collect(const Source&, const std::string& folder);

}  // namespace croton::runtime::gpu
