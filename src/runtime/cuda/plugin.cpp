// The one function that libcroton_cuda.so shows: what src/runtime/gpu/cuda_plugin.h asks for.
#include "runtime/gpu/cuda_plugin.h"

#include "runtime/cuda/cuda_driver.h"
#include "runtime/cuda/survey.h"

namespace croton::runtime::cuda {
namespace {

std::unique_ptr<gpu::Driver> open(const gpu::CudaOptions& options, unsigned number) {
  return std::make_unique<CudaDriver>(options, number);
}

constexpr gpu::CudaPlugin plugin{gpu::cuda_interface, open, survey};

}  // namespace
}  // namespace croton::runtime::cuda

extern "C" __attribute__((visibility("default"))) const croton::runtime::gpu::CudaPlugin* croton_cuda_plugin() {
  return &croton::runtime::cuda::plugin;
}
