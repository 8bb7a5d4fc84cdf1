#include <filesystem>
#include <thread>

#include "catch.h"
#include "fixture.h"
#include "runtime/cache_entry.h"
#include "runtime/cache_files.h"
#include "runtime/cpu/cpu_target.h"
#include "runtime/cpu/loaded_object.h"
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

using namespace croton;
using namespace croton::runtime;
namespace fs = std::filesystem;

namespace {
// The one entry of a kernel, not that of the compiler's version.
std::string only_kernel(const std::string& folder) {
  CompileCache cache(folder, 1 << 30, 1);
  for (const CacheEntry& e : cache.list()) {
    if (e.name == "fill") return folder + "/" + entry_name(e.key);
  }
  return {};
}
Counters counters() { return device("cpu").counters(); }
}  // namespace

TEST_CASE("a text is compiled once: then this process knows it, and the next finds it on disk") {
  const OwnCache cache;
  Device& cpu = device("cpu");
  const Counters before = counters();
  auto module = cpu.compile(fill_source());
  CHECK(fills(cpu, *module));
  CHECK(counters().compilations == before.compilations + 1);
  CHECK(cpu.compile(fill_source()) == module);
  module.reset();
  CpuDevice next_process;
  CHECK(fills(next_process, *next_process.compile(fill_source())));
  CHECK(next_process.counters().compilations == 0);
  CHECK(next_process.counters().cache_hits == 1);
  CHECK(counters().compilations == before.compilations + 1);
}

TEST_CASE("a damaged entry is compiled again, once") {
  const OwnCache cache;
  device("cpu").compile(fill_source());
  const std::string path = only_kernel(cache.path);
  std::vector<std::byte> bytes = read_file(path);
  for (const std::size_t length : {bytes.size() / 2, bytes.size() - 1, std::size_t{0}}) {
    fs::remove(path);
    write_file(path, {bytes.data(), length});
    CpuDevice fresh;
    CHECK(fills(fresh, *fresh.compile(fill_source())));
    CHECK(fresh.counters().compilations == 1);
    CpuDevice after;
    CHECK(fills(after, *after.compile(fill_source())));
    CHECK(after.counters().compilations == 0);
  }
}

TEST_CASE("an entry that is whole but cannot be loaded is compiled again") {
  const OwnCache cache;
  device("cpu").compile(fill_source());
  CompileCache files(cache.path, 1 << 30, 1);
  // a payload that is no shared object, under the right key and digest
  const std::vector<std::byte> whole = read_file(only_kernel(cache.path));
  CacheKey key;
  std::memcpy(key.words.data(), whole.data() + offsetof(EntryHeader, key), sizeof key.words);
  files.store(key, "fill", std::vector<std::byte>(100, std::byte{1}));
  CpuDevice fresh;
  CHECK(fills(fresh, *fresh.compile(fill_source())));
  CHECK(fresh.counters().compilations == 1);
}

TEST_CASE("sixteen threads that want one kernel compile it once") {
  const OwnCache cache;
  const ScopedConfig config{"gcc.cxx='" + counting_compiler(cache.folder.path()) + "'"};
  CpuDevice cpu;
  std::atomic<int> good{0};
  std::vector<std::thread> all;
  for (int i = 0; i < 16; ++i) all.emplace_back([&] { good += fills(cpu, *cpu.compile(fill_source())) ? 1 : 0; });
  for (auto& t : all) t.join();
  CHECK(good == 16);
  CHECK(compilations_counted(cache.folder.path()) == 1);
}

TEST_CASE("sixteen processes that want one kernel compile it once") {
  if (!can_fork) return;
  const OwnCache cache;
  const ScopedConfig config{"gcc.cxx='" + counting_compiler(cache.folder.path()) + "'"};
  std::vector<pid_t> all;
  for (int i = 0; i < 16; ++i) {
    all.push_back(in_child([] {
      CpuDevice cpu;
      return fills(cpu, *cpu.compile(fill_source()));
    }));
  }
  for (const pid_t child : all) CHECK(ended_well(child));
  CHECK(compilations_counted(cache.folder.path()) == 1);
}

TEST_CASE("kernels for two instruction sets share a folder, and neither is taken for the other") {
  const OwnCache cache;
  CpuDevice wide, narrow(cpu_target("sse2"));
  CHECK(fills(wide, *wide.compile(fill_source())));
  CHECK(fills(narrow, *narrow.compile(fill_source())));
  CHECK(narrow.counters().compilations == (wide.target().isa == "sse2" ? 0u : 1u));
}

TEST_CASE("flags, the level of optimization, and a compiler changed in place are another key") {
  const OwnCache cache;
  const std::string cxx = counting_compiler(cache.folder.path());
  const ScopedConfig config{"gcc.cxx='" + cxx + "'"};
  const auto compiled_anew = [](const Source& s) {
    CpuDevice cpu;
    cpu.compile(s);
    return cpu.counters().compilations == 1;
  };
  CHECK(compiled_anew(fill_source()));
  CHECK_FALSE(compiled_anew(fill_source()));
  Source slow = fill_source();
  slow.optimize = Optimize::none;
  CHECK(compiled_anew(slow));
  {
    const ScopedConfig more{"gcc.cxxflags=-DX"};
    CHECK(compiled_anew(fill_source()));
  }
  fs::last_write_time(cxx, fs::file_time_type::clock::now() - std::chrono::hours(1));
  CHECK(compiled_anew(fill_source()));
  CHECK(compiled_anew(fill_source(1)));
}

TEST_CASE("with nowhere to keep them, kernels run from memory, and one warning says why") {
  const TemporaryFolder folder;
  write_file(folder.path() + "/file", {});
  const ScopedConfig config{"compile.cache='" + folder.path() + "/file/cache'"};
  const WarningsHeard heard;
  CpuDevice cpu;
  CHECK(fills(cpu, *cpu.compile(fill_source(100))));
  CHECK(fills(cpu, *cpu.compile(fill_source(101))));
  REQUIRE(heard.texts.size() == 1);
  CHECK(has(heard.texts[0], "compiled kernels are not kept"));
}

TEST_CASE("a text that calls a library is refused when it is linked, and an entry that is not there by name") {
  const OwnCache cache;
  Source calls = fill_source();
  calls.text =
      "extern \"C\" double sin(double);\n" + calls.text + "extern \"C\" double f(double x) { return sin(x); }\n";
  CHECK(has(error_of<CompileError>([&] { device("cpu").compile(calls); }), "undefined reference to `sin'"));
  Source misnamed = fill_source(1);
  misnamed.entries = {"phase_1"};
  CHECK(has(error_of<CompileError>([&] { device("cpu").compile(misnamed); }), "no function phase_1"));
}

TEST_CASE("many modules may be loaded at once, each its own, and unloaded in any order") {
  const OwnCache cache;
  Device& cpu = device("cpu");
  std::vector<std::shared_ptr<Module>> modules;
  for (int i = 0; i < 6; ++i) {
    Source s = fill_source(i);
    s.text += fmt::format("extern \"C\" void which(const long* const* a, long, void*) {{ *(long*)a[0] = {}; }}\n", i);
    s.entries.push_back("which");
    modules.push_back(cpu.compile(s));
  }
  modules.erase(modules.begin() + 2);
  for (const long i : {0L, 1L, 3L, 4L, 5L}) {
    long answer = -1;
    const long* args = &answer;
    const Kernel which = modules[static_cast<std::size_t>(i > 2 ? i - 1 : i)]->kernels()[1];
    const Launch launch{which, 1, &args, sizeof args, {}, 0};
    cpu.launch({&launch, 1});
    CHECK(answer == i);
  }
}

#if defined(__x86_64__)
TEST_CASE("an object whose constructor sets flush-to-zero leaves the caller's floating-point control alone") {
  const OwnCache cache;
  Source s = fill_source();
  s.text += "__attribute__((constructor)) static void flush() { __builtin_ia32_ldmxcsr(0x9fc0); }\n";
  const unsigned before = _mm_getcsr();
  const auto module = device("cpu").compile(s);
  CHECK((_mm_getcsr() & ~0x3fu) == (before & ~0x3fu));
  CHECK(fills(device("cpu"), *module));
}
#endif

TEST_CASE("no file handle is left open by compiling and loading") {
  const OwnCache cache;
  const auto handles = [] { return std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator()); };
  CpuDevice cpu;
  cpu.compile(fill_source(0));
  const auto before = handles();
  for (int i = 1; i < 5; ++i) cpu.compile(fill_source(i));
  error_of<CompileError>([&] { cpu.compile({.text = "nonsense", .entries = {"phase_0"}}); });
  CHECK(handles() == before);
}
