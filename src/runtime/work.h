// What a plan does, in figures: for people who ask where the time must go.
#pragma once
#include "runtime/plan.h"

namespace croton::runtime {

/// The least that a step must do: each buffer that it names moved once, each operation on an element counted as one (a
/// fused multiply and add as two).
struct Work {
  double bytes = 0, operations = 0;
};
/// One for each step of the program.
std::vector<Work> work(const tile::Program&, const Plan&);
/// "phase 0: 84020 bytes moved, 1.2e+07 operations", a line a step, under the shapes that they are for.
std::string work_text(const tile::Program&, const Plan&);

}  // namespace croton::runtime
