#include "base/environment.h"
#include "base/error.h"
#include "base/float_control.h"
#include "base/text.h"
#include "runtime/cpu/blas.h"
#include "runtime/cpu/cpu_target.h"
#include "runtime/cpu/library.h"
#include "runtime/cpu/parallel.h"

namespace croton::runtime {
namespace {

bool find_lapack(void* library, Lapack& l) {
  return find(library, "dpotrf_", l.dpotrf) && find(library, "dgetrf_", l.dgetrf) && find(library, "dtrsm_", l.dtrsm) &&
         find(library, "dsyevd_", l.dsyevd) && find(library, "dgesdd_", l.dgesdd) &&
         find(library, "dgelqf_", l.dgelqf) && find(library, "dorglq_", l.dorglq) && find(library, "dgemm_", l.dgemm);
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

constexpr const char* debian_openblas = "/usr/lib/x86_64-linux-gnu/openblas-pthread/libopenblas.so.0";

// OpenBLAS built without threads takes its packing buffers from a table that no lock guards (0.3.21,
// driver/others/memory.c: a slot's `used` is tested and set outside of alloc_lock), unless it was built with
// USE_LOCKING: two callers get the same buffer, and a product has wrong elements.
bool has_locks(const std::string& config) {
  return config.find("SINGLE_THREADED") == std::string::npos || config.find("USE_LOCKING") != std::string::npos;
}

}  // namespace

std::string openblas_core() {
  if (environment_value("OPENBLAS_CORETYPE")) return {};  // the user's choice holds
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
  return {debian_openblas, "libopenblas.so.0", "libopenblas.so", "libblas.so.3"};
}

Blas::Blas(const Config& config) {
  const auto ldflags = config.arguments("blas.ldflags");
  std::string tried;
  const FloatControl control;
  for (const std::string& path : blas_candidates(ldflags)) {
    report_ = {.path = path, .core = {}, .chosen = openblas_core(), .config = {}, .threading = {}};
    void* library = nullptr;
    {
      const EnvironmentFor scope({{"OPENBLAS_CORETYPE", report_.chosen}, {"OPENBLAS_NUM_THREADS", "1"}});
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
    reentrant_ = has_locks(report_.config);
    has_lapack_ = find_lapack(library, lapack_) && reentrant_;
    if (!reentrant_)
      report_.threading += "; built without locks, so products use one thread (apt install libopenblas0-pthread)";
    return;  // never closed: its threads and exit handlers would outlive it
  }
  fail<DeviceError>(
      "no BLAS: a product of large matrices needs one\n  install OpenBLAS (apt install libopenblas0-pthread), or name "
      "a "
      "library by blas.ldflags=-LDIR -lNAME{}\n  tried:{}",
      ldflags.empty() ? "" : fmt::format(" (now: {})", join_arguments(ldflags)), tried);
}

}  // namespace croton::runtime
