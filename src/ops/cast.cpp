// Conversion of each element to another type.
#include "base/dtype.h"
#include "croton/ops.h"
#include "ops/elementwise.h"
#include "ops/families.h"
#include "ops/pointwise.h"

namespace croton {
namespace ops {
namespace {

std::vector<Sample> every_conversion() {
  std::vector<Sample> s;
  for (const DType from : all_dtypes)
    for (const DType to : all_dtypes) {
      if (from == to) continue;
      s.push_back({{{from, {3, 4}}}, {{"dtype", to}}, {from == DType::boolean ? Interval{0, 2} : Interval{0, 100}}});
    }
  s.push_back({{{DType::float32, {0, 4}}}, {{"dtype", DType::float64}}});
  return s;
}

}  // namespace

constinit const Op convert{.name = "convert",
                           .doc =
                               "Each element as another type: floats to integers truncate and saturate, NaN gives 0, "
                               "integers wrap (Theano's cast).",
                           .type = [](const TypeAt& at) -> Type {
                             return {at.params.dtype("dtype"), at.shapes[0]};
                           },
                           .meaning = Convert{},
                           .pullback = [](const At& at) -> Gradients {
                             const DType from = at.x[0].dtype();
                             return {is_float(from) ? converted(at.y_bar, from, node(at.y).where) : Tensor()};
                           },
                           .samples = every_conversion};

Family cast_ops() {
  static constexpr const Op* list[] = {&convert};
  return list;
}

}  // namespace ops

Tensor cast(const Tensor& x, DType dtype, Where w) {
  refuse_empty("cast", {&x, 1}, w);
  return ops::converted(x, dtype, w);
}
Tensor Expr::astype(DType dtype, Where w) const { return cast(*this, dtype, w); }

}  // namespace croton
