// Loops by the evaluators, for values of any kind: the step's graph evaluated once a row.
#pragma once
#include "base/error.h"
#include "ops/evaluate.h"
#include "ops/loop.h"

namespace croton::ops {

/// What a loop does to values of kind V.
template <class V>
struct LoopOn {
  std::vector<V> (*evaluate)(std::span<const Tensor> outputs, std::span<const Tensor> inputs, std::vector<V> values);
  V (*row)(const V&, Index i);
  /// What a row would be, where there are none: zeros.
  V (*no_row)(const V&);
  V (*exact)(const Array&);
};

/// The arrays that a value is made of, in an order of its own.
inline std::vector<const Array*> arrays_of(const Array& a) { return {&a}; }
inline std::vector<Array*> arrays_of(Array& a) { return {&a}; }
inline std::vector<const Array*> arrays_of(const Bounded& b) { return {&b.value, &b.bound, &b.doubtful}; }
inline std::vector<Array*> arrays_of(Bounded& b) { return {&b.value, &b.bound, &b.doubtful}; }

/// The node's value. `arguments` are those of all its inputs, `plain` the same as plain arrays.
template <class V>
V run_loop(const Tensor& t, std::span<const V> arguments, std::span<const Array> plain, const LoopOn<V>& on) {
  const LoopForm f = form_of(t);
  const std::size_t result = result_of(t);
  const LoopPart part = needed_part(f, {&result, 1});
  const Index steps = steps_of(t, plain);
  std::vector<V> values;
  for (const std::size_t k : part.inputs) values.push_back(arguments[k + 1]);
  const auto is_row = [&](std::size_t k) { return part.inputs[k] >= f.carries && part.inputs[k] < f.capture(0); };
  // where the wanted result stands among the carries, or among the step's outputs
  const bool stacks_before = f.is_before(result), stacks_ys = f.is_y(result);
  const std::size_t at = stacks_ys       ? part.carries.size() + place_in(part.ys, result - f.y(0))
                         : stacks_before ? place_in(part.carries, result - f.before(0))
                                         : place_in(part.carries, result);
  V out;
  const RowMemory memory;
  std::vector<Stack> stacks(arrays_of(out).size(), Stack(t, steps, memory));
  const auto step = [&](Index i) {
    std::vector<V> now = values;
    for (std::size_t k = 0; k < now.size(); ++k)
      if (is_row(k)) now[k] = steps > 0 ? on.row(values[k], i) : on.no_row(values[k]);
    return on.evaluate(part.step.outputs, part.step.inputs, std::move(now));
  };
  const auto stack = [&](Index s, const V& row) {
    const std::vector<const Array*> arrays = arrays_of(row);
    for (std::size_t k = 0; k < stacks.size(); ++k)
      steps > 0 ? stacks[k].put(s, *arrays[k]) : stacks[k].like(*arrays[k]);
  };
  bool ended = false;
  Index count = 0;
  for (; count < steps && !ended; ++count) {
    if (stacks_before) stack(count, values[at]);
    std::vector<V> made = step(f.reverse ? steps - 1 - count : count);
    if (stacks_ys) stack(count, made[at]);
    ended = f.until && holds(*arrays_of(std::as_const(made.back()))[0]);
    for (std::size_t k = 0; k < part.carries.size(); ++k) {
      check_carry(t, part.carries[k], arrays_of(std::as_const(values[k]))[0]->shape(),
                  arrays_of(std::as_const(made[k]))[0]->shape());
      values[k] = std::move(made[k]);
    }
  }
  if (f.is_last(result)) return values[at];
  if (!stacks_before && !stacks_ys) return on.exact(Array::scalar(count));
  // a loop of no steps runs one on zeros, to see how large its rows would be; not every step can take zeros
  const auto row_of_nothing = [&] {
    try {
      return step(0)[at];
    } catch (const Error&) { return on.exact(row_by_type(t)); }
  };
  if (steps == 0) stack(0, stacks_before ? values[at] : row_of_nothing());
  const std::vector<Array*> arrays = arrays_of(out);
  for (std::size_t k = 0; k < stacks.size(); ++k) *arrays[k] = stacks[k].all();
  return out;
}

}  // namespace croton::ops
