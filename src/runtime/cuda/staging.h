// Pinned host memory through which transfers go: the caller's own memory may change at once, and the copy runs at the
// bus's full speed. Takes turns among a few blocks, each free again when its event is reached.
#pragma once
#include <array>
#include <functional>

#include "runtime/cuda/cuda_api.h"

namespace croton::runtime::cuda {

class Staging {
 public:
  static constexpr std::size_t block_bytes = 4 << 20;
  /// Nothing is taken before the first transfer.
  explicit Staging(const DriverFunctions& call) : call_(call) {}
  void release() noexcept;

  /// The first result that is not CUDA_SUCCESS ends it.
  CUresult to_device(CUdeviceptr to, const std::byte* from, std::size_t bytes, CUstream);
  CUresult to_host(std::byte* to, CUdeviceptr from, std::size_t bytes, CUstream);

 private:
  struct Block {
    void* data = nullptr;
    CUevent free = nullptr;  // recorded behind the last transfer that used it
    bool is_used = false;
  };
  bool open();
  CUresult wait_for(Block&);
  const DriverFunctions& call_;
  std::array<Block, 2> blocks_;
  bool is_open_ = false, is_refused_ = false;
  std::size_t turn_ = 0;
};

}  // namespace croton::runtime::cuda
