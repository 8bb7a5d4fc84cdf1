// A shared object loaded from memory: no path on disk is executed, so a noexec mount or a full disk is no matter.
#pragma once
#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace croton::runtime {

class LoadedObject {
 public:
  /// Loads the bytes; floating-point control is as before afterwards, whatever the object's constructors do. Null, with
  /// the loader's text in `why`, where that fails. The bytes must be known to be whole: the loader dies of damaged
  /// ones.
  static std::unique_ptr<LoadedObject> load(std::span<const std::byte>, std::string& why);
  ~LoadedObject();
  LoadedObject(const LoadedObject&) = delete;
  LoadedObject& operator=(const LoadedObject&) = delete;
  /// The address of a symbol, null if there is none.
  void* find(const std::string& symbol) const;

 private:
  explicit LoadedObject(void* handle) : handle_(handle) {}
  void* handle_;
};

}  // namespace croton::runtime
