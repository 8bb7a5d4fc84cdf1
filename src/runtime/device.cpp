#include "runtime/device.h"

#include <utility>

namespace croton::runtime {

Module::~Module() = default;
Recording::~Recording() = default;
Device::~Device() = default;

Buffer::Buffer(Device& device, std::size_t bytes) : device_(&device), data_(device.allocate(bytes)), bytes_(bytes) {}
Buffer::Buffer(Buffer&& o) noexcept
    : device_(std::exchange(o.device_, nullptr)),
      data_(std::exchange(o.data_, nullptr)),
      bytes_(std::exchange(o.bytes_, 0)) {}
Buffer& Buffer::operator=(Buffer&& o) noexcept {
  std::swap(device_, o.device_);
  std::swap(data_, o.data_);
  std::swap(bytes_, o.bytes_);
  return *this;
}
Buffer::~Buffer() {
  if (device_ != nullptr) device_->release(data_, bytes_);
}

void Device::relay(std::span<const RowStep> steps) {
  for (const RowStep& s : steps) s.launch != nullptr ? launch({s.launch, 1}) : gemm(*s.gemm);
}

void Device::clear_error(void* slot) { to_device(slot, &no_kernel_error, sizeof no_kernel_error); }

std::optional<KernelError> Device::read_error(const void* slot) {
  std::uint64_t word = no_kernel_error;
  to_host(&word, slot, sizeof word);
  if (word == no_kernel_error) return std::nullopt;
  return KernelError{static_cast<std::uint32_t>(word >> 48), word & ((std::uint64_t{1} << 48) - 1)};
}

}  // namespace croton::runtime
