// What several tests of small arrays on the emulated GPU have: many chunks, and several orders of blocks.
#pragma once
#include <memory>
#include <vector>

#include "array/access.h"
#include "gpu.h"
#include "runtime/emulator/emulator_driver.h"
#include "runtime/gpu/gpu_device.h"
#include "tile/chunks.h"

namespace croton::runtime {

/// While it lives, each chunk has few rows, or a piece of them as short as it can be.
struct SmallChunks {
  SmallChunks() { tile::set_work_of_a_chunk(64); }
  ~SmallChunks() { tile::set_work_of_a_chunk(0); }
};

/// Small integers: their sums are exact in any order.
inline Array numbers(const Shape& shape, DType dtype, Index salt) {
  Index n = 1;
  for (const Index d : shape) n *= d;
  std::vector<double> x;
  x.reserve(static_cast<std::size_t>(n));
  for (Index i = 0; i < n; ++i) x.push_back(static_cast<double>((i * 7 + salt) % 11 - 4));
  return Array(x.data(), shape).astype(dtype);
}

/// An emulated GPU for each; none where tests run on a real one.
inline std::vector<std::unique_ptr<Device>> emulators(const std::vector<emulator::Options>& each) {
  std::vector<std::unique_ptr<Device>> all;
  if (gpu_is_emulated())
    for (const emulator::Options& options : each)
      all.push_back(std::make_unique<GpuDevice>("emulator", std::make_unique<emulator::EmulatorDriver>(options)));
  return all;
}

}  // namespace croton::runtime
