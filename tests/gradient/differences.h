// Gradients against central differences, through the reference evaluator.
#pragma once
#include <fmt/format.h>

#include <cmath>
#include <string>

#include "array/access.h"
#include "croton/gradient.h"
#include "ops/evaluate.h"

namespace differences {

using croton::Array;
using croton::Index;
using croton::Tensor;

struct Leaf {
  Tensor input;
  Array value;
};

inline std::vector<Array> values(const std::vector<Tensor>& outputs, const std::vector<Leaf>& leaves) {
  croton::ops::Values v;
  for (const Leaf& l : leaves) v[l.input.node()] = l.value;
  return croton::ops::evaluate(outputs, v);
}
inline Array value(const Tensor& output, const std::vector<Leaf>& leaves) { return values({output}, leaves)[0]; }

/// Numbers that look random and are the same everywhere, in [low, high).
inline Array numbers(const croton::Extents& shape, double low = -1, double high = 1, unsigned seed = 1) {
  Array a = Array::zeros(shape);
  std::uint64_t state = 88172645463325252ull + seed * 2654435769ull;
  for (Index i = 0; i < a.size(); ++i) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    croton::set(a, i, low + (high - low) * static_cast<double>(state >> 11) * 0x1p-53);
  }
  return a;
}

/// The cost where element i of a leaf is moved.
inline double moved(const Tensor& cost, std::vector<Leaf> leaves, std::size_t leaf, Index i, double by) {
  Array v = leaves[leaf].value.copy();
  croton::set(v, i, croton::get(v, i) + by);
  leaves[leaf].value = v;
  return croton::get(value(cost, leaves), 0);
}

/// "" if grad(cost) agrees with central differences at every element of every float64 leaf; else where it does not.
inline std::string disagreement(const Tensor& cost, const std::vector<Leaf>& leaves, double tolerance = 1e-6) {
  constexpr double step = 1e-5;
  for (std::size_t k = 0; k < leaves.size(); ++k) {
    if (leaves[k].value.dtype() != croton::float64) continue;
    croton::GradOptions zeros;
    zeros.disconnected_inputs = croton::Disconnected::ignore;
    const Array g = value(croton::grad(cost, leaves[k].input, zeros), leaves);
    if (g.shape() != leaves[k].value.shape()) return fmt::format("input {}: the gradient has another shape", k);
    for (Index i = 0; i < g.size(); ++i) {
      const double want = (moved(cost, leaves, k, i, step) - moved(cost, leaves, k, i, -step)) / (2 * step);
      const double got = croton::get(g, i);
      if (!(std::abs(got - want) <= tolerance * std::max(1.0, std::abs(want))))
        return fmt::format("input {}, element {}: grad gives {}, differences {}", k, i, got, want);
    }
  }
  return "";
}

}  // namespace differences
