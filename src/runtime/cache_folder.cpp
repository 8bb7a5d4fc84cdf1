#include "runtime/cache_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/environment.h"
#include "base/error.h"

namespace croton::runtime {
namespace {

// With the folders above it, but never a home: where that is missing it may yet be mounted.
bool make_folder(const std::filesystem::path& path) {
  struct stat there {};
  if (stat(path.c_str(), &there) == 0) return true;
  if (const auto home = environment_value("HOME"); home && path == std::filesystem::path(*home).lexically_normal())
    return false;
  if (mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return true;
  if (errno != ENOENT || !path.has_parent_path() || path.parent_path() == path) return false;
  return make_folder(path.parent_path()) && (mkdir(path.c_str(), 0700) == 0 || errno == EEXIST);
}

constexpr std::string_view way_out = "set compile.cache to a folder of your own";

}  // namespace

int open_cache_folder(const std::string& written, std::string& why) {
  std::string path = written;
  why.clear();
  while (path.size() > 1 && path.back() == '/') path.pop_back();  // "link/" would follow the link
  if (!make_folder(path)) {
    why = fmt::format("{} cannot be made: {}", path, strerror(errno));
    if (errno == ENAMETOOLONG) why += fmt::format(" ({} bytes)", path.size());
    return -1;
  }
  const int folder = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (folder < 0) {
    const int error = errno;
    struct stat link {};
    if (lstat(path.c_str(), &link) == 0 && S_ISLNK(link.st_mode)) {
      fail<ConfigError>(
          "the compile cache {} is a symbolic link (owner: uid {}), which somebody else may have planted; {}", path,
          link.st_uid, way_out);
    }
    why = fmt::format("{} cannot be opened: {}", path, strerror(error));
    return -1;
  }
  struct stat s {};
  if (fstat(folder, &s) != 0) {
    why = fmt::format("{}: {}", path, strerror(errno));
  } else if (s.st_uid == geteuid() && (s.st_mode & 022) == 0) {
    return folder;
  }
  close(folder);
  if (!why.empty()) return -1;
  fail<ConfigError>(
      "the compile cache {} is refused: its owner is uid {} (you are uid {}) and its mode is {:04o}, so that others "
      "could "
      "plant code in it; {}, mode 0700",
      path, s.st_uid, geteuid(), s.st_mode & 07777, way_out);
}

}  // namespace croton::runtime
