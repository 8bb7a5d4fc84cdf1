// Shared variables whose shape is no longer what their leaf's type says: the graph is typed again with those extents
// open.
#pragma once
#include <string>

#include "function/words.h"

namespace croton {

struct Opened {
  std::vector<Tensor> results;
  std::vector<Tensor> leaves;  // in the order of the uses
  std::string note;            // "X (shared, fit.cpp:5) float32[?, 2]" for each that was opened; "" for none
};
/// `shapes`: what the variables have now, in the order of the uses.
Opened opened(std::span<const Tensor> results, std::span<const SharedUse> uses, const std::vector<Extents>& shapes);

}  // namespace croton
