// Products and quotients of gradients: 0 where the gradient is 0, whatever the other factor. They are ops, not select
// written out, because they are linear in the gradient: a second derivative must not see the mask.
#include "croton/ops.h"
#include "graph/walk.h"
#include "ops/broadcasting.h"
#include "ops/families.h"
#include "ops/pointwise.h"
#include "ops/registry.h"

namespace croton::ops {
namespace {

Type masked_type(const TypeAt& t) { return {t.dtype(0), broadcast_shape(t)}; }

Tensor masked_node(const Op& op, const Tensor& g, const Tensor& other) {
  const Where w = Where::here();
  const int rank = std::max(g.ndim(), other.ndim());
  return apply(op, {}, {with_rank(g, rank, w), with_rank(converted(other, g.dtype(), w), rank, w)}, w);
}

std::vector<Sample> masked_samples() {
  return {{{{float64, {3, 4}}, {float64, {3, 4}}}, {}, {{-4, 4}, {0.5, 4}}},
          {{{float32, {3, 4}}, {float32, {1, 4}}}, {}, {{-4, 4}, {0.5, 4}}}};
}

}  // namespace

constinit const Op masked_product{
    .name = "masked_product",
    .doc = "g * factor, and 0 where g is 0, also where the factor is infinite or NaN.",
    .arity = 2,
    .type = masked_type,
    .meaning = Expansion{[](const At& at) { return croton::where(at.x[0] == 0, 0, at.x[0] * at.x[1]); }},
    .pullback = [](const At& at) -> Gradients {
      return {masked(at.y_bar, at.x[1]), masked(at.y_bar, at.x[0])};
    },
    .samples = masked_samples};

constinit const Op masked_quotient{
    .name = "masked_quotient",
    .doc = "g / divisor, and 0 where g is 0, also where the divisor is 0 or NaN.",
    .arity = 2,
    .type = masked_type,
    .meaning = Expansion{[](const At& at) { return croton::where(at.x[0] == 0, 0, at.x[0] / at.x[1]); }},
    .pullback = [](const At& at) -> Gradients {
      return {quotient(at.y_bar, at.x[1]), quotient(masked(-at.y, at.y_bar), at.x[1])};
    },
    .samples = masked_samples};

Tensor masked(const Tensor& g, const Tensor& factor) { return masked_node(masked_product, g, factor); }

Tensor quotient(const Tensor& g, const Tensor& divisor) {
  const bool fixed = node(divisor).kind == NodeKind::constant;
  return fixed ? g / divisor : masked_node(masked_quotient, g, divisor);
}

Family masked_ops() {
  static constexpr const Op* list[] = {&masked_product, &masked_quotient};
  return list;
}

}  // namespace croton::ops
