#include "runtime/modules.h"

#include <unistd.h>

#include <utility>

#include "base/error.h"

namespace croton::runtime {

Counters Modules::counters() const {
  Counters c;
  c.compilations = compilations_;
  c.cache_hits = cache_hits_;
  return c;
}

std::shared_ptr<Module> Modules::get(const Source& source, const Making& making) {
  const auto cache = this->cache(*config_snapshot());
  const auto place = place_of(making.key);
  const std::lock_guard guard(place->door);
  if (auto module = place->module.lock()) {
    ++cache_hits_;
    return module;
  }
  auto module = make(source, making, *cache);
  place->module = module;
  return module;
}

std::shared_ptr<Module> Modules::make(const Source& source, const Making& making, CompileCache& cache) {
  if (auto module = load_cached(making, cache)) return module;
  const CompileCache::Lock lock = cache.lock(making.key);
  if (auto module = load_cached(making, cache)) return module;  // somebody made it while this one waited
  ++compilations_;
  const std::vector<std::byte> image = making.compile();
  std::string why;
  auto module = making.load(image, why);
  if (module == nullptr) {
    fail<CompileError>("{}: what {} made cannot be loaded: {}\n  flags: {}",
                       source.name.empty() ? "kernel" : source.name, making.maker, why, making.flags);
  }
  cache.store(making.key, source.name, image);
  return module;
}

// An entry that is whole and yet cannot be loaded is dropped: it is then compiled again, once.
std::shared_ptr<Module> Modules::load_cached(const Making& making, CompileCache& cache) {
  const auto image = cache.find(making.key);
  if (!image) return nullptr;
  std::string why;
  try {
    if (auto module = making.load(*image, why)) {
      ++cache_hits_;
      return module;
    }
  } catch (const CompileError&) {  // an entry point is missing
  }
  cache.drop(making.key);
  return nullptr;
}

// A child that was forked while another thread compiled would wait for that thread for ever.
void Modules::leave_parents_places() {
  process_ = getpid();
  for (auto& [key, place] : places_) {
    if (place->door.try_lock())
      place->door.unlock();
    else
      parents_.push_back(std::exchange(place, std::make_shared<Place>()));
  }
}

std::shared_ptr<Modules::Place> Modules::place_of(const CacheKey& key) {
  const std::lock_guard guard(door_);
  if (process_ != getpid()) leave_parents_places();
  if (places_.size() >= tidy_at_) {  // forget the modules that died
    std::erase_if(places_, [](const auto& p) { return p.second.use_count() == 1 && p.second->module.expired(); });
    tidy_at_ = 2 * places_.size() + 64;
  }
  if (const auto known = places_.find(key); known != places_.end()) return known->second;
  return places_.emplace(key, std::make_shared<Place>()).first->second;
}

std::shared_ptr<CompileCache> Modules::cache(const Config& config) {
  const std::string settings = fmt::format(
      "{}\n{}\n{}", config.text("compile.cache").empty() ? default_cache_folder() : config.text("compile.cache"),
      config.number("compile.cache_size"), config.number("compile.wait"));
  const std::lock_guard guard(door_);
  if (cache_ == nullptr || settings != cache_settings_) {
    cache_ = std::make_shared<CompileCache>(config);
    cache_settings_ = settings;
  }
  return cache_;
}

}  // namespace croton::runtime
