// Error bounds to first order: what rounding in each op may add, and how far errors of its inputs move its result.
#include <algorithm>
#include <cmath>
#include <functional>

#include "array/access.h"
#include "base/dtype.h"
#include "base/float_control.h"
#include "ops/evaluate/bounds.h"
#include "ops/evaluate/loop.h"
#include "ops/evaluate/walk.h"
#include "ops/fourier.h"
#include "ops/ifelse.h"

namespace croton::ops {
namespace {

std::vector<Array> values_of(std::span<const Bounded> x) {
  std::vector<Array> out;
  for (const Bounded& b : x) out.push_back(b.value);
  return out;
}

// Where an index is doubtful, so is the row that it names; and every row, where it may have been written to another.
void doubt_rows(Bounded& out, const Bounded& index, bool all) {
  const std::span<bool> doubtful = out.doubtful.mutable_values<bool>();
  const auto rows = static_cast<std::size_t>(std::max<Index>(index.value.size(), 1));
  for (std::size_t i = 0; i < rows && index.value.size() > 0; ++i) {
    if (get(index.doubtful, static_cast<Index>(i)) == 0) continue;
    const auto row = doubtful.size() / rows;
    const auto part = all ? doubtful : doubtful.subspan(i * row, row);
    std::fill(part.begin(), part.end(), true);
  }
}

Bounded bounded_movement(const Call& call, std::span<const Bounded> x) {
  std::vector<Array> bounds, doubts;
  for (const Bounded& b : x) {
    bounds.push_back(b.bound);
    doubts.push_back(b.doubtful);
  }
  Bounded out{contiguous(run_movement(call, call.arguments())), contiguous(run_movement(call, bounds)),
              contiguous(run_movement(call, doubts))};
  const bool adds = (meaning<Write>(call.op()) || meaning<Scatter>(call.op())) && !call.params().flag("set");
  if (adds) add_rounding(out, summation_depth(call.argument(1).size()));
  if (meaning<FoldWindows>(call.op())) add_rounding(out, summation_depth(call.argument(0).shape().back()));
  if (meaning<Gather>(call.op()) || meaning<Scatter>(call.op())) doubt_rows(out, x[1], meaning<Scatter>(call.op()));
  return out;
}

Bounded bounded_convert(const Call& call, const Bounded& x) {
  Bounded out = exact(contiguous(run_convert(call)));
  const DType from = x.value.dtype(), to = out.value.dtype();
  const Elements in(x);
  const std::span<double> bound = out.bound.mutable_values<double>();
  const std::span<bool> doubtful = out.doubtful.mutable_values<bool>();
  for (std::size_t i = 0; i < bound.size(); ++i) {
    const double v = in.value[i], b = in.bound[i];
    if (is_float(to)) bound[i] = b;
    const bool another = to == DType::boolean ? std::fabs(v) <= b : std::trunc(v - b) != std::trunc(v + b);
    doubtful[i] = in.doubtful[i] || (!is_float(to) && b > 0 && another);
  }
  const bool digits_go = is_float(to) && (size_of(to) < size_of(from) || !is_float(from));
  if (digits_go) add_rounding(out, 1);
  return out;
}

Bounded bounded_transform(const Tensor& t, std::span<const Bounded> x, std::span<const Array> values) {
  Bounded out = exact(evaluate_node(t, values));
  bound_transform(node(t), values, x[0].bound, out.bound);
  const Array doubts = contiguous(x[0].doubtful);
  if (std::ranges::any_of(doubts.values<bool>(), std::identity()))
    std::ranges::fill(out.doubtful.mutable_values<bool>(), true);
  add_rounding(out, 1);
  return out;
}

Bounded step(const Tensor& t, std::span<const Bounded> x);

/// A graph on leaves of its own, walked in its turn.
std::vector<Bounded> walked(std::span<const Tensor> outputs, std::span<const Tensor> inputs,
                            std::span<const Bounded> x) {
  Values values;
  std::unordered_map<const Node*, const Bounded*> given;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    values.emplace(inputs[i].node(), x[i].value);
    given.emplace(inputs[i].node(), &x[i]);
  }
  const auto leaf = [&](const Node& n) { return given.contains(&n) ? *given.at(&n) : exact(leaf_value(n, values)); };
  const auto each = [](const Tensor& t, std::vector<Bounded>&& arguments) { return step(t, arguments); };
  return walk<Bounded>(outputs, values, leaf, each);
}

Bounded bounded_expansion(const Call& call, std::span<const Bounded> x) {
  const std::vector<Tensor> inputs = stand_ins(call.node());
  const Tensor whole = expanded(call.node(), inputs);
  return walked({&whole, 1}, inputs, x)[0];
}

Bounded bounded_loop(const Tensor& t, std::span<const Bounded> x, std::span<const Array> values) {
  const auto evaluated = [](std::span<const Tensor> outputs, std::span<const Tensor> inputs, std::vector<Bounded> row) {
    return walked(outputs, inputs, row);
  };
  const auto row = [](const Bounded& b, Index i) -> Bounded {
    return {row_of(b.value, i), row_of(b.bound, i), row_of(b.doubtful, i)};
  };
  const auto none = [](const Bounded& b) { return exact(no_row(b.value)); };
  return run_loop<Bounded>(t, x, values, {evaluated, row, none, exact});
}

Bounded step(const Tensor& t, std::span<const Bounded> x) {
  const std::vector<Array> values = values_of(x);
  if (meaning<Loop>(t)) return bounded_loop(t, x, values);
  if (meaning<IfElse>(t)) {
    const Subgraph& side = sides_of(t).side(holds(values[0]));
    return walked({&side.outputs[result_of(t)], 1}, side.inputs, x.subspan(1))[0];
  }
  const Call call(t, values);
  const Op& op = call.op();
  if (meaning<Pointwise>(op)) return bounded_pointwise(call, x);
  if (meaning<Convert>(op)) return bounded_convert(call, x[0]);
  if (const auto* r = meaning<Reduce>(op)) return bounded_reduce(call, r->monoid, x[0]);
  if (meaning<Contract>(op)) return bounded_contract(call, x);
  if (is_movement(op)) return bounded_movement(call, x);
  if (meaning<Expansion>(op)) return bounded_expansion(call, x);
  if (is_transform(t)) return bounded_transform(t, x, values);
  return exact(contiguous(evaluate_node(t, values)));
}

}  // namespace

Elements::Elements(const Bounded& b)
    : held{contiguous(b.value.astype(DType::float64)), contiguous(b.bound), contiguous(b.doubtful)},
      value(held[0].values<double>()),
      bound(held[1].values<double>()),
      doubtful(held[2].values<bool>()) {}

Bounded exact(const Array& value) {
  return {value, Array::zeros(value.shape(), DType::float64), Array::zeros(value.shape(), DType::boolean)};
}

double unit_in_last_place(double value, DType d) {
  const int digits = d == DType::float64 ? 53 : d == DType::float32 ? 24 : d == DType::float16 ? 11 : 8;
  const int least = d == DType::float64 ? -1074 : d == DType::float32 ? -149 : d == DType::float16 ? -24 : -133;
  if (!std::isfinite(value)) return 0;
  if (value == 0) return std::ldexp(1.0, least);
  return std::ldexp(1.0, std::max(std::ilogb(value) + 1 - digits, least));
}

double unit_roundoff(DType d) { return d == DType::float64 ? 0x1p-53 : 0x1p-24; }

double summation_depth(Index n) {
  constexpr Index block = 512;  // terms that an implementation may add one after another
  return static_cast<double>(std::min(n, block)) + std::log2(1.0 + static_cast<double>(n));
}

void add_rounding(Bounded& y, double units) {
  const DType d = y.value.dtype();
  if (!is_float(d) || units == 0) return;
  const Array value = contiguous(y.value.astype(DType::float64));
  const std::span<const double> v = value.values<double>();
  const std::span<double> bound = y.bound.mutable_values<double>();
  for (std::size_t i = 0; i < bound.size(); ++i) bound[i] += units * unit_in_last_place(v[i], d);
}

std::vector<Bounded> evaluate_bounded(std::span<const Tensor> outputs, const Values& leaves) {
  const FloatControl control;
  const auto leaf = [&](const Node& n) { return exact(leaf_value(n, leaves)); };
  const auto each = [](const Tensor& t, std::vector<Bounded>&& arguments) { return step(t, arguments); };
  return walk<Bounded>(outputs, leaves, leaf, each);
}

}  // namespace croton::ops
