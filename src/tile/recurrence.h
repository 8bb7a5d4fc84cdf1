// Loops whose steps are elementwise: then an element's next state depends on its own last one alone, and all steps are
// one phase, in which each element goes through them by itself. States stay in registers from step to step.
#pragma once
#include <optional>
#include <span>
#include <vector>

#include "ops/loop.h"

namespace croton::tile {

/// Which of what a step makes a result is: of its carries and ys, the k-th; the last one, or those of all steps; what a
/// step begins with, or what it makes.
struct LoopResult {
  std::size_t output = 0;
  bool is_last = false, is_before = false;
};

/// All results of one run that a graph has. The axes along which elements lie are numbered: the axes of a state,
/// without those of extent 1.
struct Recurrence {
  /// What the step takes from outside, and along which of the elements' axes each axis of it runs there; -1: extent 1.
  struct Input {
    Tensor inner, outer;  // of rows, outer has one axis more, in front
    std::vector<int> axes;
  };
  std::vector<Tensor> results;
  ops::LoopForm form;
  ops::LoopPart part;  // what they need; `inputs` are in its order, then constants that the step holds
  std::vector<Input> inputs;
  std::vector<Tensor> operations;  // of the step, arguments first: Pointwise, Convert, permute and broadcast
  std::size_t elements_of = 0;     // an input, or row, that runs along all axes
  LoopResult result(const Tensor&) const;
  bool is_carry(std::size_t input) const { return input < part.carries.size(); }
  bool is_row(std::size_t input) const {
    return input < part.inputs.size() && part.inputs[input] >= form.row(0) && part.inputs[input] < form.capture(0);
  }
};

/// The loops among these nodes that are so.
std::vector<Recurrence> recurrences(std::span<const Tensor> nodes);

}  // namespace croton::tile
