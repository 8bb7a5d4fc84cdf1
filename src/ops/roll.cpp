// Elements moved along an axis, round its end.
#include "base/dtype.h"
#include "base/error.h"
#include "croton/numpy.h"
#include "graph/walk.h"
#include "ops/extents.h"
#include "ops/families.h"
#include "ops/pointwise.h"
#include "ops/registry.h"

namespace croton {
namespace ops {
namespace {

Type roll_type(const TypeAt& t) { return {t.dtype(0), t.shapes[0]}; }

/// The two parts of a last axis, in the other order: both lie dense in memory.
Tensor in_two_parts(const Tensor& x, const Tensor& cut, Where w) {
  return croton::concatenate({x(ellipsis, croton::slice(cut, none)), x(ellipsis, croton::slice(cut))}, -1, w);
}

/// By rows elsewhere, so that what reads them computes them where it needs them: the stencils of a periodic grid.
Tensor roll_expanded(const At& at) {
  const Tensor &x = at.x[0], &by = at.x[1];
  const Where w = node(at.y).where;
  const int axis = static_cast<int>(at.params.integer("axis"));
  const Index known = type(x).shape[static_cast<std::size_t>(axis)];
  const Tensor n = known >= 0 ? integer(known, w) : extent(x, axis, w), shift = by % croton::maximum(n, 1, w);
  if (axis + 1 == x.ndim() && node(by).kind == NodeKind::constant) return in_two_parts(x, settled(n - shift, w), w);
  const Tensor from = arange(n, w) - shift;
  return croton::take(x, croton::where(from < 0, from + n, from, w), axis, w);
}

std::vector<Sample> roll_samples() {
  const Type shift{int64, {}};
  return {{{{float64, {3, 4}}, shift}, {{"axis", Index{0}}}},
          {{{float32, {any_extent, 5}}, shift}, {{"axis", Index{1}}}},
          {{{int64, {7}}, shift}, {{"axis", Index{0}}}}};
}

}  // namespace

constinit const Op roll{.name = "roll",
                        .doc =
                            "Each element moved on by so many places along an axis, those beyond its end to its "
                            "beginning (NumPy's roll).",
                        .arity = 2,
                        .type = roll_type,
                        .meaning = Expansion{roll_expanded},
                        .pullback = [](const At& at) -> Gradients {
                          return {apply(roll, at.params, {at.y_bar, -at.x[1]}, node(at.y).where), {}};
                        },
                        .samples = roll_samples};

Family roll_ops() {
  static constexpr const Op* list[] = {&roll};
  return list;
}

}  // namespace ops

Tensor roll(const Operand& of, const Operand& shift, int axis, Where w) {
  const WhereScope scope(w);
  const Tensor x = of.get(), by = shift.get(), both[] = {x, by};
  refuse_empty("roll", both, w);
  const int a = ops::axis_of("roll", axis, x, w);
  if (by.ndim() != 0 || !is_int(by.dtype()))
    fail_at<DTypeError>(w, "roll: the shift {} is {}; it is one integer", formula(by), text(type(by)));
  return apply(ops::roll, {{"axis", Index{a}}}, {x, ops::settled(cast(by, int64, w), w)}, w);
}

Tensor roll(const Operand& of, const Operand& shift, Where w) {
  const WhereScope scope(w);
  const Tensor x = of.get();
  refuse_empty("roll", {&x, 1}, w);
  Dims dims{};
  for (int d = 0; d < x.ndim(); ++d) dims.list.emplace_back(ops::extent(x, d, w));
  return reshape(roll(flatten(x, w), shift, 0, w), dims, w);
}

}  // namespace croton
