#include "runtime/cache.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <utility>

#include "base/environment.h"
#include "base/error.h"
#include "base/fork_safe.h"
#include "base/log.h"
#include "runtime/cache_entry.h"
#include "runtime/cache_files.h"
#include "runtime/cache_folder.h"
#include "runtime/temporary.h"

namespace croton::runtime {

struct CompileCache::Opened {
  ForkSafeMutex door;
  bool tried = false;
  std::atomic<bool> swept{false};  // kernels are stored by several threads
  int folder = -1;
};

CompileCache::CompileCache(std::string folder, std::uint64_t size_cap, int wait_seconds)
    : folder_(std::move(folder)), cap_(size_cap), wait_seconds_(wait_seconds), opened_(std::make_unique<Opened>()) {}

CompileCache::CompileCache(const Config& config)
    : CompileCache(config.text("compile.cache").empty() ? default_cache_folder() : config.text("compile.cache"),
                   static_cast<std::uint64_t>(config.number("compile.cache_size")),
                   static_cast<int>(config.number("compile.wait"))) {}

CompileCache::~CompileCache() {
  if (opened_->folder >= 0) close(opened_->folder);
}

std::string default_cache_folder() {
  if (const auto xdg = environment_value("XDG_CACHE_HOME"); xdg && xdg->starts_with('/')) return *xdg + "/croton";
  if (const auto home = environment_value("HOME"); home && home->starts_with('/')) return *home + "/.cache/croton";
  return {};
}

namespace {
/// "HOME is not set", or why its value is of no use.
std::string unusable(const char* variable) {
  const std::string value = environment_value(variable).value_or("");
  return value.empty() ? fmt::format("{} is not set", variable)
                       : fmt::format("{} is '{}', which is not an absolute path", variable, value);
}

void warn_no_cache(const std::string& why) { warn_once("no compile cache", "compiled kernels are not kept: " + why); }
}  // namespace

int CompileCache::handle() {
  const std::lock_guard guard(opened_->door);
  if (opened_->tried) return opened_->folder;
  std::string why;
  if (folder_.empty())
    why = fmt::format("compile.cache is empty, {}, and {}", unusable("XDG_CACHE_HOME"), unusable("HOME"));
  else
    opened_->folder = open_cache_folder(folder_, why);
  opened_->tried = true;
  if (opened_->folder < 0) warn_no_cache(why);
  return opened_->folder;
}

std::optional<std::vector<std::byte>> CompileCache::find(const CacheKey& key) {
  const int folder = handle();
  if (folder < 0) return std::nullopt;
  const std::string name = entry_name(key);
  const FileHandle file(folder, name, O_RDONLY);
  if (!file) return std::nullopt;
  EntryHeader header;
  const std::int64_t size = file.size();
  const bool whole = file.read_at(0, header) && plausible(header, size);
  std::vector<std::byte> bytes = whole ? file.read_all(static_cast<std::size_t>(size)) : std::vector<std::byte>();
  switch (whole ? check_entry(bytes, key) : EntryState::damaged) {
    case EntryState::other_key: return std::nullopt;
    case EntryState::damaged:
      unlinkat(folder, name.c_str(), 0);
      warn_once("damaged entry in " + folder_,
                fmt::format("{}/{} is damaged ({} bytes) and was deleted; what it held is compiled again", folder_,
                            name, size));
      return std::nullopt;
    case EntryState::good: break;
  }
  file.set_used(next_order(0));
  bytes.erase(bytes.begin(), bytes.begin() + sizeof(EntryHeader));
  return bytes;
}

bool CompileCache::has(const CacheKey& key) { return faccessat(handle(), entry_name(key).c_str(), F_OK, 0) == 0; }

void CompileCache::drop(const CacheKey& key) {
  if (const int folder = handle(); folder >= 0) unlinkat(folder, entry_name(key).c_str(), 0);
}

namespace {
// False, with errno set, where it could not be written whole; then nothing has changed.
bool write_entry(int folder, const CacheKey& key, const EntryHeader& header, std::span<const std::byte> payload,
                 std::uint64_t used) {
  const std::string entry = entry_name(key), temporary = temporary_name(key);
  FileHandle file(folder, temporary, O_WRONLY | O_CREAT | O_EXCL);
  if (!file) return false;
  bool written = write_all(file.number(), std::as_bytes(std::span(&header, 1))) && write_all(file.number(), payload);
  if (written) file.set_used(used);
  written = written && file.close() && renameat(folder, temporary.c_str(), folder, entry.c_str()) == 0;
  const int error = errno;
  if (!written) unlinkat(folder, temporary.c_str(), 0);
  errno = error;
  return written;
}
}  // namespace

void CompileCache::store(const CacheKey& key, std::string_view name, std::span<const std::byte> payload) {
  const int folder = handle();
  if (folder < 0) return;
  const EntryHeader header = entry_header(key, name, payload);
  const std::uint64_t used = next_order(sizeof header + payload.size());
  bool written = write_entry(folder, key, header, payload, used);
  if (!written && errno == ENOENT && make_again()) written = write_entry(folder, key, header, payload, used);
  if (written) {
    if (!opened_->swept.exchange(true)) sweep_leftovers(folder);
    return evict();
  }
  warn_no_cache(fmt::format("writing to {} failed: {}", folder_, strerror(errno)));
}

// Somebody deleted the folder: the handle's number then stands for a new one, for all threads at once.
bool CompileCache::make_again() {
  std::string why;
  const int fresh = open_cache_folder(folder_, why);
  if (fresh < 0) return false;
  const bool replaced = dup3(fresh, opened_->folder, O_CLOEXEC) >= 0;
  close(fresh);
  return replaced;
}

// The folder's file `order` may lag when processes write at once: the order then has ties, and the next sweep counts
// the bytes again.
std::uint64_t CompileCache::next_order(std::uint64_t stored_bytes) {
  const FileHandle file(handle(), order_name, O_RDWR | O_CREAT);
  OrderFile order;
  if (file && (file.size() != static_cast<std::int64_t>(sizeof order) || !file.read_at(0, order)))
    order = count_entries(handle());  // lost, or cut short
  order.used = moment_after(order.used);
  order.bytes += stored_bytes;
  order.stores += stored_bytes > 0;
  if (file) file.write_at(0, order);
  return order.used;
}

// Reads no entry: names and sizes, once over the folder. What it deletes is what the next hundredth of the cap needs,
// so that few stores sweep, and each for a moment only.
void CompileCache::evict() {
  constexpr std::uint64_t recount = 1024;           // stores; then also removes what killed processes left
  constexpr std::uint64_t minute = 60'000'000'000;  // what others store meanwhile is no older for it
  const int folder = handle();
  const FileHandle file(folder, order_name, O_RDWR | O_CREAT);
  OrderFile order;
  if (!file || !file.read_at(0, order)) return;
  if (order.bytes <= cap_ && order.stores < recount) return;
  sweep_leftovers(folder);
  std::uint64_t total = 0;
  const std::vector<CacheEntry> entries = see_entries(folder, moment_after(order.used) + minute);
  for (const CacheEntry& e : entries) total += e.bytes;
  const std::uint64_t wanted = total > cap_ ? cap_ - cap_ / 100 : cap_;
  for (const CacheEntry& e : entries) {
    if (total <= wanted) break;
    if (unlinkat(folder, entry_name(e.key).c_str(), 0) == 0) total -= e.bytes;
  }
  if (file.read_at(0, order)) {
    order.bytes = total;
    order.stores = 0;
    file.write_at(0, order);
  }
}

std::vector<CacheEntry> CompileCache::list() {
  const int folder = handle();
  if (folder < 0) return {};
  std::vector<CacheEntry> entries = see_entries(folder, ~std::uint64_t{0});
  for (CacheEntry& e : entries) e.name = read_name(folder, e);
  return entries;
}

std::uint64_t CompileCache::bytes() {
  const int folder = handle();
  std::uint64_t total = 0;
  if (folder >= 0)
    for (const CacheEntry& e : see_entries(folder, ~std::uint64_t{0})) total += e.bytes;
  return total;
}

std::size_t CompileCache::clear() {
  const int folder = handle();
  return folder < 0 ? 0 : remove_all_entries(folder);
}

// ---- the lock

CompileCache::Lock::Lock(Lock&& o) noexcept
    : file_(std::exchange(o.file_, -1)), folder_(o.folder_), name_(std::move(o.name_)) {}

CompileCache::Lock::~Lock() {
  if (file_ < 0) return;
  unlinkat(folder_, name_.c_str(), 0);
  close(file_);  // and with it the lock
}

CompileCache::Lock CompileCache::lock(const CacheKey& key) {
  Lock lock;
  lock.folder_ = handle();
  lock.name_ = key.text() + std::string(lock_suffix);
  if (lock.folder_ < 0) return lock;
  timespec start{}, now{};
  clock_gettime(CLOCK_MONOTONIC, &start);
  for (long nap = 2'000'000;; nap = std::min(nap * 2, 50'000'000L)) {
    FileHandle file(lock.folder_, lock.name_, O_RDWR | O_CREAT);
    if (!file) return lock;
    if (flock(file.number(), LOCK_EX | LOCK_NB) == 0) {
      struct stat s {};
      if (fstat(file.number(), &s) == 0 && s.st_nlink == 0) continue;  // its holder removed it just now
      file.replace_text(this_process());
      lock.file_ = file.give();
      return lock;
    }
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK || has(key)) return lock;  // a file system without locks, or the work is done
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (now.tv_sec - start.tv_sec >= wait_seconds_) {
      warn(fmt::format("waited {} s for {}, which compiles the same kernel; compiling it here too", wait_seconds_,
                       file.read_text()));
      return lock;
    }
    const timespec rest{0, nap};
    nanosleep(&rest, nullptr);
  }
}

}  // namespace croton::runtime
