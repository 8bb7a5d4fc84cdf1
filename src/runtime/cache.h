// The compile cache: compiled code by key, one file an entry, shared by processes that never need to trust or wait for
// each other. Nothing of it is ever executed before its digest is right. No fault of the disk is an error here: at
// worst every lookup is a miss and one warning says why. A folder that another user could write to is refused.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/config.h"

namespace croton::runtime {

/// 256 bits: the first 128 name the file, all of them stand in it.
struct CacheKey {
  std::array<std::uint64_t, 4> words{};
  /// 32 hexadecimal digits.
  std::string text() const;
  friend bool operator==(const CacheKey&, const CacheKey&) = default;
  friend bool operator<(const CacheKey& a, const CacheKey& b) { return a.words < b.words; }
};
/// What every entry depends on: "croton 0.1.0, x86_64, 64-bit pointers".
std::string_view cache_world();
/// The hash of a list of texts; {"ab", "c"} and {"a", "bc"} differ. The world is always part of it.
CacheKey cache_key(std::span<const std::string_view> parts, std::string_view world = cache_world());

struct CacheEntry {
  std::string key;          ///< as CacheKey::text
  std::string name;         ///< what it was compiled for, cut to 63 bytes
  std::uint64_t bytes = 0;  ///< on disk
  std::uint64_t used = 0;   ///< the moment of last use, in nanoseconds since 1970, made to grow from use to use
};

/// The default: `croton` in XDG_CACHE_HOME, else in HOME's .cache; "" where neither is known.
std::string default_cache_folder();

class CompileCache {
 public:
  /// "" means that there is no folder. Nothing is opened before the first use.
  CompileCache(std::string folder, std::uint64_t size_cap, int wait_seconds);
  /// By the keys compile.cache, compile.cache_size, compile.wait.
  explicit CompileCache(const Config&);
  ~CompileCache();
  CompileCache(const CompileCache&) = delete;
  CompileCache& operator=(const CompileCache&) = delete;

  /// What was stored under the key; a damaged entry is deleted and a miss. Throws ConfigError where the folder is
  /// refused.
  std::optional<std::vector<std::byte>> find(const CacheKey&);
  /// Takes the place of what was there, at once or not at all. Then evicts the least recently used beyond the cap.
  void store(const CacheKey&, std::string_view name, std::span<const std::byte>);
  /// Deletes an entry that could not be loaded.
  void drop(const CacheKey&);

  /// Held while one process (or thread) compiles a key, so that others wait for its entry instead of doing the same.
  /// Only advice: not held where it cannot be had in time, where somebody has stored the entry meanwhile, or where
  /// there is no folder.
  class Lock {
   public:
    Lock() = default;
    Lock(Lock&& o) noexcept;
    Lock& operator=(Lock&&) = delete;
    ~Lock();
    bool held() const { return file_ >= 0; }

   private:
    friend class CompileCache;
    int file_ = -1, folder_ = -1;
    std::string name_;
  };
  Lock lock(const CacheKey&);

  const std::string& folder() const { return folder_; }
  /// The least recently used first.
  std::vector<CacheEntry> list();
  /// The sum of bytes of all entries.
  std::uint64_t bytes();
  /// Deletes every entry; gives how many. Processes that use them go on.
  std::size_t clear();

 private:
  int handle();
  void evict();
  std::uint64_t next_order(std::uint64_t stored_bytes);
  bool has(const CacheKey&);
  bool make_again();

  struct Opened;
  std::string folder_;
  std::uint64_t cap_;
  int wait_seconds_;
  std::unique_ptr<Opened> opened_;
};

}  // namespace croton::runtime
