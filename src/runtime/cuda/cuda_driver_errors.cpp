// What CudaDriver says where a call of the driver fails, memory runs out or the device is lost.
#include "base/error.h"
#include "base/text.h"
#include "runtime/cuda/cuda_driver.h"

namespace croton::runtime::cuda {

bool CudaDriver::is_sticky(CUresult r) {
  switch (r) {
    case CUDA_ERROR_ECC_UNCORRECTABLE:
    case CUDA_ERROR_NVLINK_UNCORRECTABLE:
    case CUDA_ERROR_CONTAINED:
    case CUDA_ERROR_CONTEXT_IS_DESTROYED:
    case CUDA_ERROR_ILLEGAL_ADDRESS:
    case CUDA_ERROR_LAUNCH_TIMEOUT:
    case CUDA_ERROR_ASSERT:
    case CUDA_ERROR_HARDWARE_STACK_ERROR:
    case CUDA_ERROR_ILLEGAL_INSTRUCTION:
    case CUDA_ERROR_MISALIGNED_ADDRESS:
    case CUDA_ERROR_INVALID_ADDRESS_SPACE:
    case CUDA_ERROR_INVALID_PC:
    case CUDA_ERROR_LAUNCH_FAILED: return true;
    default: return false;
  }
}

void CudaDriver::refuse_if_unusable() const {
  if (forked_after_opening()) {
    fail<DeviceError>(
        "{}: this process was forked after its parent had opened the GPU, and CUDA does not work in such a child\n  "
        "fork "
        "before the first function on the GPU is made, or start another program instead (fork and exec)",
        name_);
  }
  if (!lost_.empty()) throw Lost(lost_);
}

void CudaDriver::check(CUresult r, std::string_view what) {
  if (r != CUDA_SUCCESS) refuse(r, what);
}

void CudaDriver::refuse(CUresult r, std::string_view what) {
  if (r == CUDA_ERROR_OUT_OF_MEMORY) refuse_memory(0, r);
  if (r == CUDA_ERROR_DEINITIALIZED) {  // static variables of a program outlive the driver
    lost_ =
        fmt::format("{} ({}): the process ends, and the driver has closed itself before this", name_, properties_.name);
    throw Lost(lost_);
  }
  if (is_sticky(r)) {
    lost_ = fmt::format(
        "{} ({}) is lost: {}, seen in {}\n  at fault: {}\n  the GPU takes no more work of this process; functions on "
        "the CPU go "
        "on",
        name_, properties_.name, driver_->words(r), what, waits_for_launches_ ? suspects_.last() : suspects_.text());
    throw DeviceError(lost_);
  }
  fail<DeviceError>("{} ({}): {} fails: {}", name_, properties_.name, what, driver_->words(r));
}

void CudaDriver::refuse_memory(std::size_t bytes, CUresult r) {
  std::size_t free = 0, total = 0;
  std::uint64_t reserved = 0;
  call_.cuMemGetInfo(&free, &total);
  if (pool_ != nullptr) call_.cuMemPoolGetAttribute(pool_, CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT, &reserved);
  std::string cap;
  if (options_.pool_cap != 0) cap = fmt::format(", of at most {} (cuda.pool_cap)", bytes_text(options_.pool_cap));
  throw OutOfMemory(fmt::format(
      "{} ({}): out of memory{}: {}\n  {} are in use by Croton, which holds {}{}; {} of the GPU's {} are free", name_,
      properties_.name, bytes == 0 ? "" : fmt::format(": {} bytes", bytes), driver_->words(r), bytes_text(live_bytes_),
      bytes_text(reserved), cap, bytes_text(free), bytes_text(total)));
}

void CudaDriver::refuse_capture(std::string_view what) const {
  if (is_capturing_) fail<DeviceError>("{}: {} cannot be part of a captured graph", name_, what);
}

}  // namespace croton::runtime::cuda
