#include "runtime/cpu/module_store.h"

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

std::shared_ptr<Module> ModuleStore::compile(const Source& source) {
  const auto config = config_snapshot();
  HostCompiler compiler = find_host_compiler(*config);
  compiler.version = versions_.of(compiler, *modules_.cache(*config));
  const std::vector<std::string> flags = compile_flags(compiler, target_, source.optimize);
  return modules_.get(
      source, {.key = key_of(source, compiler, target_, flags),
               .compile = [&] { return compile_object(compiler, flags, source.text, source.name); },
               .load = [&](std::span<const std::byte> object, std::string& why) { return load(object, source, why); },
               .maker = compiler.path,
               .flags = join_arguments(flags)});
}

}  // namespace croton::runtime
