// What the stand-in for libcuda.so.1 tells tests, and lends to the stand-in for cuBLASLt.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "runtime/cuda/cuda_api.h"

struct FakeLaunch {
  std::string name;
  unsigned grid, block, shared_bytes;
  std::string parameters;  // the bytes as they were given
};

/// A node of a captured graph.
struct FakeNode {
  std::string name;  // of a kernel; "copy", "set", "product"
  std::vector<int> waits_for;
};

extern "C" {
/// Those that have run, in their order.
const std::vector<FakeLaunch>* fake_cuda_launches();
/// The graph that was captured last.
const std::vector<FakeNode>* fake_cuda_graph();
/// Puts work behind what the stream has.
void fake_cuda_give(croton::runtime::cuda::CUstream, const std::function<void()>& work);
/// Whether work is being noted as a graph.
bool fake_cuda_is_capturing();
/// Where a device address lies on the host.
void* fake_cuda_host(const void* device);
}
