#include "base/log.h"

#include <unistd.h>

#include <cstdio>

#include "catch.h"

using namespace croton;

TEST_CASE("a warning of one key is said once, and a test hears it") {
  const WarningsHeard heard;
  warn_once("key", "first");
  warn_once("key", "second");
  warn_once("other", "third");
  warn("again");
  warn("again");
  CHECK(heard.texts == std::vector<std::string>{"first", "third", "again", "again"});
}

TEST_CASE("a new sink hears keys that have warned before, and the old sink comes back") {
  const WarningsHeard outer;
  warn_once("key", "a");
  {
    const WarningsHeard inner;
    warn_once("key", "b");
    CHECK(inner.texts == std::vector<std::string>{"b"});
  }
  warn("c");
  CHECK(outer.texts == std::vector<std::string>{"a", "c"});
}

TEST_CASE("without a sink a warning is one line on stderr") {
  int pipe_ends[2];
  REQUIRE(::pipe(pipe_ends) == 0);
  const int saved = ::dup(STDERR_FILENO);
  std::fflush(stderr);
  ::dup2(pipe_ends[1], STDERR_FILENO);
  warn("the sky is low");
  ::dup2(saved, STDERR_FILENO);
  char text[100] = {};
  const ssize_t n = ::read(pipe_ends[0], text, sizeof text - 1);
  for (const int fd : {saved, pipe_ends[0], pipe_ends[1]}) ::close(fd);
  CHECK(std::string(text, static_cast<std::size_t>(n)) == "croton: warning: the sky is low\n");
}
