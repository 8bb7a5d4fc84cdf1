// Values for tests.
#pragma once
#include <cmath>

#include "array/access.h"

namespace croton {

/// sin(12.9898 i + shift) for the element number i: no pattern that a sum or an index would hide in.
inline Array sines(const Extents& shape, double shift = 0, DType dtype = float64) {
  Array a = Array::zeros(shape, float64);
  for (Index i = 0; i < a.size(); ++i) set(a, i, std::sin(12.9898 * static_cast<double>(i) + shift));
  return a.astype(dtype);
}

/// Of all elements together.
struct Moments {
  double mean = 0, variance = 0;
  explicit Moments(const Array& a) {
    const auto n = static_cast<double>(a.size());
    for (Index i = 0; i < a.size(); ++i) mean += get(a, i) / n;
    for (Index i = 0; i < a.size(); ++i) variance += (get(a, i) - mean) * (get(a, i) - mean) / n;
  }
};

}  // namespace croton
