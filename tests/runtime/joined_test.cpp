// Neighbouring axes as one: every value is that of the axes by themselves, where they can be joined and where not.
#include "catch.h"
#include "croton/ops.h"
#include "runtime/emulators.h"

namespace croton::runtime {

TEST_CASE("axes that are joined, and axes that are not, give what the reference gives", "[emulator][gpu]") {
  const DType dtype = GENERATE(float32, DType::int16);
  const Tensor x = tensor("x", dtype, Extents{any_extent, any_extent, any_extent, any_extent}),
               y = tensor("y", dtype, Extents{any_extent, any_extent, any_extent, any_extent}),
               scale = tensor("s", dtype, {any_extent}), i = lvector("i");
  const Tensor by_channel = reshape(scale, {scale.shape(0), 1, 1});
  const std::vector<Tensor> inputs{x, y, scale, i};
  // each list is a function: what one of them says of an axis holds for the whole function
  std::vector<std::vector<Tensor>> functions{
      {sum(x, {2, 3}), max(x, {0, 2, 3}), x * by_channel},
      {x - max(x, {2, 3}, keepdims), sum(x * y, {1, 2, 3}), sum(x, 1), argmax(y, 1)},
      {sum(sum(transpose(x, {1, 0, 2, 3}), 3), 1) * reshape(scale, {-1, 1}), sum(sum(x, 2), 2)},
      {sum(x, {0, 1, 2}), x * sum(y, {1, 2}, keepdims)},
      {concatenate({x, x * by_channel}, 1), sum(concatenate({x, y}, 3), {2, 3})},
      {sum(x(ellipsis, slice(1, none), slice(none, none)) * by_channel, {2, 3}), any(x > by_channel, {2, 3})},
      {sum(take(x, i, 1), {2, 3}), max(take(y, i, 2), {2, 3})},
      {set_subtensor(x[slice(0, 1)], y[slice(0, 1)] * by_channel), sum(transpose(x, {2, 3, 0, 1}), {0, 1})},
      {sum(reshape(x, {x.shape(0), -1, x.shape(3)}), {1, 2}), prod(x, {2, 3})}};
  if (is_float(dtype)) functions.push_back({var(x, {2, 3}), softmax(x, 1), logsumexp(y, {2, 3})});
  const SmallChunks scope;
  for (std::size_t f = 0; f < functions.size(); ++f) {
    const OnEachDevice each(functions[f], inputs);
    for (const Shape& shape : {Shape{2, 3, 5, 7}, Shape{3, 2, 1, 40}, Shape{1, 4, 33, 2}, Shape{5, 20, 7, 9}}) {
      CAPTURE(f, name_of(dtype), shape);
      each.check({numbers(shape, dtype, 1), numbers(shape, dtype, 4), numbers({shape[1]}, dtype, 3),
                  Array(std::vector<std::int64_t>{0, 0})});
    }
  }
}

}  // namespace croton::runtime
