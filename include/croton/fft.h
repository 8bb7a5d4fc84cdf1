// Discrete Fourier transforms: NumPy's numpy.fft. Croton has no complex dtype: as in Theano, complex numbers are pairs
// (real, imaginary) along a last axis of extent 2, which functions here do not count among the axes. So an axis means
// the same before a transform and after it, and -1 is the last axis of numbers. Transforms have any length, also a prime.
// Floats keep their dtype (halves are computed in float32), integers become floatX. Gradients are transforms too. They
// are steps on the host, by FFTW (libfftw3-double3, libfftw3-single3). Functions take Operands, so that a program's own
// function of the same name is preferred.
#pragma once
#include <cstdint>

#include "croton/ops.h"

namespace croton {

/// Which way is divided by the number of elements: the way back, each way by the number's root, or the way there.
enum class FftNorm : std::uint8_t { backward, ortho, forward };

/// n: how many elements each of the axes has where it is summed over, in the order of `axes`; x is cut off behind them,
/// or zeros stand for those that it lacks. None: as many as x has. A number or an integer scalar, or a list of these;
/// IndexError for an axis that x has not, ShapeError for one that is named twice, for as many n as there are not axes,
/// and (perhaps when it runs) for an n below 1.
///     rfft(x, {.n = 2048}), fft(z, {.axes = {-2, -1}}), rfft(x, {.norm = FftNorm::ortho})
struct FftOptions {
  Dims n = {};
  Axes axes = -1;  ///< {} are all of them
  FftNorm norm = FftNorm::backward;
};

/// Of real numbers: y_k = sum_j x_j exp(-2 pi i j k / n) for k = 0 ... n / 2 (rounded down), pairs along a new last axis;
/// the others are the conjugates of these. Along several axes this is along the last one named, and fft() along those
/// before it (NumPy's rfft2 and rfftn).
Tensor rfft(const Operand& x, const FftOptions& = {}, Where = Where::here());
/// The inverse, without the axis of pairs: x_j = 1/n sum_k y_k exp(2 pi i j k / n) over all n, of which y holds the first
/// n / 2 + 1. n is that of the result: without one 2 (m - 1) for the m elements of y, which an odd one has to be given
/// for. The imaginary parts of y_0, and of y_(n/2) for an even n, do not count. ShapeError (perhaps when it runs) where
/// the last axis has not extent 2; so for the next two.
///     irfft(rfft(x), {.n = x.shape(-1)})
Tensor irfft(const Operand& y, const FftOptions& = {}, Where = Where::here());
/// Of pairs: y_k = sum_j x_j exp(-2 pi i j k / n) for k = 0 ... n - 1.
Tensor fft(const Operand& x, const FftOptions& = {}, Where = Where::here());
/// The inverse: x_j = 1/n sum_k y_k exp(2 pi i j k / n).
Tensor ifft(const Operand& y, const FftOptions& = {}, Where = Where::here());

}  // namespace croton
