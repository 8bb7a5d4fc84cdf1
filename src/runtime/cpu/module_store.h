// Modules of the processor: each text is compiled once, whoever asks, and found again in this process or on disk.
#pragma once
#include <sys/types.h>

#include <atomic>
#include <map>
#include <mutex>
#include <vector>

#include "base/fork_safe.h"
#include "runtime/cache.h"
#include "runtime/cpu/host_compiler.h"

namespace croton::runtime {

class ModuleStore {
 public:
  explicit ModuleStore(Target);
  /// Device::compile. Threads that want the same module wait for one of them; others do not wait.
  std::shared_ptr<Module> compile(const Source&);
  const Target& target() const { return target_; }
  /// compilations and cache_hits
  Counters counters() const;

 private:
  // One text's place: locked while somebody makes its module.
  struct Place {
    std::mutex door;
    std::weak_ptr<Module> module;
  };
  std::shared_ptr<Place> place_of(const CacheKey&);
  void leave_parents_places();
  std::shared_ptr<CompileCache> cache(const Config&);
  std::string version_of(const HostCompiler&, CompileCache&);
  std::shared_ptr<Module> make(const CacheKey&, const Source&, const HostCompiler&,
                               const std::vector<std::string>& flags, CompileCache&);
  std::shared_ptr<Module> load_cached(const CacheKey&, const Source&, CompileCache&);

  Target target_;
  ForkSafeMutex door_;
  std::map<CacheKey, std::shared_ptr<Place>> places_;
  std::size_t tidy_at_ = 64;
  pid_t process_ = 0;                            // whose places they are
  std::vector<std::shared_ptr<Place>> parents_;  // locked by threads that a forked child does not have
  std::shared_ptr<CompileCache> cache_;
  std::string cache_settings_;
  std::map<std::string, std::string> versions_;  // of compilers, by path and stamp
  std::atomic<std::uint64_t> compilations_{0}, cache_hits_{0};
};

}  // namespace croton::runtime
