// Names in folders. (std::filesystem's iterators end the program where memory runs out while they go on: GCC 12's are
// noexcept inside.)
#pragma once
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <string_view>

namespace croton {

/// Calls f(name) for each name in `path`, itself below the open folder `folder`, but for "." and ".."; for none where
/// that is no folder that can be read.
template <class F>
void for_each_name(int folder, const char* path, F&& f) {
  const int file = openat(folder, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return;
  struct Close {
    void operator()(DIR* d) const { closedir(d); }
  };
  const std::unique_ptr<DIR, Close> listing(fdopendir(file));
  if (listing == nullptr) {
    close(file);
    return;
  }
  while (const dirent* e = readdir(listing.get()))
    if (const std::string_view name = e->d_name; name != "." && name != "..") f(name);
}
template <class F>
void for_each_name(const std::string& folder, F&& f) {
  for_each_name(AT_FDCWD, folder.c_str(), f);
}

}  // namespace croton
