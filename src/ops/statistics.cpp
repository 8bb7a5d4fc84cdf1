// Composites of folds: mean, var, stddev, logsumexp. Their gradients are written out, so that they are as stable as the
// values.
#include <algorithm>

#include "base/dtype.h"
#include "croton/ops.h"
#include "graph/walk.h"
#include "ops/elementwise.h"
#include "ops/extents.h"
#include "ops/families.h"
#include "ops/pointwise.h"
#include "ops/reduction.h"
#include "ops/registry.h"

namespace croton {
namespace ops {
namespace {

Type statistic_type(const TypeAt& at) {
  const std::vector<Index>& axes = at.params.list("axes");
  Type t{to_floating(at.dtype(0)), {}};
  for (Index axis = 0; axis < at.rank(0); ++axis)
    if (!std::binary_search(axes.begin(), axes.end(), axis))
      t.shape.push_back(at.shapes[0][static_cast<std::size_t>(axis)]);
  return t;
}

/// The reduced axes of a node, and what is made of them.
struct Folded {
  const At& at;
  Where where;
  Axes axes;
  explicit Folded(const At& a) : at(a), where(node(a.y).where), axes(list_of(a)) {}
  static Axes list_of(const At& a) {
    const std::vector<Index>& list = a.params.list("axes");
    return std::vector<int>(list.begin(), list.end());
  }
  Tensor kept(const Tensor& y) const { return with_axes(y, at.params.list("axes"), type(at.x[0]).rank()); }
  /// How many elements go into one result, in that dtype.
  Tensor count(DType d) const {
    Tensor n = integer(1, where);
    for (const Index axis : at.params.list("axes")) {
      const Tensor extent_here = extent(at.x[0], static_cast<int>(axis), where);
      n = static_integers(n) == std::vector<Index>{1} ? extent_here : n * extent_here;
    }
    return converted(n, d, where);
  }
  /// The input in the dtype that sums are taken in: halves would overflow.
  Tensor wide() const {
    const DType d = to_floating(at.x[0].dtype());
    return converted(at.x[0], d == DType::float16 || d == DType::bfloat16 ? DType::float32 : d, where);
  }
  Tensor narrow(const Tensor& y) const { return converted(y, to_floating(at.x[0].dtype()), where); }
  /// x - mean(x), wide.
  Tensor deviation() const {
    const Tensor x = wide();
    return x - croton::mean(x, axes, keepdims, where);
  }
};

Tensor expand_mean(const At& at) {
  const Folded f(at);
  const Tensor x = f.wide();
  return f.narrow(croton::sum(x, f.axes, f.where) / f.count(x.dtype()));
}

Gradients mean_pullback(const At& at) {
  const Folded f(at);
  return {broadcast_like(f.kept(at.y_bar / f.count(at.y.dtype())), at.x[0], f.where)};
}

/// The mean is rounded: what that moves the deviations by is their own mean, taken out again.
Tensor expand_var(const At& at) {
  const Folded f(at);
  const Tensor d = f.deviation();
  const Tensor off = croton::square(croton::mean(d, f.axes, f.where));
  return f.narrow(croton::maximum(croton::mean(croton::square(d), f.axes, f.where) - off, 0));
}

Gradients var_pullback(const At& at) {
  const Folded f(at);
  const Tensor d = f.deviation();
  return {f.narrow(f.kept(converted(at.y_bar, d.dtype(), f.where) * 2 / f.count(d.dtype())) * d)};
}

Tensor expand_stddev(const At& at) {
  const Folded f(at);
  return croton::sqrt(croton::var(at.x[0], f.axes, f.where), f.where);
}

/// (x - mean) / (n y), and 0 where all elements are equal: it lies among the slopes of that kink.
Gradients stddev_pullback(const At& at) {
  const Folded f(at);
  const Tensor d = f.deviation(), y = converted(at.y, d.dtype(), f.where);
  const Tensor flat = y == 0;
  const Tensor slope =
      where(flat, 0, converted(at.y_bar, d.dtype(), f.where) / (where(flat, 1, y) * f.count(d.dtype())));
  return {f.narrow(f.kept(slope) * d)};
}

/// exp(x) shifted by the largest element, which is replaced by 0 where it is not finite: sums are then right as they
/// are.
struct Shifted {
  Tensor shift, exp;
  explicit Shifted(const Folded& f) {
    const Tensor x = f.wide(), top = croton::max(x, f.axes, f.where);
    shift = where(croton::isfinite(top), top, 0);
    exp = croton::exp(x - f.kept(shift));
  }
};

Tensor expand_logsumexp(const At& at) {
  const Folded f(at);
  const Shifted s(f);
  return f.narrow(croton::log(croton::sum(s.exp, f.axes, f.where)) + s.shift);
}

/// Each element's share of the sum: of the same exponentials as the value, so that both are computed together.
Gradients logsumexp_pullback(const At& at) {
  const Folded f(at);
  const Shifted s(f);
  const Tensor total = croton::sum(s.exp, f.axes, f.where);
  const Tensor some = croton::isfinite(total) && total > 0;  // else no element has a share
  const Tensor weight = converted(at.y_bar, total.dtype(), f.where) / where(some, total, 1);
  return {f.narrow(where(f.kept(some), s.exp * f.kept(weight), 0))};
}

/// Integers have a mean, but it has no gradient.
template <Pullback pullback>
Gradients of_floats(const At& at) {
  return is_float(at.x[0].dtype()) ? pullback(at) : Gradients(1);
}

std::vector<Sample> statistic_samples() {
  const auto over = [](std::vector<Index> axes) { return Params{{"axes", std::move(axes)}}; };
  return {{{{DType::float64, {3, 4}}}, over({0})},    {{{DType::float64, {3, 4}}}, over({0, 1})},
          {{{DType::float64, {2, 3, 4}}}, over({1})}, {{{DType::float64, {5, 1}}}, over({1})},
          {{{DType::float64, {0, 4}}}, over({1})},    {{{DType::float64, {-1, 3}}}, over({0})},
          {{{DType::float32, {3, 4}}}, over({1})},    {{{DType::float16, {3, 4}}}, over({1})},
          {{{DType::float64, {}}}, over({})}};
}

std::vector<Sample> with_integers() {
  return join(statistic_samples(), {{{{DType::int32, {3, 4}}}, {{"axes", std::vector<Index>{1}}}}});
}

}  // namespace

constinit const Op mean{.name = "mean",
                        .doc = "The mean over axes; NaN of nothing; of integers in floatX (NumPy's mean).",
                        .type = statistic_type,
                        .meaning = Expansion{expand_mean},
                        .pullback = of_floats<mean_pullback>,
                        .samples = with_integers};

constinit const Op var{.name = "var",
                       .doc = "The variance of the population over axes, in two passes (NumPy's var).",
                       .type = statistic_type,
                       .meaning = Expansion{expand_var},
                       .pullback = of_floats<var_pullback>,
                       .samples = with_integers};

constinit const Op stddev{
    .name = "stddev",
    .doc = "The square root of var (NumPy's std); its gradient is 0 where all elements are equal.",
    .type = statistic_type,
    .meaning = Expansion{expand_stddev},
    .pullback = of_floats<stddev_pullback>,
    .samples = with_integers};

constinit const Op logsumexp{.name = "logsumexp",
                             .doc = "log(sum(exp(x))) over axes, without overflow (SciPy's logsumexp).",
                             .type = statistic_type,
                             .meaning = Expansion{expand_logsumexp},
                             .pullback = of_floats<logsumexp_pullback>,
                             .samples = with_integers};

Family statistics_ops() {
  static constexpr const Op* list[] = {&mean, &var, &stddev, &logsumexp};
  return list;
}

}  // namespace ops

#define CROTON_REDUCTION(f, X, x_of)                                                                              \
  Tensor f(const X& x, const Axes& axes, Where w) { return ops::reduced(ops::f, x_of, axes, false, w); }          \
  Tensor f(const X& x, const Axes& axes, KeepDims, Where w) { return ops::reduced(ops::f, x_of, axes, true, w); } \
  Tensor f(const X& x, KeepDims, Where w) { return ops::reduced(ops::f, x_of, Axes(), true, w); }
CROTON_REDUCTION(mean, Tensor, x)
CROTON_REDUCTION(var, Tensor, x)
CROTON_REDUCTION(stddev, Operand, x.get())
CROTON_REDUCTION(logsumexp, Tensor, x)
#undef CROTON_REDUCTION

namespace {

/// var or stddev, whose squares are divided by n: times n / max(n - ddof, 0), or the root of that.
Tensor with_ddof(const Op& op, const Tensor& x, const Axes& axes, bool keep, VarOptions o, Where w) {
  Tensor y = ops::reduced(op, x, axes, keep, w);
  if (o.ddof == 0) return y;
  const WhereScope scope(w, op.name);
  Tensor n = axes.everything ? x.size(w) : ops::integer(1, w);
  for (const int axis : axes.list) n = n * x.shape(axis, w);
  const Tensor factor = cast(n, float64, w) / cast(maximum(n - o.ddof, 0), float64, w);
  return y * cast(&op == &ops::stddev ? sqrt(factor, w) : factor, y.dtype(), w);
}

}  // namespace

Tensor var(const Tensor& x, const Axes& axes, VarOptions o, Where w) {
  return with_ddof(ops::var, x, axes, false, o, w);
}
Tensor var(const Tensor& x, const Axes& axes, KeepDims, VarOptions o, Where w) {
  return with_ddof(ops::var, x, axes, true, o, w);
}
Tensor stddev(const Operand& x, const Axes& axes, VarOptions o, Where w) {
  return with_ddof(ops::stddev, x.get(), axes, false, o, w);
}
Tensor stddev(const Operand& x, const Axes& axes, KeepDims, VarOptions o, Where w) {
  return with_ddof(ops::stddev, x.get(), axes, true, o, w);
}

Tensor Expr::mean(Where w) const { return croton::mean(*this, w); }
Tensor Expr::mean(const Axes& axes, Where w) const { return croton::mean(*this, axes, w); }

}  // namespace croton
