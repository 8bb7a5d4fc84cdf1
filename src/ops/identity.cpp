// x itself, but for its gradient.
#include "croton/gradient.h"
#include "graph/walk.h"
#include "ops/extents.h"
#include "ops/families.h"
#include "ops/pointwise.h"

namespace croton::ops {
namespace {

Type same_type(const TypeAt& t) { return {t.dtype(0), t.shapes[0]}; }

std::vector<AxisMap> same_map(const TypeAt& t, const Shape&) {
  std::vector<AxisMap> map(static_cast<std::size_t>(t.rank(0)));
  for (std::size_t i = 0; i < map.size(); ++i) map[i].axis = static_cast<int>(i);
  return map;
}

std::vector<Sample> identity_samples() { return {{{{float64, {3, 4}}}, {}}, {{{int64, {}}}, {}}}; }

}  // namespace

constinit const Op zero_grad{.name = "zero_grad",
                             .doc = "x itself, with a gradient of zero; Theano's zero_grad.",
                             .type = same_type,
                             .meaning = View{same_map},
                             .pullback = [](const At& at) -> Gradients { return {zeros_of(at.y_bar, Where::here())}; },
                             .samples = identity_samples};

constinit const Op disconnected_grad{
    .name = "disconnected_grad",
    .doc = "x itself, but a cost counts as not depending on it; Theano's disconnected_grad.",
    .type = same_type,
    .meaning = View{same_map},
    .no_gradient = "it was disconnected",
    .samples = identity_samples};

Family identity_ops() {
  static constexpr const Op* list[] = {&zero_grad, &disconnected_grad};
  return list;
}

}  // namespace croton::ops

namespace croton {

Tensor zero_grad(const Tensor& x, Where w) { return apply(ops::zero_grad, {}, {x}, w); }
Tensor disconnected_grad(const Tensor& x, Where w) { return apply(ops::disconnected_grad, {}, {x}, w); }

}  // namespace croton
