// A plugin as another version of Croton would install it.
#include "runtime/gpu/cuda_plugin.h"

extern "C" const croton::runtime::gpu::CudaPlugin* croton_cuda_plugin() {
  static constexpr croton::runtime::gpu::CudaPlugin plugin{"croton 0.0.7, interface 9", nullptr, nullptr};
  return &plugin;
}
