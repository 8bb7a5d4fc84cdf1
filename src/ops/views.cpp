// Views: the same elements under other axes.
#include "base/error.h"
#include "croton/ops.h"
#include "graph/walk.h"
#include "ops/extents.h"
#include "ops/families.h"
#include "ops/loop.h"
#include "ops/pointwise.h"

namespace croton::ops {
namespace {

// ---- permute
Type permute_type(const TypeAt& t) {
  const Shape& x = t.shapes[0];
  std::vector<bool> stays(x.size());
  Type out{t.dtype(0), {}};
  for (const Index a : t.params.list("axes")) {
    out.shape.push_back(a < 0 ? 1 : x[static_cast<std::size_t>(a)]);
    if (a >= 0) stays[static_cast<std::size_t>(a)] = true;
  }
  for (std::size_t i = 0; i < x.size(); ++i)
    if (!stays[i] && x[i] != 1 && x[i] != -1)
      fail_at<ShapeError>(t.where, "{}: axis {} of {} {} has {} elements; only an axis of one can go", t.name(), i,
                          formula(t.x[0]), text(Type{t.dtype(0), x}), x[i]);
  return out;
}

std::vector<AxisMap> permute_map(const TypeAt& t, const Shape&) {
  const std::vector<Index>& axes = t.params.list("axes");
  std::vector<AxisMap> map(static_cast<std::size_t>(t.rank(0)));
  for (std::size_t d = 0; d < axes.size(); ++d)
    if (axes[d] >= 0) map[static_cast<std::size_t>(axes[d])] = {static_cast<int>(d), 0, 1};
  return map;
}

std::vector<Index> inverse(const std::vector<Index>& axes, int rank) {
  std::vector<Index> back(static_cast<std::size_t>(rank), -1);
  for (std::size_t d = 0; d < axes.size(); ++d)
    if (axes[d] >= 0) back[static_cast<std::size_t>(axes[d])] = static_cast<Index>(d);
  return back;
}

Gradients permute_pullback(const At& at) {
  return {permuted(at.y_bar, inverse(at.params.list("axes"), at.x[0].ndim()), Where::here())};
}

std::vector<Sample> permute_samples() {
  using L = std::vector<Index>;
  return {{{{float64, {2, 3}}}, {{"axes", L{1, 0}}}},
          {{{float32, {2, 1, 3}}}, {{"axes", L{2, -1, 0}}}},
          {{{int64, {}}}, {{"axes", L{-1, -1}}}},
          {{{float64, {3, 0, 2}}}, {{"axes", L{2, 0, 1}}}}};
}

// ---- broadcast
Type broadcast_type(const TypeAt& t) {
  Type out{t.dtype(0), resolve(t, 1)};
  const Shape& x = t.shapes[0];
  for (std::size_t i = 0; i < x.size(); ++i) {
    Index& d = out.shape[i];
    if (d == own_extent) d = x[i];
    if (type(t.x[0]).broadcasts(static_cast<int>(i))) continue;
    const bool fits = d == -1 || x[i] == -1 || d == x[i];
    if (!fits && t.params.has("written"))  // checked_value in ops/extents.h
      fail_at<ShapeError>(t.where, "{}: the part has shape {}, the value {}", t.name(), text(resolve(t, 1)), text(x));
    if (!fits && t.params.has("beside"))  // checked_beside
      fail_at<ShapeError>(t.where, "{}: axis {} of {} is {} long, and {} beside it: these do not broadcast", t.name(),
                          i, formula(t.x[0]), x[i], d);
    if (!fits)
      fail_at<ShapeError>(t.where,
                          "{}: axis {} of {} {} cannot become {} long; only an axis whose extent is 1 in the type "
                          "widens. State that with broadcastable(x, {})",
                          t.name(), i, formula(t.x[0]), text(Type{t.dtype(0), x}), d, i);
    if (x[i] != -1) d = x[i];
  }
  return out;
}

std::vector<AxisMap> broadcast_map(const TypeAt& t, const Shape&) {
  std::vector<AxisMap> map(static_cast<std::size_t>(t.rank(0)));
  for (std::size_t i = 0; i < map.size(); ++i)
    if (!type(t.x[0]).broadcasts(static_cast<int>(i))) map[i] = {static_cast<int>(i), 0, 1};
  return map;
}

Gradients broadcast_pullback(const At& at) {
  Gradients g(at.x.size());
  g[0] = at.y_bar;  // the gradient room sums over widened axes
  return g;
}

std::vector<Sample> broadcast_samples() {
  using L = std::vector<Index>;
  return {{{{float64, {1, 3}}}, {{"dims", L{4, own_extent}}}},
          {{{float32, {2, 1}}, {int64, {}}}, {{"dims", L{2, -1}}}, {{-4, 4}, {5, 5}}},
          {{{boolean, {1}}}, {{"dims", L{0}}}}};
}

// ---- specify_one
Type specify_one_type(const TypeAt& t) {
  Type out{t.dtype(0), t.shapes[0]};
  const Index axis = t.params.integer("axis");
  Index& n = out.shape[static_cast<std::size_t>(axis)];
  if (n != 1 && n != -1)
    fail_at<ShapeError>(t.where, "{}: axis {} of {} {} has {} elements, not 1", t.name(), axis, formula(t.x[0]),
                        text(out), n);
  n = 1;
  return out;
}

// ---- specify_rows
Type specify_rows_type(const TypeAt& t) {
  Type out{t.dtype(0), t.shapes[0]};
  const Index rows = t.params.integer("rows");
  Index& n = out.shape[static_cast<std::size_t>(t.params.integer("axis"))];
  if (n != rows && n != -1) refuse_rows(fmt::format("{}", rows), rows, t.x, {&n, 1}, t.where);
  n = rows;
  return out;
}

std::vector<AxisMap> same_map(const TypeAt& t, const Shape&) {
  std::vector<AxisMap> map(static_cast<std::size_t>(t.rank(0)));
  for (std::size_t i = 0; i < map.size(); ++i) map[i].axis = static_cast<int>(i);
  return map;
}

Gradients same_pullback(const At& at) { return {at.y_bar}; }

std::vector<Sample> specify_one_samples() { return {{{{float64, {3, 1}}}, {{"axis", Index{1}}}}}; }
std::vector<Sample> specify_rows_samples() { return {{{{float64, {3, 2}}}, {{"axis", Index{0}}, {"rows", Index{3}}}}}; }

}  // namespace

constinit const Op permute{
    .name = "permute",
    .doc =
        "The axes in another order; new ones of extent 1 may come, ones of extent 1 may go. NumPy's transpose, "
        "expand_dims and squeeze, Theano's dimshuffle.",
    .type = permute_type,
    .meaning = View{permute_map},
    .pullback = permute_pullback,
    .samples = permute_samples};

constinit const Op broadcast{.name = "broadcast",
                             .doc = "Axes of extent 1 repeated to other extents; NumPy's broadcast_to.",
                             .arity = -1,
                             .type = broadcast_type,
                             .meaning = View{broadcast_map},
                             .pullback = broadcast_pullback,
                             .samples = broadcast_samples};

constinit const Op specify_one{
    .name = "specify_one",
    .doc = "x, with the promise that an axis has extent 1, so that it broadcasts; Theano's addbroadcast.",
    .type = specify_one_type,
    .meaning = View{same_map},
    .pullback = same_pullback,
    .samples = specify_one_samples};

constinit const Op specify_rows{
    .name = "specify_rows",
    .doc = "x, with the promise that an axis has as many rows as a scan has steps; Theano's specify_shape.",
    .type = specify_rows_type,
    .meaning = View{same_map},
    .pullback = same_pullback,
    .samples = specify_rows_samples};

Family view_ops() {
  static constexpr const Op* list[] = {&permute, &broadcast, &specify_one, &specify_rows};
  return list;
}

}  // namespace croton::ops

namespace croton {

Tensor transpose(const Tensor& x, const Extents& axes, Where w) {
  const WhereScope scope(w);
  const int rank = x.ndim();
  std::vector<Index> order;
  for (const Index a : axes) order.push_back(ops::axis_of("transpose", static_cast<int>(a), x, w));
  if (axes.empty())
    for (Index a = rank - 1; a >= 0; --a) order.push_back(a);
  std::vector<bool> seen(static_cast<std::size_t>(rank));
  for (const Index a : order) {
    if (seen[static_cast<std::size_t>(a)]) fail_at<ShapeError>(w, "transpose: axis {} is named twice", a);
    seen[static_cast<std::size_t>(a)] = true;
  }
  if (static_cast<int>(order.size()) != rank)
    fail_at<ShapeError>(w, "transpose: {} axes are named, {} has {}", order.size(), formula(x), rank);
  return ops::permuted(x, std::move(order), w);
}
Tensor Expr::T(Where w) const { return transpose(*this, {}, w); }

Tensor dimshuffle(const Operand& of, const std::vector<int>& axes, Where w) {
  const WhereScope scope(w);
  const Tensor x = of.get();
  std::vector<Index> order;
  std::vector<bool> seen(static_cast<std::size_t>(x.ndim()));
  for (const int a : axes) {
    if (a < -1 || a >= x.ndim())
      fail_at<IndexError>(w, "dimshuffle: {} is neither an axis of {} {} nor -1, a new axis", a, formula(x),
                          text(type(x)));
    if (a >= 0 && seen[static_cast<std::size_t>(a)]) fail_at<ShapeError>(w, "dimshuffle: axis {} is named twice", a);
    if (a >= 0) seen[static_cast<std::size_t>(a)] = true;
    order.push_back(a);
  }
  return ops::permuted(x, std::move(order), w);
}

Tensor expand_dims(const Operand& of, int axis, Where w) {
  const WhereScope scope(w);
  const Tensor x = of.get();
  std::vector<Index> order = ops::counting(x.ndim());
  order.insert(order.begin() + ops::result_axis_of("expand_dims", axis, x.ndim() + 1, x, w), -1);
  return ops::permuted(x, std::move(order), w);
}

Tensor squeeze(const Operand& of, int axis, Where w) {
  const WhereScope scope(w);
  const Tensor x = of.get();
  std::vector<Index> order = ops::counting(x.ndim());
  order.erase(order.begin() + ops::axis_of("squeeze", axis, x, w));
  return ops::permuted(x, std::move(order), w);
}

Tensor squeeze(const Operand& of, Where w) {
  const WhereScope scope(w);
  const Tensor x = of.get();
  std::vector<Index> order = ops::counting(x.ndim());
  std::erase_if(order, [&](Index axis) { return type(x).broadcasts(static_cast<int>(axis)); });
  return ops::permuted(x, std::move(order), w);
}

Tensor broadcastable(const Operand& of, int axis, Where w) {
  const WhereScope scope(w);
  Tensor x = of.get();
  const int a = ops::axis_of("broadcastable", axis, x, w);
  if (type(x).broadcasts(a)) return x;
  return apply(ops::specify_one, {{"axis", Index{a}}}, {x}, w);
}

Tensor broadcast_to(const Operand& of, const Dims& shape, Where w) {
  const WhereScope scope(w);
  const Tensor x = of.get();
  const ops::ExtentList to = ops::extents("broadcast_to", shape, false, w);
  const int rank = static_cast<int>(to.dims.size());
  if (rank < x.ndim())
    fail_at<ShapeError>(w, "broadcast_to: {} has {} axes, the shape has only {}", formula(x), x.ndim(), rank);
  const Tensor wide = ops::with_rank(x, rank, w);
  return apply(ops::broadcast, {{"dims", to.dims}}, to.after(wide), w);
}

}  // namespace croton
