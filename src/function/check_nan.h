// check_nan=True: the reference evaluator, stopping at the first node that makes a NaN or an infinity.
#pragma once
#include "ops/evaluate.h"

namespace croton {

/// ops::evaluate, but a node whose arguments are finite and whose result is not throws an Error that names it, the
/// element and the value. NaN and infinities that come in from outside go through.
std::vector<Array> evaluate_finite(std::span<const Tensor> outputs, const ops::Values& leaves);

}  // namespace croton
