// The tutorial's training step written by hand, in one fused pass: what the compiler's own program is measured against.
#pragma once
#include <functional>

#include "croton/array.h"

namespace bench {

struct Parameters {
  croton::Array x, y, w1, b1, w2, b2;
};

/// A step of gradient descent in place: `run()` changes the parameters that `get()` returns.
struct FloorStep {
  std::function<void()> run;
  std::function<Parameters()> get;
};
/// dtype float32 or float64; x is n x 2, y n x 2 (one-hot), w1 2 x h, w2 h x 2.
FloorStep floor_step(const Parameters&, double rate, double lambda);

}  // namespace bench
