// What several tests of small arrays on the emulated GPU have: many chunks, and several orders of blocks.
#pragma once
#include <memory>
#include <unordered_map>
#include <vector>

#include "array/access.h"
#include "catch.h"
#include "gpu.h"
#include "ops/evaluate.h"
#include "rewrite/passes.h"
#include "runtime/emulator/emulator_driver.h"
#include "runtime/executable.h"
#include "runtime/fixture.h"
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

/// A graph made for the CPU and for every GPU that there is, real or emulated.
class OnEachDevice {
 public:
  OnEachDevice(const std::vector<Tensor>& results, const std::vector<Tensor>& inputs)
      : results_(results),
        inputs_(inputs),
        emulated_(emulators({{.check = true, .seed = 7}, {.check = false, .seed = 1}})) {
    const std::vector<Tensor> rewritten = rewrite::run(results, {});
    const auto add = [&](Device& device) {
      all_.push_back(std::make_unique<Executable>(rewritten, inputs, std::vector<UpdateTarget>{}, device, "each"));
    };
    add(device("cpu"));
    for (const auto& gpu : emulated_) add(*gpu);
    if (emulated_.empty()) add(device(gpu_name()));
  }
  /// Every element is near that of the reference.
  void check(const std::vector<Array>& values) const {
    std::unordered_map<const Node*, Array> given;
    for (std::size_t k = 0; k < inputs_.size(); ++k) given.emplace(inputs_[k].node(), values[k]);
    const std::vector<Array> right = ops::evaluate(results_, given);
    for (const auto& one : all_) {
      std::vector<Array> out(results_.size());
      one->run(values, out);
      for (std::size_t k = 0; k < out.size(); ++k) {
        REQUIRE(out[k].shape() == right[k].shape());
        for (Index e = 0; e < out[k].size(); ++e) {
          INFO("result " << k << ", element " << e);
          REQUIRE(get(out[k], e) == Approx(get(right[k], e)).epsilon(1e-4).margin(1e-4));
        }
      }
    }
  }

 private:
  std::vector<Tensor> results_, inputs_;
  std::vector<std::unique_ptr<Device>> emulated_;
  std::vector<std::unique_ptr<Executable>> all_;
};

}  // namespace croton::runtime
