// Along which axes the phases of a program go.
#include <algorithm>

#include "catch.h"
#include "tile/graphs.h"

namespace croton::tile {
namespace {

Program program(const Tensor& t) { return build(rewrite::run(std::vector<Tensor>{t}, {})); }

/// Whether lanes of the phase reach elements that lie apart: those that lie side by side are other points' of it.
bool strides(const Program& p, const Phase& phase) {
  const auto apart = [&](const Value& v) {
    if (v.kind != Value::Kind::load || v.index.size() < 2) return false;
    const AxisId side = v.index[static_cast<std::size_t>(p.buffers[static_cast<std::size_t>(v.buffer)].unit)];
    return std::find(phase.parallel.begin(), phase.parallel.end(), side) != phase.parallel.end();
  };
  return !phase.flat && std::any_of(phase.values.begin(), phase.values.end(), apart);
}
std::size_t phases_that_stride(const Tensor& t) {
  const Program p = program(t);
  return static_cast<std::size_t>(
      std::count_if(p.steps.begin(), p.steps.end(), [&](const Step& s) { return strides(p, std::get<Phase>(s)); }));
}

}  // namespace

TEST_CASE("what folds columns goes along rows, whatever the types say of extents") {
  const Tensor open = fmatrix("x"), tall = tensor("x", float32, {65536, 64}), wide = tensor("x", float32, {20, 500000});
  for (const Tensor& x : {open, tall, wide}) {
    CHECK(phases_that_stride(softmax(x, 0)) == 0);
    CHECK(phases_that_stride(logsumexp(x, 0)) == 0);
    CHECK(phases_that_stride(argmax(x, 0)) == 0);
  }
}

TEST_CASE("a fold over an axis in the middle computes what it folds, step by step, and writes down none of it") {
  const Tensor open = tensor("x", float32, Extents{any_extent, any_extent, any_extent}),
               known = tensor("x", float32, {8, 21, 65536});
  for (const Tensor& x : {open, known})
    for (const Tensor& t : {var(x, 1), logsumexp(x, 1), argmax(x, 1), sum(exp(x) * x + 1, 1)}) {
      const Program p = program(t);
      for (const Buffer& b : p.buffers) CHECK((b.kind != Buffer::Kind::value || b.node.ndim() < 3));
      CHECK(phases_that_stride(t) == 0);
    }
}

TEST_CASE("a short axis in front of rows is gone along, not written out") {
  const Tensor x = tensor("x", float32, {8, 21, 256, 256});
  const auto has_copies = [](const Tensor& t) {
    const Program p = program(t);
    return std::any_of(p.axes.begin(), p.axes.end(), [](const Axis& a) { return a.constant > 1; });
  };
  CHECK_FALSE(has_copies(sum(x, 1)));
  CHECK_FALSE(has_copies(x - mean(x, 3, keepdims)));
  CHECK(has_copies(sum(x, 0)));                                              // folded in registers
  CHECK(has_copies(sum(square(tensor("x", float32, {any_extent, 3})), 1)));  // within rows
}

}  // namespace croton::tile
