// Batches of a variable's rows, by the number of the batch: each call reads and writes where its own integers say.
#include <array>
#include <thread>

#include "array/access.h"
#include "catch.h"
#include "croton/device.h"
#include "croton/function.h"
#include "croton/gradient.h"
#include "gpu.h"
#include "message.h"

namespace croton {
namespace {

Array counting(const Extents& shape) {
  Array a = Array::zeros(shape, float64);
  double k = 0;
  for (double& d : a.mutable_values<double>()) d = k++;
  return a;
}

/// The sum of the rows [first, end) of counting({n, 3}).
double sum_of_rows(Index first, Index end) {
  double s = 0;
  for (Index k = 3 * first; k < 3 * end; ++k) s += static_cast<double>(k);
  return s;
}

}  // namespace

TEST_CASE("each batch is its own rows, the last of fewer rows too, in any order and more than once") {
  const ScopedConfig scope(GENERATE(std::string("device=cpu"), "device=" + gpu_name()));
  const Shared x = shared(counting({205, 3}), "x");
  const Tensor i = lscalar("i"), m = dmatrix("m");
  const Function f = function(i, sum(2.0 * m), {.givens = {{m, x[slice(i * 4, i * 4 + 4)]}}});
  for (int epoch = 0; epoch < 3; ++epoch)
    for (Index k = 0; k < 52; ++k) {
      const Index batch = epoch == 2 ? 51 - k : k;
      REQUIRE(f(batch).item<double>() == 2 * sum_of_rows(batch * 4, std::min<Index>(batch * 4 + 4, 205)));
    }
  CHECK(f(Index{60}).item<double>() == 0);
}

TEST_CASE("a batch of a variable that was given other rows since") {
  const Shared x = shared(counting({40, 3}), "x");
  const Tensor i = lscalar("i");
  const Function f = function(i, sum(x[slice(i * 4, i * 4 + 4)] + 0.0));
  for (Index k = 0; k < 10; ++k) REQUIRE(f(k).item<double>() == sum_of_rows(4 * k, 4 * k + 4));
  x.set_value(counting({400, 3}));
  for (Index k = 99; k >= 0; --k) REQUIRE(f(k).item<double>() == sum_of_rows(4 * k, 4 * k + 4));
}

TEST_CASE("rows by number: one out of range is this call's error alone") {
  const Shared x = shared(counting({50, 3}), "x");
  const Tensor i = lscalar("i");
  const Function f = function(i, sum(exp(x[i] * 0.0) * x[i]));
  for (Index k = 0; k < 50; ++k) REQUIRE(f(k).item<double>() == sum_of_rows(k, k + 1));
  CHECK_THROWS_AS(f(Index{50}), IndexError);
  CHECK(f(Index{-1}).item<double>() == sum_of_rows(49, 50));
  CHECK(f(Index{7}).item<double>() == sum_of_rows(7, 8));
}

TEST_CASE("a batch is written where it was read") {
  const ScopedConfig scope(GENERATE(std::string("device=cpu"), "device=" + gpu_name()));
  const Shared x = shared(counting({120, 3}), "x");
  const Tensor i = lscalar("i"), rows = x[slice(i * 3, i * 3 + 3)];
  const Procedure halve = function(i, {}, {{x, set_subtensor(rows, rows / 2.0)}});
  for (Index k = 39; k >= 0; --k) halve(k);
  const Array halved = x.get_value();
  for (Index k = 0; k < halved.size(); ++k) REQUIRE(get(halved, k) == static_cast<double>(k) / 2);
}

TEST_CASE("threads that take batches of one variable get their own") {
  const Shared x = shared(counting({400, 3}), "x");
  const Tensor i = lscalar("i");
  const Function f = function(i, sum(x[slice(i * 4, i * 4 + 4)] + 0.0));
  std::array<int, 4> wrong{};
  {
    std::vector<std::jthread> pool;
    for (std::size_t t = 0; t < wrong.size(); ++t)
      pool.emplace_back([&, t] {
        for (Index n = 0; n < 300; ++n) {
          const Index k = n * static_cast<Index>(t + 1) % 100;
          wrong[t] += f(k).item<double>() != sum_of_rows(4 * k, 4 * k + 4);
        }
      });
  }
  CHECK(wrong == std::array<int, 4>{});
}

TEST_CASE("each batch of an epoch is a graph of its own from the third epoch on", "[emulator]") {
  const ScopedConfig scope("device=emulator");
  const Shared x = shared(counting({32, 3}), "x"), w = shared(counting({3, 3}), "w");
  const Tensor i = lscalar("i"), y = mean(square(dot(x[slice(i * 4, i * 4 + 4)], w)));
  const Procedure step = function(i, {}, {{w, w - 0.1 * grad(y, w)}});
  const auto epoch = [&] {
    const auto before = device_counters().graph_launches;
    for (Index k = 0; k < 8; ++k) step(k);
    return device_counters().graph_launches - before;
  };
  CHECK(epoch() == 0);
  (void)epoch();
  CHECK(epoch() == 8);
}

}  // namespace croton
