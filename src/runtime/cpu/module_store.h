// Modules of the processor: C++ through the host compiler, shared objects.
#pragma once
#include "runtime/cpu/host_compiler.h"
#include "runtime/modules.h"

namespace croton::runtime {

class ModuleStore {
 public:
  explicit ModuleStore(Target);
  /// Device::compile.
  std::shared_ptr<Module> compile(const Source&);
  const Target& target() const { return target_; }
  /// compilations and cache_hits
  Counters counters() const { return modules_.counters(); }

 private:
  Target target_;
  Modules modules_;
  CompilerVersions versions_;
};

}  // namespace croton::runtime
