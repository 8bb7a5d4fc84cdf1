// FFTW's plans: which are made, kept and shared.
#include "runtime/cpu/fftw.h"

#include <array>
#include <thread>

#include "base/error.h"
#include "catch.h"
#include "runtime/host.h"

using namespace croton;
using namespace croton::runtime;

TEST_CASE("where no FFTW can be opened the error names the package") {
  for (const auto& [d, package] : {std::pair{float32, "libfftw3-single3"}, {float64, "libfftw3-double3"}})
    for (const std::string file : {"libno_such_fftw.so.3", "libc.so.6"}) {
      std::string text;
      try {
        const Fftw library(d, {file});
      } catch (const DeviceError& e) { text = e.what(); }
      INFO(text);
      CHECK(text.find("no FFTW: Fourier transforms in float") == 0);
      CHECK(text.find(std::string("apt install ") + package) != std::string::npos);
      CHECK(text.find(file) != std::string::npos);
    }
}

TEST_CASE("the reference has no transforms and a plan's steps have FFTW's") {
  CHECK(Host().fourier(Fourier::forward, float64, 4) == nullptr);
  const auto plan = runtime::host().fourier(Fourier::real, float64, 2);
  REQUIRE(plan != nullptr);
  alignas(64) std::array<double, 2> from{1, 3};
  alignas(64) std::array<double, 4> to{};
  plan->run(from.data(), to.data());
  CHECK(to == std::array<double, 4>{4, 0, -2, 0});
}

TEST_CASE("a plan is kept while it is among the last, and lives as long as somebody has it") {
  Fftw library(float32);
  const auto first = library.plan(Fourier::forward, 3);
  CHECK(library.plan(Fourier::forward, 3) == first);
  CHECK(library.plan(Fourier::backward, 3) != first);
  for (Index n = 4; n < 100; ++n) {
    static_cast<void>(library.plan(Fourier::real, n));
    if (n < 30) CHECK(library.plan(Fourier::forward, 3) == first);
  }
  CHECK(library.plan(Fourier::forward, 3) != first);
  alignas(64) std::array<float, 6> from{1, 0, 2, 0, 3, 0}, to{};
  first->run(from.data(), to.data());
  CHECK(to[0] == 6);
}

TEST_CASE("threads may ask for plans at once", "[threads]") {
  std::array<std::thread, 4> askers;
  Fftw library(float64);
  for (std::size_t k = 0; k < askers.size(); ++k)
    askers[k] = std::thread([&, k] {
      for (Index n = 1; n <= 80; ++n) static_cast<void>(library.plan(Fourier::real, k % 2 == 0 ? n : 81 - n));
    });
  for (std::thread& asker : askers) asker.join();
  CHECK(library.plan(Fourier::real, 7) != nullptr);
}
