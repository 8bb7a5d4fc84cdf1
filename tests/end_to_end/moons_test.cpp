// The tutorial's program as a user runs it, against the reference of tests/conformance/data/moons_reference.npz.
#include <croton.h>
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string>

#include "catch.h"

using croton::Array;
using croton::Index;
using croton::Npz;

namespace {

struct Run {
  int status = -1;
  std::string out;
  std::string saved;  // path of what --save wrote
};

// Runs moons with CROTON_FLAGS=flags; stderr passes through.
Run moons(const std::string& flags, const std::string& arguments) {
  static int runs = 0;
  Run run;
  const auto folder = std::filesystem::path(CROTON_BINARY_DIR) / "test_home";
  run.saved = (folder / fmt::format("moons_{}.npz", ++runs)).string();
  const std::string command =
      fmt::format("CROTON_FLAGS='{}' '{}' {} --no-plot --save '{}'", flags, CROTON_MOONS, arguments, run.saved);
  std::FILE* pipe = popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::array<char, 4096> buffer{};
  while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), pipe)) run.out.append(buffer.data(), got);
  run.status = pclose(pipe);
  return run;
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
