#include "base/fork_safe.h"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <thread>

#include "base/environment.h"
#include "catch.h"

using namespace croton;

#if !defined(__SANITIZE_THREAD__)  // it ends a forked child of a program with threads
TEST_CASE("a forked child finds every lock free, whoever held it") {
  ForkSafeMutex outer, inner;
  auto gone = std::make_unique<ForkSafeMutex>();
  std::atomic<bool> stop{false};
  std::thread busy([&] {
    while (!stop) {
      const std::lock_guard one(outer);
      const std::lock_guard two(inner);
    }
  });
  gone.reset();
  for (int round = 0; round < 20; ++round) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(outer.try_lock() && inner.try_lock() && environment_value("PATH") ? 0 : 1);
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(status == 0);
  }
  stop = true;
  busy.join();
}
#endif

TEST_CASE("variables of the environment stand for a scope, and are then as they were") {
  REQUIRE_FALSE(environment_value("CROTON_TEST_ONLY"));
  {
    const EnvironmentFor now({{"CROTON_TEST_ONLY", "1"}, {"CROTON_TEST_TOO", "2"}, {"PATH", ""}});
    REQUIRE(std::string(::getenv("CROTON_TEST_ONLY")) == "1");
    REQUIRE(std::string(::getenv("CROTON_TEST_TOO")) == "2");
    REQUIRE(::getenv("PATH") != nullptr);
  }
  REQUIRE_FALSE(environment_value("CROTON_TEST_ONLY"));
  REQUIRE_FALSE(environment_value("CROTON_TEST_TOO"));
  REQUIRE(environment_value("PATH"));
}
