#include "runtime/cpu/host_compiler.h"

#include <chrono>
#include <cstdlib>

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
  char cpath[] = "CPATH=/evil", prefix[] = "GCC_EXEC_PREFIX=/evil", lc[] = "LC_NUMERIC=de_DE", path[] = "PATH=/bin";
  char* environment[] = {cpath, prefix, lc, path, nullptr};
  CHECK(clean_environment(environment) == std::vector<std::string>{"PATH=/bin", "LC_ALL=C"});
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
