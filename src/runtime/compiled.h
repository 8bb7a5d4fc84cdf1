// A graph's program on one device, compiled: what every call of it shares, whatever its shapes.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "runtime/device.h"
#include "tile/nest.h"

namespace croton::runtime {

struct Compiled {
  Target target;  ///< the device's, with what the configuration adds
  tile::Program program;
  std::vector<tile::Nest> nests;  ///< of the steps that are kernels, in their order
  std::vector<std::shared_ptr<Module>> modules;
  std::vector<Kernel> kernels;      ///< by nest
  std::vector<std::string> labels;  ///< by step, for people: "0: kernel tanh(dot(x, w))"
  std::string text;                 ///< of all modules
};

/// `results`: primitives only. Large programs are several texts, which are compiled side by side. `name`: the
/// function's. Throws CompileError.
Compiled compile(std::span<const Tensor> results, Device&, const std::string& name);

}  // namespace croton::runtime
