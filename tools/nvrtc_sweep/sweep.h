// Compiling a folder of CUDA texts for several architectures by NVRTC, without a GPU: in programs of many kernels,
// which costs a ninth of one by one, and one by one where a program fails, to name the text that is wrong.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "runtime/cuda/cubin.h"
#include "runtime/cuda/nvrtc.h"
#include "sass.h"

namespace croton::sweep {

/// A file FOLDER/NAME.cu whose first line is `// kernels: phase_0 phase_1; what it is for`.
struct Text {
  std::string name;  ///< of the file, without ".cu": the hash of its contents
  std::string title;
  std::vector<std::string> kernels;
  std::string text;
};
/// Sorted by name. Throws FileError for a folder without any, and for a file without that line.
std::vector<Text> read_folder(const std::string& folder);

struct Result {
  std::string text, kernel, title;
  runtime::cuda::KernelNeeds needs;
  Loop loop = {};  ///< where there is a disassembler
};
struct Failure {
  std::string text, title, log;
};
/// Of one architecture.
struct Report {
  int architecture = 0;
  std::size_t programs = 0;
  double seconds = 0;
  std::vector<Result> results;
  std::vector<Failure> failures;
};
/// `kernels_a_program`: at most that many in one. One program after another: NVRTC (12.4 and 13.0) lets the threads of
/// a process wait for each other, so that who has several cores runs several processes.
/// `disassembler`: nvdisasm, or "".
Report sweep(const runtime::cuda::Nvrtc&, const std::vector<Text>&, int architecture, std::size_t kernels_a_program,
             const std::string& disassembler = {});

/// One program of several texts: each in a namespace of its own, its kernels renamed `kernel_NAME`.
std::string program_of(const std::vector<const Text*>&);

}  // namespace croton::sweep
