// The pointwise ops by name, for rules, gradients and tests that recognise them. Each is defined whole in its family's
// file.
#pragma once
#include "graph/op.h"

namespace croton::ops {

// arithmetic.cpp
extern const Op add, sub, mul, div, neg, mod, floor_divide, pow, square, reciprocal, abs, sign, maximum, minimum,
    copysign;
// compare.cpp
extern const Op equal, not_equal, less, less_equal, greater, greater_equal, isnan, isinf, isfinite;
// logic.cpp
extern const Op logical_and, logical_or, logical_xor, logical_not;
extern const Op bitwise_and, bitwise_or, bitwise_xor, bitwise_not, left_shift, right_shift;
// exponential.cpp
extern const Op exp, exp2, expm1, log, log2, log10, log1p, sqrt, rsqrt, cbrt, hypot;
// trigonometric.cpp
extern const Op sin, cos, tan, arcsin, arccos, arctan, arctan2, sinh, cosh, tanh, arcsinh, arccosh, arctanh;
// rounding.cpp
extern const Op floor, ceil, trunc, round;
// special.cpp
extern const Op sigmoid, softplus, relu, erf, erfc, erfinv, erfcx, i0, i1, i0e, i1e, gammaln, digamma, gammainc,
    gammaincc, betainc, silu, gelu;
// select.cpp
extern const Op select, clip;
// cast.cpp
extern const Op convert;  // params dtype

}  // namespace croton::ops
