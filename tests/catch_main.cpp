#define CATCH_CONFIG_MAIN
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "catch.h"
#include "gpu.h"

namespace {

/// A folder of the process's own for what it and those that it starts leave behind: texts that did not compile are kept
/// for people to read, and what a test kills tidies nothing up.
class TemporaryPlace {
 public:
  TemporaryPlace() {
    std::string name = (std::filesystem::temp_directory_path() / "croton_test_XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) return;
    path_ = name;
    ::chmod(name.c_str(), 0755);  // some tests go on as another user
    ::setenv("TMPDIR", name.c_str(), 1);
  }
  ~TemporaryPlace() {
    std::error_code ignored;
    if (!path_.empty() && ::getpid() == owner_) std::filesystem::remove_all(path_, ignored);
  }
  TemporaryPlace(const TemporaryPlace&) = delete;
  TemporaryPlace& operator=(const TemporaryPlace&) = delete;

 private:
  std::filesystem::path path_;
  pid_t owner_ = ::getpid();
};

[[maybe_unused]] const TemporaryPlace place;

// Where a real GPU is named, it also runs what names no device.
[[maybe_unused]] const bool device_is_chosen = [] {
  const char* flags = std::getenv("CROTON_FLAGS");
  if (!croton::gpu_is_emulated() && (flags == nullptr || *flags == 0))
    setenv("CROTON_FLAGS", croton::on_gpu().c_str(), 1);
  return true;
}();

}  // namespace
