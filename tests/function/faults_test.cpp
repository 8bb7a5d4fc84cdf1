// Faults to survive, by their numbers in the list that the project keeps of them: calls, graphs, memory, threads.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "message.h"

namespace croton {
namespace {

constexpr const char* modes[] = {"mode=FAST_RUN", "mode=FAST_COMPILE"};

/// Resident memory of this process in MiB.
double resident() {
  std::ifstream in("/proc/self/statm");
  double pages = 0;
  in >> pages >> pages;
  return pages * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1 << 20);
}

}  // namespace

TEST_CASE("K7: a function that is made again for another shape keeps the configuration it was made under") {
  const Shared data = shared(Array::full({3}, 1, int32), "data");
  const Function average = function({}, mean(data));
  REQUIRE(average().dtype() == float64);
  const ScopedConfig later{"floatX=float32,gcc.cxx=/nowhere/g++,warn_float64=raise"};
  data.set_value(Array::full({5}, 3, int32));
  REQUIRE(average().dtype() == float64);
  REQUIRE(average().item<double>() == 3);
  REQUIRE(says(average.explain(), "made again for data"));
  REQUIRE_THROWS_AS(function({}, mean(data * 7)), CompileError);
}

TEST_CASE(
    "A9: an index out of range names index, axis, size, element and line, from generated code as from the reference") {
  for (const char* mode : modes) {
    INFO(mode);
    const ScopedConfig scope{mode};
    const Shared embedding = shared(Array::zeros({50, 8}, float32), "embedding");
    const Tensor tokens = tensor("tokens", int64, {any_extent, any_extent});
    const Function look = function(tokens, embedding[tokens]);
    Array words = Array::zeros({4, 6}, int64);
    words.mutable_values<Index>()[21] = 57;
    REQUIRE(message<IndexError>([&] { (void)look(words); }) ==
            "HERE: index 57 is out of range for axis 0 of embedding float32[50, 8] (valid: -50 .. 49), at element [3, "
            "3] of "
            "tokens int64[4, 6]");
    words.mutable_values<Index>()[21] = -50;
    REQUIRE(look(words).shape() == Extents{4, 6, 8});
  }
}

TEST_CASE("A4: more than 2^31 elements of one byte, seen through broadcasting") {
  const Tensor x = tensor("x", int8, {any_extent});
  const Function f = function(x, sum(broadcast_to(x(croton::all, newaxis), {x.shape(0), 3}).astype(int64)));
  const std::int8_t one = 1;
  constexpr Index count = (Index{1} << 31) / 3 + 10;  // three times that is above 2^31
  const Array many = Array::borrow(&one, {count}, {0});
  const Function strided = function(x, sum(x.astype(int64)));
  (void)strided;
  const Array few = Array::borrow(&one, {1000}, {0});
  REQUIRE(f(few).item<Index>() == 3000);
  REQUIRE(f(many).item<Index>() == 3 * count);
}

TEST_CASE("A14: many functions come and go, and memory and open files stay bounded") {
  const auto open_files = [] {
    int n = 0;
    for (int fd = 0; fd < 1024; ++fd) n += ::fcntl(fd, F_GETFD) >= 0;
    return n;
  };
  const Shared w = shared(std::vector{1.0, 2.0, 3.0}, "w");
  const auto make = [&](int times) {
    for (int i = 0; i < times; ++i) {
      const Tensor x = vector("x");
      REQUIRE(function(x, x * w + 1)(std::vector{1.0, 1.0, 1.0}).at<double>(2) == 4);
    }
  };
  make(200);
  const double before = resident();
  const int files = open_files();
  make(2000);
  CHECK(resident() < before + 8);
  CHECK(open_files() <= files + 1);
}

TEST_CASE("A14: a function that sees ever new shapes keeps a bounded number of plans") {
  const Tensor x = vector("x");
  const Function f = function(x, exp(x) + sum(x));
  const auto call = [&](std::size_t from, std::size_t to) {
    for (std::size_t n = from; n < to; ++n) REQUIRE(f(std::vector<double>(n, 0.0)).at<double>(0) == 1);
  };
  call(100000, 100100);
  const double before = resident();
  call(100100, 101000);
  CHECK(resident() < before + 16);  // 900 arenas of 0.8 MB would be 700
  call(100000, 100010);
}

TEST_CASE("A14: threads that call a function with ever new shapes get their own results", "[threads]") {
  const Tensor x = vector("x");
  const Function f = function(x, sum(x) + zeros_like(x));
  std::vector<int> wrong(4, 0);
  {
    std::vector<std::jthread> pool;
    for (std::size_t t = 0; t < wrong.size(); ++t) {
      pool.emplace_back([&, t] {
        for (std::size_t i = 0; i < 300; ++i) {
          const std::size_t n = 1 + (i * (t + 1)) % 97;
          const Array r = f(std::vector<double>(n, static_cast<double>(t)));
          wrong[t] += r.size() != static_cast<Index>(n);
          for (const double v : r.values<double>()) wrong[t] += v != static_cast<double>(n * t);
        }
      });
    }
  }
  for (const int each : wrong) CHECK(each == 0);
}

TEST_CASE("T10: a child after fork calls functions that its parent made") {
  const Tensor x = vector("x");
  const Function f = function(x, sum(exp(x)));
  const std::vector<double> much(1000000, 0.0);
  REQUIRE(f(much).item<double>() == 1e6);  // the pool has started
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) ::_exit(f(much).item<double>() == 1e6 && f(std::vector{0.0}).item<double>() == 1 ? 0 : 1);
  int status = -1;
  for (int tenths = 0; tenths < 300 && ::waitpid(child, &status, WNOHANG) == 0; ++tenths) ::usleep(100000);
  if (status == -1) ::kill(child, SIGKILL), ::waitpid(child, nullptr, 0);
  REQUIRE(WIFEXITED(status));
  REQUIRE(WEXITSTATUS(status) == 0);
  REQUIRE(f(much).item<double>() == 1e6);
}

TEST_CASE("T8: a function of 10,000 inputs") {
  std::vector<Tensor> inputs;
  for (int i = 0; i < 10000; ++i) inputs.push_back(scalar("x" + std::to_string(i)));
  Tensor total = inputs[0];
  for (std::size_t i = 1; i < inputs.size(); ++i) total = total + inputs[i];
  const Function f = function(inputs, total);
  const std::vector<Argument> ones(inputs.size(), Argument(1.0));
  std::vector<Array> out(1);
  f.run(ones, out);
  REQUIRE(out[0].item<double>() == 10000);
}

TEST_CASE("T8: a function of 100,000 nodes") {
  for (const char* mode : modes) {
    INFO(mode);
    const ScopedConfig scope{mode};
    const Tensor x = vector("x");
    Tensor y = x;
    for (int i = 0; i < 50000; ++i) y = (y + x) * 0.5;
    const Function f = function(x, y);
    REQUIRE(f(std::vector{1.0, 2.0}).at<double>(1) == 2);
  }
}

}  // namespace croton
