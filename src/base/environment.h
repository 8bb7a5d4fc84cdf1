// Variables of the environment, which threads of ours may read while another sets one for a moment.
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace croton {

/// std::nullopt where it is not set.
std::optional<std::string> environment_value(const char* name);
/// Every "NAME=value".
std::vector<std::string> whole_environment();

/// Variables stand for the life of the scope only: libraries read them when they are opened. The same thread asks for
/// no variable and opens no other scope meanwhile; other threads of ours wait.
class EnvironmentFor {
 public:
  /// Pairs of name and value; "" leaves a variable as it is.
  explicit EnvironmentFor(const std::vector<std::pair<const char*, std::string>>& variables);
  ~EnvironmentFor();
  EnvironmentFor(const EnvironmentFor&) = delete;
  EnvironmentFor& operator=(const EnvironmentFor&) = delete;

 private:
  std::vector<std::pair<const char*, std::optional<std::string>>> before_;
};

}  // namespace croton
