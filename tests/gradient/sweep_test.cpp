// Every op that has a pullback, at the inputs that its declaration samples.
#include "base/dtype.h"
#include "catch.h"
#include "croton/ops.h"
#include "differences.h"
#include "ops/registry.h"

using namespace croton;
using namespace differences;

namespace {

Array sampled(const Type& t, const Interval& in, unsigned seed) {
  Extents shape(t.shape);
  for (Index& n : shape)
    if (n == any_extent) n = 5;
  if (is_float(t.dtype)) return numbers(shape, in.low, in.high, seed).astype(t.dtype);
  Array a = numbers(shape, in.low, in.high + 1, seed);
  for (Index i = 0; i < a.size(); ++i) set(a, i, std::floor(get(a, i)));
  return a.astype(t.dtype);
}

/// Differences need float64; other floats have the same pullback.
bool is_usable(const Sample& s) {
  bool any = false;
  for (const Type& t : s.inputs) {
    if (is_float(t.dtype) && t.dtype != float64) return false;
    any |= t.dtype == float64;
  }
  return any;
}

}  // namespace

TEST_CASE("the pullback of every op agrees with differences at its samples") {
  int tried = 0;
  for (const Op* op : ops::all()) {
    if (!op->pullback || op == &ops::zero_grad) continue;
    unsigned seed = 0;
    for (const Sample& s : op->samples()) {
      if (!is_usable(s)) continue;
      std::vector<Leaf> leaves;
      std::vector<Tensor> x;
      for (std::size_t i = 0; i < s.inputs.size(); ++i) {
        const Interval in = i < s.intervals.size() ? s.intervals[i] : Interval{};
        const Array values = sampled(s.inputs[i], in, ++seed);
        if (static_cast<int>(i) < op->parameters) {
          x.push_back(constant(values));
          continue;
        }
        x.push_back(tensor(fmt::format("x{}", i), s.inputs[i].dtype, Extents(s.inputs[i].shape)));
        leaves.push_back({x.back(), values});
      }
      INFO(op->name << " " << s.params.text() << " sample " << seed);
      const Tensor y = apply(*op, s.params, x, Where::here());
      if (y.dtype() != float64) continue;
      const Tensor weights = constant(numbers(value(y, leaves).shape(), 0.5, 1.5, ++seed));
      CHECK(disagreement(sum(y * weights), leaves, 2e-5) == "");
      ++tried;
    }
  }
  CHECK(tried > 60);
}
