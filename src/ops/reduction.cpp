// Folds over axes: sum, prod, max, min, any, all, argmax, argmin.
#include "ops/reduction.h"

#include <algorithm>

#include "base/dtype.h"
#include "base/error.h"
#include "croton/ops.h"
#include "ops/elementwise.h"
#include "ops/extents.h"
#include "ops/families.h"
#include "ops/origin.h"
#include "ops/pointwise.h"
#include "ops/registry.h"

namespace croton {
namespace ops {
namespace {

DType fold_dtype(Monoid m, DType d) {
  switch (m) {
    case Monoid::sum:
    case Monoid::spread:
    case Monoid::prod: return sum_dtype(d);
    case Monoid::max:
    case Monoid::min: return d;
    case Monoid::any:
    case Monoid::all: return DType::boolean;
    case Monoid::argmax:
    case Monoid::argmin: break;
  }
  return DType::int64;
}

bool needs_an_element(Monoid m) {
  return m == Monoid::max || m == Monoid::min || m == Monoid::argmax || m == Monoid::argmin;
}

Type fold_type(const TypeAt& at) {
  const Monoid m = meaning<Reduce>(at.op)->monoid;
  const std::vector<Index>& axes = at.params.list("axes");
  const Shape& from = at.shapes[0];
  Shape rest;
  Index empty = -1;
  for (Index axis = 0; axis < static_cast<Index>(from.size()); ++axis) {
    const Index n = from[static_cast<std::size_t>(axis)];
    if (!std::binary_search(axes.begin(), axes.end(), axis))
      rest.push_back(n);
    else
      empty = n == 0 ? axis : empty;
  }
  // nothing to choose from is fine where there is nothing to choose
  if (empty >= 0 && needs_an_element(m) && std::find(rest.begin(), rest.end(), 0) == rest.end())
    fail_at<ShapeError>(at.where, "{}: {} has no elements; {} of nothing is not defined", at.name(),
                        axis_called(at, 0, empty), at.name());
  return {fold_dtype(m, at.dtype(0)), rest};
}

/// g of the reduced shape against x: an axis of extent 1 where one was folded away. It broadcasts against x by itself.
Tensor kept(const Tensor& g, const At& at) { return with_axes(g, at.params.list("axes"), type(at.x[0]).rank()); }

/// y_bar spread over x's shape.
Tensor spread(const At& at) { return broadcast_like(kept(at.y_bar, at), at.x[0], node(at.y).where); }

/// Elements equal to the extreme share the gradient equally; of NaN none is equal, and the gradient is NaN too.
Gradients extreme_pullback(const At& at) {
  const Tensor chosen = at.x[0] == kept(at.y, at);
  const std::vector<Index>& list = at.params.list("axes");
  const Tensor count = croton::sum(cast(chosen, at.y.dtype()), Axes(std::vector<int>(list.begin(), list.end())));
  return {where(chosen, kept(at.y_bar / count, at), 0)};
}

/// The product of the other elements: of the non-zero ones where this element is the only zero, y / x without zeros,
/// else 0.
Gradients prod_pullback(const At& at) {
  const std::vector<Index>& list = at.params.list("axes");
  const Axes axes(std::vector<int>(list.begin(), list.end()));
  const Tensor zero = at.x[0] == 0, filled = where(zero, 1, at.x[0]);
  const Tensor zeros = kept(croton::sum(zero, axes), at), rest = kept(croton::prod(filled, axes), at);
  const Tensor others = where(zeros == 0, rest / filled, where(zero & (zeros == 1), rest, 0));
  return {kept(at.y_bar, at) * others};
}

Params axes_param(std::vector<Index> axes) { return {{"axes", std::move(axes)}}; }

std::vector<Sample> fold_samples(DType d, bool empty) {
  std::vector<Sample> s = {{{{d, {3, 4}}}, axes_param({0})},       {{{d, {3, 4}}}, axes_param({1})},
                           {{{d, {2, 3, 4}}}, axes_param({0, 2})}, {{{d, {2, 3}}}, axes_param({0, 1})},
                           {{{d, {5, 1}}}, axes_param({1})},       {{{d, {}}}, axes_param({})},
                           {{{d, {0, 4}}}, axes_param({1})},       {{{d, {-1, 3}}}, axes_param({0})}};
  if (empty) s.push_back({{{d, {0, 4}}}, axes_param({0})});
  return s;
}

std::vector<Sample> number_folds(bool empty) {
  std::vector<Sample> s = fold_samples(DType::float64, empty);
  for (const DType d : {DType::float32, DType::float16, DType::int32, DType::uint8})
    s = join(std::move(s), {{{{d, {3, 4}}}, axes_param({1}), {{0, 4}}}});
  return join(std::move(s), {{{{DType::boolean, {3, 4}}}, axes_param({1}), {{0, 2}}}});
}

std::vector<Sample> truth_folds() {
  std::vector<Sample> s = fold_samples(DType::boolean, true);
  for (Sample& one : s) one.intervals = {{0, 2}};
  return s;
}

}  // namespace

DType sum_dtype(DType d) {
  if (is_unsigned_int(d)) return DType::uint64;
  return is_float(d) ? d : DType::int64;
}

constinit const Op sum{.name = "sum",
                       .doc = "The sum over axes; integers and bools are summed as int64 or uint64 (NumPy's sum).",
                       .type = fold_type,
                       .meaning = Reduce{Monoid::sum},
                       .pullback = [](const At& at) -> Gradients { return {spread(at)}; },
                       .samples = [] { return number_folds(true); }};

constinit const Op prod{.name = "prod",
                        .doc = "The product over axes; integers and bools as int64 or uint64 (NumPy's prod).",
                        .type = fold_type,
                        .meaning = Reduce{Monoid::prod},
                        .pullback = prod_pullback,
                        .samples = [] { return number_folds(true); }};

constinit const Op max{.name = "max",
                       .doc = "The largest element over axes; NaN wins (NumPy's max). Ties share the gradient.",
                       .type = fold_type,
                       .meaning = Reduce{Monoid::max},
                       .pullback = extreme_pullback,
                       .samples = [] { return number_folds(false); }};

constinit const Op min{.name = "min",
                       .doc = "The smallest element over axes; NaN wins (NumPy's min). Ties share the gradient.",
                       .type = fold_type,
                       .meaning = Reduce{Monoid::min},
                       .pullback = extreme_pullback,
                       .samples = [] { return number_folds(false); }};

constinit const Op any{.name = "any",
                       .doc = "Whether an element over axes is not 0 (NumPy's any).",
                       .type = fold_type,
                       .meaning = Reduce{Monoid::any},
                       .no_gradient = discrete,
                       .samples = truth_folds};

constinit const Op all_{.name = "all",
                        .doc = "Whether no element over axes is 0 (NumPy's all).",
                        .type = fold_type,
                        .meaning = Reduce{Monoid::all},
                        .no_gradient = discrete,
                        .samples = truth_folds};

constinit const Op argmax{.name = "argmax",
                          .doc =
                              "The index of the largest element in the reduced axes, flattened; the smallest one among "
                              "ties, NaN wins (NumPy's argmax).",
                          .type = fold_type,
                          .meaning = Reduce{Monoid::argmax},
                          .no_gradient = discrete,
                          .samples = [] { return number_folds(false); }};

constinit const Op argmin{.name = "argmin",
                          .doc =
                              "The index of the smallest element in the reduced axes, flattened; the smallest one "
                              "among ties, NaN wins (NumPy's argmin).",
                          .type = fold_type,
                          .meaning = Reduce{Monoid::argmin},
                          .no_gradient = discrete,
                          .samples = [] { return number_folds(false); }};

Family reduction_ops() {
  static constexpr const Op* list[] = {&sum, &prod, &max, &min, &any, &all_, &argmax, &argmin};
  return list;
}

std::vector<Index> normalized_axes(std::string_view op, const Tensor& x, const Axes& axes, Where where) {
  const int rank = type(x).rank();
  std::vector<Index> out;
  if (axes.everything)
    for (int i = 0; i < rank; ++i) out.push_back(i);
  else
    for (const int a : axes.list) out.push_back(axis_of(op, a, x, where));
  std::sort(out.begin(), out.end());
  if (const auto twice = std::adjacent_find(out.begin(), out.end()); twice != out.end())
    fail_at<ShapeError>(where, "{}: axis {} is given twice", op, *twice);
  return out;
}

Tensor with_axes(const Tensor& y, const std::vector<Index>& axes, int rank) {
  if (axes.empty()) return y;
  std::vector<Index> order;
  for (Index axis = 0, from = 0; axis < rank; ++axis)
    order.push_back(std::binary_search(axes.begin(), axes.end(), axis) ? -1 : from++);
  return apply(permute, {{"axes", std::move(order)}}, {y}, node(y).where);
}

Tensor reduced(const Op& op, const Tensor& x, const Axes& axes, bool keep, Where where) {
  refuse_empty(op.name, {&x, 1}, where);
  const WhereScope place(where, op.name);
  const std::vector<Index> list = normalized_axes(op.name, x, axes, where);
  const bool truth = &op == &any || &op == &all_;
  const Tensor y = apply(op, axes_param(list), {truth ? converted(x, DType::boolean, where) : x}, where);
  return keep ? with_axes(y, list, type(x).rank()) : y;
}

Tensor sum_to(const Tensor& g, const Tensor& like) {
  std::vector<Index> axes;
  for (int i = 0; i < type(like).rank(); ++i)
    if (type(like).broadcasts(i) && !type(g).broadcasts(i)) axes.push_back(i);
  if (axes.empty()) return g;
  return with_axes(apply(sum, axes_param(axes), {g}, node(g).where), axes, type(like).rank());
}

}  // namespace ops

#define CROTON_REDUCTION(f, op)                                                                                 \
  Tensor f(const Tensor& x, Where w) { return ops::reduced(op, x, Axes(), false, w); }                          \
  Tensor f(const Tensor& x, const Axes& axes, Where w) { return ops::reduced(op, x, axes, false, w); }          \
  Tensor f(const Tensor& x, const Axes& axes, KeepDims, Where w) { return ops::reduced(op, x, axes, true, w); } \
  Tensor f(const Tensor& x, KeepDims, Where w) { return ops::reduced(op, x, Axes(), true, w); }
CROTON_REDUCTION(sum, ops::sum)
CROTON_REDUCTION(prod, ops::prod)
CROTON_REDUCTION(max, ops::max)
CROTON_REDUCTION(min, ops::min)
CROTON_REDUCTION(any, ops::any)
CROTON_REDUCTION(argmax, ops::argmax)
CROTON_REDUCTION(argmin, ops::argmin)
#undef CROTON_REDUCTION

Tensor All::operator()(const Tensor& x, Where w) const { return ops::reduced(ops::all_, x, Axes(), false, w); }
Tensor All::operator()(const Tensor& x, const Axes& a, Where w) const {
  return ops::reduced(ops::all_, x, a, false, w);
}
Tensor All::operator()(const Tensor& x, const Axes& a, KeepDims, Where w) const {
  return ops::reduced(ops::all_, x, a, true, w);
}
Tensor All::operator()(const Tensor& x, KeepDims, Where w) const { return ops::reduced(ops::all_, x, Axes(), true, w); }

Tensor Expr::sum(Where w) const { return croton::sum(*this, w); }
Tensor Expr::sum(const Axes& axes, Where w) const { return croton::sum(*this, axes, w); }
Tensor Expr::max(Where w) const { return croton::max(*this, w); }
Tensor Expr::min(Where w) const { return croton::min(*this, w); }
Tensor Expr::argmax(const Axes& axes, Where w) const { return croton::argmax(*this, axes, w); }

}  // namespace croton
