// Rows on the emulated GPU: short ones by a warp each, long ones by all threads of a block, by one kernel that serves
// both.
#include <cmath>

#include "array/access.h"
#include "catch.h"
#include "croton/ops.h"
#include "gpu.h"
#include "rewrite/passes.h"
#include "runtime/emulator/emulator_driver.h"
#include "runtime/executable.h"
#include "runtime/fixture.h"
#include "runtime/gpu/gpu_device.h"

namespace croton::runtime {
namespace {

/// Functions of rows: elements, one number a row, and sums over all rows, of each thread's share and of each row's.
struct Rows {
  std::vector<Tensor> inputs{tensor("x", float32, {any_extent, any_extent}), tensor("gain", float32, {any_extent})};
  std::vector<Tensor> results;
  Rows() {
    const Tensor &x = inputs[0], &gain = inputs[1];
    const Tensor centred = x - mean(x, 1, keepdims);
    const Tensor norm = centred * rsqrt(mean(square(centred), 1, keepdims) + 1e-5f) * gain + gain;
    results = {softmax(x), logsumexp(x, 1), norm, sum(logsumexp(x, 1)), sum(exp(x) * sum(square(x), 1, keepdims)),
               max(x, 1)};
  }
};

std::vector<Array> values(Index rows, Index columns) {
  std::vector<float> x, gain;
  for (Index i = 0; i < rows * columns; ++i) x.push_back(std::sin(12.9898f * static_cast<float>(i % 1009)));
  for (Index i = 0; i < columns; ++i) gain.push_back(1 + 0.1f * static_cast<float>(i % 7));
  return {Array(x.data(), {rows, columns}), Array(gain.data(), {columns})};
}

constexpr std::pair<Index, Index> shapes[] = {{8, 1},    {9, 31},   {37, 33},  {131, 5},  {7, 40},
                                              {1, 1000}, {10, 999}, {9, 1024}, {9, 1025}, {3, 2050}};

using Numbers = std::vector<double>;

/// By shape, then by result.
std::vector<std::vector<Numbers>> results(Device& device) {
  const Rows rows;
  Executable all(rewrite::run(rows.results, {}), rows.inputs, {}, device, "rows");
  std::vector<std::vector<Numbers>> r;
  for (const auto& [n, columns] : shapes) {
    std::vector<Array> out(rows.results.size());
    all.run(values(n, columns), out);
    r.emplace_back();
    for (const Array& a : out) {
      r.back().emplace_back();
      for (Index i = 0; i < a.size(); ++i) r.back().back().push_back(get(a, i));
    }
  }
  return r;
}

}  // namespace

TEST_CASE("rows have the right values whether a warp or a block works at each, with the same bits in every order",
          "[emulator][gpu]") {
  const auto cpu = results(device("cpu"));
  std::vector<std::vector<Numbers>> first;
  const auto compare = [&](Device& gpu) {
    const auto now = results(gpu);
    if (first.empty()) first = now;
    CHECK(now == first);
  };
  if (!gpu_is_emulated())
    compare(device(gpu_name()));
  else
    for (const emulator::Options options :
         {emulator::Options{.check = true, .seed = 0}, {.check = true, .seed = 7}, {.check = false, .seed = 1}}) {
      GpuDevice gpu("emulator", std::make_unique<emulator::EmulatorDriver>(options));
      compare(gpu);
    }
  for (std::size_t s = 0; s < cpu.size(); ++s)
    for (std::size_t k = 0; k < cpu[s].size(); ++k)
      for (std::size_t i = 0; i < cpu[s][k].size(); ++i) {
        INFO("result " << k << " of " << shapes[s].first << " rows of " << shapes[s].second << ", element " << i);
        REQUIRE(first[s][k][i] == Approx(cpu[s][k][i]).epsilon(2e-5).margin(2e-6));
      }
}

TEST_CASE("short rows after long ones, and long ones after short ones, compile nothing", "[emulator]") {
  GpuDevice gpu("emulator", std::make_unique<emulator::EmulatorDriver>(emulator::Options{}));
  const Rows rows;
  Executable all(rewrite::run(rows.results, {}), rows.inputs, {}, gpu, "rows");
  std::vector<Array> out(rows.results.size());
  all.run(values(9, 100), out);
  const Counters before = gpu.counters();
  for (const auto& [n, columns] : shapes) all.run(values(n, columns), out);
  const Counters after = gpu.counters();
  CHECK(after.compilations + after.cache_hits == before.compilations + before.cache_hits);
  CHECK(after.launches > before.launches);
  gpu.synchronize();
}

}  // namespace croton::runtime
