#include "runtime/temporary.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <new>
#include <set>

#include "base/environment.h"
#include "base/error.h"
#include "base/fork_safe.h"
#include "base/listing.h"
#include "base/size_signal.h"

namespace croton::runtime {

namespace {

constexpr std::string_view prefix = "/croton-";
constexpr std::uint64_t least_room = 4 << 20;  // a large kernel, its object, and what the compiler puts beside them

bool has_room(const std::string& place) {
  struct statvfs s {};
  return statvfs(place.c_str(), &s) != 0 || s.f_blocks == 0 || s.f_bavail * s.f_frsize >= least_room;
}

void remove_with_files(const std::string& folder) {
  for_each_name(folder, [&](std::string_view name) { unlink(fmt::format("{}/{}", folder, name).c_str()); });
  rmdir(folder.c_str());
}

// What killed processes of this user left there more than a day ago. Once in a process for each place.
void sweep(const std::string& place) {
  static auto* const door = new ForkSafeMutex;
  static auto* const swept = new std::set<std::string>;
  {
    const std::lock_guard guard(*door);
    if (!swept->insert(place).second) return;
  }
  for_each_name(place, [&](std::string_view name) {
    const std::string path = fmt::format("{}/{}", place, name);
    struct stat s {};
    if (name.size() + 1 != prefix.size() + 6 || !name.starts_with(prefix.substr(1)) || lstat(path.c_str(), &s) != 0 ||
        !S_ISDIR(s.st_mode) || s.st_uid != geteuid() || s.st_mtime > time(nullptr) - 86400)
      return;
    remove_with_files(path);
  });
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
  std::string tried;
  for (const std::string& place : {environment_value("TMPDIR").value_or(""), std::string("/tmp"),
                                   std::string("/var/tmp"), std::string("/dev/shm")}) {
    if (place.empty()) continue;
    std::string name = place + std::string(prefix) + "XXXXXX";
    if (!has_room(place)) {
      tried += fmt::format("\n  {}: less than {} MB are free", place, least_room >> 20);
    } else if (mkdtemp(name.data()) != nullptr) {
      path_ = std::filesystem::absolute(name);
      sweep(place);
      return;
    } else {
      const int error = errno;
      tried += fmt::format("\n  {}: {}", place, strerror(error));
      if (error == ENAMETOOLONG) tried += fmt::format(" ({} bytes)", place.size());
    }
  }
  fail<FileError>("no folder for temporary files; set TMPDIR to one that can be written. Tried:{}", tried);
}

TemporaryFolder::~TemporaryFolder() {
  if (kept_) return;
  try {
    remove_with_files(path_);
  } catch (const std::bad_alloc&) {}  // then it stays
}

bool write_all(int file, std::span<const std::byte> bytes) {
  const NoSizeSignal guard;
  while (!bytes.empty()) {
    const ssize_t n = write(file, bytes.data(), bytes.size());
    if (n >= 0)
      bytes = bytes.subspan(static_cast<std::size_t>(n));
    else if (errno != EINTR)
      return false;
  }
  return true;
}

void write_file(const std::string& path, std::span<const std::byte> bytes) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  const bool written = file >= 0 && write_all(file, bytes);
  const int error = errno;
  if (file >= 0 && close(file) != 0 && written) fail<FileError>("cannot write {}: {}", path, strerror(errno));
  if (!written) fail<FileError>("cannot write {}: {}", path, strerror(error));
}

std::vector<std::byte> read_file(const std::string& path) {
  std::vector<std::byte> bytes;
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return bytes;
  struct stat s {};
  if (fstat(file, &s) == 0 && S_ISREG(s.st_mode)) bytes.resize(static_cast<std::size_t>(s.st_size));
  std::size_t at = 0;
  int error = 0;
  while (at < bytes.size() && error == 0) {
    const ssize_t n = read(file, bytes.data() + at, bytes.size() - at);
    if (n > 0)
      at += static_cast<std::size_t>(n);
    else if (n == 0)
      break;
    else if (errno != EINTR)
      error = errno;
  }
  close(file);
  if (error != 0) fail<FileError>("cannot read {}: {}", path, strerror(error));
  bytes.resize(at);
  return bytes;
}

}  // namespace croton::runtime
