// Choosing between elements: where(condition, yes, no) and clip.
#include "croton/ops.h"
#include "ops/elementwise.h"
#include "ops/families.h"
#include "ops/pointwise.h"

namespace croton {
namespace ops {
namespace {

std::vector<Sample> select_samples() {
  std::vector<Sample> s = join(float_samples({{0, 2}, {-4, 4}, {-4, 4}}), int_samples({{0, 2}, {-4, 4}, {-4, 4}}));
  for (Sample& one : s) one.inputs[0].dtype = DType::boolean;
  return s;
}

}  // namespace

constinit const Op select{.name = "select",
                          .doc = "yes where the condition is true, no elsewhere (NumPy's where, Theano's switch).",
                          .arity = 3,
                          .type = pointwise_type,
                          .meaning = Pointwise{"select"},
                          .pullback = [](const At& at) -> Gradients {
                            return {Tensor(), where(at.x[0], at.y_bar, 0), where(at.x[0], 0, at.y_bar)};
                          },
                          .samples = select_samples};

constinit const Op clip{.name = "clip",
                        .doc =
                            "x moved into [low, high]: minimum(maximum(x, low), high) (NumPy's clip). The gradient "
                            "passes inside and on the edges.",
                        .arity = 3,
                        .type = same_dtype_type,
                        .meaning = Expansion{[](const At& at) -> Tensor {
                          return croton::minimum(croton::maximum(at.x[0], at.x[1]), at.x[2]);
                        }},
                        .pullback = [](const At& at) -> Gradients {
                          const Tensor &x = at.x[0], &low = at.x[1], &high = at.x[2];
                          const Tensor crossed = low > high, below = croton::logical_and(x < low, !crossed),
                                       above = croton::logical_or(x > high, crossed);  // high wins
                          return {where(croton::logical_or(below, above), 0, at.y_bar), where(below, at.y_bar, 0),
                                  where(above, at.y_bar, 0)};
                        },
                        .samples =
                            [] {
                              const std::vector<Interval> i = {{-4, 4}, {-2, 0}, {1, 2}};
                              return join(float_samples(i), int_samples({{-4, 4}, {0, 1}, {1, 2}}));
                            }};

Family select_ops() {
  static constexpr const Op* list[] = {&select, &clip};
  return list;
}

}  // namespace ops

Tensor where(const Tensor& condition, const Operand& yes, const Operand& no, Where w) {
  const WhereScope scope(w);
  return ops::pointwise_select(ops::select, {condition, yes, no}, w);
}
Tensor clip(const Tensor& x, const Operand& low, const Operand& high, Where w) {
  return apply(ops::clip, {}, ops::same_dtype_operands("clip", {x, low, high}, w), w);
}

}  // namespace croton
