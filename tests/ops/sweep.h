// Every op's own samples as nodes with values: what all sweeps over ops start from.
#pragma once
#include <fmt/format.h>

#include <cmath>
#include <string>
#include <vector>

#include "array/access.h"
#include "base/dtype.h"
#include "graph/walk.h"
#include "ops/evaluate.h"
#include "ops/registry.h"

namespace croton {

/// One use of an op: inputs, their values, the node.
struct Sampled {
  const Op* op = nullptr;
  std::vector<Tensor> inputs;
  std::vector<Array> values;
  Tensor node;
  std::string title;  // "tanh of float64[3, 4]"

  Array evaluate() const { return ops::evaluate_node(node, values); }
};

/// Numbers from a small generator: the same everywhere.
class Draw {
 public:
  explicit Draw(std::uint64_t seed) : state_(seed * 2862933555777941757u + 3037000493u) {}
  /// In [0, 1).
  double operator()() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<double>(state_ >> 11) * 0x1p-53;
  }

 private:
  std::uint64_t state_;
};

inline Array drawn(const Type& t, const Interval& in, Draw& draw) {
  Extents shape;
  for (const Index n : t.shape) shape.add(n < 0 ? 3 : n);
  Array a = Array::zeros(shape, t.dtype);
  for (Index i = 0; i < a.size(); ++i) {
    const double u = draw();
    const double low = is_unsigned_int(t.dtype) ? std::max(0.0, in.low) : in.low;
    if (is_float(t.dtype))
      set(a, i, low + u * (in.high - low));
    else if (t.dtype == DType::boolean)
      set(a, i, u < 0.5 ? 0 : 1);
    else
      set(a, i, low + std::floor(u * (std::floor(in.high) - low + 1)));
  }
  return a;
}

inline Sampled sampled(const Op& op, const Sample& s) {
  Sampled out;
  out.op = &op;
  Draw draw(s.inputs.size() + 17);
  for (std::size_t i = 0; i < s.inputs.size(); ++i) {
    out.inputs.push_back(make_input(s.inputs[i], fmt::format("x{}", i), Where{"sweep.cpp", 1, ""}));
    out.values.push_back(drawn(s.inputs[i], i < s.intervals.size() ? s.intervals[i] : Interval{}, draw));
    out.title += fmt::format("{}{}", i == 0 ? fmt::format("{} of ", op.name) : ", ", text(s.inputs[i]));
  }
  if (s.inputs.empty()) out.title = op.name;
  out.title += s.params.text();
  out.node = apply(op, s.params, out.inputs, Where{"sweep.cpp", 2, ""});
  return out;
}

/// All samples of all ops.
template <class F>
void for_each_sample(F&& f) {
  for (const Op* op : ops::all())
    for (const Sample& s : op->samples()) f(sampled(*op, s));
}

/// The same elements, none of them next to another in memory.
inline Array spread_out(const Array& a) {
  if (a.ndim() == 0) return a;
  Extents wide = a.shape();
  wide[wide.size() - 1] = 2 * wide.back() + 1;
  Array around = Array::full(wide, 77, a.dtype());
  Extents steps = row_major_strides(wide);
  steps[steps.size() - 1] = 2;
  const Index width = wide.back(), size = static_cast<Index>(size_of(a.dtype()));
  std::byte* to = mutable_data(around);
  const Array from = contiguous(a);
  for (Index i = 0; i < a.size(); ++i) {
    const Index row = i / a.shape().back(), column = i % a.shape().back();
    std::copy_n(data(from) + i * size, size, to + (row * width + 2 * column + 1) * size);
  }
  return view(around, a.shape(), steps, a.size() == 0 ? 0 : 1);
}

}  // namespace croton
