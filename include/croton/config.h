// Configuration from inside a program. Values come, the strongest first, from the program, CROTON_FLAGS, the files
// (CROTONRC, else ~/.crotonrc), the defaults; docs/config.md lists the keys.
#pragma once
#include "croton/base.h"

namespace croton {

/// Sets keys for the whole process until the end of the scope: ScopedConfig scope{"floatX=float32,openmp=False"}; the
/// text is written as in CROTON_FLAGS. Scopes of several threads may overlap: the latest that is alive wins. A function
/// that is being compiled keeps the configuration it started with. Throws ConfigError, and then changes nothing.
class ScopedConfig {
 public:
  [[nodiscard("name it: const ScopedConfig scope{...};")]] explicit ScopedConfig(std::string_view flags,
                                                                                 Where = Where::here());
  ~ScopedConfig();
  ScopedConfig(const ScopedConfig&) = delete;
  ScopedConfig& operator=(const ScopedConfig&) = delete;

 private:
  std::uint64_t scope_ = 0;
};

/// The value of a key as text: config_value("floatX") is "float32", switches are "True" or "False", sizes are bytes,
/// times seconds. Throws ConfigError for a key that does not exist, naming the nearest.
std::string config_value(std::string_view key);

/// Sets a key for the process from here on, over files and CROTON_FLAGS: set_config("gcc.cxxflags", "-O1"). Throws
/// ConfigError for an unknown key or a bad value, and then changes nothing.
void set_config(std::string_view key, std::string_view value, Where = Where::here());

}  // namespace croton
