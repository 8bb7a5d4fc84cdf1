// Where the time of a function's calls went, as a table.
#pragma once
#include <string>
#include <vector>

#include "runtime/executable.h"

namespace croton {

/// The steps with the most time first; `seconds` is the time of all calls together.
std::string profile_text(const std::string& name, std::uint64_t calls, double seconds,
                         std::vector<runtime::Executable::StepTime> steps);

}  // namespace croton
