// Configurations from text, and the texts of refusals.
#pragma once
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "base/config.h"
#include "base/log.h"
#include "base/text.h"
#include "catch.h"

/// A file of the test's own that goes with the scope; mode 0600.
struct RcFile {
  std::string path;
  explicit RcFile(const std::string& text, unsigned mode = 0600) {
    static int count = 0;
    path =
        std::string(CROTON_BINARY_DIR) + "/config_test_" + std::to_string(::getpid()) + "_" + std::to_string(++count);
    std::ofstream(path, std::ios::binary) << text;
    ::chmod(path.c_str(), mode);
  }
  ~RcFile() { ::unlink(path.c_str()); }
  RcFile(const RcFile&) = delete;
};

inline croton::ConfigSources sources(const std::string& files, const std::string& flags = {}) {
  return {files, flags, "/home/ada", {{"user", "ada"}, {"tmpdir", "/tmp"}, {"pid", "42"}}};
}
inline croton::Config from_flags(const std::string& flags) { return croton::load_config(sources("", flags)); }
inline croton::Config from_file(const std::string& text) {
  const RcFile file(text);
  return croton::load_config(sources(file.path));
}

/// What a ConfigError says; "" where nothing is thrown.
template <class F>
std::string refusal(F&& f) {
  try {
    f();
  } catch (const croton::ConfigError& e) { return e.what(); }
  return {};
}
/// The refusal of a file's text, with the file's own path as RC.
inline std::string file_refusal(const std::string& text) {
  const RcFile file(text);
  std::string what = refusal([&] { croton::load_config(sources(file.path)); });
  for (std::size_t at = what.find(file.path); at != std::string::npos; at = what.find(file.path))
    what.replace(at, file.path.size(), "RC");
  return what;
}
inline std::string flags_refusal(const std::string& flags) {
  return refusal([&] { from_flags(flags); });
}
inline bool says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }
