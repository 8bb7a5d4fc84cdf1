// The process's own configuration while it is read for the first time: each case runs in a fresh process.
#include <sys/wait.h>
#include <unistd.h>

#include "config_fixture.h"

using namespace croton;

namespace {

// Runs a case of this program by itself, with these CROTON_FLAGS; gives whether it passed.
bool passes_alone(const char* name, const char* flags) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::setenv("CROTON_FLAGS", flags, 1);
    ::setenv("CROTONRC", "", 1);
    ::alarm(20);  // instead of hanging
    ::execl("/proc/self/exe", "test_base", name, static_cast<char*>(nullptr));
    ::_exit(127);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  return status == 0;
}

}  // namespace

TEST_CASE("alone: a sink asks for a value at the first warning", "[.]") {
  std::string seen;
  set_warning_sink([&](std::string_view) { seen = config_value("floatX"); });
  CHECK(config_value("floatX") == "float32");
  set_warning_sink({});
  CHECK(seen == "float32");
}

TEST_CASE("a sink of warnings may ask for configuration while it is read") {
  CHECK(passes_alone("alone: a sink asks for a value at the first warning", "floatX=float32,gcc.cxxflags=-ffast-math"));
}
