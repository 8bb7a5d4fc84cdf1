// Shapes as values, other shapes for the same elements, and tensors made from a shape alone.
#include <algorithm>
#include <iterator>
#include <optional>

#include "array/access.h"
#include "base/dtype.h"
#include "base/error.h"
#include "croton/ops.h"
#include "graph/walk.h"
#include "ops/evaluate.h"
#include "ops/extents.h"
#include "ops/families.h"
#include "ops/origin.h"
#include "ops/pointwise.h"

namespace croton::ops {
namespace {

// ---- shape_of
Type shape_of_type(const TypeAt&) { return {int64, {}}; }
std::vector<Sample> shape_of_samples() {
  return {{{{float64, {2, 3}}}, {{"axis", Index{1}}}}, {{{boolean, {0}}}, {{"axis", Index{0}}}}};
}

// ---- reshape
/// The product of the known extents and whether all but own_extent are known.
struct Count {
  Index n = 1;
  bool known = true;
};
Count count(const Shape& s) {
  Count c;
  for (const Index e : s) {
    if (e == own_extent) continue;
    if (e < 0)
      c.known = false;
    else
      c.n *= e;
  }
  return c;
}

/// The axis that is to be two, equal parts and their elements; none where more changes.
std::optional<std::size_t> parted_axis(const Shape& from, const Shape& to) {
  if (to.size() != from.size() + 1) return {};
  const auto axis = static_cast<std::size_t>(std::ranges::mismatch(from, to).in1 - from.begin());
  if (axis == from.size() || to[axis] < 1 || to[axis + 1] != from[axis] / to[axis]) return {};
  const auto behind = static_cast<std::ptrdiff_t>(axis + 1);
  return std::equal(from.begin() + behind, from.end(), to.begin() + behind + 1) ? std::optional(axis) : std::nullopt;
}

[[noreturn]] void refuse_reshape(const TypeAt& t, const Shape& to) {
  if (const auto axis = parted_axis(t.shapes[0], to); axis && !t.part_of.empty())
    fail_at<ShapeError>(t.where, "{}: {} has {} elements, which do not make {} equal parts", t.name(),
                        axis_called(t, 0, static_cast<Index>(*axis)), t.shapes[0][*axis], to[*axis]);
  Shape shown = to;
  for (Index& e : shown)
    if (e == own_extent) e = -1;
  fail_at<ShapeError>(t.where, "{}: {} {} has {} elements, which do not make {}", t.name(), formula(t.x[0]),
                      text(Type{t.dtype(0), t.shapes[0]}), count(t.shapes[0]).n, text(shown));
}

Type reshape_type(const TypeAt& t) {
  Type out{t.dtype(0), resolve(t, 1)};
  const Count from = count(t.shapes[0]), to = count(out.shape);
  for (Index& e : out.shape) {
    if (e != own_extent) continue;
    const bool known = from.known && to.known;
    if (known && (to.n == 0 || from.n % to.n != 0)) refuse_reshape(t, out.shape);
    e = known ? from.n / to.n : -1;
    return out;
  }
  if (from.known && to.known && from.n != to.n) refuse_reshape(t, out.shape);
  return out;
}

Gradients reshape_pullback(const At& at) {
  const Where w = Where::here();
  ExtentList back = extents_of(at.x[0], w);
  if (back.held.size() == 1 && back.dims.size() == 1) back = {{own_extent}, {}};
  Gradients g(at.x.size());
  g[0] = apply(reshape, {{"dims", back.dims}}, back.after(at.y_bar), w);
  return g;
}

std::vector<Sample> reshape_samples() {
  using L = std::vector<Index>;
  return {{{{float64, {2, 6}}}, {{"dims", L{3, own_extent}}}},
          {{{float32, {4, 3}}, {int64, {}}}, {{"dims", L{-1, 2}}}, {{-4, 4}, {6, 6}}},
          {{{int64, {1}}}, {{"dims", L{}}}},
          {{{float64, {0, 3}}}, {{"dims", L{3, 0}}}}};
}

// ---- iota
Type iota_type(const TypeAt& t) { return {int64, resolve(t, 0)}; }
std::vector<Sample> iota_samples() {
  using L = std::vector<Index>;
  return {{{}, {{"dims", L{5}}, {"axes", L{0}}}},
          {{{int64, {}}}, {{"dims", L{2, -1}}, {"axes", L{1}}}, {{3, 3}}},
          {{{int64, {}}}, {{"dims", L{2, -1, 2}}, {"axes", L{0, 1, 2}}}, {{3, 3}}},
          {{}, {{"dims", L{}}, {"axes", L{}}}},
          {{}, {{"dims", L{0}}, {"axes", L{0}}}}};
}

constexpr std::string_view of_shapes = "shapes are integers";

}  // namespace

constinit const Op shape_of{.name = "shape_of",
                            .doc = "One extent of a tensor, as an int64 scalar; the elements are not computed for it.",
                            .type = shape_of_type,
                            .meaning = ShapeOf{},
                            .no_gradient = of_shapes,
                            .samples = shape_of_samples};

constinit const Op reshape{.name = "reshape",
                           .doc = "The same elements in row-major order under another shape; NumPy's reshape.",
                           .arity = -1,
                           .type = reshape_type,
                           .meaning = Reshape{},
                           .pullback = reshape_pullback,
                           .samples = reshape_samples};

constinit const Op iota{.name = "iota",
                        .doc = "Each element's row-major number among some axes; NumPy's arange is iota of one axis.",
                        .arity = -1,
                        .type = iota_type,
                        .meaning = Iota{},
                        .no_gradient = of_shapes,
                        .samples = iota_samples};

Family shape_ops() {
  static constexpr const Op* list[] = {&shape_of, &reshape, &iota};
  return list;
}

}  // namespace croton::ops

namespace croton {

Tensor Expr::shape(int axis, Where w) const {
  const WhereScope scope(w);
  return ops::extent(*this, ops::axis_of("shape", axis, *this, w), w);
}

Tensor Expr::shape(Where w) const {
  const WhereScope scope(w);
  if (ndim() == 0) return make_constant(Array::zeros({0}, int64), "", w);
  std::vector<Tensor> parts;
  parts.reserve(static_cast<std::size_t>(ndim()));
  for (int a = 0; a < ndim(); ++a) parts.push_back(ops::permuted(ops::extent(*this, a, w), {-1}, w));
  if (parts.size() == 1) return parts[0];
  return apply(ops::concatenate, {{"axis", Index{0}}}, std::move(parts), w);
}

Tensor Expr::size(Where w) const {
  const WhereScope scope(w);
  Tensor n;
  for (int a = 0; a < ndim(); ++a) {
    const Tensor e = ops::extent(*this, a, w);
    n = n.node() ? n * e : e;
  }
  return n.node() ? n : ops::integer(1, w);
}

Tensor reshape(const Tensor& x, const Dims& shape, Where w) {
  const ops::ExtentList to = ops::extents("reshape", shape, true, w);
  return apply(ops::reshape, {{"dims", to.dims}}, to.after(x), w);
}
Tensor Expr::reshape(const Dims& shape, Where w) const { return croton::reshape(*this, shape, w); }

Tensor flatten(const Operand& all_of, Where w) {
  const WhereScope scope(w);
  Tensor x = all_of.get();
  if (x.ndim() == 1) return x;
  return apply(ops::reshape, {{"dims", std::vector<Index>{own_extent}}}, {x}, w);
}

Tensor full(const Dims& shape, const Operand& value, Where w) {
  const WhereScope scope(w);
  const Tensor v = value.get();
  if (v.ndim() != 0)
    fail_at<ShapeError>(w, "full: the value is a scalar, {} is {}; use broadcast_to", formula(v), text(type(v)));
  return ops::filled(v, ops::extents("full", shape, false, w), w);
}

Tensor zeros(const Dims& shape, DType d, Where w) {
  const WhereScope scope(w);
  return ops::filled(make_constant(Array::zeros({}, d), "", w), ops::extents("zeros", shape, false, w), w);
}
Tensor ones(const Dims& shape, DType d, Where w) {
  const WhereScope scope(w);
  return ops::filled(make_constant(Array::full({}, 1, d), "", w), ops::extents("ones", shape, false, w), w);
}
Tensor zeros_like(const Tensor& x, Where w) {
  const WhereScope scope(w);
  return ops::zeros_of(x, w);
}
Tensor ones_like(const Tensor& x, Where w) {
  const WhereScope scope(w);
  return ops::filled(make_constant(Array::full({}, 1, x.dtype()), "", w), ops::extents_of(x, w), w);
}

Tensor arange(const Tensor& n, Where w) {
  const WhereScope scope(w);
  if (n.ndim() != 0 || !is_int(n.dtype()))
    fail_at<ShapeError>(w, "{}: the count is an integer scalar, {} is {}", ambient("arange"), formula(n),
                        text(type(n)));
  const ops::ExtentList to = ops::extents("arange", Dims{Dim(n)}, false, w);
  return apply(ops::iota, {{"dims", to.dims}, {"axes", std::vector<Index>{0}}}, to.held, w);
}

Tensor arange(const Operand& start, const Operand& stop, const Operand& step, Where w) {
  const WhereScope scope(w);
  const Tensor given[] = {start.get(), stop.get(), step.get()};
  for (const Tensor& t : given) {
    if (!t.node()) fail_at<GraphError>(ambient(w), "arange: an argument is an empty Tensor (declared, never assigned)");
    if (t.ndim() != 0 || t.dtype() == boolean)
      fail_at<ShapeError>(ambient(w), "arange: start, stop and step are numbers, {} is {}", formula(t), text(type(t)));
  }
  if (node(given[2]).kind == NodeKind::constant && get(node(given[2]).value, 0) == 0)
    fail_at<ShapeError>(ambient(w), "arange: the step is 0");
  const DType d = ops::common_dtype("arange", given, ambient(w));
  const Tensor from = cast(given[0], d, w), to = cast(given[1], d, w), by = cast(given[2], d, w);
  const auto wide = [&](const Tensor& t) { return cast(t, int64, w); };
  // of integers -((start - stop) // step), exact where a quotient of floats is not
  Tensor count = is_float(d) ? wide(croton::ceil((to - from) / by)) : -floor_divide(wide(from) - wide(to), wide(by), w);
  count = maximum(count, 0, w);
  if (std::all_of(std::begin(given), std::end(given),
                  [](const Tensor& t) { return node(t).kind == NodeKind::constant; }))
    count = make_constant(ops::evaluate({&count, 1}, {})[0], "", w);
  return from + cast(arange(count, w), d, w) * by;
}

}  // namespace croton
