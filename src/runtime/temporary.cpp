#include "runtime/temporary.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "base/error.h"

namespace croton::runtime {

TemporaryFolder::TemporaryFolder() {
  const char* const variable = std::getenv("TMPDIR");
  std::string tried;
  for (const std::string& place : {std::string(variable != nullptr ? variable : ""), std::string("/tmp"),
                                   std::string("/var/tmp"), std::string("/dev/shm")}) {
    if (place.empty()) continue;
    std::string name = place + "/croton-XXXXXX";
    if (mkdtemp(name.data()) != nullptr) {
      path_ = name;
      return;
    }
    tried += fmt::format("\n  {}: {}", place, strerror(errno));
  }
  fail<FileError>("no folder for temporary files; set TMPDIR to one that can be written. Tried:{}", tried);
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  if (!kept_) std::filesystem::remove_all(path_, ignored);
}

namespace {
sigset_t size_signal() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGXFSZ);
  return set;
}
}  // namespace

NoSizeSignal::NoSizeSignal() : before_() {
  const sigset_t set = size_signal();
  pthread_sigmask(SIG_BLOCK, &set, &before_);
}

NoSizeSignal::~NoSizeSignal() {
  const int error = errno;
  if (sigismember(&before_, SIGXFSZ) == 0) {
    const sigset_t set = size_signal();
    const timespec now{};
    while (sigtimedwait(&set, nullptr, &now) > 0) continue;
  }
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  errno = error;
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
  while (at < bytes.size()) {
    const ssize_t n = read(file, bytes.data() + at, bytes.size() - at);
    if (n > 0)
      at += static_cast<std::size_t>(n);
    else if (n == 0 || errno != EINTR)
      break;
  }
  close(file);
  bytes.resize(at);
  return bytes;
}

}  // namespace croton::runtime
