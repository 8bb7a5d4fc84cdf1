// The NVRTC of this machine, where it has one: none of the tests that use it needs a GPU.
#pragma once
#include "catch.h"
#include "runtime/cuda/nvrtc.h"

namespace croton::runtime::cuda {

/// Null, with a line that says so, where there is none.
inline std::shared_ptr<Nvrtc> real_nvrtc() {
  try {
    return Nvrtc::open(SearchRoots::of_process(""), 14);
  } catch (const DeviceError& e) {
    WARN("skipped: " << e.what());
    return nullptr;
  }
}

}  // namespace croton::runtime::cuda
