#include "command_fixture.h"

#include <unistd.h>

#include <fstream>

TEST_CASE("croton config shows keys, values and sources") {
  const Said said = run_croton("config", "CROTON_FLAGS='device=cuda1, floatX=float32'");
  CHECK(said.status == 0);
  CHECK(said.has("\nfloatX                float32     CROTON_FLAGS\n"));
  CHECK(said.has("\nopenmp                True        default\n"));
}

TEST_CASE("croton config KEY explains a key in any spelling, and names the nearest of a wrong one") {
  CHECK(run_croton("config FLOATX").text.substr(0, 17) == "floatX = float64\n");
  CHECK(run_croton("config gcc__cxx").has("gcc.cxx = \n"));
  const Said wrong = run_croton("config flotX");
  CHECK(wrong.status == 2);
  CHECK(wrong.has("did you mean 'floatX'?"));
}

TEST_CASE("croton config --check names the files, and fails on a wrong one") {
  const std::string path = std::string(CROTON_BINARY_DIR) + "/command_test_" + std::to_string(::getpid());
  std::ofstream(path) << "[global]\nthreads = -1\n";
  const Said said = run_croton("config --check", "CROTONRC='" + path + "'");
  ::unlink(path.c_str());
  CHECK(said.status == 2);
  CHECK(said.has("read      " + path + "\n"));
  CHECK(said.has("croton: " + path + ":2:11: threads = '-1': out of range"));
}

TEST_CASE("without HOME the account's own home is searched for files") {
  const Said said = run_croton("config --check", "env -u CROTONRC -u HOME");
  CHECK(said.status == 0);
  CHECK(said.has("/.crotonrc.txt\n"));
}

TEST_CASE("croton --version, --help and a wrong subcommand") {
  CHECK(run_croton("--version").text.substr(0, 7) == "croton ");
  CHECK(run_croton("--help").has("config"));
  const Said wrong = run_croton("confug");
  CHECK(wrong.status != 0);
  CHECK(wrong.has("confug"));
}
