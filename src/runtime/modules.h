// The modules of a device: each text is compiled once, whoever asks, and found again in this process or on disk. It
// does not know what an image is: who asks says how one is made and how it is loaded.
#pragma once
#include <sys/types.h>

#include <atomic>
#include <functional>
#include <map>
#include <mutex>

#include "base/fork_safe.h"
#include "runtime/cache.h"
#include "runtime/device.h"

namespace croton::runtime {

class Modules {
 public:
  /// How a source becomes a module.
  struct Making {
    CacheKey key;  ///< of all that the image depends on
    std::function<std::vector<std::byte>()> compile;
    /// Null, with the reason, where the image cannot be loaded. May throw CompileError.
    std::function<std::shared_ptr<Module>(std::span<const std::byte>, std::string& why)> load;
    std::string maker, flags;  ///< for the text of an error
  };
  /// Threads that want the same module wait for one of them; others do not wait.
  std::shared_ptr<Module> get(const Source&, const Making&);
  /// As the configuration says now.
  std::shared_ptr<CompileCache> cache(const Config&);
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
  std::shared_ptr<Module> make(const Source&, const Making&, CompileCache&);
  std::shared_ptr<Module> load_cached(const Making&, CompileCache&);

  ForkSafeMutex door_;
  std::map<CacheKey, std::shared_ptr<Place>> places_;
  std::size_t tidy_at_ = 64;
  pid_t process_ = 0;                            // whose places they are
  std::vector<std::shared_ptr<Place>> parents_;  // locked by threads that a forked child does not have
  std::shared_ptr<CompileCache> cache_;
  std::string cache_settings_;
  std::atomic<std::uint64_t> compilations_{0}, cache_hits_{0};
};

}  // namespace croton::runtime
