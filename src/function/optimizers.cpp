#include "croton/optimizers.h"

#include <cmath>

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

std::vector<Tensor> gradients(std::string_view verb, const Tensor& loss, const std::vector<Shared>& parameters,
                              Where w) {
  for (const Shared& p : parameters)
    if (!p.node()) fail_at<GraphError>(w, "{}: a parameter is an empty Shared (declared, never assigned)", verb);
  return grad(Cost(loss, w), parameters);
}

}  // namespace

Updates sgd(const Tensor& loss, const std::vector<Shared>& parameters, const SgdOptions& o, Where w) {
  const WhereScope scope(w);
  const std::vector<Tensor> g = gradients("sgd", loss, parameters, w);
  Updates updates;
  for (std::size_t i = 0; i < parameters.size(); ++i) updates.add(parameters[i], parameters[i] - o.rate * g[i]);
  return updates;
}

Updates momentum(const Tensor& loss, const std::vector<Shared>& parameters, const MomentumOptions& o, Where w) {
  const WhereScope scope(w);
  const std::vector<Tensor> g = gradients("momentum", loss, parameters, w);
  Updates updates;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const Shared& p = parameters[i];
    const Shared v = beside(p, "velocity", w);
    const Tensor next = o.momentum * v - o.rate * g[i];
    updates.add(v, next);
    updates.add(p, o.nesterov ? p + o.momentum * next - o.rate * g[i] : p + next);
  }
  return updates;
}

Updates adam(const Tensor& loss, const std::vector<Shared>& parameters, const AdamOptions& o, Where w) {
  const WhereScope scope(w);
  const std::vector<Tensor> g = gradients("adam", loss, parameters, w);
  Updates updates;
  const Shared t = shared(Array::scalar(0.0), "adam.t", w);
  const Tensor now = t + 1;
  updates.add(t, now);
  const Tensor left1 = -expm1(now * std::log(o.beta1)), left2 = -expm1(now * std::log(o.beta2));  // 1 - beta^t
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const Shared& p = parameters[i];
    const Shared m = beside(p, "m", w), v = beside(p, "v", w);
    const Tensor mt = o.beta1 * m + (1 - o.beta1) * g[i];
    const Tensor vt = o.beta2 * v + (1 - o.beta2) * square(g[i]);
    const Tensor m_hat = mt / left1.astype(p.dtype()), v_hat = vt / left2.astype(p.dtype());
    updates += {{m, mt}, {v, vt}, {p, p - o.rate * m_hat / (sqrt(v_hat) + o.epsilon)}};
  }
  return updates;
}

Updates rmsprop(const Tensor& loss, const std::vector<Shared>& parameters, const RmspropOptions& o, Where w) {
  const WhereScope scope(w);
  const std::vector<Tensor> g = gradients("rmsprop", loss, parameters, w);
  Updates updates;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const Shared& p = parameters[i];
    const Shared s = beside(p, "mean_square", w);
    const Tensor next = o.decay * s + (1 - o.decay) * square(g[i]);
    updates += {{s, next}, {p, p - o.rate * g[i] / sqrt(next + o.epsilon)}};
  }
  return updates;
}

Updates adagrad(const Tensor& loss, const std::vector<Shared>& parameters, const AdagradOptions& o, Where w) {
  const WhereScope scope(w);
  const std::vector<Tensor> g = gradients("adagrad", loss, parameters, w);
  Updates updates;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const Shared& p = parameters[i];
    const Shared s = beside(p, "squares", w);
    const Tensor next = s + square(g[i]);
    updates += {{s, next}, {p, p - o.rate * g[i] / sqrt(next + o.epsilon)}};
  }
  return updates;
}

Updates adadelta(const Tensor& loss, const std::vector<Shared>& parameters, const AdadeltaOptions& o, Where w) {
  const WhereScope scope(w);
  const std::vector<Tensor> g = gradients("adadelta", loss, parameters, w);
  const auto mean = [&](const Shared& s, const Tensor& x) { return o.decay * s + (1 - o.decay) * square(x); };
  Updates updates;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const Shared& p = parameters[i];
    const Shared s = beside(p, "mean_square", w), m = beside(p, "mean_square_step", w);
    const Tensor next = mean(s, g[i]), step = g[i] * sqrt(m + o.epsilon) / sqrt(next + o.epsilon);
    updates += {{s, next}, {m, mean(m, step)}, {p, p - o.rate * step}};
  }
  return updates;
}

}  // namespace croton::optimizers
