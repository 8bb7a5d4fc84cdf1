#include "runtime/cache.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <thread>

#include "catch.h"
#include "fixture.h"
#include "runtime/cache_entry.h"
#include "runtime/cache_files.h"

using namespace croton;
using namespace croton::runtime;
namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t plenty = 1 << 30;

CacheKey key_of(std::string_view text) {
  const std::string_view parts[] = {text};
  return cache_key(parts);
}
std::vector<std::byte> bytes_of(std::size_t n, int salt = 0) {
  std::vector<std::byte> b(n);
  for (std::size_t i = 0; i < n; ++i) b[i] = static_cast<std::byte>(i * 7 + static_cast<std::size_t>(salt));
  return b;
}
std::string path_of(const CompileCache& cache, const CacheKey& key) { return cache.folder() + "/" + entry_name(key); }
void overwrite(const std::string& path, const std::vector<std::byte>& bytes) {
  fs::remove(path);
  write_file(path, bytes);
}

struct OwnFolder {
  TemporaryFolder outer;
  CompileCache cache{outer.path() + "/cache", plenty, 1};
};

}  // namespace

TEST_CASE("what is stored is found, by this process and the next") {
  OwnFolder own;
  CHECK_FALSE(own.cache.find(key_of("a")));
  own.cache.store(key_of("a"), "step", bytes_of(1000));
  CHECK(own.cache.find(key_of("a")) == bytes_of(1000));
  CHECK_FALSE(own.cache.find(key_of("b")));
  CompileCache next(own.cache.folder(), plenty, 1);
  CHECK(next.find(key_of("a")) == bytes_of(1000));
  REQUIRE(next.list().size() == 1);
  CHECK(next.list()[0].name == "step");
  CHECK(next.bytes() == next.list()[0].bytes);
  CHECK(next.clear() == 1);
  CHECK_FALSE(own.cache.find(key_of("a")));
}

TEST_CASE("the folder and its entries are readable by nobody else") {
  OwnFolder own;
  own.cache.store(key_of("a"), "step", bytes_of(10));
  CHECK(fs::status(own.cache.folder()).permissions() == fs::perms::owner_all);
  CHECK(fs::status(path_of(own.cache, key_of("a"))).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
}

TEST_CASE("keys tell lists of texts apart") {
  const std::string_view ab_c[] = {"ab", "c"}, a_bc[] = {"a", "bc"}, abc[] = {"abc"}, none[] = {"abc", ""};
  CHECK(cache_key(ab_c) != cache_key(a_bc));
  CHECK(cache_key(abc) != cache_key(ab_c));
  CHECK(cache_key(abc) != cache_key(none));
  CHECK(cache_key(ab_c) == cache_key(ab_c));
}

TEST_CASE("an entry cut to any length is a miss, and is deleted") {
  OwnFolder own;
  const CacheKey key = key_of("a");
  own.cache.store(key, "step", bytes_of(4000));
  const std::vector<std::byte> whole = read_file(path_of(own.cache, key));
  std::vector<std::size_t> lengths = {0, 1, 8, 64, 127, 128, 129, whole.size() - 1};
  for (std::size_t eighth = 1; eighth < 8; ++eighth) lengths.push_back(whole.size() * eighth / 8);
  for (const std::size_t length : lengths) {
    overwrite(path_of(own.cache, key), {whole.begin(), whole.begin() + static_cast<long>(length)});
    CHECK_FALSE(own.cache.find(key));
    CHECK_FALSE(fs::exists(path_of(own.cache, key)));
  }
  std::vector<std::byte> longer = whole;
  longer.push_back({});
  overwrite(path_of(own.cache, key), longer);
  CHECK_FALSE(own.cache.find(key));
}

TEST_CASE("an entry with one bit flipped anywhere is a miss") {
  OwnFolder own;
  const CacheKey key = key_of("a");
  own.cache.store(key, "step", bytes_of(300));
  const std::vector<std::byte> whole = read_file(path_of(own.cache, key));
  for (std::size_t at = 0; at < whole.size(); ++at) {
    if (at >= 8 && at < 16) continue;  // the order of use, which is rewritten in place
    std::vector<std::byte> damaged = whole;
    damaged[at] ^= static_cast<std::byte>(1 << at % 8);
    overwrite(path_of(own.cache, key), damaged);
    INFO("byte " << at);
    REQUIRE_FALSE(own.cache.find(key));
  }
}

TEST_CASE("an entry under another key's name is a miss, though its digest is right") {
  OwnFolder own;
  own.cache.store(key_of("a"), "step", bytes_of(100));
  fs::rename(path_of(own.cache, key_of("a")), path_of(own.cache, key_of("b")));
  CHECK_FALSE(own.cache.find(key_of("b")));
}

TEST_CASE("a writer that is killed leaves no entry, and what it leaves is swept after a day") {
  OwnFolder own;
  own.cache.store(key_of("first"), "step", bytes_of(10));
  if (can_fork) {
    // killed in the middle of a large write, at several moments
    for (const int microseconds : {0, 300, 1000, 3000, 8000}) {
      const pid_t child = in_child([&]() -> bool {
        for (;;) own.cache.store(key_of("a"), "step", bytes_of(8 << 20));
      });
      usleep(static_cast<useconds_t>(microseconds));
      kill(child, SIGKILL);
      waitpid(child, nullptr, 0);
      const auto found = own.cache.find(key_of("a"));
      CHECK((!found || *found == bytes_of(8 << 20)));
      own.cache.drop(key_of("a"));
    }
  }
  const std::string fresh = own.cache.folder() + "/fresh.new", old = own.cache.folder() + "/old.new",
                    future = own.cache.folder() + "/future.lock";
  for (const std::string& path : {fresh, old, future}) write_file(path, {});
  fs::last_write_time(old, fs::file_time_type::clock::now() - std::chrono::hours(25));
  fs::last_write_time(future, fs::file_time_type::clock::now() + std::chrono::hours(9000));
  CompileCache tight(own.cache.folder(), 1, 1);
  tight.store(key_of("b"), "step", bytes_of(10));  // beyond the cap: sweeps
  CHECK(fs::exists(fresh));
  CHECK_FALSE(fs::exists(old));
  CHECK_FALSE(fs::exists(future));
}

TEST_CASE("the least recently used entries go when the cap is reached, also after the clock was set back") {
  OwnFolder own;
  CompileCache cache(own.cache.folder(), 10 * 1200, 1);
  cache.store(key_of("0"), "step", bytes_of(1000));
  // what the first entry was stored at lies two hours ahead of the clock from here on
  const std::uint64_t ahead = moment_after(0) + 7200 * std::uint64_t{1'000'000'000};
  const OrderFile order{.used = ahead, .bytes = cache.bytes()};
  const auto text = std::as_bytes(std::span(&order, 1));
  overwrite(own.cache.folder() + "/order", {text.begin(), text.end()});
  for (int i = 1; i < 9; ++i) cache.store(key_of(std::to_string(i)), "step", bytes_of(1000));
  CHECK(cache.find(key_of("0")));
  CHECK(cache.list().back().key == key_of("0").text());
  CHECK(cache.list().back().used > ahead);
  for (int i = 9; i < 12; ++i) cache.store(key_of(std::to_string(i)), "step", bytes_of(1000));
  CHECK(cache.find(key_of("0")));
  CHECK_FALSE(cache.find(key_of("1")));
  CHECK(cache.find(key_of("11")));
  CHECK(cache.bytes() <= 12000);
}

TEST_CASE("an entry that somebody touched, as if it were used in days to come, goes first") {
  OwnFolder own;
  CompileCache cache(own.cache.folder(), 3500, 1);
  for (const char* name : {"a", "b", "c"}) cache.store(key_of(name), "step", bytes_of(900));
  fs::last_write_time(path_of(cache, key_of("b")), fs::file_time_type::clock::now() + std::chrono::hours(100));
  cache.store(key_of("d"), "step", bytes_of(900));
  CHECK_FALSE(cache.find(key_of("b")));
  CHECK(cache.find(key_of("a")));
}

TEST_CASE("a sweep reads no entry, deletes what a hundredth of the cap needs, and the next stores do not sweep again") {
  const auto reads = [] {
    const std::vector<std::byte> text = read_file("/proc/self/io");
    const std::string io(reinterpret_cast<const char*>(text.data()), text.size());
    const std::size_t at = io.find("syscr: ");
    return at == std::string::npos ? -1L : std::stol(io.substr(at + 7));
  };
  OwnFolder own;
  constexpr std::uint64_t each = sizeof(EntryHeader) + 100;
  for (int i = 0; i < 1000; ++i) own.cache.store(key_of(std::to_string(i)), "step", bytes_of(100));
  CompileCache cache(own.cache.folder(), 1000 * each, 1);
  const long before = reads();
  cache.store(key_of("one more"), "step", bytes_of(100));  // over the cap: it sweeps
  const long read = reads() - before;
  CHECK(cache.list().size() == 990);
  if (before >= 0) CHECK(read < 20);  // of the order file, and of /proc
  for (int i = 0; i < 10; ++i) cache.store(key_of("more " + std::to_string(i)), "step", bytes_of(100));
  CHECK(cache.list().size() == 1000);
  CHECK(cache.find(key_of("999")));
  CHECK_FALSE(cache.find(key_of("10")));
  CHECK(cache.find(key_of("11")));
}

TEST_CASE("a cap smaller than one entry works: nothing is kept") {
  OwnFolder own;
  CompileCache cache(own.cache.folder(), 10, 1);
  cache.store(key_of("a"), "step", bytes_of(1000));
  CHECK_FALSE(cache.find(key_of("a")));
  CHECK(cache.bytes() == 0);
}

TEST_CASE("a broken order file is made again") {
  OwnFolder own;
  own.cache.store(key_of("a"), "step", bytes_of(10));
  for (const std::vector<std::byte>& text :
       {std::vector<std::byte>(), bytes_of(3), std::vector<std::byte>(16, std::byte{255})}) {
    overwrite(own.cache.folder() + "/order", text);
    own.cache.store(key_of("b"), "step", bytes_of(10));
    CHECK(own.cache.find(key_of("a")));
    CHECK(own.cache.find(key_of("b")));
  }
}

TEST_CASE("a lost or cut order file goes on from what the entries say") {
  OwnFolder own;
  CompileCache cache(own.cache.folder(), 3500, 1);
  for (const char* name : {"a", "b", "c"}) cache.store(key_of(name), "step", bytes_of(900));
  const std::uint64_t last = cache.list().back().used;
  for (const std::size_t length : {0, 7}) {
    overwrite(own.cache.folder() + "/order", bytes_of(length));
    CHECK(cache.find(key_of("a")));  // now the latest
    CHECK(cache.list().back().key == key_of("a").text());
    CHECK(cache.list().back().used > last);
  }
  fs::remove(own.cache.folder() + "/order");
  cache.store(key_of("d"), "step", bytes_of(900));  // the cap still counts what was there
  CHECK(cache.bytes() <= 3500);
  CHECK(cache.find(key_of("a")));
  CHECK_FALSE(cache.find(key_of("b")));
}

TEST_CASE("a damaged entry is said once, and one of a size that lies is not read") {
  OwnFolder own;
  own.cache.store(key_of("a"), "step", bytes_of(10));
  const WarningsHeard heard;
  fs::resize_file(path_of(own.cache, key_of("a")), std::uintmax_t{1} << 40);  // with a hole: a terabyte
  CHECK_FALSE(own.cache.find(key_of("a")));
  CHECK_FALSE(fs::exists(path_of(own.cache, key_of("a"))));
  REQUIRE(heard.texts.size() == 1);
  CHECK(has(heard.texts[0], entry_name(key_of("a")) + " is damaged (1099511627776 bytes) and was deleted"));
}

TEST_CASE("a process's first store sweeps what killed ones left more than a day ago") {
  OwnFolder own;
  own.cache.store(key_of("a"), "step", bytes_of(10));
  const std::string old = own.cache.folder() + "/old.new";
  write_file(old, {});
  fs::last_write_time(old, fs::file_time_type::clock::now() - std::chrono::hours(25));
  CompileCache next(own.cache.folder(), plenty, 1);
  next.store(key_of("b"), "step", bytes_of(10));
  CHECK_FALSE(fs::exists(old));
}

TEST_CASE("the key tells versions, architectures and widths of pointers apart") {
  CHECK(cache_world().starts_with("croton " CROTON_VERSION ", "));
#if defined(__x86_64__) && !defined(__ILP32__)
  CHECK(cache_world() == "croton " CROTON_VERSION ", x86_64, 64-bit pointers");
#endif
  const std::string_view parts[] = {"text"};
  const CacheKey here = cache_key(parts);
  for (const char* elsewhere :
       {"croton 9.9.9, x86_64, 64-bit pointers", "croton " CROTON_VERSION ", aarch64, 64-bit pointers",
        "croton " CROTON_VERSION ", x86_64, 32-bit pointers"})
    CHECK(cache_key(parts, elsewhere) != here);
  CHECK(cache_key(parts, cache_world()) == here);
}

TEST_CASE("a folder that may be read but not written serves what it holds, and one warning says the rest") {
  if (!can_fork || geteuid() != 0) {
    WARN("skipped: becoming another user needs root");
    return;
  }
  const TemporaryFolder outer;
  chmod(outer.path().c_str(), 0755);
  const std::string folder = outer.path() + "/cache";
  CompileCache(folder, plenty, 1).store(key_of("a"), "step", bytes_of(10));
  for (const auto& entry : fs::directory_iterator(folder)) REQUIRE(chown(entry.path().c_str(), 65534, 65534) == 0);
  REQUIRE(chown(folder.c_str(), 65534, 65534) == 0);
  REQUIRE(chmod(folder.c_str(), 0500) == 0);
  CHECK(ended_well(in_child([&] {
    if (seteuid(65534) != 0) return false;
    CompileCache cache(folder, plenty, 1);
    const WarningsHeard heard;
    const bool found = cache.find(key_of("a")) == bytes_of(10);
    const bool free = !cache.lock(key_of("b")).held();
    cache.store(key_of("b"), "step", bytes_of(10));
    cache.store(key_of("c"), "step", bytes_of(10));
    return found && free && !cache.find(key_of("b")) && heard.texts.size() == 1 &&
           has(heard.texts[0], "writing to " + folder + " failed: Permission denied");
  })));
}

TEST_CASE("a home that is missing is not made") {
  if (!can_fork) return;
  const TemporaryFolder outer;
  CHECK(ended_well(in_child([&] {
    const std::string home = outer.path() + "/not/mounted";
    setenv("HOME", home.c_str(), 1);
    unsetenv("XDG_CACHE_HOME");
    CompileCache cache(default_cache_folder(), plenty, 1);
    const WarningsHeard heard;
    cache.store(key_of("a"), "step", bytes_of(10));
    const bool none = !fs::exists(outer.path() + "/not") && heard.texts.size() == 1;
    fs::create_directories(home);
    CompileCache later(default_cache_folder(), plenty, 1);
    later.store(key_of("a"), "step", bytes_of(10));
    return none && later.find(key_of("a")).has_value();
  })));
}

TEST_CASE("variables that name no folder for the cache are said to be unset, or no absolute path") {
  if (!can_fork) return;
  CHECK(ended_well(in_child([&] {
    setenv("HOME", "../h", 1);
    unsetenv("XDG_CACHE_HOME");
    CompileCache cache(default_cache_folder(), plenty, 1);
    const WarningsHeard heard;
    cache.store(key_of("a"), "step", bytes_of(10));
    return heard.texts == std::vector<std::string>{
                              "compiled kernels are not kept: compile.cache is empty, "
                              "XDG_CACHE_HOME is not set, and HOME is '../h', which is not an "
                              "absolute path"};
  })));
}

TEST_CASE("who waits for a lock that its holder removes takes a new one, and only one at a time") {
  OwnFolder own;
  CompileCache cache(own.cache.folder(), plenty, 30);
  std::atomic<int> inside{0}, together{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) {
        const auto lock = cache.lock(key_of("a"));
        if (!lock.held()) continue;
        together += inside.fetch_add(1) > 0 ? 1 : 0;
        usleep(200);
        inside.fetch_sub(1);
      }
    });
  for (std::thread& t : threads) t.join();
  CHECK(together == 0);
}

TEST_CASE("100,000 entries are swept, and looked up no slower than few", "[long]") {
  OwnFolder own;
  CompileCache cache(own.cache.folder(), plenty, 1);
  const auto now = [] { return std::chrono::steady_clock::now(); };
  const auto seconds = [](auto from, auto to) { return std::chrono::duration<double>(to - from).count(); };
  for (int i = 0; i < 100'000; ++i) cache.store(key_of(std::to_string(i)), "step", bytes_of(10));
  const auto begin = now();
  CompileCache tight(own.cache.folder(), 99'000 * 138, 1);
  tight.store(key_of("one more"), "step", bytes_of(10));
  const auto swept = now();
  for (int i = 0; i < 100; ++i) CHECK(tight.find(key_of(std::to_string(99'000 + i))));
  const auto found = now();
  WARN("100,000 entries: sweep " << seconds(begin, swept) << " s, lookup " << seconds(swept, found) * 1e4 << " us");
  CHECK(tight.bytes() <= 99'000 * 138);
}

TEST_CASE("an entry may be evicted, and the whole folder deleted, while it is in use") {
  const WarningsHeard heard;
  OwnFolder own;
  own.cache.store(key_of("a"), "step", bytes_of(10));
  fs::remove_all(own.cache.folder());
  CHECK_FALSE(own.cache.find(key_of("a")));
  own.cache.store(key_of("a"), "step", bytes_of(10));
  CHECK(own.cache.find(key_of("a")));
  CHECK(heard.texts.empty());
}

TEST_CASE("a full disk costs one warning and leaves no broken entry") {
  if (!can_fork) return;
  OwnFolder own;
  own.cache.store(key_of("small"), "step", bytes_of(10));
  CHECK(ended_well(in_child([&] {
    const rlimit limit{2000, 2000};
    setrlimit(RLIMIT_FSIZE, &limit);
    const WarningsHeard heard;
    own.cache.store(key_of("a"), "step", bytes_of(5000));
    own.cache.store(key_of("b"), "step", bytes_of(5000));
    return heard.texts.size() == 1 && has(heard.texts[0], "File too large") && !own.cache.find(key_of("a"));
  })));
  CHECK(own.cache.list().size() == 1);
  for (const auto& entry : fs::directory_iterator(own.cache.folder())) CHECK(entry.path().extension() != ".new");
}

TEST_CASE("a folder that cannot be made costs one warning; everything is a miss") {
  const TemporaryFolder outer;
  write_file(outer.path() + "/file", {});
  const WarningsHeard heard;
  CompileCache under_file(outer.path() + "/file/cache", plenty, 1), nowhere("", plenty, 1),
      long_path(outer.path() + "/" + std::string(5000, 'x'), plenty, 1);
  for (CompileCache* cache : {&under_file, &nowhere, &long_path}) {
    set_warning_sink([&](std::string_view text) { const_cast<WarningsHeard&>(heard).texts.emplace_back(text); });
    cache->store(key_of("a"), "step", bytes_of(10));
    CHECK_FALSE(cache->find(key_of("a")));
    CHECK_FALSE(cache->lock(key_of("a")).held());
    CHECK(cache->clear() == 0);
  }
  REQUIRE(heard.texts.size() == 3);
  CHECK(has(heard.texts[0], "Not a directory"));
  CHECK(has(heard.texts[1], "HOME"));
  CHECK(has(heard.texts[2], "File name too long"));
}

TEST_CASE("a folder that others may write to, a link, and a foreign folder are refused, naming the key to set") {
  const TemporaryFolder outer;
  const auto refusal = [&](const std::string& path) {
    CompileCache cache(path, plenty, 1);
    return error_of<ConfigError>([&] { cache.find(key_of("a")); });
  };
  const std::string open = outer.path() + "/open", mine = outer.path() + "/mine", link = outer.path() + "/link";
  fs::create_directory(open);
  chmod(open.c_str(), 0777);
  CHECK(has(refusal(open), "its mode is 0777"));
  CHECK(has(refusal(open), "set compile.cache to a folder of your own"));
  fs::create_directory(mine);
  chmod(mine.c_str(), 0700);
  fs::create_directory_symlink(mine, link);
  CHECK(has(refusal(link), "is a symbolic link"));
  CHECK(has(refusal(link + "/"), "is a symbolic link"));
  CHECK(refusal(mine).empty());
  if (geteuid() != 0) {
    WARN("skipped: a folder of another owner needs root");
    return;
  }
  REQUIRE(chown(mine.c_str(), 12345, 12345) == 0);
  CHECK(has(refusal(mine), "its owner is uid 12345 (you are uid 0)"));
}

TEST_CASE("an entry or lock that is a symbolic link is not followed") {
  OwnFolder own;
  own.cache.store(key_of("a"), "step", bytes_of(10));
  fs::rename(path_of(own.cache, key_of("a")), own.outer.path() + "/elsewhere");
  fs::create_symlink(own.outer.path() + "/elsewhere", path_of(own.cache, key_of("a")));
  CHECK_FALSE(own.cache.find(key_of("a")));
  own.cache.store(key_of("a"), "step", bytes_of(20));
  CHECK(own.cache.find(key_of("a")) == bytes_of(20));
}

TEST_CASE("paths with blanks, quotes, newlines and odd bytes work") {
  const TemporaryFolder outer;
  CompileCache cache(outer.path() + "/a b'c\"d\ne\xff/cache", plenty, 1);
  cache.store(key_of("a"), "step", bytes_of(10));
  CHECK(cache.find(key_of("a")));
}

TEST_CASE("a lock is held by one at a time, and waiting ends when the entry is there") {
  OwnFolder own;
  CompileCache patient(own.cache.folder(), plenty, 30);
  auto lock = patient.lock(key_of("a"));
  CHECK(lock.held());
  CHECK(patient.lock(key_of("b")).held());  // another key is another lock
  std::thread other([&] {
    usleep(50'000);
    own.cache.store(key_of("a"), "step", bytes_of(10));
  });
  CHECK_FALSE(patient.lock(key_of("a")).held());
  other.join();
}

TEST_CASE("a lock whose holder is stopped is waited for only so long, and the warning names the holder") {
  if (!can_fork) return;
  OwnFolder own;
  own.cache.store(key_of("other"), "step", bytes_of(10));
  int ready[2];
  REQUIRE(pipe(ready) == 0);
  const pid_t child = in_child([&] {
    const auto lock = own.cache.lock(key_of("a"));
    const bool told = write(ready[1], "x", 1) == 1;
    raise(SIGSTOP);
    return told;
  });
  char x = 0;
  REQUIRE(read(ready[0], &x, 1) == 1);
  const WarningsHeard heard;
  CHECK_FALSE(own.cache.lock(key_of("a")).held());
  REQUIRE(heard.texts.size() == 1);
  CHECK(has(heard.texts[0], fmt::format("waited 1 s for process {} on ", child)));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  CHECK(own.cache.lock(key_of("a")).held());  // a dead holder holds nothing
  close(ready[0]);
  close(ready[1]);
}

TEST_CASE("many entries are listed and swept quickly enough to be no nuisance") {
  OwnFolder own;
  CompileCache cache(own.cache.folder(), std::uint64_t{5000} * 229, 1);
  for (int i = 0; i < 5200; ++i) cache.store(key_of(std::to_string(i)), "step", bytes_of(101));
  CHECK(cache.bytes() <= std::uint64_t{5000} * 229);
  CHECK(cache.list().size() > 4000);
  CHECK(cache.find(key_of("5199")));
  CHECK_FALSE(cache.find(key_of("0")));
}
