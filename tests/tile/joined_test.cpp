// Which neighbouring axes are one.
#include "tile/joined.h"

#include <algorithm>

#include "catch.h"
#include "croton/gradient.h"
#include "rewrite/passes.h"
#include "tile/graphs.h"

namespace croton::tile {
namespace {

Program program(const std::vector<Tensor>& t, BuildOptions options = {}) { return build(rewrite::run(t, {}), options); }

std::ptrdiff_t joined_axes(const std::vector<Tensor>& t, BuildOptions options = {}) {
  const Program p = program(t, options);
  return std::count_if(p.axes.begin(), p.axes.end(), [](const Axis& a) { return a.joined > 1; });
}

constexpr BuildOptions gpu{.fills_machine = rows_that_fill(DeviceClass::gpu)};

}  // namespace

TEST_CASE("height and width are one axis where both are folded, or nothing tells them apart") {
  const Tensor open = tensor("x", float32, Extents{any_extent, any_extent, any_extent, any_extent}),
               known = tensor("x", float32, {64, 64, 56, 56}), scale = fvector("s");
  for (const Tensor& x : {open, known}) {
    for (const BuildOptions& options : {BuildOptions{}, gpu}) {
      CHECK(joined_axes({mean(x, {2, 3})}, options) == 1);
      CHECK(joined_axes({max(x, {0, 2, 3})}, options) == 1);
      CHECK(joined_axes({x - mean(x, {2, 3}, keepdims)}, options) == 1);
      CHECK(joined_axes({grad(sum(relu(var(x, {2, 3}))), x)}, options) == 1);
      CHECK(joined_axes({sum(x, 1)}, options) == 1);
      CHECK(joined_axes({softmax(x, 1)}, options) == 1);
      CHECK(joined_axes({argmax(x, 1)}, options) == 1);
      CHECK(joined_axes({relu(x * reshape(scale, {scale.shape(0), 1, 1}))}, options) == 1);
    }
    const Program p = program({mean(x, {2, 3})});
    REQUIRE(p.steps.size() == 1);
    const Phase& phase = std::get<Phase>(p.steps[0]);
    CHECK(phase.parallel.size() == 2);
    CHECK(text(p).find("= x.shape[2] * x.shape[3]") != std::string::npos);
  }
  CHECK(extent_by_type(program({mean(known, {2, 3})}).axes.back()) == int64_t{56} * 56);
  CHECK(extent_by_type(program({mean(open, {2, 3})}).axes.back()) == -1);
  CHECK(joined_axes({sum(tensor("x", float32, Extents{any_extent, any_extent, any_extent, any_extent, any_extent}),
                         {2, 3, 4})}) == 1);  // three
  CHECK(joined_axes({sum(tensor("x", float32, Extents{any_extent, any_extent, any_extent}), {0, 1})}, gpu) == 1);
}

TEST_CASE("axes that stay together while others move are one") {
  const Tensor x = tensor("x", float32, Extents{any_extent, any_extent, any_extent, any_extent});
  for (const BuildOptions& options : {BuildOptions{}, gpu}) {
    CHECK(joined_axes({transpose(x, {0, 2, 3, 1}) * 2}, options) == 1);
    CHECK(joined_axes({transpose(x, {0, 3, 1, 2}) * 2}, options) == 1);
    CHECK(joined_axes({transpose(x, {1, 2, 3, 0}) * 2}, options) == 1);
    CHECK(joined_axes({transpose(x, {2, 3, 0, 1}) * 2}, options) == 2);
  }
}

TEST_CASE("axes that something tells apart, or that are better rows, stay") {
  const Tensor x = tensor("x", float32, Extents{any_extent, any_extent, any_extent, any_extent}), column = fmatrix("c"),
               index = lvector("i");
  CHECK(joined_axes({tanh(x) * 2}) == 0);  // one run over everything already
  CHECK(joined_axes({sum(x)}) == 0);
  CHECK(joined_axes({mean(x, {2, 3}), sum(x, 3)}) == 0);
  CHECK(joined_axes({mean(x, {2, 3}), x + fvector("w")}) == 0);
  CHECK(joined_axes({mean(x * arange(x.shape(3)), {2, 3})}) == 0);
  CHECK(joined_axes({mean(x(ellipsis, slice(1, 5)), {2, 3})}) == 0);
  CHECK(joined_axes({mean(x - transpose(x, {0, 1, 3, 2}), {2, 3})}) == 1);  // those in front
  CHECK(joined_axes({x - transpose(x, {3, 2, 1, 0})}) == 0);
  CHECK(joined_axes({x(0, 0) - transpose(x(0, 0), {1, 0})}) == 0);
  CHECK(joined_axes({mean(concatenate({x, x * 2}, 3), {2, 3}), mean(x, {2, 3})}) == 0);
  CHECK(joined_axes({mean(take(x, index, 3), {2, 3})}) == 0);
  CHECK(joined_axes({mean(tensor("x", float32, {any_extent, any_extent, 4, 4}), {2, 3})}) == 0);  // written out
  // what is in between stands elsewhere in memory than in the sum that something reads
  const Tensor y = sum(sum(transpose(x, {1, 0, 2, 3}), 3), 1);
  CHECK(joined_axes({y * reshape(fvector("v"), {-1, 1})}) == 0);
  const Tensor few = tensor("x", float32, {3, 4000, 4000}),
               batch = tensor("x", float32, Extents{any_extent, any_extent, any_extent});
  CHECK(joined_axes({sum(few, {1, 2})}) == 0);
  CHECK(joined_axes({sum(batch, {1, 2})}) == 1);
  CHECK(joined_axes({sum(batch, {1, 2})}, gpu) == 0);
  CHECK(joined_axes({dot(tensor("x", float32, Extents{any_extent, any_extent, any_extent}), column)}) == 0);
}

}  // namespace croton::tile
