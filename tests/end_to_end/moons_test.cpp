// The tutorial's program as a user runs it, against the reference of tests/conformance/data/moons_reference.npz.
#include <croton.h>
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>
#include <string>

#include "array/scratch.h"
#include "catch.h"

using croton::Array;
using croton::Index;
using croton::Npz;

namespace {

struct Run {
  int status = -1;
  std::string out;    // both streams, where they are asked for together
  std::string saved;  // path of what --save wrote
};

const std::filesystem::path home = std::filesystem::path(CROTON_BINARY_DIR) / "test_home";

// What a shell prints and how it ends.
Run shell(const std::string& command) {
  Run run;
  std::FILE* pipe = popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::array<char, 4096> buffer{};
  while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), pipe)) run.out.append(buffer.data(), got);
  run.status = pclose(pipe);
  return run;
}

// Runs moons with CROTON_FLAGS=flags; stderr passes through.
Run moons(const std::string& flags, const std::string& arguments) {
  static const croton::Scratch place;  // ctest runs each test as a process of its own, several at once
  static int runs = 0;
  const std::string saved = place / fmt::format("moons_{}.npz", ++runs);
  Run run =
      shell(fmt::format("CROTON_FLAGS='{}' '{}' {} --no-plot --save '{}'", flags, CROTON_MOONS, arguments, saved));
  run.saved = saved;
  return run;
}

std::string content(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

// A home folder with these files in it.
std::filesystem::path home_with(const std::string& name, const std::map<std::string, std::string>& files) {
  std::filesystem::path folder = home / name;
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  for (const auto& [file, text] : files) std::ofstream(folder / file) << text;
  return folder;
}

Npz reference() { return croton::load_npz(CROTON_SOURCE_DIR "/tests/conformance/data/moons_reference.npz"); }

// The losses that the program saved are the reference's at the same iterations.
void check_losses(const Run& run, Index count, double relative) {
  const Npz npz = croton::load_npz(run.saved);
  const Array wanted = reference()["loss_float64"];
  const Array losses = npz["loss"];
  REQUIRE(losses.size() == count);
  for (Index i = 0; i < count; ++i) {
    INFO("iteration " << npz["iteration"].at<Index>(i));
    CHECK(losses.at<double>(i) == Approx(wanted.at<double>(i)).epsilon(relative).margin(0));
  }
}

void check_end(const Run& run, double relative) {
  const Npz npz = croton::load_npz(run.saved);
  const Npz wanted = reference();
  CHECK(npz["final_loss"].item<double>() == Approx(wanted["final_loss"].item<double>()).epsilon(relative).margin(0));
  CHECK(std::abs(npz["correct"].item<Index>() - wanted["final_correct"].item<Index>()) <= 3);
}

bool has_same_bits(const Array& a, const Array& b) {
  const auto x = a.values<float>();
  const auto y = b.values<float>();
  return a.shape() == b.shape() && std::memcmp(x.data(), y.data(), x.size_bytes()) == 0;
}

}  // namespace

TEST_CASE("the tutorial's losses in float64 are the reference's to 1e-9") {
  const Run run = moons("floatX=float64", "--passes 2001");
  REQUIRE(run.status == 0);
  check_losses(run, 3, 1e-9);
}

TEST_CASE("the tutorial's losses in float32 are the reference's to 1e-4") {
  const Run run = moons("floatX=float32", "--passes 2001");
  REQUIRE(run.status == 0);
  check_losses(run, 3, 1e-4);
  CHECK_THAT(run.out, Catch::Contains("Loss after iteration 0: 0.411069\n"));
  CHECK_THAT(run.out, Catch::Contains("Loss after iteration 1000: 0.2547"));
  CHECK_THAT(run.out, Catch::Contains("floatX=float32"));
}

TEST_CASE("a step of the tutorial is a handful of launches") {
  const Run run = moons("floatX=float32", "--passes 3");
  REQUIRE(run.status == 0);
  const Index launches = croton::load_npz(run.saved)["launches_a_step"].item<Index>();
  CHECK(launches > 0);
  CHECK(launches <= 12);
}

TEST_CASE("the tutorial's bits are the same for any number of threads") {
  const Run one = moons("floatX=float32,threads=1", "--passes 20");
  const Run three = moons("floatX=float32,threads=3", "--passes 20");
  REQUIRE(one.status == 0);
  REQUIRE(three.status == 0);
  const Npz a = croton::load_npz(one.saved);
  const Npz b = croton::load_npz(three.saved);
  for (const char* name : {"W1", "b1", "W2", "b2", "probabilities"}) {
    INFO(name);
    CHECK(has_same_bits(a[name], b[name]));
  }
}

TEST_CASE("moons prints its losses, accuracy, time and device, and nothing else where no person watches") {
  const Run run = shell(fmt::format(
      "CROTON_FLAGS=threads=1 '{}' --passes 1001 --hidden 8 --examples 200 --seed 3 --no-plot 2>&1", CROTON_MOONS));
  REQUIRE(run.status == 0);
  INFO(run.out);
  const std::regex lines(
      "Loss after iteration 0: [0-9.]+\nLoss after iteration 1000: [0-9.]+\nLoss after 1001 passes: [0-9.]+\n"
      "Accuracy: [0-9.]+% \\([0-9]+ of 200\\)\nMedian time of a step: [0-9.]+ ms, in [0-9]+ launches\n"
      "Device: cpu: .*1 thread.*; floatX=float64\n");
  CHECK(std::regex_match(run.out, lines));
}

TEST_CASE("the options --hidden, --examples and --seed decide what is drawn and learnt") {
  const auto run = [](const std::string& arguments) {
    const Run r = moons("", "--passes 2 --examples 100 --hidden 6 " + arguments);
    REQUIRE(r.status == 0);
    return croton::load_npz(r.saved);
  };
  const Npz first = run(""), again = run("--seed 0"), other = run("--seed 1");
  CHECK(first["W1"].shape() == croton::Extents{2, 6});
  CHECK(first["probabilities"].shape() == croton::Extents{100, 2});
  CHECK(first["final_loss"].item<double>() == again["final_loss"].item<double>());
  CHECK(first["final_loss"].item<double>() != other["final_loss"].item<double>());
}

TEST_CASE("the picture is a PNG of its size") {
  if (std::system("command -v gnuplot >/dev/null") != 0) {
    WARN("SKIPPED: there is no gnuplot here");
    return;
  }
  const std::filesystem::path png = home / "picture.png";
  std::filesystem::remove(png);
  const Run run =
      shell(fmt::format("'{}' --passes 5 --hidden 4 --examples 300 --output '{}' 2>&1", CROTON_MOONS, png.string()));
  REQUIRE(run.status == 0);
  CHECK_THAT(run.out, Catch::Contains("Picture: " + png.string() + "\n"));
  const std::string bytes = content(png);
  REQUIRE(bytes.size() > 5000);
  CHECK(bytes.substr(0, 8) == "\x89PNG\r\n\x1a\n");
  const auto number = [&](std::size_t at) {
    unsigned n = 0;
    for (std::size_t i = 0; i < 4; ++i) n = n << 8 | static_cast<unsigned char>(bytes[at + i]);
    return n;
  };
  CHECK(number(16) == 1200);
  CHECK(number(20) == 880);
}

TEST_CASE("without gnuplot moons says what to install and leaves the drawing's data") {
  const std::filesystem::path folder = home_with("no gnuplot", {});
  std::filesystem::create_symlink("/usr/bin/g++", folder / "g++");
  const std::string command = fmt::format(
      "cd '{0}' && CROTON_FLAGS=mode=FAST_COMPILE PATH='{0}' '{1}' --passes 2 --hidden 3 --examples 20 2>&1",
      folder.string(), CROTON_MOONS);
  const Run run = shell(command);
  CHECK(run.status == 0);
  CHECK_THAT(run.out,
             Catch::Contains("no picture: gnuplot is not installed (Debian: apt install gnuplot-nox)\n"
                             "  data and drawing are in moons.gnuplot; draw it with: gnuplot moons.gnuplot\n"));
  CHECK_THAT(content(folder / "moons.gnuplot"), Catch::Contains("set terminal pngcairo"));
}

TEST_CASE("the grid is predicted at once, and the hidden layer of all its points is never in memory") {
  const Run run = shell(fmt::format(
      "CROTON_FLAGS='floatX=float32,threads=2' bash -c \"ulimit -v 1500000; '{}' --passes 1 --output '{}' 2>&1\"",
      CROTON_MOONS, (home / "grid.png").string()));
  INFO(run.out);
  CHECK(run.status == 0);
}

TEST_CASE("a person's .crotonrc and then .crotonrc.txt say how a program runs; CROTON_FLAGS wins over both") {
  const auto folder = home_with("two files", {{".crotonrc", "[global]\nfloatX = float32\nthreads = 1\n"},
                                              {".crotonrc.txt", "[global]\nthreads = 2\n"}});
  const auto run = [&](const std::string& flags) {
    return shell(fmt::format(
        "env -u CROTONRC HOME='{}' CROTON_FLAGS='{}' '{}' --passes 1 --hidden 3 --examples 20 --no-plot 2>&1",
        folder.string(), flags, CROTON_MOONS));
  };
  CHECK_THAT(run("").out, Catch::Contains("2 threads") && Catch::Contains("floatX=float32"));
  CHECK_THAT(run("threads=1,floatX=float64").out, Catch::Contains("1 thread") && Catch::Contains("floatX=float64"));
}

TEST_CASE("a device that cannot be had is an error that names the file and line that asked for it") {
  const auto folder = home_with("device", {{".crotonrc", "[global]\n# mine\ndevice = no_such\n"}});
  const auto run = [&](const std::string& flags) {
    return shell(fmt::format("env -u CROTONRC HOME='{}' CROTON_FLAGS='{}' '{}' --passes 1 2>&1", folder.string(), flags,
                             CROTON_MOONS));
  };
  const Run unknown = run("");
  CHECK(unknown.status != 0);
  CHECK_THAT(unknown.out, Catch::StartsWith(fmt::format("moons: {}/.crotonrc:3:10: device = 'no_such': no such device",
                                                        folder.string())));
  std::ofstream(folder / ".crotonrc") << "[global]\ndevice = cuda77\n";
  const Run absent = run("");
  CHECK(absent.status != 0);
  CHECK_THAT(absent.out, Catch::StartsWith(fmt::format("moons: {}/.crotonrc:2: device=cuda77: ", folder.string())));
  CHECK_THAT(run("device=cuda78").out, Catch::StartsWith("moons: CROTON_FLAGS: device=cuda78: "));
}

TEST_CASE("C18: one graph has one text, in every process and under every locale") {
  const Run first = shell(CROTON_SAME_TEXT), second = shell(CROTON_SAME_TEXT), comma = shell(CROTON_SAME_TEXT " comma");
  REQUIRE(first.status == 0);
  REQUIRE(comma.status == 0);
  CHECK(first.out.size() > 10000);
  CHECK(first.out == second.out);
  CHECK(first.out == comma.out);
}

TEST_CASE("the whole tutorial in float64 ends where the reference ends", "[long]") {
  const Run run = moons("floatX=float64", "");
  REQUIRE(run.status == 0);
  check_losses(run, 20, 1e-9);
  check_end(run, 1e-9);
}

TEST_CASE("the whole tutorial in float32 ends where the reference ends", "[long]") {
  const Run run = moons("floatX=float32", "");
  REQUIRE(run.status == 0);
  check_losses(run, 20, 1e-4);
  check_end(run, 1e-4);
}
