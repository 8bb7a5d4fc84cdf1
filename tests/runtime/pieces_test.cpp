// Rows cut into pieces: few long rows whose columns are summed, or that each element reads beside others, are the work
// of many chunks.
#include <algorithm>
#include <unordered_map>

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

namespace croton::runtime {
namespace {

std::size_t phases_to_cut(std::span<const Tensor> rewritten) {
  const tile::Program p = tile::build(rewritten);
  return static_cast<std::size_t>(std::count_if(p.steps.begin(), p.steps.end(), [&](const tile::Step& s) {
    const auto* phase = std::get_if<tile::Phase>(&s);
    return phase != nullptr && tile::axis_to_cut(p, *phase) != tile::no_axis;
  }));
}

}  // namespace

TEST_CASE("what goes along rows and columns, or sums columns, is right in pieces of any length", "[emulator][gpu]") {
  const DType dtype = GENERATE(float32, float64, DType::int16);
  const Tensor x = tensor("x", dtype, {any_extent, any_extent}), w = tensor("w", dtype, {any_extent}),
               i = tensor("i", DType::int64, {any_extent}),
               s = tensor("s", dtype, {any_extent, any_extent, any_extent});
  const std::vector<Tensor> inputs{x, w, i, s};
  std::vector<Tensor> results{sum(x, 0), max(x * w, 0), any(x > w, 0),          x * w + sum(x, 0),
                              x[i] * w,  sum(s, 1),     set_subtensor(x[i], w), concatenate({x, x * w}, 0)};
  if (is_float(dtype)) results.insert(results.end(), {var(x, 0), var(s, 1), logsumexp(s, 1)});
  results.push_back(argmax(s, 1));
  const std::vector<Tensor> rewritten = rewrite::run(results, {});
  CHECK(phases_to_cut(rewritten) > 0);
  const std::vector<std::unique_ptr<Device>> emulated =
      emulators({{.check = true, .seed = 7}, {.check = false, .seed = 1}});
  std::vector<std::unique_ptr<Executable>> all;
  const auto add = [&](Device& device) {
    all.push_back(std::make_unique<Executable>(rewritten, inputs, std::vector<UpdateTarget>{}, device, "pieces"));
  };
  add(device("cpu"));
  for (const auto& gpu : emulated) add(*gpu);
  if (emulated.empty()) add(device(gpu_name()));
  const SmallChunks scope;
  for (const Index rows : {1, 8, 13})
    for (const Index columns : {0, 1, 63, 64, 65, 257, 1000}) {
      CAPTURE(name_of(dtype), rows, columns);
      const std::vector<Array> values{numbers({rows, columns}, dtype, 1), numbers({columns}, dtype, 3),
                                      Array(std::vector<std::int64_t>{rows - 1, 0}),
                                      numbers({2, rows, columns}, dtype, 5)};
      std::unordered_map<const Node*, Array> given;
      for (std::size_t k = 0; k < inputs.size(); ++k) given.emplace(inputs[k].node(), values[k]);
      const std::vector<Array> right = ops::evaluate(results, given);
      for (const auto& one : all) {
        std::vector<Array> out(results.size());
        one->run(values, out);
        for (std::size_t k = 0; k < out.size(); ++k) {
          REQUIRE(out[k].shape() == right[k].shape());
          for (Index e = 0; e < out[k].size(); ++e) {
            INFO("result " << k << ", element " << e);
            REQUIRE(get(out[k], e) == Approx(get(right[k], e)).epsilon(1e-4).margin(1e-4));
          }
        }
      }
    }
}

}  // namespace croton::runtime
