#include "runtime/cuda/survey.h"

#include "base/error.h"
#include "runtime/cuda/driver_library.h"
#include "runtime/cuda/products.h"

namespace croton::runtime::cuda {
namespace {

// Without a driver any version of a library is worth showing.
constexpr int any_major = 14;

}  // namespace

gpu::CudaSurvey survey(const gpu::CudaOptions& options) {
  gpu::CudaSurvey found;
  int major = any_major;
  try {
    const auto driver = DriverLibrary::open(options.driver, &found.driver);
    major = driver->version().major;
    const int count = driver->device_count();
    for (int i = 0; i < count; ++i)
      found.devices.push_back(driver->properties(driver->device(static_cast<unsigned>(i))));
  } catch (const DeviceError& e) { found.driver.problem = e.what(); }
  const SearchRoots roots = SearchRoots::of_process(options.root);
  try {
    const auto nvrtc = Nvrtc::open(roots, major);
    found.nvrtc.version = nvrtc->version().text();
    found.nvrtc.path = nvrtc->path();
  } catch (const DeviceError& e) { found.nvrtc.problem = e.what(); }
  try {
    const CublasLt lt = CublasLt::open(roots, major);
    found.cublaslt.version = lt.version;
    found.cublaslt.path = lt.path;
  } catch (const DeviceError& e) { found.cublaslt.problem = e.what(); }
  // products alone need cuBLASLt: without it a GPU can still be used
  found.problem = !found.driver.problem.empty() ? found.driver.problem : found.nvrtc.problem;
  return found;
}

}  // namespace croton::runtime::cuda
