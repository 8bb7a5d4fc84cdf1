// Reductions that are made of others: those that leave out what is NaN, ptp, count_nonzero, average, cov.
#include <cmath>
#include <limits>

#include "base/dtype.h"
#include "base/error.h"
#include "croton/numpy.h"
#include "graph/walk.h"
#include "ops/extents.h"
#include "ops/pointwise.h"
#include "ops/reduction.h"

namespace croton {
namespace {

/// What is folded, over which axes.
struct Fold {
  Tensor x;
  Axes axes;
  bool keep;
  Where w;

  Tensor sum(const Tensor& t) const { return keep ? croton::sum(t, axes, keepdims, w) : croton::sum(t, axes, w); }
  Tensor prod(const Tensor& t) const { return keep ? croton::prod(t, axes, keepdims, w) : croton::prod(t, axes, w); }
  Tensor max(const Tensor& t) const { return keep ? croton::max(t, axes, keepdims, w) : croton::max(t, axes, w); }
  Tensor min(const Tensor& t) const { return keep ? croton::min(t, axes, keepdims, w) : croton::min(t, axes, w); }
  Tensor every(const Tensor& t) const { return keep ? all(t, axes, keepdims, w) : all(t, axes, w); }

  bool may_have_nan() const { return is_float(x.dtype()); }
  /// x with a number in place of NaN.
  Tensor filled(double by) const { return may_have_nan() ? where(isnan(x, w), by, x, w) : x; }
  /// x in the dtype that means are taken in: sums of halves, and how many there are, would overflow.
  Fold wide() const {
    const DType d = to_floating(x.dtype());
    return {ops::converted(x, size_of(d) < size_of(float32) ? float32 : d, w), axes, keep, w};
  }
  Fold kept() const { return {x, axes, true, w}; }
  Tensor narrow(const Tensor& y) const { return ops::converted(y, to_floating(x.dtype()), w); }
};

Tensor nansum_of(const Fold& f) { return f.sum(f.filled(0)); }
Tensor nanprod_of(const Fold& f) { return f.prod(f.filled(1)); }

/// The mean of t over the elements that are not NaN, t being 0 at the others.
Tensor mean_of_others(const Fold& wide, const Tensor& t) {
  return wide.sum(t) / cast(wide.sum(!isnan(wide.x, wide.w)), wide.x.dtype(), wide.w);
}
Tensor nanmean_of(const Fold& f) {
  const Fold wide = f.wide();
  return f.narrow(mean_of_others(wide, wide.filled(0)));
}
/// Wide, in two passes.
Tensor variance_of_others(const Fold& wide) {
  const Tensor mean = mean_of_others(wide.kept(), wide.filled(0));
  const Tensor off = where(isnan(wide.x, wide.w), 0, wide.x - mean, wide.w);  // before it is squared: NaN has no slope
  return mean_of_others(wide, square(off, wide.w));
}
Tensor nanvar_of(const Fold& f) { return f.narrow(variance_of_others(f.wide())); }
Tensor nanstd_of(const Fold& f) {
  const Tensor v = variance_of_others(f.wide());
  return f.narrow(where(v > 0, sqrt(where(v > 0, v, 1, f.w), f.w), v, f.w));  // at 0 the root is infinitely steep
}

Tensor nanmax_of(const Fold& f) {
  const Tensor y = f.max(f.filled(-HUGE_VAL));
  return f.may_have_nan() ? where(f.every(isnan(f.x, f.w)), std::nan(""), y, f.w) : y;
}
Tensor nanmin_of(const Fold& f) {
  const Tensor y = f.min(f.filled(HUGE_VAL));
  return f.may_have_nan() ? where(f.every(isnan(f.x, f.w)), std::nan(""), y, f.w) : y;
}

Tensor ptp_of(const Fold& f) {
  if (f.x.dtype() == boolean)
    fail_at<DTypeError>(f.w, "ptp: {} is {}, and bools have no difference; convert it with astype", formula(f.x),
                        text(type(f.x)));
  return f.max(f.x) - f.min(f.x);
}
Tensor count_nonzero_of(const Fold& f) { return f.sum(f.x != 0); }

Tensor folded(Tensor (*of)(const Fold&), std::string_view name, const Operand& given, const Axes& axes, bool keep,
              Where asked) {
  const WhereScope scope(asked, name);
  const Where w = ambient(asked);
  const Tensor x = given.get();
  return of({x, axes, keep, w});
}

}  // namespace

#define CROTON_REDUCTION(f)                                                                                        \
  Tensor f(const Operand& x, const Axes& axes, Where w) { return folded(f##_of, #f, x, axes, false, w); }          \
  Tensor f(const Operand& x, const Axes& axes, KeepDims, Where w) { return folded(f##_of, #f, x, axes, true, w); } \
  Tensor f(const Operand& x, KeepDims, Where w) { return folded(f##_of, #f, x, Axes(), true, w); }
CROTON_REDUCTION(nansum)
CROTON_REDUCTION(nanprod)
CROTON_REDUCTION(nanmean)
CROTON_REDUCTION(nanvar)
CROTON_REDUCTION(nanstd)
CROTON_REDUCTION(nanmax)
CROTON_REDUCTION(nanmin)
CROTON_REDUCTION(ptp)
CROTON_REDUCTION(count_nonzero)
#undef CROTON_REDUCTION

Tensor average(const Operand& of, const Operand& by, const Axes& axes, Where w) {
  const WhereScope scope(w);
  const Tensor both[] = {of.get(), by.get()};
  const DType d = to_floating(ops::common_dtype("average", both, w));
  const Tensor x = ops::converted(both[0], d, w);
  Tensor weights = ops::converted(both[1], d, w);
  if (weights.ndim() != x.ndim()) {
    if (axes.everything || static_cast<std::size_t>(weights.ndim()) != axes.list.size())
      fail_at<ShapeError>(w,
                          "average: {} is {}, the weights {} are {}; they have its shape, or as many axes as the mean "
                          "is taken over, which are {}",
                          formula(both[0]), text(type(both[0])), formula(both[1]), text(type(both[1])),
                          axes.everything ? static_cast<std::size_t>(x.ndim()) : axes.list.size());
    std::vector<Index> places(static_cast<std::size_t>(x.ndim()), -1);
    for (std::size_t i = 0; i < axes.list.size(); ++i)
      places[static_cast<std::size_t>(ops::axis_of("average", axes.list[i], x, w))] = static_cast<Index>(i);
    static_cast<void>(ops::normalized_axes("average", x, axes, w));  // refuses an axis that is given twice
    weights = ops::permuted(weights, std::move(places), w);
  }
  return sum(x * weights, axes, w) / sum(ops::broadcast_like(weights, x, w), axes, w);
}

Tensor cov(const Operand& of, const CovOptions& options, Where w) {
  const WhereScope scope(w);
  Tensor x = of.get();
  if (x.ndim() != 1 && x.ndim() != 2)
    fail_at<ShapeError>(w, "cov: {} is {}; a vector, or a matrix of variables and observations, is needed", formula(x),
                        text(type(x)));
  x = ops::converted(x, to_floating(x.dtype()), w);
  if (x.ndim() == 2 && !options.rowvar) x = transpose(x, {}, w);
  const Tensor off = x - mean(x, -1, keepdims, w), n = ops::extent(x, x.ndim() - 1, w);
  const Tensor share = 1 / cast(maximum(n - options.ddof, 0, w), float64, w);
  return dot(off, transpose(off, {}, w), w) * cast(share, x.dtype(), w);
}

}  // namespace croton
