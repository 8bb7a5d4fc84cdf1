#include "runtime/gpu/cuda_plugin.h"

#include <dlfcn.h>

#include <charconv>
#include <cstring>
#include <filesystem>

#include "base/error.h"

namespace croton::runtime::gpu {
namespace {

constexpr const char* file_name = "libcroton_cuda.so";

std::string loader_error() {
  const char* const text = dlerror();
  return text != nullptr ? text : "unknown";
}

const CudaPlugin& plugin_of(void* library, const std::string& path) {
  using Entry = const CudaPlugin* (*)();
  const auto entry = reinterpret_cast<Entry>(dlsym(library, cuda_entry));
  const CudaPlugin* const plugin = entry != nullptr ? entry() : nullptr;
  if (plugin == nullptr) fail<DeviceError>("{} is no plugin of Croton: it has no {}()", path, cuda_entry);
  if (std::strcmp(plugin->interface, cuda_interface) != 0) {
    fail<DeviceError>(
        "{} is the plugin of another Croton\n  it is of {}, and this library is of {}\n  install library and plugin "
        "from "
        "one build",
        path, plugin->interface, cuda_interface);
  }
  return *plugin;
}

const CudaPlugin& find_plugin() {
  const std::string beside = folder_of_this_library() + "/" + file_name;
  std::error_code none;
  if (std::filesystem::exists(beside, none)) return open_cuda_plugin(beside);
  void* const library = dlopen(file_name, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    fail<DeviceError>(
        "Croton's plugin for NVIDIA GPUs, {}, was not found\n  looked for: {}, and by the loader: {}\n  it is built "
        "and "
        "installed with Croton: keep it beside libcroton.so, or beside a program that holds the library itself",
        file_name, beside, loader_error());
  }
  return plugin_of(library, file_name);
}

}  // namespace

CudaOptions CudaOptions::from(const Config& config) {
  CudaOptions options;
  options.root = config.text("cuda.root");
  options.pool_cap = static_cast<std::size_t>(config.number("cuda.pool_cap"));
  options.tf32 = config.flag("cuda.tf32");
  options.compile_seconds = config.number("compile.timeout");
  return options;
}

std::string folder_of_this_library() {
  Dl_info found{};
  if (dladdr(reinterpret_cast<const void*>(&folder_of_this_library), &found) == 0 || found.dli_fname == nullptr)
    return ".";
  std::error_code none;
  // a program's own name may be relative to another folder, or come from PATH
  const std::filesystem::path file = std::strchr(found.dli_fname, '/') != nullptr
                                         ? found.dli_fname
                                         : std::filesystem::read_symlink("/proc/self/exe", none);
  const std::filesystem::path real = std::filesystem::canonical(file, none);
  return (none ? file : real).parent_path();
}

const CudaPlugin& open_cuda_plugin(const std::string& path) {
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);  // never closed: its objects live on
  if (library == nullptr) fail<DeviceError>("Croton's plugin for NVIDIA GPUs cannot be opened: {}", loader_error());
  return plugin_of(library, path);
}

const CudaPlugin& cuda_plugin() {
  static const CudaPlugin& opened = find_plugin();
  return opened;
}

int cuda_number(std::string_view name) {
  for (const std::string_view kind : {"cuda", "gpu"}) {
    if (!name.starts_with(kind)) continue;
    const std::string_view digits = name.substr(kind.size());
    if (digits.empty()) return 0;
    int number = -1;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error == std::errc() && end == digits.data() + digits.size() && number >= 0) return number;
  }
  return -1;
}

}  // namespace croton::runtime::gpu
