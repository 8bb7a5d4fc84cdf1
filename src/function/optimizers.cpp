#include "croton/optimizers.h"

#include <cmath>

#include "array/access.h"
#include "base/dtype.h"
#include "base/error.h"
#include "function/words.h"
#include "graph/walk.h"
#include "ops/pointwise.h"

namespace croton::optimizers {
namespace {

/// A variable of zeros beside a parameter: "W1.velocity".
Shared beside(const Shared& p, std::string_view what, Where w) {
  const SharedUse use{p, &storage_of(p), false};
  const Words words({&use, 1});
  return shared(Array::zeros(use.storage->shape(), p.dtype()),
                p.name().empty() ? std::string() : fmt::format("{}.{}", p.name(), what), w);
}

void refuse_no_scalar(std::string_view verb, std::string_view option, const Rate& r, Where w) {
  if (!r.t) return;
  if (!r.t->node()) fail_at<GraphError>(w, "{}: {} is an empty Tensor (declared, never assigned)", verb, option);
  if (r.t->ndim() != 0)
    fail_at<ShapeError>(w, "{}: {} is {}, {}: it must be a scalar", verb, option, formula(*r.t), text(type(*r.t)));
}

/// An epsilon that rounds to 0 would divide by 0 where a gradient is small.
void refuse_vanishing(std::string_view verb, double epsilon, const std::vector<Shared>& parameters, Where w) {
  for (const Shared& p : parameters)
    if (p.node() && is_float(p.dtype()) && epsilon != 0 && get(Array::full({}, epsilon, p.dtype()), 0) == 0)
      fail_at<DTypeError>(w, "{}: epsilon {:g} is 0 in {}, the dtype of {}: give a larger one, {{.epsilon = 1e-4}}",
                          verb, epsilon, name_of(p.dtype()), describe(p));
}

Tensor times(const Rate& r, const Tensor& x) { return r.t ? r.t->astype(x.dtype()) * x : r.n * x; }

/// The gradient that each parameter goes by.
std::vector<Tensor> gradients_for(std::string_view verb, const Objective& loss, const std::vector<Shared>& parameters,
                                  Where w) {
  if (!loss.gradients) return grad(Cost(loss.loss, w), parameters);
  const std::vector<Tensor>& g = *loss.gradients;
  if (g.size() != parameters.size())
    fail_at<GraphError>(w, "{}: {} gradients for {} parameters; each has one", verb, g.size(), parameters.size());
  refuse_empty(verb, g, w);
  for (std::size_t i = 0; i < g.size(); ++i)
    if (g[i].ndim() != parameters[i].ndim())
      fail_at<ShapeError>(w, "{}: gradient {} is {}, {}; its parameter {} is {}", verb, i, formula(g[i]),
                          text(type(g[i])), describe(parameters[i]), text(type(parameters[i])));
  return g;
}

/// What step(updates, parameter, its gradient) adds for each parameter.
template <class F>
Updates for_each(std::string_view verb, const Objective& loss, const std::vector<Shared>& parameters, const Rate& rate,
                 Where w, F step) {
  const WhereScope scope(w, verb);
  refuse_no_scalar(verb, "rate", rate, w);
  for (const Shared& p : parameters)
    if (!p.node()) fail_at<GraphError>(w, "{}: a parameter is an empty Shared (declared, never assigned)", verb);
  const std::vector<Tensor> g = gradients_for(verb, loss, parameters, w);
  Updates updates;
  for (std::size_t i = 0; i < parameters.size(); ++i) step(updates, parameters[i], g[i]);
  return updates;
}

/// The mean that leaves `decay` of what it was, with x in it.
Tensor mean_with(const Shared& mean, double decay, const Tensor& x) { return decay * mean + (1 - decay) * x; }

}  // namespace

Updates sgd(const Objective& loss, const std::vector<Shared>& parameters, const SgdOptions& o, Where w) {
  return for_each("sgd", loss, parameters, o.rate, w,
                  [&](Updates& updates, const Shared& p, const Tensor& g) { updates.add(p, p - times(o.rate, g)); });
}

Updates momentum(const Objective& loss, const std::vector<Shared>& parameters, const MomentumOptions& o, Where w) {
  refuse_no_scalar("momentum", "momentum", o.momentum, w);
  return for_each("momentum", loss, parameters, o.rate, w, [&](Updates& updates, const Shared& p, const Tensor& g) {
    const Shared v = beside(p, "velocity", w);
    const Tensor next = times(o.momentum, v) - times(o.rate, g);
    updates += {{v, next}, {p, o.nesterov ? p + times(o.momentum, next) - times(o.rate, g) : p + next}};
  });
}

Updates adam(const Objective& loss, const std::vector<Shared>& parameters, const AdamOptions& o, Where w) {
  refuse_vanishing("adam", o.epsilon, parameters, w);
  const WhereScope scope(w);
  const Shared t = shared(Array::scalar(0.0), "adam.t", w);
  const Tensor now = t + 1;
  const Tensor left1 = -expm1(now * std::log(o.beta1)), left2 = -expm1(now * std::log(o.beta2));  // 1 - beta^t
  Updates updates = for_each("adam", loss, parameters, o.rate, w, [&](Updates& all, const Shared& p, const Tensor& g) {
    const Shared m = beside(p, "m", w), v = beside(p, "v", w);
    const Tensor mt = mean_with(m, o.beta1, g), vt = mean_with(v, o.beta2, square(g));
    const Tensor m_hat = mt / left1.astype(p.dtype()), v_hat = vt / left2.astype(p.dtype());
    all += {{m, mt}, {v, vt}, {p, p - times(o.rate, m_hat) / (sqrt(v_hat) + o.epsilon)}};
  });
  updates.add(t, now);
  return updates;
}

Updates rmsprop(const Objective& loss, const std::vector<Shared>& parameters, const RmspropOptions& o, Where w) {
  refuse_vanishing("rmsprop", o.epsilon, parameters, w);
  return for_each("rmsprop", loss, parameters, o.rate, w, [&](Updates& updates, const Shared& p, const Tensor& g) {
    const Shared s = beside(p, "mean_square", w);
    const Tensor next = mean_with(s, o.decay, square(g));
    updates += {{s, next}, {p, p - times(o.rate, g) / sqrt(next + o.epsilon)}};
  });
}

Updates adagrad(const Objective& loss, const std::vector<Shared>& parameters, const AdagradOptions& o, Where w) {
  refuse_vanishing("adagrad", o.epsilon, parameters, w);
  return for_each("adagrad", loss, parameters, o.rate, w, [&](Updates& updates, const Shared& p, const Tensor& g) {
    const Shared s = beside(p, "squares", w);
    const Tensor next = s + square(g);
    updates += {{s, next}, {p, p - times(o.rate, g) / sqrt(next + o.epsilon)}};
  });
}

Updates adadelta(const Objective& loss, const std::vector<Shared>& parameters, const AdadeltaOptions& o, Where w) {
  refuse_vanishing("adadelta", o.epsilon, parameters, w);
  return for_each("adadelta", loss, parameters, o.rate, w, [&](Updates& updates, const Shared& p, const Tensor& g) {
    const Shared s = beside(p, "mean_square", w), m = beside(p, "mean_square_step", w);
    const Tensor next = mean_with(s, o.decay, square(g)), step = g * sqrt(m + o.epsilon) / sqrt(next + o.epsilon);
    updates += {{s, next}, {m, mean_with(m, o.decay, square(step))}, {p, p - times(o.rate, step)}};
  });
}

std::vector<Tensor> clip_by_global_norm(const Tensors& gradients, const Rate& max_norm, Where w) {
  constexpr std::string_view verb = "clip_by_global_norm";
  const WhereScope scope(w, verb);
  refuse_no_scalar(verb, "max_norm", max_norm, w);
  if (!max_norm.t && !(max_norm.n > 0))
    fail_at<GraphError>(w, "{}: max_norm is {:g}; it is positive", verb, max_norm.n);
  std::vector<Tensor> clipped = gradients.list();
  if (clipped.empty()) return clipped;
  refuse_empty(verb, clipped, w);
  for (const Tensor& g : clipped)
    if (!is_float(g.dtype()))
      fail_at<DTypeError>(w, "{}: {} is {}; gradients are floating", verb, formula(g), text(type(g)));
  const DType common = ops::common_dtype(verb, clipped, w), d = size_of(common) < size_of(float32) ? float32 : common;
  Tensor squares;
  for (const Tensor& g : clipped) {
    const Tensor own = sum(square(ops::converted(g, d, w), w), w);
    squares = squares.node() ? squares + own : own;
  }
  const Tensor norm = sqrt(squares, w),
               most = max_norm.t ? max_norm.t->astype(d) : constant(Array::full({}, max_norm.n, d), "", w);
  const Tensor beyond = norm > most, factor = where(beyond, most / where(beyond, norm, 1, w), 1, w);
  for (Tensor& g : clipped) g = g * ops::converted(factor, g.dtype(), w);
  return clipped;
}

}  // namespace croton::optimizers
