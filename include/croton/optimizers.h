// Optimizers as Updates: function({x, y}, loss, optimizers::adam(loss, parameters)).
#pragma once
#include "croton/gradient.h"

namespace croton::optimizers {

// Each call makes state of its own, which begins at 0, beside the parameters ("W1.velocity"); the options are numbers
// in the graph. All throw as grad(loss, parameters) does.

/// sgd(loss, parameters, {.rate = 0.1}). rate: the share of the gradient that is a step.
struct SgdOptions { double rate = 0.01; };
/// momentum: the share of the last step that goes on. nesterov: see momentum().
struct MomentumOptions { double rate = 0.01, momentum = 0.9; bool nesterov = false; };
/// As the paper names them; rate is alpha. beta1 and beta2: what each step leaves of the mean gradient and mean square.
struct AdamOptions { double rate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8; };

/// p <- p - rate * dloss/dp.
Updates sgd(const Tensor& loss, const std::vector<Shared>& parameters, const SgdOptions& = {}, Where = Where::here());
/// v <- momentum * v - rate * dloss/dp; p <- p + v, with `nesterov` p <- p + momentum * v - rate * dloss/dp.
Updates momentum(const Tensor& loss, const std::vector<Shared>& parameters, const MomentumOptions& = {},
                 Where = Where::here());
/// Kingma and Ba, "Adam: a method for stochastic optimization" (2015), algorithm 1. "adam.t" counts its steps.
Updates adam(const Tensor& loss, const std::vector<Shared>& parameters, const AdamOptions& = {}, Where = Where::here());

}  // namespace croton::optimizers
