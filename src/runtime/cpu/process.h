// Running another program: argv and no shell, a clean environment, a time limit, and the end of what it said.
#pragma once
#include <chrono>
#include <string>
#include <vector>

namespace croton::runtime {

struct ProcessEnd {
  int spawn_error = 0;     ///< errno where the program could not be started at all
  int exit_status = -1;    ///< where it exited
  int signal = 0;          ///< where a signal ended it
  bool timed_out = false;  ///< it and its children were killed
  bool good() const { return spawn_error == 0 && !timed_out && signal == 0 && exit_status == 0; }
  std::string output;     ///< stdout, at most the first 64 KB
  std::string complaint;  ///< stderr, at most the last 64 KB
  /// "exit status 1", "killed by signal 11 (Segmentation fault)", "not finished after 300 s", "cannot be run:
  /// Permission denied".
  std::string how() const;
  std::chrono::seconds limit{0};
};

/// Runs argv[0] (a path) to its end. stdin is empty; signals and handles are not inherited; variables that add flags
/// to compilers (CPATH, GCC_EXEC_PREFIX, LD_PRELOAD, ...) are left out, and messages are in English.
ProcessEnd run_process(const std::vector<std::string>& argv, std::chrono::seconds limit);

/// The environment without the variables that change what a compiler makes: "NAME=value" each.
std::vector<std::string> clean_environment(const std::vector<std::string>& environment);

}  // namespace croton::runtime
