// Comparisons of each element and questions about it; the results are bool.
#include "croton/ops.h"
#include "ops/elementwise.h"
#include "ops/families.h"
#include "ops/pointwise.h"

namespace croton {
namespace ops {

constinit const Op equal{
    .name = "equal",
    .doc = "a == b (NumPy's equal).",
    .arity = 2,
    .type = pointwise_type,
    .meaning = Pointwise{"eq"},
    .no_gradient = discrete,
    .samples = [] {
      return join(join(float_samples({{-4, 4}, {-4, 4}}), int_samples({{-4, 4}, {-4, 4}})), bool_samples(2));
    }};

constinit const Op not_equal{
    .name = "not_equal",
    .doc = "a != b (NumPy's not_equal); true where one is NaN.",
    .arity = 2,
    .type = pointwise_type,
    .meaning = Pointwise{"ne"},
    .no_gradient = discrete,
    .samples = [] {
      return join(join(float_samples({{-4, 4}, {-4, 4}}), int_samples({{-4, 4}, {-4, 4}})), bool_samples(2));
    }};

constinit const Op less{
    .name = "less",
    .doc = "a < b (NumPy's less).",
    .arity = 2,
    .type = pointwise_type,
    .meaning = Pointwise{"lt"},
    .no_gradient = discrete,
    .samples = [] {
      return join(join(float_samples({{-4, 4}, {-4, 4}}), int_samples({{-4, 4}, {-4, 4}})), bool_samples(2));
    }};

constinit const Op less_equal{
    .name = "less_equal",
    .doc = "a <= b (NumPy's less_equal).",
    .arity = 2,
    .type = pointwise_type,
    .meaning = Pointwise{"le"},
    .no_gradient = discrete,
    .samples = [] {
      return join(join(float_samples({{-4, 4}, {-4, 4}}), int_samples({{-4, 4}, {-4, 4}})), bool_samples(2));
    }};

constinit const Op greater{
    .name = "greater",
    .doc = "a > b (NumPy's greater).",
    .arity = 2,
    .type = pointwise_type,
    .meaning = Pointwise{"gt"},
    .no_gradient = discrete,
    .samples = [] {
      return join(join(float_samples({{-4, 4}, {-4, 4}}), int_samples({{-4, 4}, {-4, 4}})), bool_samples(2));
    }};

constinit const Op greater_equal{
    .name = "greater_equal",
    .doc = "a >= b (NumPy's greater_equal).",
    .arity = 2,
    .type = pointwise_type,
    .meaning = Pointwise{"ge"},
    .no_gradient = discrete,
    .samples = [] {
      return join(join(float_samples({{-4, 4}, {-4, 4}}), int_samples({{-4, 4}, {-4, 4}})), bool_samples(2));
    }};

constinit const Op isnan{.name = "isnan",
                         .doc = "Whether x is NaN (NumPy's isnan).",
                         .type = pointwise_type,
                         .meaning = Pointwise{"isnan"},
                         .no_gradient = discrete,
                         .samples = [] {
                           return float_samples({{-4, 4}});
                         }};

constinit const Op isinf{.name = "isinf",
                         .doc = "Whether x is an infinity (NumPy's isinf).",
                         .type = pointwise_type,
                         .meaning = Pointwise{"isinf"},
                         .no_gradient = discrete,
                         .samples = [] {
                           return float_samples({{-4, 4}});
                         }};

constinit const Op isfinite{.name = "isfinite",
                            .doc = "Whether x is neither NaN nor an infinity (NumPy's isfinite).",
                            .type = pointwise_type,
                            .meaning = Pointwise{"isfinite"},
                            .no_gradient = discrete,
                            .samples = [] {
                              return float_samples({{-4, 4}});
                            }};

Family compare_ops() {
  static constexpr const Op* list[] = {&equal,         &not_equal, &less,  &less_equal, &greater,
                                       &greater_equal, &isnan,     &isinf, &isfinite};
  return list;
}

}  // namespace ops

Tensor operator==(Operand a, Operand b) { return ops::pointwise(ops::equal, {a, b}, a.where()); }
Tensor operator!=(Operand a, Operand b) { return ops::pointwise(ops::not_equal, {a, b}, a.where()); }
Tensor operator<(Operand a, Operand b) { return ops::pointwise(ops::less, {a, b}, a.where()); }
Tensor operator<=(Operand a, Operand b) { return ops::pointwise(ops::less_equal, {a, b}, a.where()); }
Tensor operator>(Operand a, Operand b) { return ops::pointwise(ops::greater, {a, b}, a.where()); }
Tensor operator>=(Operand a, Operand b) { return ops::pointwise(ops::greater_equal, {a, b}, a.where()); }

Tensor isnan(const Tensor& x, Where w) { return ops::pointwise(ops::isnan, {x}, w); }
Tensor isinf(const Operand& x, Where w) { return ops::pointwise(ops::isinf, {x}, w); }
Tensor isfinite(const Operand& x, Where w) { return ops::pointwise(ops::isfinite, {x}, w); }

}  // namespace croton
