// Products with a bias on the emulated GPU: one library call, and the same values as the processor's.
#include <cmath>
#include <limits>

#include "array/access.h"
#include "catch.h"
#include "croton/config.h"
#include "croton/ops.h"
#include "gpu.h"
#include "ops/evaluate.h"
#include "rewrite/passes.h"
#include "runtime/executable.h"
#include "runtime/fixture.h"
#include "runtime/plan.h"
#include "tile/build.h"
#include "tile/epilogue.h"
#include "tile/graphs.h"
#include "values.h"

namespace croton::runtime {
namespace {

struct Made {
  Array result;
  std::uint64_t launches = 0, library_calls = 0;
};
Made made(const Tensor& result, const std::vector<Tensor>& inputs, const std::vector<Array>& values) {
  Device& gpu = device(gpu_name());
  Executable one(rewrite::run(std::vector<Tensor>{result}, {}), inputs, std::vector<UpdateTarget>{}, gpu, "products");
  const Counters before = gpu.counters();
  std::vector<Array> out(1);
  one.run(values, out);
  gpu.synchronize();
  const Counters after = gpu.counters();
  return {out[0], after.launches - before.launches, after.library_calls - before.library_calls};
}

}  // namespace

TEST_CASE("a product with a bias is one library call", "[emulator][gpu]") {
  const Tensor x = fmatrix("x"), w = fmatrix("w"), b = fvector("b");
  const std::vector<Tensor> inputs{x, w, b};
  const auto [m, k, n] = GENERATE(table<Index, Index, Index>({{20, 30, 40}, {1, 3, 17}, {4, 0, 5}, {0, 3, 5}}));
  CAPTURE(m, k, n);
  const std::vector<Array> values{sines({m, k}, 1, float32), sines({k, n}, 2, float32), sines({n}, 3, float32)};
  for (const Tensor& t : {dot(x, w) + b, b + dot(x, w)}) {
    const Made one = made(t, inputs, values);
    CHECK(one.launches == 0);
    CHECK(one.library_calls == 1);
    const Array right =
        ops::evaluate(std::vector<Tensor>{t}, {{x.node(), values[0]}, {w.node(), values[1]}, {b.node(), values[2]}})[0];
    REQUIRE(one.result.size() == right.size());
    for (Index i = 0; i < right.size(); ++i)
      REQUIRE(get(one.result, i) == Approx(get(right, i)).epsilon(1e-5).margin(1e-5));
  }
}

TEST_CASE("a product that its bias is added to at once takes no memory of its own") {
  const Tensor x = fmatrix("x"), w = fmatrix("w"), b = fvector("b");
  const std::vector<Tensor> results = rewrite::run(std::vector<Tensor>{dot(x, w) + b}, {});
  const Target target = tile::graphs::gpu();
  const auto arena_bytes = [&](bool with_bias) {
    tile::Program p = tile::build(results);
    Target may = target;
    may.product_bias = with_bias;
    tile::take_epilogues(p, may);
    std::vector<tile::Nest> nests;
    for (const tile::Step& s : p.steps)
      if (const auto* phase = std::get_if<tile::Phase>(&s)) nests.push_back(tile::lower(p, *phase, may));
    Integers integers;
    const Shapes shapes = infer(p, {{x.node(), {64, 64}}, {w.node(), {64, 64}}, {b.node(), {64}}}, integers);
    return make_plan(p, nests, shapes, integers, may,
                     {.separate = false, .for_good = std::vector<bool>(p.buffers.size())})
        .arena_bytes;
  };
  CHECK(arena_bytes(false) == std::size_t{64} * 64 * sizeof(float));
  CHECK(arena_bytes(true) == 0);
}

TEST_CASE("a relu of a product with a bias keeps NaN, but with fastmath is the library's", "[emulator][gpu]") {
  const Tensor x = fmatrix("x"), w = fmatrix("w"), b = fvector("b"), t = relu(dot(x, w) + b);
  const std::vector<Array> values{sines({20, 30}, 1, float32), sines({30, 40}, 1, float32), sines({40}, 1, float32)};
  Array with_nan = values[0].copy();
  set(with_nan, 0, std::numeric_limits<double>::quiet_NaN());
  const Made usual = made(t, {x, w, b}, {with_nan, values[1], values[2]});
  CHECK(usual.launches == 1);
  CHECK(std::isnan(get(usual.result, 0)));
  const ScopedConfig scope("nvcc.fastmath=True");
  const Made fast = made(t, {x, w, b}, values);
  CHECK(fast.launches == 0);
  CHECK(fast.library_calls == 1);
  const Array right =
      ops::evaluate(std::vector<Tensor>{t}, {{x.node(), values[0]}, {w.node(), values[1]}, {b.node(), values[2]}})[0];
  for (Index i = 0; i < right.size(); ++i)
    REQUIRE(get(fast.result, i) == Approx(get(right, i)).epsilon(1e-5).margin(1e-5));
}

}  // namespace croton::runtime
