// The stand-ins for NVIDIA's libraries, and drivers opened on them.
#pragma once
#include <dlfcn.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/text.h"
#include "catch.h"
#include "fixture.h"
#include "runtime/cuda/cuda_driver.h"
#include "stand_ins/libcuda.h"

namespace croton::runtime::cuda {

/// A variable of the environment for the life of the scope.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    setenv(name, value.c_str(), 1);
  }
  ~Variable() {
    if (before_)
      setenv(name_, before_->c_str(), 1);
    else
      unsetenv(name_);
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
  std::optional<std::string> before_;
};

inline gpu::CudaOptions stand_ins() {
  gpu::CudaOptions options;
  options.driver = STAND_INS "/libcuda.so.1";
  options.root = STAND_INS;
  return options;
}
inline std::unique_ptr<CudaDriver> open_stand_in(const gpu::CudaOptions& options = stand_ins(), unsigned number = 0) {
  return std::make_unique<CudaDriver>(options, number);
}
/// What the stand-in has run.
inline const std::vector<FakeLaunch>& launches() {
  void* const library = dlopen(STAND_INS "/libcuda.so.1", RTLD_NOW);
  REQUIRE(library != nullptr);
  const auto get = reinterpret_cast<decltype(&fake_cuda_launches)>(dlsym(library, "fake_cuda_launches"));
  return *get();
}

/// The graph that was captured last.
inline const std::vector<FakeNode>& captured_graph() {
  void* const library = dlopen(STAND_INS "/libcuda.so.1", RTLD_NOW);
  REQUIRE(library != nullptr);
  const auto get = reinterpret_cast<decltype(&fake_cuda_graph)>(dlsym(library, "fake_cuda_graph"));
  return *get();
}

/// Without the folders of this machine, so that texts can be compared.
inline std::string without_paths(std::string text) {
  const auto replace = [&](const std::string& from, const std::string& to) {
    for (std::size_t at = 0; !from.empty() && (at = text.find(from, at)) != std::string::npos; at += to.size())
      text.replace(at, from.size(), to);
  };
  replace(STAND_INS, "STAND_INS");
  return text;
}

inline Source kernel_source(const std::string& names = "k") {
  Source source;
  for (const std::string_view name : split(names, ' ')) {
    source.text += fmt::format("extern \"C\" __global__ void {}(float* x) {{ x[threadIdx.x] = 1; }}\n", name);
    source.entries.emplace_back(name);
  }
  source.name = "train";
  return source;
}

}  // namespace croton::runtime::cuda
