#include "runtime/cpu/host_compiler.h"

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>

#include "base/cgroup.h"
#include "catch.h"
#include "fixture.h"
#include "runtime/cpu/cpu_target.h"
#include "runtime/cpu/process.h"

using namespace croton;
using namespace croton::runtime;

namespace {
// What Device::compile throws with a host compiler that is this shell script.
std::string error_with_compiler(const std::string& body, const std::string& more = "") {
  const OwnCache cache;
  const std::string path =
      write_script(cache.folder.path() + "/cxx", "case \"$1\" in --version) echo one; exit 0;; esac\n" + body);
  const ScopedConfig config{fmt::format("gcc.cxx='{}'{}", path, more)};
  return error_of<CompileError>([] { device("cpu").compile(fill_source()); });
}
std::string error_with_path(const std::string& path) {
  const OwnCache cache;
  const ScopedConfig config{fmt::format("gcc.cxx='{}'", path)};
  return error_of<CompileError>([] { device("cpu").compile(fill_source()); });
}
std::string kept_source(const std::string& error) {
  const std::size_t at = error.find("source (kept): ") + 15;
  return error.substr(at, error.find('\n', at) - at);
}
}  // namespace

TEST_CASE("a missing host compiler is an error that names where it was looked for and what needs none") {
  const std::string missing = error_with_path("no-such-compiler");
  CHECK(has(missing, "no host compiler: no-such-compiler (gcc.cxx) is in no folder of PATH="));
  CHECK(has(missing, "apt install g++"));
  CHECK(has(missing, "mode=FAST_COMPILE"));
  CHECK(has(error_with_path("/usr/bin/no-such-compiler"), "No such file or directory"));
  CHECK(has(error_with_path("/usr"), "gcc.cxx names /usr, but it is a folder"));
  CHECK(has(error_with_path("/etc/passwd"), "it is not executable"));
}

TEST_CASE("a host compiler that fails is shown: command, exit, its words, the kept source, the way out") {
  const std::string error = error_with_compiler("echo 'kernel.cpp:1:1: error: nonsense' >&2; exit 3");
  CHECK(has(error, "fill: the host compiler failed: exit status 3"));
  CHECK(has(error, "command: "));
  CHECK(has(error, "-ffp-contract=off"));
  CHECK(has(error, "error: nonsense"));
  CHECK(has(error, "mode=FAST_COMPILE"));
  const std::string source = kept_source(error);
  const std::vector<std::byte> text = read_file(source);
  CHECK(std::string(reinterpret_cast<const char*>(text.data()), text.size()) == fill_source().text);
  std::system(("rm -r " + source.substr(0, source.rfind('/'))).c_str());
}

TEST_CASE("a host compiler that is killed, says too much, or makes nothing is an error too") {
  CHECK(has(error_with_compiler("kill -SEGV $$"), "killed by signal 11 (Segmentation fault)"));
  const std::string wordy = error_with_compiler("seq 1 300000 >&2; exit 1");
  CHECK(has(wordy, "\n300000"));
  CHECK(has(wordy, "\n299961\n"));
  CHECK_FALSE(has(wordy, "\n299960\n"));  // the last 40 lines
  CHECK(has(error_with_compiler("exit 0"), "it ended well, but made no object"));
  CHECK(has(error_with_compiler("while [ \"$1\" != -o ]; do shift; done; echo 'not an object' > $2"),
            "cannot be loaded"));
}

TEST_CASE("a host compiler that never ends is killed with its children at the time limit") {
  const auto start = std::chrono::steady_clock::now();
  const std::string error = error_with_compiler("sleep 1000 & sleep 1000", ",compile.timeout=1");
  CHECK(has(error, "not finished after 1 s"));
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(10));
}

TEST_CASE("no shell sees the flags of the configuration") {
  const OwnCache cache;
  const std::string witness = cache.folder.path() + "/witness";
  const std::string cxx = write_script(cache.folder.path() + "/cxx",
                                       "printf '<%s>' \"$@\" > " + cache.folder.path() + "/argv; exec g++ \"$@\"");
  const ScopedConfig config{
      fmt::format("gcc.cxx='{}',gcc.cxxflags=\"-DA=1;touch -D'B=$(touch {})' -DC=`x` '-DD=a b'\"", cxx, witness)};
  const auto module = device("cpu").compile(fill_source());
  CHECK(fills(device("cpu"), *module));
  const std::vector<std::byte> said = read_file(cache.folder.path() + "/argv");
  const std::string argv(reinterpret_cast<const char*>(said.data()), said.size());
  CHECK(has(argv, "<-DA=1;touch>"));
  CHECK(has(argv, "<-DC=`x`>"));
  CHECK(has(argv, "<-DD=a b>"));
  CHECK(read_file(witness).empty());
  CHECK(access(witness.c_str(), F_OK) != 0);
}

TEST_CASE("flags that results depend on stand after the user's, and win") {
  HostCompiler compiler;
  compiler.flags = {"-ffp-contract=fast", "-O3"};
  const auto flags = compile_flags(compiler, cpu_target("avx2"), Optimize::usual);
  const auto at = [&](std::string_view f) { return std::find(flags.begin(), flags.end(), f) - flags.begin(); };
  CHECK(at("-ffp-contract=fast") < at("-ffp-contract=off"));
  CHECK(at("-O2") < at("-O3"));
  CHECK(at("-march=x86-64-v3") < static_cast<long>(flags.size()));
  for (const char* needed : {"-fwrapv", "-fno-strict-aliasing", "-fno-tree-loop-distribute-patterns", "-nostdlib"}) {
    CHECK(at(needed) < static_cast<long>(flags.size()));
  }
}

TEST_CASE("variables that change what a compiler makes do not reach it") {
  CHECK(clean_environment({"CPATH=/evil", "GCC_EXEC_PREFIX=/evil", "LC_NUMERIC=de_DE", "PATH=/bin"}) ==
        std::vector<std::string>{"PATH=/bin", "LC_ALL=C"});
}

TEST_CASE("a child has no input, no handle but its three, and a fresh signal mask") {
  const ProcessEnd end =
      run_process({"/bin/sh", "-c", "cat; ls -l /proc/self/fd | grep -c -- '->'; grep SigBlk /proc/self/status"},
                  std::chrono::seconds(10));
  CHECK(end.good());
  CHECK(end.output == "4\nSigBlk:\t0000000000000000\n");  // ls itself opens the fourth
}

TEST_CASE("a program that cannot be started says so") {
  const ProcessEnd end = run_process({"/no/such/program"}, std::chrono::seconds(1));
  CHECK_FALSE(end.good());
  CHECK(end.how() == "cannot be run: No such file or directory");
}

TEST_CASE("temporary folders are ours alone, unpredictable, and gone afterwards") {
  std::string path;
  {
    const TemporaryFolder folder;
    path = folder.path();
    struct stat s {};
    REQUIRE(stat(path.c_str(), &s) == 0);
    CHECK((s.st_mode & 0777) == 0700);
    const TemporaryFolder other;
    CHECK(other.path() != path);
  }
  CHECK(access(path.c_str(), F_OK) != 0);
}

TEST_CASE("a compiler that ends well but leaves half an object is an error, not a crash") {
  const std::string halved = error_with_compiler(
      "g++ \"$@\" || exit 1; while [ \"$1\" != -o ]; do shift; done; "
      "truncate -s $(($(stat -c %s \"$2\") / 2)) \"$2\"");
  CHECK(has(halved, "it ended well, but the object is cut short"));
}

TEST_CASE("a compiler that exits 0 and leaves a sleeping child behind is done when it exits") {
  const auto start = std::chrono::steady_clock::now();
  const ProcessEnd end =
      run_process({"/bin/sh", "-c", "echo said; echo too >&2; sleep 30 & exit 0"}, std::chrono::seconds(20));
  CHECK(end.good());
  CHECK(end.output == "said\n");
  CHECK(end.complaint == "too\n");
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(10));
  const ProcessEnd long_text = run_process({"/bin/sh", "-c", "seq 1 200000 >&2"}, std::chrono::seconds(20));
  CHECK(has(long_text.complaint, "\n200000\n"));
  const ProcessEnd endless = run_process({"/bin/sh", "-c", "yes; true"}, std::chrono::seconds(1));
  CHECK(endless.timed_out);
}

TEST_CASE("of a compiler that says a hundred megabytes little is kept") {
  rusage before{}, after{};
  getrusage(RUSAGE_SELF, &before);
  const ProcessEnd end =
      run_process({"/bin/sh", "-c", "yes | head -c 100000000; yes | head -c 100000000 >&2"}, std::chrono::seconds(60));
  getrusage(RUSAGE_SELF, &after);
  CHECK(end.good());
  CHECK(end.output.size() <= 80 << 10);
  CHECK(end.complaint.size() <= 64 << 10);
  CHECK(after.ru_maxrss - before.ru_maxrss < 8 << 10);  // KB
}

TEST_CASE("a command may name the compiler: CXX=\"ccache g++\"") {
  const OwnCache cache;
  const std::string wrapper = write_script(cache.folder.path() + "/with words", "shift; exec \"$@\"");
  const std::string plain = write_script(cache.folder.path() + "/wrapper", "exec \"$@\"");
  const ScopedConfig config{fmt::format("gcc.cxx='{} g++'", plain)};
  CHECK(fills(device("cpu"), *device("cpu").compile(fill_source())));
  const HostCompiler found = find_host_compiler(*config_snapshot());
  CHECK(found.path == plain);
  CHECK(found.words == std::vector<std::string>{"g++"});
  CHECK(has(found.stamp, "/g++ "));
  const ScopedConfig blank{fmt::format("gcc.cxx='{}'", wrapper)};
  CHECK(find_host_compiler(*config_snapshot()).path == wrapper);
  const ScopedConfig quoted{fmt::format("gcc.cxx='\"{}\" x g++'", wrapper)};
  CHECK(find_host_compiler(*config_snapshot()).words == std::vector<std::string>{"x", "g++"});
}

TEST_CASE("every variable that changes what a compiler makes is kept from it") {
  static constexpr const char* cleared[] = {"CPATH",
                                            "C_INCLUDE_PATH",
                                            "CPLUS_INCLUDE_PATH",
                                            "OBJC_INCLUDE_PATH",
                                            "DEPENDENCIES_OUTPUT",
                                            "SUNPRO_DEPENDENCIES",
                                            "GCC_EXEC_PREFIX",
                                            "COMPILER_PATH",
                                            "LIBRARY_PATH",
                                            "GCC_COMPARE_DEBUG",
                                            "COLLECT_GCC_OPTIONS",
                                            "LD_RUN_PATH",
                                            "LD_PRELOAD",
                                            "LD_AUDIT",
                                            "LANG",
                                            "LANGUAGE",
                                            "SOURCE_DATE_EPOCH",
                                            "LC_NUMERIC",
                                            "LC_MESSAGES"};
  if (!can_fork) return;
  CHECK(ended_well(in_child([] {
    for (const char* name : cleared) setenv(name, "/nowhere", 1);
    const ProcessEnd end = run_process({"/usr/bin/env"}, std::chrono::seconds(10));
    for (const char* name : cleared)
      if (has(end.output, std::string(name) + "=")) return false;
    return end.good() && has(end.output, "PATH=") && has(end.output, "LC_ALL=C\n");
  })));
}

namespace {
bool runs(pid_t process) {
  const std::string facts = read_small_file(fmt::format("/proc/{}/stat", process));
  return !facts.empty() && !has(facts, ") Z ");
}
bool comes_true(const std::function<bool()>& f) {
  for (int i = 0; i < 500 && !f(); ++i) usleep(20'000);
  return f();
}
std::vector<std::string> folders_in(const std::string& place) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(place)) names.push_back(entry.path().filename());
  return names;
}
}  // namespace

TEST_CASE("SIGINT to the program's group ends the compiler too, and the next run sweeps what it left") {
  if (!can_fork) return;
  const OwnCache cache;
  const std::string place = cache.folder.path() + "/tmp", said = cache.folder.path() + "/pid";
  std::filesystem::create_directory(place);
  const std::string cxx = write_script(cache.folder.path() + "/cxx",
                                       "case \"$1\" in --version) echo one; exit 0;; esac\nsleep 1000 & echo $$ $! > " +
                                           said + ".new; mv " + said + ".new " + said + "; wait");
  const ScopedConfig config{fmt::format("gcc.cxx='{}'", cxx)};
  const pid_t child = in_child([&] {
    setpgid(0, 0);
    signal(SIGINT, SIG_DFL);
    setenv("TMPDIR", place.c_str(), 1);
    return device("cpu").compile(fill_source()) != nullptr;
  });
  REQUIRE(comes_true([&] { return access(said.c_str(), F_OK) == 0; }));
  pid_t compiler = 0, helper = 0;
  REQUIRE(std::sscanf(read_small_file(said).c_str(), "%d %d", &compiler, &helper) == 2);
  kill(-child, SIGINT);
  CHECK_FALSE(ended_well(child));
  CHECK(comes_true([&] { return !runs(compiler); }));
  kill(helper, SIGKILL);  // a shell's background job ignores SIGINT

  REQUIRE(folders_in(place).size() == 1);
  const std::string left = place + "/" + folders_in(place)[0], foreign = place + "/croton-abcdefg";
  std::filesystem::create_directory(foreign);
  for (const std::string& path : {left, foreign})
    std::filesystem::last_write_time(path, std::filesystem::file_time_type::clock::now() - std::chrono::hours(25));
  CHECK(ended_well(in_child([&] {
    setenv("TMPDIR", place.c_str(), 1);
    return TemporaryFolder().path().starts_with(place);
  })));
  CHECK(folders_in(place) == std::vector<std::string>{"croton-abcdefg"});
}

TEST_CASE(
    "a TMPDIR of blanks, quotes, newlines and odd bytes works; one that is no folder, or too long, is passed over") {
  if (!can_fork) return;
  const OwnCache cache;
  const std::string odd = cache.folder.path() + "/a b'c\"d\ne\xff;x";
  std::filesystem::create_directory(odd);
  for (const std::string& place : {odd, std::string("/dev/null"), std::string(5000, 'x'), std::string("relative")}) {
    CHECK(ended_well(in_child([&] {
      setenv("TMPDIR", place.c_str(), 1);
      const bool inside = TemporaryFolder().path().starts_with(place + "/croton-");
      return inside == (place == odd) &&
             fills(device("cpu"), *device("cpu").compile(fill_source(static_cast<int>(place.size()))));
    })));
  }
}

TEST_CASE("a full TMPDIR is passed over for the next place") {
  if (!can_fork || geteuid() != 0) {
    WARN("skipped: a small file system needs root");
    return;
  }
  const OwnCache cache;
  const std::string place = cache.folder.path() + "/full";
  std::filesystem::create_directory(place);
  CHECK(ended_well(in_child([&] {
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("none", place.c_str(), "tmpfs", 0, "size=64k") != 0)
      return true;  // not in this container
    setenv("TMPDIR", place.c_str(), 1);
    return !TemporaryFolder().path().starts_with(place) && fills(device("cpu"), *device("cpu").compile(fill_source()));
  })));
}
