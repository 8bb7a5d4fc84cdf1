// Optimizers as Updates: function({x, y}, loss, optimizers::adam(loss, parameters)).
#pragma once
#include <optional>

#include "croton/gradient.h"

namespace croton::optimizers {

// Each call makes state of its own, which begins at 0, beside the parameters ("W1.velocity"); the options are numbers
// in the graph. All throw as grad(loss, parameters) does, a ShapeError for a rate that is no scalar, a GraphError for
// one that is empty, and for gradients that are not one a parameter (ShapeError for one with other axes).

/// What makes parameters move: a scalar loss, of which the gradients are taken, or gradients, one a parameter in their
/// order: adam(clip_by_global_norm(grad(loss, parameters), 1), parameters).
struct Objective {
  Tensor loss;
  std::optional<std::vector<Tensor>> gradients;  // none where the loss holds
  Objective(const Expr& scalar) : loss(scalar) {}
  template <class T>
    requires(!std::derived_from<T, Expr> && std::constructible_from<Tensors, const T&>)
  Objective(const T& list) : gradients(Tensors(list).list()) {}
};

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
Updates sgd(const Objective& loss, const std::vector<Shared>& parameters, const SgdOptions& = {},
            Where = Where::here());
/// v <- momentum * v - rate * dloss/dp; p <- p + v, with `nesterov` p <- p + momentum * v - rate * dloss/dp.
Updates momentum(const Objective& loss, const std::vector<Shared>& parameters, const MomentumOptions& = {},
                 Where = Where::here());
/// Kingma and Ba, "Adam: a method for stochastic optimization" (2015), algorithm 1. "adam.t" counts its steps.
Updates adam(const Objective& loss, const std::vector<Shared>& parameters, const AdamOptions& = {},
             Where = Where::here());

/// With g = dloss/dp: s <- decay * s + (1 - decay) * g^2; p <- p - rate * g / sqrt(s + epsilon). Tieleman and Hinton,
/// "Neural networks for machine learning" (2012), lecture 6.5.
Updates rmsprop(const Objective& loss, const std::vector<Shared>& parameters, const RmspropOptions& = {},
                Where = Where::here());
/// s <- s + g^2; p <- p - rate * g / sqrt(s + epsilon). Duchi, Hazan and Singer, "Adaptive subgradient methods" (2011).
Updates adagrad(const Objective& loss, const std::vector<Shared>& parameters, const AdagradOptions& = {},
                Where = Where::here());
/// s as in rmsprop; d = g * sqrt(m + epsilon) / sqrt(s + epsilon); p <- p - rate * d; m <- decay * m + (1 - decay) * d^2.
/// Zeiler, "Adadelta: an adaptive learning rate method" (2012).
Updates adadelta(const Objective& loss, const std::vector<Shared>& parameters, const AdadeltaOptions& = {},
                 Where = Where::here());

/// Gradients as they are where the root of the sum of all their squares is at most max_norm, else each times max_norm
/// over that norm. Norms are computed in the dtype that all agree on, float32 at least; gradients keep theirs. Where
/// one is NaN the norm is, and nothing is clipped. Pascanu, Mikolov and Bengio, "On the difficulty of training
/// recurrent neural networks" (2013), algorithm 1. GraphError for a number that is not positive, ShapeError for a
/// max_norm that is no scalar, DTypeError for a gradient that is not floating.
std::vector<Tensor> clip_by_global_norm(const Tensors& gradients, const Rate& max_norm, Where = Where::here());

}  // namespace croton::optimizers
