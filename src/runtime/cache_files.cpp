#include "runtime/cache_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <tuple>
#include <utility>

#include "base/listing.h"
#include "base/size_signal.h"
#include "runtime/cache_entry.h"
#include "runtime/temporary.h"

namespace croton::runtime {

std::string entry_name(std::string_view key) { return std::string(key) + std::string(entry_suffix); }

namespace {
constexpr std::uint64_t billion = 1'000'000'000;
std::uint64_t nanoseconds(const timespec& t) {
  return t.tv_sec < 0 ? 0 : static_cast<std::uint64_t>(t.tv_sec) * billion + static_cast<std::uint64_t>(t.tv_nsec);
}
}  // namespace

std::uint64_t moment_after(std::uint64_t used) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return std::max(used + 1, nanoseconds(now));
}

std::string temporary_name(const CacheKey& key) {
  static std::atomic<unsigned> count{0};
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);  // another host, or another namespace, may have this process's number
  return fmt::format("{}.{}.{}.{:x}{}", key.text(), getpid(), count.fetch_add(1), now.tv_nsec, temporary_suffix);
}

std::string this_process() {
  char host[256] = "";
  gethostname(host, sizeof host - 1);
  return fmt::format("process {} on {}", getpid(), host);
}

FileHandle::FileHandle(int folder, std::string_view name, int flags) {
  const std::string path(name);
  file_ = openat(folder, path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
}
FileHandle::~FileHandle() {
  if (file_ >= 0) ::close(file_);
}
int FileHandle::give() { return std::exchange(file_, -1); }
bool FileHandle::close() { return ::close(std::exchange(file_, -1)) == 0; }

std::int64_t FileHandle::size() const {
  struct stat s {};
  return fstat(file_, &s) == 0 && S_ISREG(s.st_mode) ? s.st_size : -1;
}

std::vector<std::byte> FileHandle::read_all(std::size_t count) const {
  std::vector<std::byte> bytes(count);
  if (!read_bytes(0, bytes.data(), bytes.size())) bytes.clear();
  return bytes;
}

std::string FileHandle::read_text() const {
  char text[512];
  const ssize_t n = pread(file_, text, sizeof text, 0);
  return n > 0 ? std::string(text, static_cast<std::size_t>(n)) : "another process";
}

void FileHandle::set_used(std::uint64_t used) const {
  const timespec at{static_cast<time_t>(used / billion), static_cast<long>(used % billion)};
  const timespec times[2] = {at, at};
  futimens(file_, times);
}

void FileHandle::replace_text(std::string_view text) const {
  if (ftruncate(file_, 0) == 0) write_bytes(0, text.data(), text.size());
}

bool FileHandle::read_bytes(off_t at, void* to, std::size_t bytes) const {
  auto* out = static_cast<char*>(to);
  while (bytes > 0) {
    const ssize_t n = pread(file_, out, bytes, at);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    out += n;
    at += n;
    bytes -= static_cast<std::size_t>(n);
  }
  return true;
}

void FileHandle::write_bytes(off_t at, const void* from, std::size_t bytes) const {
  const NoSizeSignal guard;
  while (pwrite(file_, from, bytes, at) < 0 && errno == EINTR) continue;
}

std::vector<CacheEntry> see_entries(int folder, std::uint64_t last) {
  std::vector<CacheEntry> entries;
  for_each_name(folder, ".", [&](std::string_view name) {
    if (!name.ends_with(entry_suffix)) return;
    const std::string path(name);
    struct stat s {};
    if (fstatat(folder, path.c_str(), &s, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(s.st_mode)) return;
    const std::uint64_t used = nanoseconds(s.st_mtim);
    entries.push_back({path.substr(0, path.size() - entry_suffix.size()),
                       {},
                       static_cast<std::uint64_t>(s.st_size),
                       used <= last ? used : 0});
  });
  std::sort(entries.begin(), entries.end(),
            [](const CacheEntry& a, const CacheEntry& b) { return std::tie(a.used, a.key) < std::tie(b.used, b.key); });
  return entries;
}

std::string read_name(int folder, const CacheEntry& e) {
  const FileHandle file(folder, entry_name(e.key), O_RDONLY);
  EntryHeader header;
  if (!file || !file.read_at(0, header)) return {};
  header.name.back() = '\0';
  return header.name.data();
}

OrderFile count_entries(int folder) {
  OrderFile order;
  for (const CacheEntry& e : see_entries(folder, ~std::uint64_t{0})) {
    order.used = std::max(order.used, e.used);
    order.bytes += e.bytes;
  }
  return order;
}

std::size_t remove_all_entries(int folder) {
  std::size_t count = 0;
  for_each_name(folder, ".", [&](std::string_view name) {
    const bool entry = name.ends_with(entry_suffix);
    if (!entry && !name.ends_with(lock_suffix) && !name.ends_with(temporary_suffix) && name != order_name) return;
    if (unlinkat(folder, std::string(name).c_str(), 0) == 0 && entry) ++count;
  });
  return count;
}

void sweep_leftovers(int folder) {
  constexpr time_t day = 86400;
  const time_t now = time(nullptr);
  for_each_name(folder, ".", [&](std::string_view name) {
    if (!name.ends_with(lock_suffix) && !name.ends_with(temporary_suffix)) return;
    struct stat s {};
    const std::string path(name);
    if (fstatat(folder, path.c_str(), &s, AT_SYMLINK_NOFOLLOW) != 0) return;
    if (std::abs(now - s.st_mtime) > day) unlinkat(folder, path.c_str(), 0);
  });
}

}  // namespace croton::runtime
