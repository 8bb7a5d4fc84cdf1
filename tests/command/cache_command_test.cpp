#include "command_fixture.h"

#include <cstdlib>

TEST_CASE("croton cache lists what is kept, and --clear empties it") {
  char folder[] = "/tmp/croton-test-XXXXXX";
  REQUIRE(::mkdtemp(folder) != nullptr);
  const std::string flags = std::string("CROTON_FLAGS='compile.cache=") + folder + "/cache'";
  CHECK(croton("cache", flags).has("/cache: 0 entries, 0 bytes"));
  CHECK(croton("cache --clear", flags).has("/cache: 0 entries deleted"));
  CHECK(std::system((std::string("rm -r ") + folder).c_str()) == 0);
}

TEST_CASE("croton config --check says what functions run on, and what a BLAS that is missing needs") {
  const Said good = croton("config --check");
  CHECK(good.status == 0);
  for (const char* part : {"\nprocessor  cpu: ", "\ncompiler   ", "\ncache      ", "\nblas       "})
    CHECK(good.has(part));
  CHECK(croton("config --check", "CROTON_FLAGS='blas.ldflags=-lno_such_blas'").has("blas       no BLAS: "));
}
