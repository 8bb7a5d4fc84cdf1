// A graph's program on one device, compiled: what every call of it shares, whatever its shapes.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "runtime/device.h"
#include "runtime/update_target.h"
#include "tile/nest.h"

namespace croton::runtime {

struct Compiled {
  Target target;  ///< the device's, with what the configuration adds
  tile::Program program;
  std::vector<tile::Nest> nests;  ///< of the steps that are kernels, in their order
  std::vector<Source> sources;
  /// Which of the entries of all sources, one after another: by nest (those of one text are the same, and those side by
  /// side), then of each product of views, one a way to go.
  std::vector<std::size_t> entries;
  std::vector<std::string> labels;  ///< by step, for people: "0: kernel tanh(dot(x, w))"
  std::string text;                 ///< of all modules
  std::vector<std::span<const tile::Nest>> nests_of_kernels() const;
  /// The first and the last step of each kernel of several phases.
  std::vector<std::pair<std::size_t, std::size_t>> side_by_side() const;
};

/// `results`: primitives only; `updates`: what some of them replace. Large programs are several texts. `name`: the
/// function's. `long_positions`: for calls whose axes are longer than the program without it allows (tile/build.h).
Compiled compile(std::span<const Tensor> results, std::span<const UpdateTarget> updates, Device&,
                 const std::string& name, bool long_positions);

/// The kernels of the sources, by place in `entries`.
struct Loaded {
  std::vector<std::shared_ptr<Module>> modules;
  std::vector<Kernel> kernels;
};
/// Compiles the sources side by side. Throws CompileError.
Loaded load(const Compiled&, Device&);

}  // namespace croton::runtime
