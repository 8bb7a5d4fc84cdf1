// Rounding of each element to an integer of its own type.
#include "base/dtype.h"
#include "croton/ops.h"
#include "ops/elementwise.h"
#include "ops/families.h"
#include "ops/pointwise.h"

namespace croton {
namespace ops {

constinit const Op floor{.name = "floor",
                         .doc = "The largest integer that is not above x; integers stay (NumPy's floor).",
                         .type = pointwise_type,
                         .meaning = Pointwise{"floor"},
                         .pullback = [](const At& at) -> Gradients { return {croton::zeros_like(at.x[0])}; },
                         .samples =
                             [] {
                               return float_samples({{0.1, 0.4}});
                             }};

constinit const Op ceil{.name = "ceil",
                        .doc = "The smallest integer that is not below x; integers stay (NumPy's ceil).",
                        .type = pointwise_type,
                        .meaning = Pointwise{"ceil"},
                        .pullback = [](const At& at) -> Gradients { return {croton::zeros_like(at.x[0])}; },
                        .samples =
                            [] {
                              return float_samples({{0.1, 0.4}});
                            }};

constinit const Op trunc{.name = "trunc",
                         .doc = "The integer next to x towards 0; integers stay (NumPy's trunc).",
                         .type = pointwise_type,
                         .meaning = Pointwise{"trunc"},
                         .pullback = [](const At& at) -> Gradients { return {croton::zeros_like(at.x[0])}; },
                         .samples =
                             [] {
                               return float_samples({{0.1, 0.4}});
                             }};

constinit const Op round{
    .name = "round",
    .doc = "The integer next to x, halves to the even one; integers stay (NumPy's round and rint).",
    .type = pointwise_type,
    .meaning = Pointwise{"rint"},
    .pullback = [](const At& at) -> Gradients { return {croton::zeros_like(at.x[0])}; },
    .samples =
        [] {
          return float_samples({{0.1, 0.4}});
        }};

Family rounding_ops() {
  static constexpr const Op* list[] = {&floor, &ceil, &trunc, &round};
  return list;
}

}  // namespace ops

namespace {

/// Integers and bools are whole already.
Tensor rounded(const Op& op, const Tensor& x, Where w) {
  refuse_empty(op.name, {&x, 1}, w);
  return is_float(x.dtype()) ? ops::pointwise(op, {x}, w) : x;
}

}  // namespace

Tensor floor(const Tensor& x, Where w) { return rounded(ops::floor, x, w); }
Tensor ceil(const Operand& x, Where w) { return rounded(ops::ceil, x.get(), w); }
Tensor trunc(const Operand& x, Where w) { return rounded(ops::trunc, x.get(), w); }
Tensor round(const Tensor& x, Where w) { return rounded(ops::round, x, w); }

}  // namespace croton
