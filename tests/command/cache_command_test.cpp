#include "command_fixture.h"

#include <croton.h>

#include <cstdlib>

TEST_CASE("croton cache lists what is kept, and --clear empties it") {
  char folder[] = "/tmp/croton-test-XXXXXX";
  REQUIRE(::mkdtemp(folder) != nullptr);
  const std::string flags = std::string("CROTON_FLAGS='compile.cache=") + folder + "/cache'";
  CHECK(run_croton("cache", flags).has("/cache: 0 entries, 0 bytes"));
  CHECK(run_croton("cache --clear", flags).has("/cache: 0 entries deleted"));
  CHECK(std::system((std::string("rm -r ") + folder).c_str()) == 0);
}

TEST_CASE("croton config --check says what functions run on, and what a BLAS that is missing needs") {
  const Said good = run_croton("config --check");
  CHECK(good.status == 0);
  for (const char* part :
       {"\nprocessor  cpu: ", "\ncompiler   ", "\ncache      ", "\nblas       ", "\nfftw       libfftw3f.so.3, "})
    CHECK(good.has(part));
  CHECK(run_croton("config --check", "CROTON_FLAGS='blas.ldflags=-lno_such_blas'").has("blas       no BLAS: "));
}

TEST_CASE("C20: croton cache --clear takes nothing away from programs that run") {
  const std::string folder = std::string(CROTON_BINARY_DIR) + "/test_home/cleared";
  const std::string flags = "CROTON_FLAGS='compile.cache=" + folder + "'";
  const croton::ScopedConfig scope("compile.cache=" + folder);
  const croton::Tensor x = croton::scalar("x");
  const croton::Function f = croton::function(x, x * 1.375);
  CHECK(run_croton("cache --clear", flags).status == 0);
  CHECK(run_croton("cache", flags).has(": 0 entries, 0 bytes"));
  CHECK(f(2).item<double>() == 2.75);
  CHECK(croton::function(x, x * 1.375 - 1)(2).item<double>() == 1.75);
  CHECK_FALSE(run_croton("cache", flags).has(": 0 entries, 0 bytes"));
}
