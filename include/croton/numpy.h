// More of NumPy's and SciPy's functions, each made of others: gradients come of themselves, and kernels fuse as for what
// a program writes by hand. They take Operands, so that a program's own function of the same name is preferred.
#pragma once
#include "croton/ops.h"

namespace croton {

// ---- each element
/// As maximum and minimum, but a NaN gives way to a number.
Tensor fmax(const Operand&, const Operand&, Where = Where::here());
Tensor fmin(const Operand&, const Operand&, Where = Where::here());
/// The remainder with the sign of the dividend, as C's (% has that of the divisor).
Tensor fmod(const Operand&, const Operand&, Where = Where::here());
/// Whether the sign is negative, also of -0 and NaN.
Tensor signbit(const Operand&, Where = Where::here());
/// log(exp(a) + exp(b)), and the same for base 2, without overflow.
Tensor logaddexp(const Operand&, const Operand&, Where = Where::here());
Tensor logaddexp2(const Operand&, const Operand&, Where = Where::here());
/// log(p / (1 - p)), the inverse of sigmoid.
Tensor logit(const Operand&, Where = Where::here());
/// x log(y) and x log(1 + y), 0 where x is 0 and y is a number.
Tensor xlogy(const Operand& x, const Operand& y, Where = Where::here());
Tensor xlog1py(const Operand& x, const Operand& y, Where = Where::here());
/// -x log(x), 0 at 0, -infinity below.
Tensor entr(const Operand&, Where = Where::here());
/// sin(pi x) / (pi x), 1 at 0.
Tensor sinc(const Operand&, Where = Where::here());
/// 0 in place of NaN, the largest and least numbers of the dtype in place of infinities.
Tensor nan_to_num(const Operand&, Where = Where::here());

// ---- moving elements
/// x[1:] - x[:-1] along an axis, n times over; of booleans: whether neighbours differ.
Tensor diff(const Operand&, int n = 1, int axis = -1, Where = Where::here());
/// Each element count times in a row, along an axis.
Tensor repeat(const Operand&, Index count, int axis, Where = Where::here());
/// The whole, reps[d] times along axis d; missing axes are put in front of x, missing counts are 1.
Tensor tile(const Operand&, const Extents& reps, Where = Where::here());
/// Equal sections along an axis. ShapeError (perhaps when it runs) where they cannot be equal.
std::vector<Tensor> split(const Operand&, int sections, int axis = 0, Where = Where::here());
/// The parts before, between and after positions along an axis.
std::vector<Tensor> split_at(const Operand&, const Extents& positions, int axis = 0, Where = Where::here());
/// 0 above (tril) or below (triu) the k-th diagonal of the last two axes.
Tensor tril(const Operand&, Index k = 0, Where = Where::here());
Tensor triu(const Operand&, Index k = 0, Where = Where::here());
/// The k-th diagonal of a matrix, or the square matrix with a vector there.
Tensor diag(const Operand&, Index k = 0, Where = Where::here());
/// The sum of the k-th diagonal of a matrix.
Tensor trace(const Operand&, Index k = 0, Where = Where::here());
/// count numbers evenly from start to stop, which is the last of them unless `endpoint` is false.
Tensor linspace(const Operand& start, const Operand& stop, Index count, bool endpoint = true, Where = Where::here());

}  // namespace croton
