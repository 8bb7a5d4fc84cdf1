#include "croton/optimizers.h"

#include <cmath>

#include "array/access.h"
#include "base/dtype.h"
#include "base/error.h"
#include "function/words.h"
#include "graph/walk.h"

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

/// What step(updates, parameter, its gradient) adds for each parameter.
template <class F>
Updates for_each(std::string_view verb, const Tensor& loss, const std::vector<Shared>& parameters, const Rate& rate,
                 Where w, F step) {
  const WhereScope scope(w, verb);
  refuse_no_scalar(verb, "rate", rate, w);
  for (const Shared& p : parameters)
    if (!p.node()) fail_at<GraphError>(w, "{}: a parameter is an empty Shared (declared, never assigned)", verb);
  const std::vector<Tensor> g = grad(Cost(loss, w), parameters);
  Updates updates;
  for (std::size_t i = 0; i < parameters.size(); ++i) step(updates, parameters[i], g[i]);
  return updates;
}

/// The mean that leaves `decay` of what it was, with x in it.
Tensor mean_with(const Shared& mean, double decay, const Tensor& x) { return decay * mean + (1 - decay) * x; }

}  // namespace

Updates sgd(const Tensor& loss, const std::vector<Shared>& parameters, const SgdOptions& o, Where w) {
  return for_each("sgd", loss, parameters, o.rate, w,
                  [&](Updates& updates, const Shared& p, const Tensor& g) { updates.add(p, p - times(o.rate, g)); });
}

Updates momentum(const Tensor& loss, const std::vector<Shared>& parameters, const MomentumOptions& o, Where w) {
  refuse_no_scalar("momentum", "momentum", o.momentum, w);
  return for_each("momentum", loss, parameters, o.rate, w, [&](Updates& updates, const Shared& p, const Tensor& g) {
    const Shared v = beside(p, "velocity", w);
    const Tensor next = times(o.momentum, v) - times(o.rate, g);
    updates += {{v, next}, {p, o.nesterov ? p + times(o.momentum, next) - times(o.rate, g) : p + next}};
  });
}

Updates adam(const Tensor& loss, const std::vector<Shared>& parameters, const AdamOptions& o, Where w) {
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

Updates rmsprop(const Tensor& loss, const std::vector<Shared>& parameters, const RmspropOptions& o, Where w) {
  refuse_vanishing("rmsprop", o.epsilon, parameters, w);
  return for_each("rmsprop", loss, parameters, o.rate, w, [&](Updates& updates, const Shared& p, const Tensor& g) {
    const Shared s = beside(p, "mean_square", w);
    const Tensor next = mean_with(s, o.decay, square(g));
    updates += {{s, next}, {p, p - times(o.rate, g) / sqrt(next + o.epsilon)}};
  });
}

Updates adagrad(const Tensor& loss, const std::vector<Shared>& parameters, const AdagradOptions& o, Where w) {
  refuse_vanishing("adagrad", o.epsilon, parameters, w);
  return for_each("adagrad", loss, parameters, o.rate, w, [&](Updates& updates, const Shared& p, const Tensor& g) {
    const Shared s = beside(p, "squares", w);
    const Tensor next = s + square(g);
    updates += {{s, next}, {p, p - times(o.rate, g) / sqrt(next + o.epsilon)}};
  });
}

Updates adadelta(const Tensor& loss, const std::vector<Shared>& parameters, const AdadeltaOptions& o, Where w) {
  refuse_vanishing("adadelta", o.epsilon, parameters, w);
  return for_each("adadelta", loss, parameters, o.rate, w, [&](Updates& updates, const Shared& p, const Tensor& g) {
    const Shared s = beside(p, "mean_square", w), m = beside(p, "mean_square_step", w);
    const Tensor next = mean_with(s, o.decay, square(g)), step = g * sqrt(m + o.epsilon) / sqrt(next + o.epsilon);
    updates += {{s, next}, {m, mean_with(m, o.decay, square(step))}, {p, p - times(o.rate, step)}};
  });
}

}  // namespace croton::optimizers
