// Parts one after another.
#include "base/dtype.h"
#include "base/error.h"
#include "croton/ops.h"
#include "graph/walk.h"
#include "ops/extents.h"
#include "ops/families.h"
#include "ops/origin.h"
#include "ops/pointwise.h"
#include "ops/slicing.h"

namespace croton::ops {
namespace {

/// Part i does not fit those before it along axis d.
[[noreturn]] void refuse_part(const TypeAt& t, std::size_t i, std::size_t d) {
  std::size_t known = 0;
  while (t.shapes[known][d] == -1) ++known;
  if (t.name() != t.op.name) refuse_unequal(t, i, static_cast<Index>(d), known, static_cast<Index>(d));
  const auto called = [&](std::size_t k) {
    return fmt::format("{}, {}, is {}", k, formula(t.x[k]), text(Type{t.dtype(k), t.shapes[k]}));
  };
  fail_at<ShapeError>(t.where, "{}: part {}; part {}: axis {} has {} and {}, and only axis {} may differ", t.name(),
                      called(i), called(known), d, t.shapes[i][d], t.shapes[known][d], t.params.integer("axis"));
}

Type concatenate_type(const TypeAt& t) {
  const auto axis = static_cast<std::size_t>(t.params.integer("axis"));
  Type out{t.dtype(0), t.shapes[0]};
  Index total = 0;
  for (std::size_t i = 0; i < t.x.size(); ++i) {
    const Shape& s = t.shapes[i];
    total = total < 0 || s[axis] < 0 ? -1 : total + s[axis];
    for (std::size_t d = 0; d < s.size(); ++d) {
      if (d == axis || s[d] == -1) continue;
      if (out.shape[d] != -1 && out.shape[d] != s[d]) refuse_part(t, i, d);
      out.shape[d] = s[d];
    }
  }
  out.shape[axis] = total;
  return out;
}

/// The part of y_bar from `from` on that belongs to x.
Tensor part(const Tensor& y_bar, const Tensor& x, int axis, const Tensor& from, const Tensor& to, Where w) {
  SliceList s;
  for (int d = 0; d < x.ndim(); ++d) s.add_whole();
  const auto a = static_cast<std::size_t>(axis);
  s.start[a] = s.hold(from);
  const bool one = type(x).broadcasts(axis);
  if (one)
    s.step[a] = 0;  // an index, so that the extent stays the constant 1
  else
    s.stop[a] = s.hold(to);
  std::vector<Tensor> inputs{y_bar};
  inputs.insert(inputs.end(), s.held.begin(), s.held.end());
  const Tensor g = apply(slice, s.params(), std::move(inputs), w);
  return one ? expand_dims(g, axis, w) : g;
}

Gradients concatenate_pullback(const At& at) {
  const Where w = Where::here();
  const int axis = static_cast<int>(at.params.integer("axis"));
  Gradients g;
  Tensor from = integer(0, w);
  for (const Tensor& x : at.x) {
    const Tensor to = from + extent(x, axis, w);
    g.push_back(part(at.y_bar, x, axis, from, to, w));
    from = to;
  }
  return g;
}

std::vector<Sample> concatenate_samples() {
  return {{{{float64, {2, 3}}, {float64, {4, 3}}, {float64, {1, 3}}}, {{"axis", Index{0}}}},
          {{{float32, {2, 3}}, {float32, {2, 0}}}, {{"axis", Index{1}}}},
          {{{int64, {3}}}, {{"axis", Index{0}}}}};
}

std::vector<Tensor> promoted(std::string_view op, const Tensors& parts, Where w) {
  if (parts.list().empty()) fail_at<ShapeError>(w, "{}: there are no parts", ambient(op));
  for (const Tensor& x : parts.list())
    if (!x.node()) fail_at<GraphError>(w, "{}: a part is an empty Tensor (declared, never assigned)", ambient(op));
  const DType d = common_dtype(op, parts.list(), w);
  std::vector<Tensor> x;
  for (const Tensor& p : parts.list()) {
    if (p.ndim() != parts.list()[0].ndim())
      fail_at<ShapeError>(w, "{}: {} has {} axes, {} has {}", ambient(op), formula(parts.list()[0]),
                          parts.list()[0].ndim(), formula(p), p.ndim());
    x.push_back(converted(p, d, w));
  }
  return x;
}

}  // namespace

constinit const Op concatenate{.name = "concatenate",
                               .doc = "Tensors one after another along an axis; NumPy's concatenate, Theano's join.",
                               .arity = -1,
                               .type = concatenate_type,
                               .meaning = Concatenate{},
                               .pullback = concatenate_pullback,
                               .samples = concatenate_samples};

Family concatenate_ops() {
  static constexpr const Op* list[] = {&concatenate};
  return list;
}

}  // namespace croton::ops

namespace croton {

Tensor concatenate(const Tensors& parts, int axis, Where w) {
  const WhereScope scope(w);
  std::vector<Tensor> x = ops::promoted("concatenate", parts, ambient(w));
  const Index a = ops::axis_of("concatenate", axis, x[0], ambient(w));
  return apply(ops::concatenate, {{"axis", a}}, std::move(x), w);
}

Tensor stack(const Tensors& parts, int axis, Where w) {
  const WhereScope scope(w);
  std::vector<Tensor> x = ops::promoted("stack", parts, ambient(w));
  const int a = ops::result_axis_of("stack", axis, x[0].ndim() + 1, x[0], ambient(w));
  for (Tensor& t : x) t = expand_dims(t, a, w);
  return apply(ops::concatenate, {{"axis", Index{a}}}, std::move(x), w);
}

}  // namespace croton
