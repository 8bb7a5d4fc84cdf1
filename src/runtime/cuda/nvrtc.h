// NVRTC, NVIDIA's compiler as a library: text in the CUDA dialect to an image for one architecture. Opened at run time;
// works without a GPU and without a driver.
#pragma once
#include <memory>
#include <mutex>

#include "runtime/cuda/cuda_api.h"
#include "runtime/cuda/search.h"
#include "runtime/device.h"

namespace croton::runtime::cuda {

struct Version {
  int major = 0, minor = 0;
  std::string text() const { return std::to_string(major) + "." + std::to_string(minor); }
  friend auto operator<=>(const Version&,
                          const Version&) = default;  // NOLINT(modernize-use-nullptr): clang-tidy's fault
};

/// What to compile for: the exact sm where the compiler knows it, else the highest lower one of the same major (its
/// code runs on the newer minor), else PTX of the newest it knows, which the driver turns into code.
struct Architecture {
  int number = 0;  ///< 90 for sm_90
  bool is_ptx = false;
  /// "sm_90", or "compute_121" for PTX.
  std::string text() const { return (is_ptx ? "compute_" : "sm_") + std::to_string(number); }
};
/// `known`: what the compiler has, ascending. Throws DeviceError for a device that is older than all of them.
Architecture choose_architecture(int device, const std::vector<int>& known, const std::string& compiler);

/// The options that this version of the compiler takes: an option that it does not know is an error there.
std::vector<std::string> nvrtc_options(Version, const std::string& architecture);

class Nvrtc {
 public:
  /// Throws DeviceError with all that was looked for, where, and what to install. `newest_major`: of the driver.
  static std::shared_ptr<Nvrtc> open(const SearchRoots&, int newest_major);

  Version version() const { return version_; }
  const std::string& path() const { return path_; }
  /// Ascending: {75, 80, ..., 121}.
  const std::vector<int>& architectures() const { return architectures_; }
  /// "NVRTC 13.0 (/usr/local/cuda/lib64/libnvrtc.so.13)".
  std::string description() const;
  /// Tells one build of the compiler from another, with everything in the environment that changes what it makes.
  std::string key() const;

  struct Attempt {
    std::vector<std::byte> image;  ///< a cubin, or PTX with its final 0; empty where it failed
    std::string failure;           ///< "failed: NVRTC_ERROR_COMPILATION", "has not finished after 300 s"; else empty
    std::string log;               ///< what the compiler said
    std::vector<std::string> options;
  };
  /// Gives up after `seconds`. Several threads may compile at once.
  Attempt attempt(const Source&, const Architecture&, Index seconds,
                  const std::vector<std::string>& more_options = {}) const;
  /// The image. Throws CompileError with the log, the options and the path of the source, which is kept.
  std::vector<std::byte> compile(const Source&, const Architecture&, Index seconds) const;

 private:
  Nvrtc() = default;
  void open_builtins();
  NvrtcFunctions call_;
  Version version_;
  std::string path_, stamp_;
  std::vector<int> architectures_;
};

}  // namespace croton::runtime::cuda
