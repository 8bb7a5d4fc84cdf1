// x itself, but for its gradient.
#include "base/error.h"
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

std::vector<Sample> samples_with(const Params& p) { return {{{{float64, {3, 4}}}, p}, {{{int64, {}}}, p}}; }
std::vector<Sample> identity_samples() { return samples_with({}); }
std::vector<Sample> clip_samples() { return samples_with({{"low", -100.0}, {"high", 100.0}}); }
std::vector<Sample> scale_samples() { return samples_with({{"factor", 1.0}}); }

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

constinit const Op grad_clip{
    .name = "grad_clip",
    .doc = "x itself; each element of its gradient is brought into [low, high]. Theano's grad_clip.",
    .type = same_type,
    .meaning = View{same_map},
    .pullback = [](const At& at) -> Gradients {
      return {croton::clip(at.y_bar, at.params.get<double>("low"), at.params.get<double>("high"))};
    },
    .samples = clip_samples};

constinit const Op grad_scale{
    .name = "grad_scale",
    .doc = "x itself; its gradient is multiplied by a number. Theano's grad_scale.",
    .type = same_type,
    .meaning = View{same_map},
    .pullback = [](const At& at) -> Gradients { return {at.y_bar * at.params.get<double>("factor")}; },
    .samples = scale_samples};

Family identity_ops() {
  static constexpr const Op* list[] = {&zero_grad, &disconnected_grad, &grad_clip, &grad_scale};
  return list;
}

}  // namespace croton::ops

namespace croton {

Tensor zero_grad(const Tensor& x, Where w) { return apply(ops::zero_grad, {}, {x}, w); }
Tensor disconnected_grad(const Tensor& x, Where w) { return apply(ops::disconnected_grad, {}, {x}, w); }

Tensor grad_clip(const Operand& x, double low, double high, Where w) {
  if (!(low <= high)) fail_at<GraphError>(w, "grad_clip: from {} to {} there is no number", low, high);
  return apply(ops::grad_clip, {{"low", low}, {"high", high}}, {x.get()}, w);
}

Tensor grad_scale(const Operand& x, double factor, Where w) {
  return apply(ops::grad_scale, {{"factor", factor}}, {x.get()}, w);
}

}  // namespace croton
