#include <dlfcn.h>

#include <cstdlib>
#include <optional>

#include "base/error.h"
#include "base/text.h"
#include "runtime/cpu/blas.h"
#include "runtime/cpu/cpu_target.h"
#include "runtime/cpu/parallel.h"

namespace croton::runtime {
namespace {

// Variables of the environment stand for the life of the scope only: libraries read them when they are opened.
class EnvironmentFor {
 public:
  EnvironmentFor(const char* name, const std::string& value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    if (!value.empty()) setenv(name, value.c_str(), 1);
  }
  ~EnvironmentFor() {
    if (before_)
      setenv(name_, before_->c_str(), 1);
    else
      unsetenv(name_);
  }
  EnvironmentFor(const EnvironmentFor&) = delete;
  EnvironmentFor& operator=(const EnvironmentFor&) = delete;

 private:
  const char* name_;
  std::optional<std::string> before_;
};

// A host program's own BLAS, linked into it, must not take the place of this library's inner functions.
int open_flags() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return RTLD_NOW | RTLD_LOCAL;  // the sanitizers refuse RTLD_DEEPBIND
#else
  return RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND;
#endif
}

template <class F>
F function(void* library, const char* name) {
  return reinterpret_cast<F>(dlsym(library, name));
}

std::string hold_to_one_thread(void* library) {
  for (const char* name : {"openblas_set_num_threads", "MKL_Set_Num_Threads", "bli_thread_set_num_threads"}) {
    if (const auto set = function<void (*)(long)>(library, name)) {
      set(1);
      return fmt::format("{}(1)", name);
    }
  }
  return "no way known to set its threads; it must be a one-threaded build";
}

std::string said_by(void* library, const char* name) {
  const auto ask = function<char* (*)()>(library, name);
  const char* const answer = ask != nullptr ? ask() : nullptr;
  return answer != nullptr ? answer : "";
}

// Debian's. The one with threads first: it may be called by several of ours at once; the serial one may not.
constexpr const char* threaded_openblas = "/usr/lib/x86_64-linux-gnu/openblas-pthread/libopenblas.so.0";
constexpr const char* serial_openblas = "/usr/lib/x86_64-linux-gnu/openblas-serial/libopenblas.so.0";

}  // namespace

std::string openblas_core() {
  if (std::getenv("OPENBLAS_CORETYPE") != nullptr) return {};  // the user's choice holds
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (detected_isa() == "avx512") return "SkylakeX";
  if (detected_isa() == "avx2") return __builtin_cpu_is("amd") ? "Zen" : "Haswell";
#endif
  return {};
}

std::vector<std::string> blas_candidates(const std::vector<std::string>& ldflags) {
  std::vector<std::string> folders, names, paths;
  for (std::size_t i = 0; i < ldflags.size(); ++i) {
    const std::string& flag = ldflags[i];
    const bool apart = (flag == "-L" || flag == "-l") && i + 1 < ldflags.size();
    if (flag.starts_with("-L"))
      folders.push_back(apart ? ldflags[++i] : flag.substr(2));
    else if (flag.starts_with("-l"))
      names.push_back(apart ? ldflags[++i] : flag.substr(2));
    else if (!flag.starts_with("-"))
      paths.push_back(flag);
  }
  for (const std::string& name : names) {
    for (const std::string& folder : folders) {
      for (const char* ending : {"", ".0", ".3"}) paths.push_back(fmt::format("{}/lib{}.so{}", folder, name, ending));
    }
    for (const char* ending : {"", ".0", ".3", ".2"}) paths.push_back(fmt::format("lib{}.so{}", name, ending));
  }
  if (!paths.empty()) return paths;
  return {threaded_openblas, serial_openblas, "libopenblas.so.0", "libopenblas.so", "libblas.so.3"};
}

Blas::Blas(const Config& config) {
  const auto ldflags = config.arguments("blas.ldflags");
  std::string tried;
  const FloatControl control;
  for (const std::string& path : blas_candidates(ldflags)) {
    report_ = {.path = path, .core = {}, .chosen = openblas_core(), .config = {}, .threading = {}};
    void* library = nullptr;
    {
      const EnvironmentFor core("OPENBLAS_CORETYPE", report_.chosen);
      const EnvironmentFor one("OPENBLAS_NUM_THREADS", "1");  // it begins no threads of its own
      library = dlopen(path.c_str(), open_flags());
    }
    if (library == nullptr) {
      tried += fmt::format("\n  {}", dlerror());
      continue;
    }
    gemm_single_ = function<Fortran>(library, "sgemm_");
    gemm_double_ = function<Fortran>(library, "dgemm_");
    if (gemm_single_ == nullptr || gemm_double_ == nullptr) {
      tried += fmt::format("\n  {}: it has no sgemm_ and dgemm_", path);
      dlclose(library);
      continue;
    }
    report_.threading = hold_to_one_thread(library);
    report_.core = said_by(library, "openblas_get_corename");
    report_.config = said_by(library, "openblas_get_config");
    if (report_.config.empty()) report_.chosen.clear();  // it is no OpenBLAS
    // Built without threads OpenBLAS has no locks either: of calls from several threads at once some are wrong (tried:
    // 1 in 80 products of 70 x 2 by 2 x 33 with 0.3.21).
    one_at_a_time_ = report_.config.find("SINGLE_THREADED") != std::string::npos;
    if (one_at_a_time_) report_.threading += ", one call at a time";
    return;  // never closed: its threads and exit handlers would outlive it
  }
  fail<DeviceError>(
      "no BLAS: a product of large matrices needs one\n  install OpenBLAS (apt install libopenblas0-pthread), or name "
      "a "
      "library by blas.ldflags=-LDIR -lNAME{}\n  tried:{}",
      ldflags.empty() ? "" : fmt::format(" (now: {})", join_arguments(ldflags)), tried);
}

}  // namespace croton::runtime
