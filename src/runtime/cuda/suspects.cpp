#include "runtime/cuda/suspects.h"

#include <fmt/format.h>

namespace croton::runtime::cuda {

std::string Suspects::last() const {
  return launched_ == 0 ? "no kernel was launched" : fmt::format("kernel {}", *names_[(launched_ - 1) % names_.size()]);
}

std::string Suspects::text() const {
  const std::uint64_t open = launched_ - good_;
  if (open == 0) return "no kernel was launched since the last one that ended well";
  if (open == 1) return last();
  const std::uint64_t shown = std::min<std::uint64_t>(open, names_.size());
  std::string list;
  for (std::uint64_t i = launched_ - shown; i < launched_; ++i) {
    const std::string& name = *names_[i % names_.size()];
    if (list.find("\n    " + name + "\n") == std::string::npos)
      list += fmt::format("{}{}\n", list.empty() ? "\n    " : "    ", name);
  }
  list.pop_back();
  return fmt::format("one of the last {} kernels{}:{}\n  CUDA_LAUNCH_BLOCKING=1 in the environment tells which", open,
                     shown < open ? fmt::format(" (the last {} are shown)", shown) : "", list);
}

}  // namespace croton::runtime::cuda
