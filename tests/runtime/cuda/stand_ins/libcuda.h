// What the stand-in for libcuda.so.1 tells tests, and lends to the stand-in for cuBLASLt.
#pragma once
#include <functional>
#include <string>
#include <vector>

struct FakeLaunch {
  std::string name;
  unsigned grid, block, shared_bytes;
  std::string parameters;  // the bytes as they were given
};

extern "C" {
/// Those that have run, in their order.
const std::vector<FakeLaunch>* fake_cuda_launches();
/// Puts work behind what the stream has.
void fake_cuda_give(const std::function<void()>& work);
/// Whether work is being noted as a graph.
bool fake_cuda_is_capturing();
/// Where a device address lies on the host.
void* fake_cuda_host(const void* device);
}
