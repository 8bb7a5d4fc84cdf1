// Bounds of the evaluator's values, a step at a time.
#pragma once
#include "ops/evaluate/steps.h"

namespace croton::ops {

/// Elements of a Bounded in row-major order, as doubles.
struct Elements {
  explicit Elements(const Bounded&);
  std::array<Array, 3> held;
  std::span<const double> value, bound;
  std::span<const bool> doubtful;
};

/// A value without error.
Bounded exact(const Array& value);
/// The distance of neighbouring numbers of that float type at the value; 0 for infinities and NaN.
double unit_in_last_place(double value, DType);
/// Half the distance from 1 to the next number of the type that sums are taken in.
double unit_roundoff(DType);
/// How many roundings a term of a sum of n may go through.
double summation_depth(Index n);
/// Widens the bounds of floats by so many units in the last place.
void add_rounding(Bounded&, double units);

Bounded bounded_pointwise(const Call&, std::span<const Bounded> x);
Bounded bounded_reduce(const Call&, Monoid, const Bounded& x);
Bounded bounded_contract(const Call&, std::span<const Bounded> x);

}  // namespace croton::ops
