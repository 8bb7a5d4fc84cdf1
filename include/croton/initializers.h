// Initial values of weights, evaluated once by shared().
#pragma once
#include "croton/ops.h"

namespace croton::initializers {

// ShapeError for another number of axes, or an extent below 1; DTypeError where the dtype is not floating.

/// Uniform over +-sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio 2010); shape {fan_in, fan_out}:
/// shared(initializers::glorot({784, 64})).
Tensor glorot(const Extents& shape, DType = floatX(), Where = Where::here());
/// Normal with variance 2 / fan_in (He et al. 2015); shape {fan_in, fan_out}.
Tensor he(const Extents& shape, DType = floatX(), Where = Where::here());

}  // namespace croton::initializers
