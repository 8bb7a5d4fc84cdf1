// Phases that share a kernel on the emulated GPU: one launch, and the values and bits of launches of their own.
#include <algorithm>
#include <cmath>

#include "array/access.h"
#include "catch.h"
#include "croton/ops.h"
#include "gpu.h"
#include "ops/evaluate.h"
#include "rewrite/passes.h"
#include "runtime/executable.h"
#include "runtime/fixture.h"
#include "runtime/plan.h"
#include "runtime/storage.h"
#include "tile/beside.h"
#include "tile/build.h"
#include "tile/graphs.h"
#include "values.h"

namespace croton::runtime {
namespace {

void require_equal(const Array& a, const Array& b, double tolerance = 1e-6) {
  REQUIRE(a.size() == b.size());
  for (Index i = 0; i < a.size(); ++i) REQUIRE(get(a, i) == Approx(get(b, i)).epsilon(tolerance).margin(tolerance));
}

}  // namespace

TEST_CASE("phases side by side are one launch and give what they give alone", "[emulator][gpu]") {
  const auto [n, m] = GENERATE(table<Index, Index>({{1, 1}, {3000, 40000}, {40000, 3000}, {0, 5}, {5, 0}, {0, 0}}));
  CAPTURE(n, m);
  const Tensor x = fvector("x"), y = fvector("y"), z = fvector("z");
  const std::vector<Tensor> inputs{x, y, z}, results{exp(x), y * 3.0f, x + 1.0f, z[0] + z[1]};
  const std::vector<Array> values{sines({n}, 1, float32), sines({m}, 2, float32), sines({2}, 3, float32)};
  Device& gpu = device(gpu_name());
  Executable one(rewrite::run(results, {}), inputs, std::vector<UpdateTarget>{}, gpu, "beside");
  CHECK(one.launches_per_run() == 1);
  CHECK(one.explain().find("steps 0 to 2: one kernel, side by side\n") != std::string::npos);
  const std::uint64_t before = gpu.counters().launches;
  std::vector<Array> out(results.size());
  for (int k = 0; k < 3; ++k) one.run(values, out);  // alone, recorded, replayed
  gpu.synchronize();
  CHECK(gpu.counters().launches - before == 3);
  for (std::size_t k = 0; k < results.size(); ++k)
    require_equal(out[k], ops::evaluate(std::vector<Tensor>{results[k]},
                                        {{x.node(), values[0]}, {y.node(), values[1]}, {z.node(), values[2]}})[0]);
}

TEST_CASE("columns and single sums of partials are added up in one launch", "[emulator][gpu]") {
  const Tensor x = tensor("x", float32, {any_extent, 3}), w = tensor("w", float32, {3, 200});
  const Tensor h = tanh(dot(x, w));
  const std::vector<Tensor> results{sum(h, 0), sum(x, 0), max(h)};
  const std::vector<Array> values{sines({700, 3}, 1, float32), sines({3, 200}, 2, float32)};
  Executable one(rewrite::run(results, {}), {x, w}, std::vector<UpdateTarget>{}, device(gpu_name()), "sums");
  CHECK(one.launches_per_run() == 2);
  std::vector<Array> out(results.size());
  one.run(values, out);
  const auto right = ops::evaluate(results, {{x.node(), values[0]}, {w.node(), values[1]}});
  for (std::size_t k = 0; k < results.size(); ++k) require_equal(out[k], right[k], 1e-4);
}

TEST_CASE("an update that is written where another phase reads has a launch of its own", "[emulator][gpu]") {
  const Tensor w = make_shared({float32, {any_extent}}, std::make_shared<SharedStorage>(sines({5000}, 1, float32)), "w",
                               Where::here());
  const Tensor x = fvector("x");
  const auto launches = [&](const std::vector<Tensor>& results, std::vector<UpdateTarget> updates) {
    return Executable(rewrite::run(results, {}), {x}, std::move(updates), device(gpu_name()), "updates")
        .launches_per_run();
  };
  CHECK(launches({w[0] * 3.0f + x[0], w * 2.0f}, {}) == 1);
  CHECK(launches({w[0] * 3.0f + x[0], w * 2.0f}, {{w, 1}}) == 2);
  CHECK(launches({x[0] * 3.0f, w * 2.0f}, {{w, 1}}) == 1);
}

TEST_CASE("phases whose words are more than a kernel's parameters have kernels of their own", "[emulator][gpu]") {
  std::vector<Tensor> inputs, sums;
  std::vector<Array> values;
  for (int k = 0; k < 2; ++k) {
    Tensor sum;
    for (int i = 0; i < 300; ++i) {
      inputs.push_back(fvector("x"));
      values.push_back(sines({10}, i, float32));
      sum = i == 0 ? inputs.back() : sum + inputs.back();
    }
    sums.push_back(sum);
  }
  Executable one(rewrite::run(sums, {}), inputs, std::vector<UpdateTarget>{}, device(gpu_name()), "sums");
  CHECK(one.launches_per_run() == 2);
  CHECK(one.explain().find("side by side") == std::string::npos);
  std::vector<Array> out(2);
  one.run(values, out);
  std::unordered_map<const Node*, Array> given;
  for (std::size_t k = 0; k < inputs.size(); ++k) given.emplace(inputs[k].node(), values[k]);
  const auto right = ops::evaluate(sums, given);
  for (std::size_t k = 0; k < 2; ++k) require_equal(out[k], right[k], 1e-4);
}

TEST_CASE("what a phase reads for the last time is no place for what another beside it makes") {
  const Tensor x = tensor("x", float32, {100, 100}), w = tensor("w", float32, {100, 100}),
               z = tensor("z", float32, {100, 100}), u = tensor("u", float32, {100, 100});
  const std::vector<Tensor> results = rewrite::run(std::vector<Tensor>{exp(dot(x, w)), dot(transpose(tanh(z)), u)}, {});
  tile::Program p = tile::build(results);
  REQUIRE(p.steps.size() == 4);
  std::rotate(p.steps.begin(), p.steps.begin() + 2, p.steps.end());  // x w, its exp, tanh(z), its product
  INFO(tile::text(p));
  const Target gpu = tile::graphs::gpu();
  const std::vector<tile::Beside> groups = tile::side_by_side(p, {}, gpu);
  REQUIRE(groups.size() == 1);
  std::vector<tile::Nest> nests;
  for (const tile::Step& s : p.steps)
    if (const auto* phase = std::get_if<tile::Phase>(&s)) nests.push_back(tile::lower(p, *phase, gpu));
  REQUIRE(nests.size() == 2);
  Shapes shapes;
  for (const Tensor& t : {x, w, z, u}) shapes[t.node()] = {100, 100};
  const auto bytes_between = [&](bool beside) {
    nests[1].beside = beside;
    Integers integers;
    return make_plan(p, nests, infer(p, shapes, integers), integers, gpu, {}).arena_bytes;
  };
  CHECK(bytes_between(false) == 40000);
  CHECK(bytes_between(true) >= 80000);
}

}  // namespace croton::runtime
