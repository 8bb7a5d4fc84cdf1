// Loops over strided operands of one shape: axes that lie one after another in all operands become one, so that inner
// loops are long; loads and stores between stored types and the wide types that the evaluator computes in.
#pragma once
#include <array>
#include <cmath>

#include "array/access.h"
#include "base/dtype.h"

namespace croton::ops {

inline constexpr std::size_t most_operands = 4;

/// A shape with the strides, in elements, of each operand. Stride 0 repeats.
struct StridedLoop {
  std::size_t operands = 0;
  std::vector<Index> shape;
  std::array<std::vector<Index>, most_operands> strides;

  StridedLoop(const Extents& shape, std::initializer_list<Extents> strides);
  /// Calls f(offsets, n) for each run along the inner axis.
  template <class F>
  void rows(F&& f) const {
    for (const Index n : shape)
      if (n == 0) return;
    std::array<Index, most_operands> offset{};
    const std::size_t outer = shape.size() - 1;
    std::vector<Index> at(outer, 0);
    for (;;) {
      f(offset, shape[outer]);
      std::size_t axis = outer;
      for (;;) {
        if (axis == 0) return;
        --axis;
        for (std::size_t k = 0; k < operands; ++k) offset[k] += strides[k][axis];
        if (++at[axis] < shape[axis]) break;
        for (std::size_t k = 0; k < operands; ++k) offset[k] -= strides[k][axis] * shape[axis];
        at[axis] = 0;
      }
    }
  }
  Index inner_stride(std::size_t operand) const { return strides[operand].back(); }
};

/// Strides of an operand seen at a broader shape: axes of extent 1 repeat.
Extents broadcast_strides(const Array& a, const Extents& shape);

template <class W, class T>
W widened(T v) {
  if constexpr (std::is_same_v<T, Float16> || std::is_same_v<T, BFloat16>)
    return static_cast<W>(to_float(v));
  else
    return static_cast<W>(v);
}
/// Integers wrap (a bool is one bit), floats round.
template <class T, class W>
T narrowed(W v) {
  if constexpr (std::is_same_v<T, Float16>)
    return to_float16(static_cast<double>(v));
  else if constexpr (std::is_same_v<T, BFloat16>)
    return to_bfloat16(static_cast<double>(v));
  else if constexpr (std::is_same_v<T, bool> && std::is_integral_v<W>)
    return (v & 1) != 0;
  else if constexpr (std::is_same_v<T, bool>)
    return v != 0;
  else
    return static_cast<T>(v);
}

template <class W>
using Load = void (*)(const std::byte* from, Index offset, Index stride, Index n, W* to);
template <class W>
using Store = void (*)(const W* from, Index n, std::byte* to, Index offset);

template <class W>
Load<W> load_from(DType d) {
  return visit_dtype(d, []<class T>(T) -> Load<W> {
    return [](const std::byte* from, Index offset, Index stride, Index n, W* to) {
      const T* p = reinterpret_cast<const T*>(from) + offset;
      if (stride == 1)
        for (Index i = 0; i < n; ++i) to[i] = widened<W>(p[i]);
      else
        for (Index i = 0; i < n; ++i) to[i] = widened<W>(p[i * stride]);
    };
  });
}
template <class W>
Store<W> store_to(DType d) {
  return visit_dtype(d, []<class T>(T) -> Store<W> {
    return [](const W* from, Index n, std::byte* to, Index offset) {
      T* p = reinterpret_cast<T*>(to) + offset;
      for (Index i = 0; i < n; ++i) p[i] = narrowed<T>(from[i]);
    };
  });
}

}  // namespace croton::ops
