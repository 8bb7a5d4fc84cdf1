#include "array/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <system_error>

#include "base/error.h"
#include "base/size_signal.h"

namespace croton {

std::string system_text(int error_number) { return std::generic_category().message(error_number); }

InputFile::InputFile(const std::string& path, const std::string& verb) : verb_(verb) {
  fd_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a FIFO must not hang
  if (fd_ < 0) fail<FileError>("{}: cannot open it: {}", verb, system_text(errno));
  struct stat facts = {};
  if (::fstat(fd_, &facts) != 0 || !S_ISREG(facts.st_mode)) {
    ::close(fd_);
    fail<FileError>("{}: it is {}, not a file", verb,
                    S_ISDIR(facts.st_mode) ? "a directory" : "a device, pipe or socket");
  }
  size_ = static_cast<std::uint64_t>(facts.st_size);
}

InputFile::~InputFile() { ::close(fd_); }

ByteSource InputFile::source() {
  return {verb_, size_, 0, [this](std::byte* to, std::size_t bytes) {
            while (bytes > 0) {
              const ssize_t n = ::read(fd_, to, std::min<std::size_t>(bytes, 1u << 30));
              if (n < 0 && errno == EINTR) continue;
              if (n < 0) fail<FileError>("{}: reading failed: {}", verb_, system_text(errno));
              if (n == 0) fail<FileError>("{}: the file became shorter while it was read", verb_);
              to += n;
              bytes -= static_cast<std::size_t>(n);
            }
          }};
}

namespace {

// Where writing to the path would write, be it that a link leads to no file yet.
std::string without_links(const std::string& path) {
  char real[PATH_MAX];
  if (::realpath(path.c_str(), real)) return real;
  std::filesystem::path at = path;
  std::error_code none;
  for (int links = 0; links < 40 && std::filesystem::is_symlink(at, none); ++links)
    at = at.parent_path() / std::filesystem::read_symlink(at, none);  // an absolute one takes the whole place
  return at;
}

}  // namespace

Replacement::Replacement(const std::string& path, const std::string& verb) : target_(path), verb_(verb) {
  if (path.empty()) fail<FileError>("{}: the path is empty", verb);
  target_ = without_links(path);
  struct stat facts = {};
  if (::stat(target_.c_str(), &facts) == 0) {
    if (S_ISDIR(facts.st_mode)) fail<FileError>("{}: it is a directory", verb);
    if (!S_ISREG(facts.st_mode)) fail<FileError>("{}: it is a device, pipe or socket, not a file", verb);
    mode_ = static_cast<int>(facts.st_mode & 07777);
  }
  std::random_device random;
  int fd = -1;
  for (int tries = 0; fd < 0 && tries < 100; ++tries) {
    temp_ = fmt::format("{}.{:08x}.tmp", target_, random());
    fd = ::open(temp_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0 && errno != EEXIST) break;
  }
  if (fd < 0) fail<FileError>("{}: cannot write there: {}", verb, system_text(errno));
  ::close(fd);
}

Replacement::~Replacement() {
  if (!done_) ::unlink(temp_.c_str());  // ours: the constructor made it
}

void Replacement::failed(std::string_view what, int error_number) const {
  fail<FileError>("{}: {}: {}; {}", verb_, what, system_text(error_number),
                  mode_ < 0 ? "nothing was written" : "the old file is unchanged");
}

namespace {
// Flushes a file or a folder to disk.
bool flush(const std::string& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC);
  if (fd < 0) return false;
  const bool flushed = ::fsync(fd) == 0;
  const int error_number = errno;
  ::close(fd);
  errno = error_number;
  return flushed;
}
}  // namespace

void Replacement::commit() {
  if (mode_ >= 0 && ::chmod(temp_.c_str(), static_cast<mode_t>(mode_)) != 0)
    failed("setting permissions failed", errno);
  if (!flush(temp_, O_RDONLY)) failed("flushing to disk failed", errno);
  if (::rename(temp_.c_str(), target_.c_str()) != 0) failed("renaming the finished file failed", errno);
  done_ = true;
  const auto slash = target_.rfind('/');
  flush(slash == std::string::npos ? "." : slash == 0 ? "/" : target_.substr(0, slash), O_RDONLY | O_DIRECTORY);
}

void write_file(const std::string& path, const std::string& verb, std::string_view head, const std::byte* body,
                std::size_t bytes) {
  const NoSizeSignal guard;
  const int fd = ::open(path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
  if (fd < 0) fail<FileError>("{}: cannot write there: {}", verb, system_text(errno));
  const auto write_all = [fd](const void* from, std::size_t n) {
    const char* p = static_cast<const char*>(from);
    while (n > 0) {
      const ssize_t done = ::write(fd, p, std::min<std::size_t>(n, 1u << 30));
      if (done < 0 && errno == EINTR) continue;
      if (done < 0) return false;
      p += done;
      n -= static_cast<std::size_t>(done);
    }
    return true;
  };
  bool written = write_all(head.data(), head.size()) && write_all(body, bytes);
  int error_number = errno;
  if (::close(fd) != 0 && written) {
    written = false;
    error_number = errno;
  }
  if (!written) fail<FileError>("{}: writing failed: {}; the target is unchanged", verb, system_text(error_number));
}

}  // namespace croton
