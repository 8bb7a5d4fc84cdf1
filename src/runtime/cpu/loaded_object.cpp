#include "runtime/cpu/loaded_object.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>

#include "base/float_control.h"
#include "base/fork_safe.h"
#include "croton/base.h"
#include "runtime/temporary.h"

namespace croton::runtime {
namespace {

// The loader has a lock of its own. A child forked while a thread loads finds it held by nobody for ever, so fork()
// waits for this one. Never destroyed: objects of global variables outlive main.
ForkSafeMutex& loader() {
  static auto* const door = new ForkSafeMutex;
  return *door;
}

void* open_library(const std::string& path, std::string& why) {
  const FloatControl control;
  const std::lock_guard guard(loader());
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) why = dlerror();
  return handle;
}

// The loader takes two libraries of one path for the same one, and file numbers come back: so the path must differ
// every time. A count is spelled into it, with "./" for 1 and "/" for 0.
std::string unique_path(int file) {
  static std::atomic<unsigned> count{0};
  std::string path = "/proc/self/fd/";
  for (unsigned n = count.fetch_add(1); n != 0; n >>= 1) path += (n & 1) != 0 ? "./" : "/";
  return path + std::to_string(file);
}

void* load_from_memory(std::span<const std::byte> bytes, std::string& why) {
  const int file = memfd_create("croton-kernel", MFD_CLOEXEC);
  if (file < 0 || !write_all(file, bytes)) {
    why = fmt::format("no file in memory: {}", strerror(errno));
    if (file >= 0) close(file);
    return nullptr;
  }
  void* handle = open_library(unique_path(file), why);
  close(file);
  return handle;
}

// Where /proc is missing or memory may not be executed as a file.
void* load_from_folder(std::span<const std::byte> bytes, std::string& why) {
  try {
    const TemporaryFolder folder;
    const std::string path = folder.path() + "/kernel.so";
    write_file(path, bytes);
    return open_library(path, why);
  } catch (const Error& e) {
    why = e.what();
    return nullptr;
  }
}

}  // namespace

std::unique_ptr<LoadedObject> LoadedObject::load(std::span<const std::byte> bytes, std::string& why) {
  void* handle = load_from_memory(bytes, why);
  if (handle == nullptr) {
    std::string why_not_either;
    handle = load_from_folder(bytes, why_not_either);
    if (handle == nullptr) why += "; from a temporary folder: " + why_not_either;
  }
  return handle != nullptr ? std::unique_ptr<LoadedObject>(new LoadedObject(handle)) : nullptr;
}

LoadedObject::~LoadedObject() {
  const std::lock_guard guard(loader());
  dlclose(handle_);
}

void* LoadedObject::find(const std::string& symbol) const {
  const std::lock_guard guard(loader());
  return dlsym(handle_, symbol.c_str());
}

}  // namespace croton::runtime
