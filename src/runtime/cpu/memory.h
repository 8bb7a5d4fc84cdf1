// Host memory for buffers: aligned, large blocks on huge pages and backed before they are handed out, and kept when
// released, so that a program in its steady state takes no page faults.
#pragma once
#include <cstddef>
#include <map>
#include <vector>

#include "base/fork_safe.h"

namespace croton::runtime {

class HostMemory {
 public:
  HostMemory() = default;
  ~HostMemory();
  HostMemory(const HostMemory&) = delete;
  HostMemory& operator=(const HostMemory&) = delete;
  /// 64-byte aligned, contents undefined. Throws DeviceError that says how much there is.
  void* allocate(std::size_t bytes);
  void release(void*, std::size_t bytes) noexcept;

 private:
  void* take(std::size_t block);
  void trim() noexcept;
  ForkSafeMutex door_;
  std::map<std::size_t, std::vector<void*>> kept_;
  std::size_t kept_bytes_ = 0;
};

}  // namespace croton::runtime
