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
    return run(
        fmt::format("cd / && PATH='{}':/usr/bin:/bin bash -c \"source '{}/tools/common.sh'; need {}; echo went on\"",
                    bin_.string(), CROTON_SOURCE_DIR, packages));
  }

  const fs::path& bin() const { return bin_; }

  // Of a shell; what it prints on both streams.
  Result run(const std::string& command) const {
    Result result;
    std::FILE* pipe = popen(("{ " + command + "; } 2>&1").c_str(), "r");
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

// A project of two scripts and a moons that says how it was called, on a machine where everything is installed.
class Quickstart {
 public:
  // Tests run side by side: each has a folder of its own.
  explicit Quickstart(const std::string& name)
      : machine_(name + "_commands"), top_(fs::path(CROTON_BINARY_DIR) / "house" / (name + " project")) {
    for (const char* tool : {"dpkg-query", "cmake", "ninja"}) machine_.command(tool, "echo installed");
    fs::remove_all(top_);
    fs::create_directories(top_ / "tools");
    fs::create_directories(top_ / "build/docs/examples");
    fs::create_directories(top_ / "docs/examples");
    fs::create_directories(top_ / "elsewhere");
    for (const char* script : {"quickstart", "common.sh"})
      fs::copy_file(fs::path(CROTON_SOURCE_DIR) / "tools" / script, top_ / "tools" / script);
    fs::copy_file(fs::path(CROTON_SOURCE_DIR) / "docs/examples/moons.cpp", top_ / "docs/examples/moons.cpp");
    const fs::path moons = top_ / "build/docs/examples/moons";
    std::ofstream(moons) << "#!/bin/sh\necho \"in $PWD with $CROTON_FLAGS: $*\"\n";
    fs::permissions(moons, fs::perms::owner_all);
  }
  const fs::path& top() const { return top_; }
  /// Started from the folder elsewhere.
  Machine::Result start(const std::string& flags, const std::string& arguments) const {
    return machine_.run(
        fmt::format("cd '{0}/elsewhere' && CROTON_FLAGS='{1}' PATH='{2}':/usr/bin:/bin '{0}/tools/quickstart' {3}",
                    top_.string(), flags, machine_.bin().string(), arguments));
  }
  /// What moons says then.
  std::string run(const std::string& flags, const std::string& arguments) const {
    const auto result = start(flags, arguments);
    REQUIRE(result.code == 0);
    return result.out.substr(result.out.rfind("\nin ") + 1);
  }

 private:
  Machine machine_;
  fs::path top_;
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

TEST_CASE("quickstart trains in float32 unless CROTON_FLAGS says another floatX") {
  const Quickstart quickstart("quickstart in float32");
  CHECK_THAT(quickstart.run("", ""), Catch::Contains(" with floatX=float32: "));
  CHECK_THAT(quickstart.run("threads=2", ""), Catch::Contains(" with floatX=float32,threads=2: "));
  CHECK_THAT(quickstart.run("floatX=float64", ""), Catch::Contains(" with floatX=float64: "));
  CHECK_THAT(quickstart.run("threads=2, floatx = float64", ""), Catch::Contains(" with threads=2, floatx = float64: "));
}

TEST_CASE("quickstart draws into the build folder, or where the caller says, from the caller's folder") {
  const Quickstart quickstart("quickstart draws");
  const std::string top = quickstart.top().string();
  CHECK(quickstart.run("", "--passes 20") ==
        fmt::format("in {0}/elsewhere with floatX=float32: --output {0}/build/moons.png --passes 20\n", top));
  CHECK(quickstart.run("", "--output x.png") ==
        fmt::format("in {}/elsewhere with floatX=float32: --output x.png\n", top));
  CHECK(quickstart.run("", "--output=x.png --no-plot") ==
        fmt::format("in {}/elsewhere with floatX=float32: --output=x.png --no-plot\n", top));
}

TEST_CASE("quickstart shows its help and refuses unknown options before it installs or builds anything") {
  const Quickstart quickstart("quickstart help");
  const std::string help =
      "tools/quickstart [OPTIONS]: installs what is missing, builds Croton, trains the two-moons network, draws it\n"
      "\n"
      "  --passes VALUE     steps of gradient descent\n"
      "  --hidden VALUE     units of the hidden layer\n"
      "  --examples VALUE   points of the data set\n"
      "  --seed VALUE       seed of NumPy's legacy generator\n"
      "  --no-plot          draw no picture\n"
      "  --output VALUE     the picture, a PNG\n"
      "  --save VALUE       an .npz for the losses and the trained parameters\n"
      "  --help             show this, and do nothing\n";
  for (const char* arguments : {"--help", "-h", "--passes 20 --help"}) {
    const auto result = quickstart.start("", arguments);
    CHECK(result.code == 0);
    CHECK(result.out == help);
  }
  for (const char* wrong : {"--pases", "--pases=20", "-x", "20", "--help=3"}) {
    const auto result = quickstart.start("", fmt::format("--passes 20 --no-plot {}", wrong));
    CHECK(result.code == 1);
    CHECK(result.out == fmt::format("quickstart: there is no option {}; --help shows those there are\n", wrong));
  }
  CHECK_THAT(quickstart.run("", "--output --strange.png"), Catch::Contains("--output --strange.png"));
}
