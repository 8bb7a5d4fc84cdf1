// Optimizers as Updates: function({x, y}, loss, optimizers::adam(loss, parameters)).
#pragma once
#include "croton/gradient.h"

namespace croton::optimizers {

struct SgdOptions { double rate = 0.01; };
struct MomentumOptions { double rate = 0.01, momentum = 0.9; bool nesterov = false; };
struct AdamOptions { double rate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8; };

/// p <- p - rate * dloss/dp.
Updates sgd(const Tensor& loss, const std::vector<Shared>& parameters, const SgdOptions& = {}, Where = Where::here());
/// v <- momentum * v - rate * dloss/dp; p <- p + v.
Updates momentum(const Tensor& loss, const std::vector<Shared>& parameters, const MomentumOptions& = {},
                 Where = Where::here());
/// Kingma and Ba, "Adam: a method for stochastic optimization" (2015), algorithm 1.
Updates adam(const Tensor& loss, const std::vector<Shared>& parameters, const AdamOptions& = {}, Where = Where::here());

}  // namespace croton::optimizers
