// A folder for files on their way to and from the host compiler, and whole files.
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace croton::runtime {

/// A fresh 0700 folder below TMPDIR (else /tmp, /var/tmp, /dev/shm; a full one is passed over), removed with its files
/// at the end of the scope unless kept. The first in a place also removes what this user's killed programs left there.
class TemporaryFolder {
 public:
  /// Throws FileError that names the places tried.
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }
  void keep() { kept_ = true; }

 private:
  std::string path_;
  bool kept_ = false;
};

/// Throws FileError with the path and errno's text.
void write_file(const std::string& path, std::span<const std::byte>);
/// Empty where it cannot be opened. Throws FileError where reading fails half way.
std::vector<std::byte> read_file(const std::string& path);

/// All of it, retrying EINTR; false, with errno set, where that fails.
bool write_all(int file, std::span<const std::byte>);

}  // namespace croton::runtime
