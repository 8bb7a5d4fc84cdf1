// Which kernel an error that comes up late is about.
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

namespace croton::runtime::cuda {

/// The kernels that may be at fault where an error comes up later than they were launched: the last few since the
/// stream was last known to be good.
class Suspects {
 public:
  void add(const std::string* name) { names_[launched_++ % names_.size()] = name; }
  std::uint64_t launched() const { return launched_; }
  /// All launches up to that number are done, without an error.
  void clear_to(std::uint64_t launched) { good_ = std::max(good_, launched); }
  /// "kernel k of f", "one of the last 3 kernels: ...", "no kernel was launched since".
  std::string text() const;
  /// Only the last one: where every launch was waited for.
  std::string last() const;

 private:
  std::array<const std::string*, 16> names_{};
  std::uint64_t launched_ = 0, good_ = 0;
};

}  // namespace croton::runtime::cuda
