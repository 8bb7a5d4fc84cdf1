// The host compiler: finds it, knows what it is, and makes a shared object from text.
#pragma once
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/config.h"
#include "base/fork_safe.h"
#include "runtime/cache.h"
#include "runtime/device.h"

namespace croton::runtime {

struct HostCompiler {
  std::string path;                ///< resolved, absolute
  std::vector<std::string> words;  ///< that follow it in its name: {"g++"} where that is "ccache g++"
  std::string chosen;              ///< "gcc.cxx", "CXX" or "g++": who named it
  std::string version;             ///< the first line of --version
  std::string stamp;               ///< size and time of the file (and of a compiler among the words): another one is
                                   ///< another compiler
  std::vector<std::string> flags;  ///< the user's, before ours
  Index timeout = 300;             ///< seconds
};

/// Config gcc.cxx, else the variable CXX, else g++: a program or a command, looked for along PATH. Throws CompileError
/// that says where it looked, and that mode=FAST_COMPILE needs no compiler. `version` is not filled in: ask_version
/// runs the compiler.
HostCompiler find_host_compiler(const Config&);
/// "g++ (Debian 12.2.0-14) 12.2.0". Throws CompileError where the program cannot be run.
std::string ask_version(const HostCompiler&);

/// Asking costs a process; so the answer is kept in memory, and like a compiled object under the compiler's path, size
/// and time.
class CompilerVersions {
 public:
  std::string of(const HostCompiler&, CompileCache&);

 private:
  ForkSafeMutex door_;
  std::map<std::string, std::string> known_;  // by path and stamp
};

/// Every flag of a compilation, without the names of files.
std::vector<std::string> compile_flags(const HostCompiler&, const Target&, Optimize);

/// The bytes of a shared object. Throws CompileError with the command, how it ended, the last lines of its complaint,
/// and the path of the source, which is kept. `name` is for the text only.
std::vector<std::byte> compile_object(const HostCompiler&, const std::vector<std::string>& flags,
                                      const std::string& text, const std::string& name);

}  // namespace croton::runtime
