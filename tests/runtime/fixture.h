// A folder of its own for each test, a kernel to compile, and host compilers that misbehave.
#pragma once
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <functional>
#include <string>

#include "base/error.h"
#include "base/log.h"
#include "croton/config.h"
#include "runtime/cpu/cpu_device.h"
#include "runtime/temporary.h"

namespace croton::runtime {

struct FillArgs {
  float* out;
  float value;
};
/// phase_0 writes value + chunk into out[chunk]. `salt` makes texts differ.
inline Source fill_source(int salt = 0) {
  return {.text = fmt::format("struct Args {{ float* out; float value; }};\n"
                              "extern \"C\" void phase_0(const Args* a, long chunk, void*) {{\n"
                              "  a->out[chunk] = a->value + (float)chunk; (void){};\n}}\n",
                              salt),
          .entries = {"phase_0"},
          .name = "fill"};
}
/// Whether the module does what fill_source says.
inline bool fills(Device& device, const Module& module) {
  float out[4] = {};
  const FillArgs args{out, 1.5f};
  const Launch launch{module.kernels()[0], 4, &args, sizeof args, {}, 0};
  device.launch({&launch, 1});
  device.synchronize();
  return out[0] == 1.5f && out[3] == 4.5f;
}

/// A fresh compile cache for the life of the scope.
struct OwnCache {
  TemporaryFolder folder;
  std::string path = folder.path() + "/cache";
  ScopedConfig config{fmt::format("compile.cache='{}'", path)};
};

inline std::string write_script(const std::string& path, const std::string& body) {
  const std::string text = "#!/bin/sh\n" + body + "\n";
  write_file(path, std::as_bytes(std::span(text)));
  chmod(path.c_str(), 0700);
  return path;
}
/// A g++ that adds a letter to the file beside it each time it compiles.
inline std::string counting_compiler(const std::string& folder) {
  return write_script(folder + "/counting-g++",
                      "case \"$1\" in --version) ;; *) printf x >> " + folder + "/count ;; esac\nexec g++ \"$@\"");
}
inline std::size_t compilations_counted(const std::string& folder) { return read_file(folder + "/count").size(); }

/// The text of the E that f throws; "" where it throws nothing.
template <class E, class F>
std::string error_of(F&& f) {
  try {
    f();
  } catch (const E& e) { return e.what(); }
  return {};
}
inline bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

/// Runs f in a forked child, which ends at its end; gives the child.
inline pid_t in_child(const std::function<bool()>& f) {
  const pid_t child = fork();
  if (child == 0) {
    bool good = false;
    try {
      good = f();
    } catch (...) {}
    _exit(good ? 0 : 1);
  }
  return child;
}
/// Whether the child ended well.
inline bool ended_well(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
#if defined(__SANITIZE_THREAD__)
inline constexpr bool can_fork = false;  // the thread sanitizer ends a forked child that makes threads
#else
inline constexpr bool can_fork = true;
#endif

}  // namespace croton::runtime
