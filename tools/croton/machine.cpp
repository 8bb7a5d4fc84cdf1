// What functions will run on here, measured: the part of `croton config --check` that opens things.
#include <functional>

#include "base/error.h"
#include "commands.h"
#include "runtime/cpu/cpu_device.h"
#include "runtime/cpu/fftw.h"

namespace {

using namespace croton;
using namespace croton::runtime;

std::string compiler_line() {
  const HostCompiler compiler = find_host_compiler(*config_snapshot());
  return fmt::format("{} ({}, by {})", compiler.path, ask_version(compiler), compiler.chosen);
}

std::string cache_line() {
  CompileCache cache(*config_snapshot());
  return fmt::format("{}, {} bytes", cache.folder().empty() ? "no folder" : cache.folder(), cache.bytes());
}

std::string blas_line() {
  const Blas blas(*config_snapshot());
  const BlasReport& r = blas.report();
  const std::string core = r.core.empty() ? "core unknown" : "core " + r.core;
  const std::string chosen = r.chosen.empty() ? "" : fmt::format(", OPENBLAS_CORETYPE={} chosen for it", r.chosen);
  return fmt::format("{} ({}{}; {}): {:.0f} GFLOPS in float32, {:.0f} in float64", r.path, core, chosen, r.threading,
                     blas_gflops(blas, float32), blas_gflops(blas, float64));
}

std::string fftw_line() { return fmt::format("{}, {}", Fftw(float32).path(), Fftw(float64).path()); }

// The answer, or the first line of why there is none.
std::string tried(const std::function<std::string()>& ask) {
  try {
    return ask();
  } catch (const Error& e) {
    const std::string text = e.what();
    return text.substr(0, text.find('\n'));
  }
}

}  // namespace

std::string machine_report() {
  return fmt::format("processor  {}\ncompiler   {}\ncache      {}\nblas       {}\nfftw       {}\n",
                     tried([] { return device("cpu").description(); }), tried(compiler_line), tried(cache_line),
                     tried(blas_line), tried(fftw_line));
}
