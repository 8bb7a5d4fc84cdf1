// Rows on the emulated GPU: short ones by a warp each, long ones by all threads of a block, by one kernel that serves
// both.
#include <cmath>

#include "array/access.h"
#include "catch.h"
#include "croton/gradient.h"
#include "croton/ops.h"
#include "gpu.h"
#include "ops/evaluate.h"
#include "rewrite/passes.h"
#include "runtime/emulator/emulator_driver.h"
#include "runtime/executable.h"
#include "runtime/fixture.h"
#include "runtime/gpu/gpu_device.h"
#include "tile/build.h"
#include "tile/chunks.h"
#include "tile/graphs.h"

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

// A turn of a loop takes four elements of a thread: 128 of a warp's row, 1024 of a block's.
constexpr std::pair<Index, Index> shapes[] = {
    {8, 1},   {9, 31},  {37, 33},  {131, 5},  {7, 40},   {1, 1000}, {10, 999}, {9, 1024}, {9, 1025}, {3, 2050},
    {9, 96},  {9, 97},  {8, 127},  {8, 128},  {8, 129},  {8, 159},  {8, 161},  {8, 257},  {2, 255},  {2, 257},
    {2, 768}, {2, 769}, {2, 1023}, {2, 1024}, {2, 1279}, {2, 1281}, {3, 2047}, {3, 2048}, {3, 2049}};

using Numbers = std::vector<double>;

/// f(device) on the real GPU, or on emulated ones that go in different orders, most of them with accesses checked.
template <class F>
void on_each_gpu(F&& f) {
  if (!gpu_is_emulated()) return f(device(gpu_name()));
  for (const emulator::Options options :
       {emulator::Options{.check = true, .seed = 0}, {.check = true, .seed = 7}, {.check = false, .seed = 1}}) {
    GpuDevice gpu("emulator", std::make_unique<emulator::EmulatorDriver>(options));
    f(gpu);
  }
}

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

/// The same where the types say how long rows are, each function on rows of its own.
struct TypedRows {
  std::vector<Tensor> inputs, results;

  TypedRows(DType dtype, Index columns) {
    const auto rows = [&] { return inputs.emplace_back(tensor("x", dtype, {any_extent, columns})); };
    const auto number_a_row = [&](DType d) { return inputs.emplace_back(tensor("y", d, {any_extent})); };
    results.push_back(softmax(rows()));
    const Tensor x = rows(), gain = inputs.emplace_back(tensor("gain", dtype, {columns}));
    const Tensor centred = x - mean(x, 1, keepdims);
    results.push_back(centred * rsqrt(mean(square(centred), 1, keepdims) + 1e-5f) * gain + gain);
    const Tensor z = rows(), weights = number_a_row(dtype);
    results.push_back(logsumexp(z, 1));
    results.push_back(grad(sum(logsumexp(z, 1) * weights), z));
    const Tensor logits = rows(), classes = number_a_row(int64);
    const Tensor loss = mean(categorical_crossentropy(softmax(logits), classes));
    results.push_back(loss);
    results.push_back(grad(loss, logits));
  }

  std::vector<Array> values(Index rows) const {
    std::vector<Array> r;
    for (const Tensor& t : inputs) {
      const Index columns = type(t).shape.back(), n = t.ndim() == 2 ? rows * columns : columns >= 0 ? columns : rows;
      std::vector<double> x;
      for (Index i = 0; i < n; ++i)
        x.push_back(t.dtype() == int64
                        ? static_cast<double>(i * 7 % type(results[0]).shape[1])
                        : std::sin(12.9898 * static_cast<double>(i % 1009) + static_cast<double>(r.size())));
      r.push_back(Array(x.data(), t.ndim() == 2 ? Extents{rows, columns} : Extents{n}).astype(t.dtype()));
    }
    return r;
  }
};

std::vector<Numbers> numbers(const std::vector<Array>& arrays) {
  std::vector<Numbers> r;
  for (const Array& a : arrays) {
    r.emplace_back();
    for (Index i = 0; i < a.size(); ++i) r.back().push_back(get(a, i));
  }
  return r;
}

}  // namespace

TEST_CASE("rows whose length the types say have the right values, in registers of a warp or not", "[emulator][gpu]") {
  const auto [dtype, columns] = GENERATE(table<DType, Index>({{float32, 1},
                                                              {float32, 31},
                                                              {float32, 32},
                                                              {float32, 33},
                                                              {float32, 1000},
                                                              {float32, 1024},
                                                              {float32, 1025},
                                                              {float64, 33},
                                                              {float64, 1000}}));
  const TypedRows typed(dtype, columns);
  const std::vector<Tensor> rewritten = rewrite::run(typed.results, {});
  CAPTURE(name_of(dtype), columns);
  std::vector<Numbers> first;
  for (const Index rows : {1, 9}) {
    const std::vector<Array> values = typed.values(rows);
    ops::Values leaves;
    for (std::size_t k = 0; k < values.size(); ++k) leaves[typed.inputs[k].node()] = values[k];
    const std::vector<Numbers> right = numbers(ops::evaluate(typed.results, leaves));
    first.clear();
    const auto compare = [&](Device& gpu) {
      Executable all(rewritten, typed.inputs, {}, gpu, "typed rows");
      std::vector<Array> out(typed.results.size());
      all.run(values, out);
      const std::vector<Numbers> now = numbers(out);
      if (first.empty()) first = now;
      CHECK(now == first);
    };
    on_each_gpu(compare);
    for (std::size_t k = 0; k < right.size(); ++k)
      for (std::size_t i = 0; i < right[k].size(); ++i) {
        INFO("result " << k << " of " << rows << " rows, element " << i);
        REQUIRE(first[k][i] == Approx(right[k][i]).epsilon(2e-5).margin(2e-6));
      }
  }
}

TEST_CASE("rows of at most 1024 elements lie in registers of a warp where the types say how long they are") {
  const Target gpu = tile::graphs::gpu();
  for (const auto& [columns, wanted] : {std::pair{31, true}, {33, true}, {1000, true}, {1024, true}, {1025, false}}) {
    CAPTURE(columns);
    const TypedRows typed(float32, columns);
    const tile::Program p = tile::build(rewrite::run(typed.results, {}));
    for (const tile::Step& s : p.steps)
      if (const auto* phase = std::get_if<tile::Phase>(&s); phase != nullptr && !phase->parallel.empty())
        CHECK(tile::lower(p, *phase, gpu).by_warps == wanted);
  }
}

TEST_CASE("rows have the right values whether a warp or a block works at each, with the same bits in every order",
          "[emulator][gpu]") {
  const auto cpu = results(device("cpu"));
  std::vector<std::vector<Numbers>> first;
  const auto compare = [&](Device& gpu) {
    const auto now = results(gpu);
    if (first.empty()) first = now;
    CHECK(now == first);
  };
  on_each_gpu(compare);
  for (std::size_t s = 0; s < cpu.size(); ++s)
    for (std::size_t k = 0; k < cpu[s].size(); ++k)
      for (std::size_t i = 0; i < cpu[s][k].size(); ++i) {
        INFO("result " << k << " of " << shapes[s].first << " rows of " << shapes[s].second << ", element " << i);
        REQUIRE(first[s][k][i] == Approx(cpu[s][k][i]).epsilon(2e-5).margin(2e-6));
      }
}

TEST_CASE("points in chunks that end before, with and after a turn of several elements have the right values",
          "[emulator][gpu]") {
  const Tensor x = tensor("x", float32, {any_extent}), y = tensor("y", float32, {any_extent});
  const std::vector<Tensor> inputs{x, y}, results{x * 2 + 1, x * y - y, sum(x * y), max(x), x + 0.5, prod(y)};
  const auto run = [](Executable& all, Index n) {
    std::vector<float> a, b;
    for (Index i = 0; i < n; ++i) {
      a.push_back(std::sin(12.9898f * static_cast<float>(i)));
      b.push_back(1 + 0.001f * std::cos(static_cast<float>(i)));
    }
    std::vector<Array> out(6);
    all.run(std::vector{Array(a.data(), {n}), Array(b.data(), {n})}, out);
    std::vector<Numbers> r(out.size());
    for (std::size_t k = 0; k < out.size(); ++k)
      for (Index i = 0; i < out[k].size(); ++i) r[k].push_back(get(out[k], i));
    return r;
  };
  std::unique_ptr<Device> emulated;
  if (gpu_is_emulated())
    emulated = std::make_unique<GpuDevice>(
        "emulator", std::make_unique<emulator::EmulatorDriver>(emulator::Options{.check = true, .seed = 7}));
  Device& gpu = emulated ? *emulated : device(gpu_name());
  for (const double work : {0.0, 1e9}) {  // chunks as usual, and one chunk
    Executable on_cpu(rewrite::run(results, {}), inputs, {}, device("cpu"), "points");
    Executable on_gpu(rewrite::run(results, {}), inputs, {}, gpu, "points");
    for (const Index n : {1, 255, 256, 257, 1023, 1024, 1025, 2047, 2048, 2049, 2304, 4095, 4097, 8192, 10241}) {
      tile::set_work_of_a_chunk(work);
      const auto right = run(on_cpu, n), now = run(on_gpu, n);
      tile::set_work_of_a_chunk(0);
      for (std::size_t k = 0; k < right.size(); ++k)
        for (std::size_t i = 0; i < right[k].size(); ++i) {
          INFO("result " << k << " of " << n << " points, element " << i << ", work of a chunk " << work);
          REQUIRE(now[k][i] == Approx(right[k][i]).epsilon(2e-5).margin(2e-5));
        }
    }
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
