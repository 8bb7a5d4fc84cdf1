// ifelse: one of two graphs, chosen when the function runs; the other is not computed.
#pragma once
#include <vector>

#include "croton/ops.h"

namespace croton {

/// `then` where the condition is true, `otherwise` where it is not. A scalar condition of any dtype (true: not 0); both
/// sides of one rank, their dtypes promoted as operands' are; ShapeError for another rank or a condition that is none.
/// The extents of the result are those of the side that was taken.
///
/// What only one side needs is computed where that side is taken: its errors (an index out of range) and its time are
/// of that side alone, and so are its gradients. What both sides need is computed before, and so are draws from a
/// RandomStream. `where` chooses for each element, and computes both.
///
///     const Tensor y = ifelse(loss < 1e-3, x, newton(x));
Tensor ifelse(const Tensor& condition, const Tensor& then, const Tensor& otherwise, Where = Where::here());
/// The same of several values, as many on each side (ShapeError).
///
///     const auto parts = ifelse(n > 8, std::vector<Tensor>{q, r}, std::vector<Tensor>{u, v});
std::vector<Tensor> ifelse(const Tensor& condition, const Tensors& then, const Tensors& otherwise,
                           Where = Where::here());

}  // namespace croton
