// The ops of fourier.cpp, for what asks how far their results may lie apart.
#pragma once
#include "graph/op.h"

namespace croton::ops {

// Inputs: x; the length n of the transform, or that of x along params axis (of irfft that of the reals whose half it
// is); the result's extent there, or that of the transform. Complex numbers are pairs along a last axis. Results are
// divided by n to the power of params.over: 0, 0.5 or 1.
extern const Op rfft;   // params mirrored: elements count twice that stand for their conjugates too
extern const Op irfft;  // params mirrored: the same of x's
extern const Op fft;    // params inverse

bool is_transform(const Tensor&);
/// How far a library's result may lie from the reference's, for an x within of_x: `bound` has the result's shape, and
/// both hold float64.
void bound_transform(const Node&, std::span<const Array> in, const Array& of_x, Array& bound);

}  // namespace croton::ops
