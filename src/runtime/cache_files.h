// The files of the compile cache's folder, all reached through its handle: names, whole reads, listing, sweeping.
#pragma once
#include <sys/types.h>

#include <type_traits>

#include "runtime/cache.h"

namespace croton::runtime {

inline constexpr std::string_view entry_suffix = ".kernel", lock_suffix = ".lock", temporary_suffix = ".new";
inline constexpr std::string_view order_name = "order";

std::string entry_name(std::string_view key);
inline std::string entry_name(const CacheKey& key) { return entry_name(key.text()); }
/// A name that no other thread or process has.
std::string temporary_name(const CacheKey&);
/// "process 123 on myhost".
std::string this_process();

/// The file `order`: the last use of any entry, about how many bytes there are, and the stores since they were counted.
struct OrderFile {
  std::uint64_t used = 0, bytes = 0, stores = 0;
};
/// What the entries themselves say.
OrderFile count_entries(int folder);
/// A moment after that one, in nanoseconds since 1970: now, unless the clock was set back.
std::uint64_t moment_after(std::uint64_t used);

/// A file of the folder; symbolic links are not followed.
class FileHandle {
 public:
  FileHandle(int folder, std::string_view name, int flags);
  ~FileHandle();
  FileHandle(const FileHandle&) = delete;
  FileHandle& operator=(const FileHandle&) = delete;
  explicit operator bool() const { return file_ >= 0; }
  int number() const { return file_; }
  int give();
  /// False, with errno set, where the disk found no room after all.
  bool close();

  /// A whole, regular file of that many bytes; empty where it is none or cannot be read.
  std::vector<std::byte> read_all(std::size_t bytes) const;
  /// -1 where it is no regular file.
  std::int64_t size() const;
  std::string read_text() const;
  void replace_text(std::string_view) const;
  /// Sets the time of last change, which says when an entry was used last. Failing is no harm.
  void set_used(std::uint64_t) const;
  template <class T>
  bool read_at(off_t at, T& value) const {
    static_assert(std::is_trivially_copyable_v<T>);
    return read_bytes(at, &value, sizeof value);
  }
  /// Failing is no harm: what is written here is only advice.
  template <class T>
  void write_at(off_t at, const T& value) const {
    static_assert(std::is_trivially_copyable_v<T>);
    write_bytes(at, &value, sizeof value);
  }

 private:
  bool read_bytes(off_t at, void* to, std::size_t bytes) const;
  void write_bytes(off_t at, const void* from, std::size_t bytes) const;
  int file_ = -1;
};

/// All entries, the least recently used first; those of a moment after `last` (somebody touched them) before all
/// others. No file is opened: the names are empty.
std::vector<CacheEntry> see_entries(int folder, std::uint64_t last);
/// The name that an entry was stored under.
std::string read_name(int folder, const CacheEntry&);
std::size_t remove_all_entries(int folder);
/// Removes the temporaries and locks of more than a day ago (or from the future, where a clock jumped).
void sweep_leftovers(int folder);

}  // namespace croton::runtime
