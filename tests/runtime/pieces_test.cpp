// Rows cut into pieces: few long rows whose columns are summed, or that each element reads beside others, are the work
// of many chunks.
#include <algorithm>

#include "catch.h"
#include "croton/ops.h"
#include "rewrite/passes.h"
#include "runtime/emulators.h"
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
  CHECK(phases_to_cut(rewrite::run(results, {})) > 0);
  const OnEachDevice each(results, inputs);
  const SmallChunks scope;
  for (const Index rows : {1, 8, 13})
    for (const Index columns : {0, 1, 63, 64, 65, 257, 1000}) {
      CAPTURE(name_of(dtype), rows, columns);
      each.check({numbers({rows, columns}, dtype, 1), numbers({columns}, dtype, 3),
                  Array(std::vector<std::int64_t>{rows - 1, 0}), numbers({2, rows, columns}, dtype, 5)});
    }
}

}  // namespace croton::runtime
