// Optimizers as Updates: function({x, y}, loss, optimizers::adam(loss, parameters)).
#pragma once
#include <optional>

#include "croton/gradient.h"

namespace croton::optimizers {

// Each call makes state of its own, which begins at 0, beside the parameters ("W1.velocity"); the options are numbers
// in the graph. All throw as grad(loss, parameters) does, a ShapeError for a rate that is no scalar, a GraphError for
// one that is empty.

/// A number, or a scalar Tensor of any dtype that may be another one at each step: a shared variable, or an expression
/// of a counter, {.rate = 0.1 / (1 + 0.01 * step)}. It takes the dtype of each parameter.
struct Rate {
  double n = 0;
  std::optional<Tensor> t;  // none where n holds
  template <Number N>
  Rate(N number) : n(static_cast<double>(number)) {}
  Rate(const Expr& tensor) : t(tensor) {}
};

/// sgd(loss, parameters, {.rate = 0.1}). rate: the share of the gradient that is a step.
struct SgdOptions { Rate rate = 0.01; };
/// momentum: the share of the last step that goes on. nesterov: see momentum().
struct MomentumOptions { Rate rate = 0.01, momentum = 0.9; bool nesterov = false; };
/// As the paper names them; rate is alpha. beta1 and beta2: what each step leaves of the mean gradient and mean square.
struct AdamOptions { Rate rate = 1e-3; double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8; };

/// decay: what each step leaves of the mean square.
struct RmspropOptions { Rate rate = 1e-3; double decay = 0.9, epsilon = 1e-6; };
struct AdagradOptions { Rate rate = 0.01; double epsilon = 1e-6; };
/// decay: what each step leaves of both mean squares; rate: 1 in the paper.
struct AdadeltaOptions { Rate rate = 1; double decay = 0.95, epsilon = 1e-6; };

/// p <- p - rate * dloss/dp.
Updates sgd(const Tensor& loss, const std::vector<Shared>& parameters, const SgdOptions& = {}, Where = Where::here());
/// v <- momentum * v - rate * dloss/dp; p <- p + v, with `nesterov` p <- p + momentum * v - rate * dloss/dp.
Updates momentum(const Tensor& loss, const std::vector<Shared>& parameters, const MomentumOptions& = {},
                 Where = Where::here());
/// Kingma and Ba, "Adam: a method for stochastic optimization" (2015), algorithm 1. "adam.t" counts its steps.
Updates adam(const Tensor& loss, const std::vector<Shared>& parameters, const AdamOptions& = {}, Where = Where::here());

/// With g = dloss/dp: s <- decay * s + (1 - decay) * g^2; p <- p - rate * g / sqrt(s + epsilon). Tieleman and Hinton,
/// "Neural networks for machine learning" (2012), lecture 6.5.
Updates rmsprop(const Tensor& loss, const std::vector<Shared>& parameters, const RmspropOptions& = {},
                Where = Where::here());
/// s <- s + g^2; p <- p - rate * g / sqrt(s + epsilon). Duchi, Hazan and Singer, "Adaptive subgradient methods" (2011).
Updates adagrad(const Tensor& loss, const std::vector<Shared>& parameters, const AdagradOptions& = {},
                Where = Where::here());
/// s as in rmsprop; d = g * sqrt(m + epsilon) / sqrt(s + epsilon); p <- p - rate * d; m <- decay * m + (1 - decay) * d^2.
/// Zeiler, "Adadelta: an adaptive learning rate method" (2012).
Updates adadelta(const Tensor& loss, const std::vector<Shared>& parameters, const AdadeltaOptions& = {},
                 Where = Where::here());

}  // namespace croton::optimizers
