// Columns of partials on the emulated GPU: what many blocks left of sums is added up by groups of threads, of a
// variance by the warps of a block.
#include <algorithm>
#include <cmath>

#include "array/access.h"
#include "catch.h"
#include "croton/ops.h"
#include "ops/evaluate.h"
#include "rewrite/passes.h"
#include "runtime/emulators.h"
#include "runtime/executable.h"
#include "runtime/fixture.h"
#include "tile/build.h"
#include "tile/chunks.h"
#include "tile/graphs.h"

namespace croton::runtime {
namespace {

/// Of the columns of x: one, two, and one beside a sum.
std::vector<Tensor> variances(const Tensor& x) {
  const Tensor one = var(x, 0);
  return {one, (x - 1000) * rsqrt(var(x, 0, keepdims) + 1e-3f), one + var(square(x - 1000), 0), one + sum(x, 0)};
}

/// Close to 1000, far from each other by some.
Array numbers_near_1000(Index rows, Index columns, DType dtype) {
  std::vector<double> x;
  for (Index i = 0; i < rows * columns; ++i) x.push_back(1000 + std::sin(12.9898 * static_cast<double>(i)));
  return Array(x.data(), {rows, columns}).astype(dtype);
}

}  // namespace

TEST_CASE("a variance of columns is brought together by 16 warps of a block") {
  const Target gpu = tile::graphs::gpu();
  for (const Tensor& t : variances(fmatrix("x"))) {
    const tile::Program p = tile::build(rewrite::run(std::vector<Tensor>{t}, {}));
    const auto last = std::find_if(p.steps.begin(), p.steps.end(), [&](const tile::Step& s) {
      const auto* phase = std::get_if<tile::Phase>(&s);
      return phase != nullptr && tile::columns_at_once(p, *phase, DeviceClass::gpu) > 0;
    });
    REQUIRE(last != p.steps.end());
    const tile::Nest nest = tile::lower(p, std::get<tile::Phase>(*last), gpu);
    tile::verify(nest, gpu);
    CHECK(nest.lanes == 512);
    CHECK(nest.by_warps);
  }
}

TEST_CASE("sums of columns are added up by groups of 8 to 32 threads, right and with the same bits in every order",
          "[emulator][gpu]") {
  const auto [columns, width] = GENERATE(table<Index, int>({{40, 8}, {1003, 8}, {4000, 16}, {4300, 32}}));
  const Tensor x = tensor("x", float32, {any_extent, columns});
  const std::vector<Tensor> inputs{x}, results{sqrt(sum(x, 0)) + max(x, 0), sum(square(x), 0) - x[0]};
  const std::vector<Tensor> rewritten = rewrite::run(results, {});
  const tile::Program program = tile::build(rewritten);
  std::vector<int> widths;
  for (const tile::Step& s : program.steps)
    widths.push_back(tile::columns_at_once(program, std::get<tile::Phase>(s), DeviceClass::gpu));
  CHECK(std::count(widths.begin(), widths.end(), width) > 0);
  CHECK(std::all_of(widths.begin(), widths.end(), [only = width](int w) { return w == 0 || w == only; }));
  const std::vector<std::unique_ptr<Device>> emulated =
      emulators({{.check = true, .seed = 7}, {.check = false, .seed = 1}});
  const SmallChunks scope;
  for (const Index rows : {1, 40, 300}) {
    const std::vector<Array> values{numbers_near_1000(rows, columns, float32)};
    const std::vector<Array> right = ops::evaluate(results, {{x.node(), values[0]}});
    std::vector<Array> first;
    const auto check = [&](Device& gpu) {
      Executable one(rewritten, inputs, std::vector<UpdateTarget>{}, gpu, "sums");
      std::vector<Array> out(results.size());
      one.run(values, out);
      if (first.empty()) first = out;
      for (std::size_t k = 0; k < out.size(); ++k)
        for (Index i = 0; i < out[k].size(); ++i) {
          INFO(rows << " rows, result " << k << ", element " << i);
          REQUIRE(get(out[k], i) == get(first[k], i));
          REQUIRE(get(out[k], i) == Approx(get(right[k], i)).epsilon(1e-5));
        }
    };
    for (const auto& gpu : emulated) check(*gpu);
    if (emulated.empty()) check(device(gpu_name()));
  }
}

TEST_CASE("variances of columns are right in few blocks and many, and have the same bits in every order",
          "[emulator][gpu]") {
  const DType dtype = GENERATE(float32, float64);
  const std::vector<Tensor> inputs{tensor("x", dtype, {any_extent, any_extent})};
  const std::vector<Tensor> results = variances(inputs[0]), rewritten = rewrite::run(results, {});
  const std::vector<std::unique_ptr<Device>> emulated =
      emulators({{.check = true, .seed = 0}, {.check = true, .seed = 7}, {.check = false, .seed = 1}});
  std::vector<std::unique_ptr<Executable>> all;
  all.reserve(emulated.size());
  for (const auto& gpu : emulated)
    all.push_back(std::make_unique<Executable>(rewritten, inputs, std::vector<UpdateTarget>{}, *gpu, "variances"));
  if (all.empty())
    all.push_back(
        std::make_unique<Executable>(rewritten, inputs, std::vector<UpdateTarget>{}, device(gpu_name()), "variances"));
  const SmallChunks scope;
  for (const Index columns : {1, 31, 33, 70})
    for (const Index rows : {1, 9, 127, 300}) {
      CAPTURE(name_of(dtype), columns, rows);
      const std::vector<Array> values{numbers_near_1000(rows, columns, dtype)};
      const std::vector<Array> right = ops::evaluate(results, {{inputs[0].node(), values[0]}});
      std::vector<Array> first;
      for (const auto& one : all) {
        std::vector<Array> out(results.size());
        one->run(values, out);
        if (first.empty()) first = out;
        for (std::size_t k = 0; k < out.size(); ++k)
          for (Index i = 0; i < out[k].size(); ++i) {
            INFO("result " << k << ", element " << i);
            REQUIRE(get(out[k], i) == get(first[k], i));
            REQUIRE(get(out[k], i) == Approx(get(right[k], i)).epsilon(1e-4).margin(1e-4));
          }
      }
    }
}

}  // namespace croton::runtime
