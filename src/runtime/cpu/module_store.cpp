#include "runtime/cpu/module_store.h"

#include <unistd.h>

#include <cstring>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "runtime/cpu/cpu_target.h"
#include "runtime/cpu/loaded_object.h"

namespace croton::runtime {
namespace {

class CpuModule final : public Module {
 public:
  CpuModule(std::unique_ptr<LoadedObject> object, const std::vector<std::string>& entries)
      : object_(std::move(object)) {
    for (const std::string& entry : entries) {
      const auto chunk = reinterpret_cast<ChunkFunction>(object_->find(entry));
      if (chunk == nullptr) fail<CompileError>("the compiled object has no function {}", entry);
      kernels_.push_back({chunk, this, static_cast<int>(kernels_.size())});
    }
  }

 private:
  std::unique_ptr<LoadedObject> object_;
};

// Null where the object cannot be loaded, with the loader's reason.
std::shared_ptr<Module> load(std::span<const std::byte> object, const Source& source, std::string& why) {
  auto loaded = LoadedObject::load(object, why);
  return loaded != nullptr ? std::make_shared<CpuModule>(std::move(loaded), source.entries) : nullptr;
}

CacheKey key_of(const Source& source, const HostCompiler& compiler, const Target& target,
                const std::vector<std::string>& flags) {
  std::vector<std::string_view> parts = {source.text, compiler.path, compiler.version, compiler.stamp, target.isa};
  parts.insert(parts.end(), compiler.words.begin(), compiler.words.end());
  parts.emplace_back("flags");
  parts.insert(parts.end(), flags.begin(), flags.end());
  parts.emplace_back("entries");
  parts.insert(parts.end(), source.entries.begin(), source.entries.end());
  return cache_key(parts);
}

}  // namespace

ModuleStore::ModuleStore(Target target) : target_(std::move(target)) {}

Counters ModuleStore::counters() const {
  Counters c;
  c.compilations = compilations_;
  c.cache_hits = cache_hits_;
  return c;
}

std::shared_ptr<Module> ModuleStore::compile(const Source& source) {
  const auto config = config_snapshot();
  HostCompiler compiler = find_host_compiler(*config);
  const auto cache = this->cache(*config);
  compiler.version = version_of(compiler, *cache);
  const std::vector<std::string> flags = compile_flags(compiler, target_, source.optimize);
  const CacheKey key = key_of(source, compiler, target_, flags);
  const auto place = place_of(key);
  const std::lock_guard guard(place->door);
  if (auto module = place->module.lock()) {
    ++cache_hits_;
    return module;
  }
  auto module = make(key, source, compiler, flags, *cache);
  place->module = module;
  return module;
}

std::shared_ptr<Module> ModuleStore::make(const CacheKey& key, const Source& source, const HostCompiler& compiler,
                                          const std::vector<std::string>& flags, CompileCache& cache) {
  if (auto module = load_cached(key, source, cache)) return module;
  const CompileCache::Lock lock = cache.lock(key);
  if (auto module = load_cached(key, source, cache)) return module;  // somebody made it while this one waited
  ++compilations_;
  const std::vector<std::byte> object = compile_object(compiler, flags, source.text, source.name);
  std::string why;
  auto module = load(object, source, why);
  if (module == nullptr) {
    fail<CompileError>("{}: what {} made cannot be loaded: {}\n  flags: {}",
                       source.name.empty() ? "kernel" : source.name, compiler.path, why, join_arguments(flags));
  }
  cache.store(key, source.name, object);
  return module;
}

// An entry that is whole and yet cannot be loaded is dropped: it is then compiled again, once.
std::shared_ptr<Module> ModuleStore::load_cached(const CacheKey& key, const Source& source, CompileCache& cache) {
  const auto object = cache.find(key);
  if (!object) return nullptr;
  std::string why;
  try {
    if (auto module = load(*object, source, why)) {
      ++cache_hits_;
      return module;
    }
  } catch (const CompileError&) {  // an entry point is missing
  }
  cache.drop(key);
  return nullptr;
}

// A child that was forked while another thread compiled would wait for that thread for ever.
void ModuleStore::leave_parents_places() {
  process_ = getpid();
  for (auto& [key, place] : places_) {
    if (place->door.try_lock())
      place->door.unlock();
    else
      parents_.push_back(std::exchange(place, std::make_shared<Place>()));
  }
}

std::shared_ptr<ModuleStore::Place> ModuleStore::place_of(const CacheKey& key) {
  const std::lock_guard guard(door_);
  if (process_ != getpid()) leave_parents_places();
  if (places_.size() >= tidy_at_) {  // forget the modules that died
    std::erase_if(places_, [](const auto& p) { return p.second.use_count() == 1 && p.second->module.expired(); });
    tidy_at_ = 2 * places_.size() + 64;
  }
  auto& place = places_[key];
  if (place == nullptr) place = std::make_shared<Place>();
  return place;
}

std::shared_ptr<CompileCache> ModuleStore::cache(const Config& config) {
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

// Asking costs a process; so the answer is kept like a compiled object, under the compiler's path, size and time.
std::string ModuleStore::version_of(const HostCompiler& compiler, CompileCache& cache) {
  const std::string which = fmt::format("{}\n{}\n{}", compiler.path, join_arguments(compiler.words), compiler.stamp);
  {
    const std::lock_guard guard(door_);
    if (const auto known = versions_.find(which); known != versions_.end()) return known->second;
  }
  const std::string_view parts[] = {"version of", which};
  const CacheKey key = cache_key(parts);
  std::string version;
  if (const auto kept = cache.find(key)) {
    version.assign(reinterpret_cast<const char*>(kept->data()), kept->size());
  } else {
    version = ask_version(compiler);
    cache.store(key, "version of " + compiler.path, std::as_bytes(std::span(version)));
  }
  const std::lock_guard guard(door_);
  return versions_[which] = version;
}

}  // namespace croton::runtime
