// Variables of the environment, which threads of ours may read while another sets one for a moment.
#pragma once
#include <optional>
#include <string>
#include <vector>

namespace croton {

/// std::nullopt where it is not set.
std::optional<std::string> environment_value(const char* name);
/// Every "NAME=value".
std::vector<std::string> whole_environment();

/// A variable stands for the life of the scope only: libraries read them when they are opened. The same thread asks for
/// no other meanwhile, and other threads of ours wait.
class EnvironmentFor {
 public:
  /// "" leaves the variable as it is.
  EnvironmentFor(const char* name, const std::string& value);
  ~EnvironmentFor();
  EnvironmentFor(const EnvironmentFor&) = delete;
  EnvironmentFor& operator=(const EnvironmentFor&) = delete;

 private:
  const char* name_;
  bool changed_;
  std::optional<std::string> before_;
};

}  // namespace croton
