// Ops that move elements of any dtype: views, reshapes, rows by index, parts written, windows folded, parts joined.
#include <concepts>
#include <cstring>

#include "base/dtype.h"
#include "base/error.h"
#include "graph/walk.h"
#include "ops/evaluate/loops.h"
#include "ops/evaluate/steps.h"

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

bool added(bool a, bool b) { return a || b; }
template <std::floating_point T>
T added(T a, T b) {
  return a + b;
}
template <std::integral T>
T added(T a, T b) {
  using U = std::make_unsigned_t<T>;  // sums of integers wrap
  return static_cast<T>(static_cast<U>(static_cast<U>(a) + static_cast<U>(b)));
}
template <class T>
requires std::same_as<T, Float16> || std::same_as<T, BFloat16> T added(T a, T b) {
  return narrowed<T>(widened<double>(a) + widened<double>(b));
}

template <class T>
void put_element(T& target, const T& v, bool set) {
  target = set ? v : added(target, v);
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

[[noreturn]] void out_of_range(const Call& call, Index i, Index linear) {
  const Array &x = call.argument(0), &index = call.argument(1);
  const auto called = [](const Tensor& t, const Array& a) {
    return fmt::format("{} {}", t.name().empty() ? formula(t) : t.name(), type_text(a));
  };
  std::string at;
  for (std::size_t axis = index.shape().size(); axis-- > 0; linear /= std::max<Index>(1, index.shape()[axis]))
    at = fmt::format("{}{}{}", linear % std::max<Index>(1, index.shape()[axis]), at.empty() ? "" : ", ", at);
  const Index n = x.shape()[0];
  const std::string valid = n == 0 ? "it has no rows" : fmt::format("valid: {} .. {}", -n, n - 1);
  const std::string_view maker = node(call.input(1)).part_of;  // what a function made of its own is not shown
  const bool is_made_within = !maker.empty() && maker == call.node().part_of;
  const Tensor& rows = call.input(0);
  std::string asked, axis = fmt::format("axis 0 of {}", called(rows, x));
  if (meaning<Iota>(rows)) {  // the positions of an axis: a function wanted the index alone
    if (!call.node().part_of.empty()) asked = fmt::format("{}: ", call.node().part_of);
    axis = rows.name().empty() ? fmt::format("an axis of {} elements", n) : rows.name();
  }
  const std::string element = index.ndim() == 0 || is_made_within
                                  ? ""
                                  : fmt::format(", at element [{}] of {}", at, called(call.input(1), index));
  fail_at<IndexError>(call.node().where, "{}index {} is out of range for {} ({}){}", asked, i, axis, valid, element);
}

/// The rows that an index names, each counted from 0.
std::vector<Index> rows(const Call& call) {
  const Array& index = call.argument(1);
  const Index n = call.argument(0).shape()[0];
  std::vector<Index> out(static_cast<std::size_t>(index.size()));
  for (std::size_t i = 0; i < out.size(); ++i) {
    const Index given = get_index(index, static_cast<Index>(i));
    if (given < -n || given >= n) out_of_range(call, given, static_cast<Index>(i));
    out[i] = given < 0 ? given + n : given;
  }
  return out;
}

std::size_t bytes_of_row(const Array& x) {
  std::size_t n = size_of(x.dtype());
  for (std::size_t axis = 1; axis < x.shape().size(); ++axis) n *= static_cast<std::size_t>(x.shape()[axis]);
  return n;
}

Array gathered(const Call& call, const Array& x) {
  const std::vector<Index> at = rows(call);
  const Array from = contiguous(x);
  Array out = empty(extents_of(call.result().shape), x.dtype());
  const std::size_t bytes = bytes_of_row(from);
  if (out.size() == 0) return out;
  std::byte* to = mutable_data(out);
  for (const Index row : at) {
    std::memcpy(to, data(from) + static_cast<std::size_t>(row) * bytes, bytes);
    to += bytes;
  }
  return out;
}

/// Writes rows of values into `out`, whose memory is laid out as x, which is row-major; an IndexError comes before
/// that.
void write_rows(const Call& call, const Array& x, const Array& values, std::byte* out) {
  const std::vector<Index> at = rows(call);
  const Array from = contiguous(values);
  const std::size_t n = bytes_of_row(x) / size_of(x.dtype());
  const bool set = call.params().flag("set");
  visit_dtype(x.dtype(), [&]<class T>(T) {
    const T* row = data_as<T>(from);
    for (const Index i : at) {
      T* const to = reinterpret_cast<T*>(out) + static_cast<std::size_t>(i) * n;
      for (std::size_t k = 0; k < n; ++k) put_element(to[k], row[k], set);
      row += n;
    }
  });
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
  Array out = writable(moved[0]);
  run_write(call, moved, mutable_data(out));
  return out;
}

void run_write(const Call& call, std::span<const Array> moved, std::byte* out) {
  const Array x = contiguous(moved[0]);
  if (const auto* w = meaning<Write>(call.op()))
    write_part(call, *w, x, moved[1], out);
  else
    write_rows(call, x, moved[2], out);
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
