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

/// Variables that stand for the life of the scope only: libraries read them when they are opened. The same thread asks
/// for no other meanwhile, and other threads of ours wait.
class EnvironmentFor {
 public:
  struct Variable {
    const char* name;
    std::string value;  ///< "" leaves the variable as it is
  };
  explicit EnvironmentFor(const std::vector<Variable>&);
  ~EnvironmentFor();
  EnvironmentFor(const EnvironmentFor&) = delete;
  EnvironmentFor& operator=(const EnvironmentFor&) = delete;

 private:
  struct Before {
    const char* name;
    std::optional<std::string> value;
  };
  std::vector<Before> before_;
};

}  // namespace croton
