// What is read in another order than it is written: tiles of rows, and axes that stay together as one.
#include "catch.h"
#include "croton/ops.h"
#include "runtime/emulators.h"

namespace croton::runtime {

TEST_CASE("transposed operands give what the reference gives, by whole tiles of rows and by what is left",
          "[emulator][gpu]") {
  const DType dtype = GENERATE(float32, float64, DType::int8, DType::boolean);
  const bool by_few = GENERATE(true, false);
  const Tensor x = tensor("x", dtype, {any_extent, any_extent}),
               y = tensor("y", dtype, Extents{any_extent, any_extent, any_extent, any_extent});
  const std::vector<Tensor> inputs{x, y};
  const auto mixed = [&](const Tensor& a, const Tensor& b) {
    return dtype == DType::boolean ? logical_xor(a, b) : a * b + a;
  };
  const std::vector<std::vector<Tensor>> functions{
      {logical_not(x.T())},
      {mixed(x.T(), x(0, all)[0]), mixed(transpose(y, {0, 2, 3, 1}), y(0, 0, 0, 0))},
      {mixed(transpose(y, {0, 3, 1, 2}), y(0, 0, 0, 0)), sum(x.T(), 1)},
      {mixed(transpose(y, {3, 1, 2, 0}), y(0, 0, 0, 0)), max(transpose(y, {2, 3, 1, 0}), 3)}};
  std::optional<SmallChunks> scope;
  if (by_few) scope.emplace();
  for (std::size_t f = 0; f < functions.size(); ++f) {
    const OnEachDevice each(functions[f], inputs);
    for (const Index n : {1, 7, 16, 25, 49}) {
      const Shape shape{n, n / 2 + 3}, four{2, n / 3 + 1, 5, n % 20 + 1};
      CAPTURE(f, name_of(dtype), n);
      each.check({numbers(shape, dtype, 1), numbers(four, dtype, 4)});
    }
  }
}

}  // namespace croton::runtime
