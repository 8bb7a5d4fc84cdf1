#include "ops/extents.h"

#include <algorithm>

#include "array/access.h"
#include "base/dtype.h"
#include "base/error.h"
#include "graph/walk.h"
#include "ops/evaluate.h"
#include "ops/pointwise.h"

namespace croton::ops {
namespace {

/// The scalars that an int64 vector such as x.shape() was made of; else its elements.
std::vector<Dim> elements(std::string_view op, const Tensor& v, Where w) {
  if (type(v).rank() != 1 || !is_int(v.dtype()))
    fail_at<ShapeError>(w, "{}: a shape is an integer vector, {} is {}", ambient(op), formula(v), text(type(v)));
  const Index count = type(v).shape[0];
  if (count < 0) fail_at<ShapeError>(w, "{}: the length of the shape {} must be known", ambient(op), formula(v));
  std::vector<Dim> list;
  if (node(v).kind == NodeKind::constant) {
    for (Index i = 0; i < count; ++i) list.emplace_back(get_index(node(v).value, i));
    return list;
  }
  const bool joined = is_op(v, concatenate) && static_cast<Index>(node(v).inputs.size()) == count;
  for (Index i = 0; i < count; ++i) {
    const Tensor& part = joined ? node(v).inputs[static_cast<std::size_t>(i)] : v;
    list.emplace_back(joined && is_op(part, permute) && type(node(part).inputs[0]).rank() == 0 ? node(part).inputs[0]
                                                                                               : v[i]);
  }
  return list;
}

void add_asked(std::string_view op, ExtentList& out, const Dim& d, bool own, Where w) {
  Index n = d.n;
  if (d.t.node()) {
    if (type(d.t).rank() != 0 || !is_int(d.t.dtype()))
      fail_at<ShapeError>(w, "{}: an extent is an integer scalar, {} is {}", ambient(op), formula(d.t),
                          text(type(d.t)));
    if (node(d.t).kind != NodeKind::constant) return out.add(converted(d.t, int64, w));
    n = get_index(node(d.t).value, 0);
  }
  if (n == -1 && own) {
    for (std::size_t axis = 0; axis < out.dims.size(); ++axis)
      if (out.dims[axis] == own_extent)
        fail_at<ShapeError>(w, "{}: only one extent may be -1, to follow from the others; those of axes {} and {} are",
                            ambient(op), axis, out.dims.size());
    return out.add(own_extent);
  }
  if (n < 0) fail_at<ShapeError>(w, "{}: an extent is a count, not {}", ambient(op), n);
  out.add(n);
}

/// What the type alone fixes: the extent 1, and everything about a constant.
bool is_fixed(const Tensor& x, std::size_t axis) {
  return type(x).shape[axis] == 1 || node(x).kind == NodeKind::constant;
}

}  // namespace

void ExtentList::add(const Tensor& extent) {
  dims.push_back(-1 - static_cast<Index>(held.size()));
  held.push_back(extent);
}

std::vector<Tensor> ExtentList::after(const Tensor& x) const {
  std::vector<Tensor> inputs{x};
  inputs.insert(inputs.end(), held.begin(), held.end());
  return inputs;
}

Tensor settled(const Tensor& t, Where w) {
  for (const Tensor& x : topological({&t, 1}))
    if (node(x).kind != NodeKind::constant && node(x).inputs.empty()) return t;
  return node(t).kind == NodeKind::constant ? t : make_constant(evaluate({&t, 1}, {})[0], "", w);
}

Tensor integer(Index n, Where w) { return make_constant(Array::scalar(n), "", w); }

Tensor extent(const Tensor& x, int axis, Where w) {
  const auto a = static_cast<std::size_t>(axis);
  if (is_fixed(x, a)) return integer(type(x).shape[a], w);
  return apply(shape_of, {{"axis", Index{axis}}}, {x}, w);
}

ExtentList extents_of(const Tensor& x, Where w) {
  ExtentList out;
  for (int a = 0; a < x.ndim(); ++a) {
    const auto i = static_cast<std::size_t>(a);
    if (is_fixed(x, i))
      out.add(type(x).shape[i]);
    else
      out.add(extent(x, a, w));
  }
  return out;
}

ExtentList extents(std::string_view op, const Dims& asked, bool own, Where w) {
  ExtentList out;
  for (const Dim& d : asked.whole ? elements(op, asked.vector, w) : asked.list) add_asked(op, out, d, own, w);
  if (out.dims.size() > 32) fail_at<ShapeError>(w, "{}: {} axes; at most 32 are allowed", ambient(op), out.dims.size());
  return out;
}

namespace {
[[noreturn]] void refuse_negative(const TypeAt& t, Shape asked) {
  for (Index& n : asked)
    if (n == own_extent) n = -1;
  const bool reshapes = meaning<Reshape>(t.op),
             moves = reshapes || t.name() == "broadcast_to" || meaning<FoldWindows>(t.op);
  fail_at<ShapeError>(t.where, "{}: an extent is a count, not negative; the shape asked for{} is [{}]{}", t.name(),
                      moves ? fmt::format(" {} {}", formula(t.x[0]), text(Type{t.dtype(0), t.shapes[0]})) : "",
                      fmt::join(asked, ", "),
                      reshapes ? ". To let one extent follow from the others write the number -1 for it" : "");
}
}  // namespace

Shape resolve(const TypeAt& t, std::size_t first) {
  Shape shape;
  bool counts = true;
  for (const Index d : t.params.list("dims")) {
    const std::optional<std::size_t> holder = holder_of_extent(d);
    const auto held = holder ? t.values[first + *holder] : std::nullopt;
    const Index n = held ? (*held)[0] : holder ? -1 : d;
    counts = counts && !(held && n < 0);
    shape.push_back(n);
  }
  if (!counts) refuse_negative(t, shape);
  return shape;
}

bool sizes_itself(const Tensor& t) {
  const auto* host = meaning<HostCall>(t);
  return host && host->sizes_itself;
}

namespace {
/// Whether a slice's result is as long as input k says: bounds of an axis that stays.
bool decides_slice(const Tensor& slice, std::size_t k) {
  const Params& p = node(slice).params;
  const auto code = absent_bound + static_cast<Index>(k);
  for (std::size_t axis = 0; axis < p.list("step").size(); ++axis)
    if (p.list("step")[axis] != 0)
      for (const char* of : {"start", "stop", "step"})
        if (p.list(of)[axis] == code) return true;
  return false;
}

/// Whether input k of a node may say how large it is.
bool decides(const Tensor& t, std::size_t k) {
  if (is_op(t, slice)) return k > 0 && decides_slice(t, k);
  if (meaning<Loop>(t)) return k == 0;
  if (const auto* host = meaning<HostCall>(t)) return !host->sizes_itself && k >= host->extents_from;
  if (meaning<Expansion>(t)) return is_int(node(t).inputs[k].dtype()) && node(t).inputs[k].ndim() <= 1;
  const bool has_extents = meaning<View>(t) || meaning<Reshape>(t) || meaning<FoldWindows>(t);
  return meaning<Iota>(t) || (has_extents && k > 0);
}
}  // namespace

std::vector<Tensor> deciding(const Tensor& t) {
  const auto& inputs = node(t).inputs;
  std::vector<Tensor> r;
  for (std::size_t k = 0; k < inputs.size(); ++k)
    if (decides(t, k)) r.push_back(inputs[k]);
  return r;
}

int axis_of(std::string_view op, int axis, const Tensor& x, Where w) {
  const int rank = x.ndim();
  if (axis >= -rank && axis < rank) return axis < 0 ? axis + rank : axis;
  const std::string valid = rank == 0 ? ", which has no axes" : fmt::format(" (valid: {} .. {})", -rank, rank - 1);
  fail_at<IndexError>(w, "{}: axis {} is out of range for {} {}{}", ambient(op), axis, formula(x), text(type(x)),
                      valid);
}

int result_axis_of(std::string_view op, int axis, int rank, const Tensor& x, Where w) {
  if (axis >= -rank && axis < rank) return axis < 0 ? axis + rank : axis;
  fail_at<IndexError>(w, "{}: axis {} is out of range for the {} axes of the result (valid: {} .. {}); {} is {}",
                      ambient(op), axis, rank, -rank, rank - 1, formula(x), text(type(x)));
}

std::vector<Index> counting(Index n) {
  std::vector<Index> v;
  for (Index i = 0; i < n; ++i) v.push_back(i);
  return v;
}

Tensor permuted(const Tensor& x, std::vector<Index> axes, Where w) {
  if (axes == counting(x.ndim())) return x;
  return apply(permute, {{"axes", std::move(axes)}}, {x}, w);
}

Tensor broadcast_like(const Tensor& x, const Tensor& like, Where w) {
  ExtentList out;
  bool wider = false;
  for (int a = 0; a < x.ndim(); ++a) {
    const bool widens = type(x).broadcasts(a) && !type(like).broadcasts(a);
    wider |= widens;
    if (!widens)
      out.add(own_extent);
    else if (is_fixed(like, static_cast<std::size_t>(a)))
      out.add(type(like).shape[static_cast<std::size_t>(a)]);
    else
      out.add(extent(like, a, w));
  }
  if (!wider) return x;
  return apply(broadcast, {{"dims", out.dims}}, out.after(x), w);
}

Tensor checked_value(const Tensor& value, const Tensor& part, Where w) {
  const Shape &known = type(value).shape, &asked = type(part).shape;
  if (known == asked && std::find(known.begin(), known.end(), any_extent) == known.end()) return value;
  const ExtentList out = extents_of(part, w);
  return apply(broadcast, {{"dims", out.dims}, {"written", true}}, out.after(value), w);
}

Tensor checked_beside(const Tensor& x, int axis, const Dim& asked, Where w) {
  ExtentList out;
  for (int a = 0; a < x.ndim(); ++a)
    if (a != axis)
      out.add(own_extent);
    else if (asked.t.node())
      out.add(asked.t);
    else
      out.add(asked.n);
  return apply(broadcast, {{"dims", out.dims}, {"beside", true}}, out.after(x), w);
}

Tensor filled(const Tensor& scalar, const ExtentList& shape, Where w) {
  if (shape.dims.empty()) return scalar;
  Tensor x = permuted(scalar, std::vector<Index>(shape.dims.size(), -1), w);
  for (const Index n : shape.dims)
    if (n != 1) return apply(broadcast, {{"dims", shape.dims}}, shape.after(x), w);
  return x;
}

Tensor checked_index(const Tensor& index, const Tensor& x, int axis, Where w) {
  ExtentList n;
  n.add(extent(x, axis, w));
  const Tensor positions = apply(iota, {{"dims", n.dims}, {"axes", std::vector<Index>{0}}}, n.held, w);
  positions.named(fmt::format("axis {} of {}", axis, formula(x)));  // what the IndexError shows
  return apply(gather, {}, {positions, index}, w);
}

Tensor zeros_of(const Tensor& x, Where w) {
  return filled(make_constant(Array::zeros({}, x.dtype()), "", w), extents_of(x, w), w);
}

}  // namespace croton::ops
