#include "runtime/cuda/staging.h"

#include <algorithm>
#include <cstring>

namespace croton::runtime::cuda {

bool Staging::open() {
  if (is_open_ || is_refused_) return is_open_;
  for (Block& block : blocks_) {
    if (call_.cuMemHostAlloc(&block.data, block_bytes, 0) != CUDA_SUCCESS ||
        call_.cuEventCreate(&block.free, CU_EVENT_DISABLE_TIMING) != CUDA_SUCCESS) {
      release();
      is_refused_ = true;  // pinned memory is short: transfers go straight from the caller's memory, and wait
      return false;
    }
  }
  return is_open_ = true;
}

void Staging::release() noexcept {
  for (Block& block : blocks_) {
    if (block.data != nullptr) call_.cuMemFreeHost(block.data);
    if (block.free != nullptr) call_.cuEventDestroy(block.free);
    block = {};
  }
  is_open_ = false;
}

CUresult Staging::wait_for(Block& block) {
  if (!block.is_used) return CUDA_SUCCESS;
  block.is_used = false;
  return call_.cuEventSynchronize(block.free);
}

CUresult Staging::to_device(CUdeviceptr to, const std::byte* from, std::size_t bytes, CUstream stream) {
  if (!open()) {
    const CUresult r = call_.cuMemcpyHtoDAsync(to, from, bytes, stream);
    return r == CUDA_SUCCESS ? call_.cuStreamSynchronize(stream) : r;
  }
  for (std::size_t done = 0; done < bytes;) {
    const std::size_t part = std::min(bytes - done, block_bytes);
    Block& block = blocks_[turn_++ % blocks_.size()];
    CUresult r = wait_for(block);
    if (r != CUDA_SUCCESS) return r;
    std::memcpy(block.data, from + done, part);
    r = call_.cuMemcpyHtoDAsync(to + done, block.data, part, stream);
    if (r == CUDA_SUCCESS) r = call_.cuEventRecord(block.free, stream);
    if (r != CUDA_SUCCESS) return r;
    block.is_used = true;
    done += part;
  }
  return CUDA_SUCCESS;
}

CUresult Staging::to_host(std::byte* to, CUdeviceptr from, std::size_t bytes, CUstream stream) {
  if (!open()) {
    const CUresult r = call_.cuMemcpyDtoHAsync(to, from, bytes, stream);
    return r == CUDA_SUCCESS ? call_.cuStreamSynchronize(stream) : r;
  }
  // One part is on its way while the one before is taken out.
  struct Part {
    Block* block;
    std::size_t at, bytes;
  };
  Part before{nullptr, 0, 0};
  const auto take = [&](const Part& part) {
    if (part.block == nullptr) return CUDA_SUCCESS;
    const CUresult r = wait_for(*part.block);
    if (r == CUDA_SUCCESS) std::memcpy(to + part.at, part.block->data, part.bytes);
    return r;
  };
  for (std::size_t done = 0; done < bytes;) {
    const Part part{&blocks_[turn_++ % blocks_.size()], done, std::min(bytes - done, block_bytes)};
    CUresult r = wait_for(*part.block);
    if (r == CUDA_SUCCESS) r = call_.cuMemcpyDtoHAsync(part.block->data, from + done, part.bytes, stream);
    if (r == CUDA_SUCCESS) r = call_.cuEventRecord(part.block->free, stream);
    if (r != CUDA_SUCCESS) return r;
    part.block->is_used = true;
    r = take(before);
    if (r != CUDA_SUCCESS) return r;
    before = part;
    done += part.bytes;
  }
  return take(before);
}

}  // namespace croton::runtime::cuda
