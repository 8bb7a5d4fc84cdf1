// tools/quickstart and tools/check on machines where something is missing: no package is installed, none is asked for
// twice.
#include <fmt/format.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "catch.h"

namespace fs = std::filesystem;

namespace {

// A folder of commands that stand in for the machine's own.
class Machine {
 public:
  explicit Machine(const std::string& name) : bin_(fs::path(CROTON_BINARY_DIR) / "house" / name) {
    fs::remove_all(bin_);
    fs::create_directories(bin_);
    command("id", "echo 1000");
  }

  void command(const std::string& name, const std::string& body) const {
    std::ofstream(bin_ / name) << "#!/bin/sh\n" << body << "\n";
    fs::permissions(bin_ / name, fs::perms::owner_all);
  }

  struct Result {
    int code = -1;
    std::string out;
  };

  // Runs `need PACKAGES` of tools/common.sh from the root folder, as a user who is not root.
  Result need(const std::string& packages) const {
    const std::string command = fmt::format(
        "cd / && PATH='{}':/usr/bin:/bin bash -c \"source '{}/tools/common.sh'; need {}; echo went on\" 2>&1",
        bin_.string(), CROTON_SOURCE_DIR, packages);
    Result result;
    std::FILE* pipe = popen(command.c_str(), "r");
    REQUIRE(pipe != nullptr);
    std::array<char, 1024> buffer{};
    while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), pipe))
      result.out.append(buffer.data(), got);
    result.code = WEXITSTATUS(pclose(pipe));
    return result;
  }

 private:
  fs::path bin_;
};

constexpr const char* only_a_is_installed = "for last; do :; done; case $last in a) echo installed;; *) exit 1;; esac";

}  // namespace

TEST_CASE("the scripts go on without a word where nothing is missing") {
  const Machine machine("nothing_missing");
  machine.command("dpkg-query", only_a_is_installed);
  const auto result = machine.need("a 'b|a'");
  CHECK(result.code == 0);
  CHECK(result.out == "went on\n");
}

TEST_CASE("without root and without sudo the scripts print the apt line and stop") {
  const Machine machine("no_root");
  machine.command("dpkg-query", only_a_is_installed);
  machine.command("sudo", "exit 1");
  const auto result = machine.need("a b 'c|d'");
  CHECK(result.code == 1);
  CHECK_THAT(result.out, Catch::Contains("sudo apt-get -y --no-install-recommends install b c\n"));
  CHECK_THAT(result.out, !Catch::Contains("went on"));
}

TEST_CASE("with sudo that asks nothing the scripts say what they install, then install it") {
  const Machine machine("sudo");
  machine.command("dpkg-query", only_a_is_installed);
  machine.command("sudo", "shift; [ \"$1\" = true ] && exit 0; echo \"as root: $*\" >&2");
  const auto result = machine.need("a b");
  CHECK(result.code == 0);
  CHECK_THAT(result.out, Catch::StartsWith("bash: installing from Debian: b\n"));
  CHECK_THAT(result.out, Catch::Contains("-y --no-install-recommends install b\n"));
  CHECK_THAT(result.out, Catch::EndsWith("went on\n"));
}
