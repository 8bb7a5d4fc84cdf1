// Warnings: one line on stderr each, "croton: warning: ...". Errors are exceptions and never come this way.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace croton {

/// Thread-safe; one line, no newline at its end.
void warn(std::string_view text);
/// The same, but only the first time for each key in this process.
void warn_once(std::string_view key, std::string_view text);

/// Takes every warning instead of stderr (empty: stderr again) and gives back the one before. Also forgets which keys
/// have warned once, so that a test sees them again.
using WarningSink = std::function<void(std::string_view)>;
WarningSink set_warning_sink(WarningSink);

/// Collects the warnings of a scope instead of printing them.
class WarningsHeard {
 public:
  WarningsHeard();
  ~WarningsHeard();
  WarningsHeard(const WarningsHeard&) = delete;
  WarningsHeard& operator=(const WarningsHeard&) = delete;
  std::vector<std::string> texts;

 private:
  WarningSink before_;
};

}  // namespace croton
