// Ops that move elements of any dtype: views, reshapes, parts written, windows folded, parts joined; rows by index are
// in rows.cpp.
#include "base/dtype.h"
#include "base/error.h"
#include "graph/walk.h"
#include "ops/evaluate/loops.h"
#include "ops/evaluate/put.h"
#include "ops/evaluate/steps.h"
#include "ops/host.h"

namespace croton::ops {
namespace {

/// The array seen through one AxisMap for each of its axes, at this shape.
Array seen(const Array& x, const std::vector<AxisMap>& maps, const Extents& shape) {
  const Extents& from = strides(x);
  Extents to;
  for (std::size_t i = 0; i < shape.size(); ++i) to.add(0);
  Index offset = 0;
  for (std::size_t d = 0; d < maps.size(); ++d) {
    offset += maps[d].start * from[d];
    if (maps[d].axis >= 0) to[static_cast<std::size_t>(maps[d].axis)] += maps[d].step * from[d];
    if (maps[d].inner >= 0) to[static_cast<std::size_t>(maps[d].inner)] += maps[d].inner_step * from[d];
  }
  return view(x, shape, to, count_of(shape) == 0 ? 0 : offset);
}

/// Copies an array over the elements of its dtype that lie from `base` on by these strides, or adds it to them.
void put(const Array& value, const Extents& steps, std::byte* base, bool set) {
  visit_dtype(value.dtype(), [&]<class T>(T) {
    const StridedLoop loop(value.shape(), {strides(value), steps});
    const T* from = data_as<T>(value);
    T* to = reinterpret_cast<T*>(base);
    loop.rows([&](const std::array<Index, most_operands>& offset, Index n) {
      const Index a = loop.inner_stride(0), b = loop.inner_stride(1);
      for (Index i = 0; i < n; ++i) { put_element(to[offset[1] + i * b], from[offset[0] + i * a], set); }
    });
  });
}

/// A row-major array of our own with the elements of x.
Array writable(const Array& x) {
  Array out = x.copy();
  mutable_data(out);
  return out;
}

/// Writes value's elements into `out`, whose memory is laid out as x, which is row-major.
void write_part(const Call& call, const Write& write, const Array& x, const Array& value, std::byte* out) {
  if (value.size() == 0) return;
  const Shape value_shape(value.shape().begin(), value.shape().end());
  const Array part = seen(x, write.map(call.at(), value_shape), value.shape());
  put(value, strides(part), out + (data(part) - data(x)), call.params().flag("set"));
}

Array folded_windows(const Call& call, const FoldWindows& fold, const Array& windows) {
  Array out = Array::zeros(extents_of(call.result().shape), windows.dtype());
  if (windows.size() == 0) return out;
  std::byte* base = mutable_data(out);
  const Array part = seen(out, fold.map(call.at()), windows.shape());
  put(windows, strides(part), base + (data(part) - data(out)), false);
  return out;
}

Array concatenated(const Call& call, std::span<const Array> parts) {
  Array out = empty(extents_of(call.result().shape), parts[0].dtype());
  run_concatenate(call, parts, mutable_data(out));
  return out;
}

}  // namespace

bool is_movement(const Op& op) {
  return meaning<View>(op) || meaning<Reshape>(op) || meaning<Gather>(op) || meaning<Scatter>(op) ||
         meaning<Write>(op) || meaning<FoldWindows>(op) || meaning<Concatenate>(op);
}

Array run_movement(const Call& call, std::span<const Array> moved) {
  const Extents shape = extents_of(call.result().shape);
  if (const auto* v = meaning<View>(call.op())) return seen(moved[0], v->map(call.at(), call.result().shape), shape);
  if (meaning<Reshape>(call.op())) return contiguous(moved[0]).reshape(shape);
  if (meaning<Gather>(call.op())) return gathered(call, moved[0]);
  if (meaning<Concatenate>(call.op())) return concatenated(call, moved);
  if (const auto* f = meaning<FoldWindows>(call.op())) return folded_windows(call, *f, moved[0]);
  if (meaning<Scatter>(call.op())) {
    Array out = empty(shape, moved[0].dtype());
    scatter_into(call, moved, mutable_data(out), {});
    return out;
  }
  Array out = writable(moved[0]);
  run_write(call, moved, mutable_data(out));
  return out;
}

void run_write(const Call& call, std::span<const Array> moved, std::byte* out) {
  write_part(call, *meaning<Write>(call.op()), contiguous(moved[0]), moved[1], out);
}

void run_concatenate(const Call& call, std::span<const Array> parts, std::byte* out) {
  const Extents steps = row_major_strides(extents_of(call.result().shape));
  const auto axis = static_cast<std::size_t>(call.params().integer("axis"));
  for (const Array& part : parts) {
    if (part.size() > 0) put(part, steps, out, true);
    out += part.shape()[axis] * steps[axis] * static_cast<Index>(size_of(part.dtype()));
  }
}

Array run_shape_of(const Call& call) {
  return Array::scalar(call.argument(0).shape(static_cast<int>(call.params().integer("axis"))));
}

Array run_iota(const Call& call) {
  const Extents shape = extents_of(call.result().shape);
  Array out = empty(shape, DType::int64);
  if (out.size() == 0) return out;
  std::vector<Index> steps(shape.size(), 0);
  Index step = 1;
  const std::vector<Index>& axes = call.params().list("axes");
  for (auto axis = axes.rbegin(); axis != axes.rend(); ++axis) {
    steps[static_cast<std::size_t>(*axis)] = step;
    step *= shape[static_cast<std::size_t>(*axis)];
  }
  Index* p = mutable_data_as<Index>(out);
  p[0] = 0;
  // the numbers among the outer axes: each becomes a row of those with one axis more, the last one first
  Index made = 1;
  for (std::size_t axis = 0; axis < shape.size(); made *= shape[axis++])
    for (Index i = made; i-- > 0;) {
      const Index first = p[i];
      for (Index k = 0; k < shape[axis]; ++k) p[i * shape[axis] + k] = first + k * steps[axis];
    }
  return out;
}

}  // namespace croton::ops
