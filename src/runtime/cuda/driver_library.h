// libcuda.so.1, opened: its functions, its version, its devices, and its errors in words. Every way in which a driver
// can be missing or unusable has a text of its own that says what was found and what to do.
#pragma once
#include <memory>

#include "runtime/cuda/cuda_api.h"
#include "runtime/cuda/nvrtc.h"
#include "runtime/gpu/cuda_plugin.h"

namespace croton::runtime::cuda {

class DriverLibrary {
 public:
  /// Throws DeviceError. `file`: "libcuda.so.1"; never libcuda.so, which is a stub where a toolkit is installed. `seen`
  /// receives version and path as far as they became known, also where it throws.
  static std::shared_ptr<const DriverLibrary> open(const std::string& file, gpu::CudaLibrary* seen = nullptr);

  const DriverFunctions& call() const { return call_; }
  Version version() const { return version_; }
  const std::string& path() const { return path_; }

  /// How many GPUs the driver shows. Throws DeviceError where there is none, with the reason.
  int device_count() const;
  /// Throws DeviceError that lists those that are there.
  CUdevice device(unsigned number) const;
  gpu::Properties properties(CUdevice) const;

  /// "CUDA_ERROR_ILLEGAL_ADDRESS (an illegal memory access was encountered)".
  std::string words(CUresult) const;

 private:
  DriverLibrary() = default;
  void initialise() const;
  [[noreturn]] void refuse_no_device() const;
  DriverFunctions call_;
  Version version_;
  std::string path_;
};

/// "CUDA 12.4 or newer (driver 550)".
inline constexpr Version oldest_driver{12, 4};

/// Whether this process was forked from one that had opened a driver: nothing of CUDA works here then.
bool forked_after_opening();

/// "3.2 GiB", "512 bytes".
std::string bytes_text(std::uint64_t bytes);

}  // namespace croton::runtime::cuda
