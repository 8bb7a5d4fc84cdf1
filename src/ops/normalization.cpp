// Batch normalization, made of means and variances.
#include <algorithm>

#include "base/dtype.h"
#include "base/error.h"
#include "croton/nn.h"
#include "graph/walk.h"
#include "ops/extents.h"
#include "ops/pointwise.h"

namespace croton {
namespace {

/// What is normalized, in a floating dtype, and the axes that parameters have.
struct Normalized {
  std::string_view name;
  Tensor x;
  std::vector<int> axes;          // whose elements are taken together
  std::vector<Index> parameters;  // for each axis of x, that of a parameter; -1 for those taken together
  Where w;

  Normalized(std::string_view name, const Operand& of, const BatchNormalizationOptions& options, Where w)
      : name(name), x(of.get()), w(w) {
    refuse_empty(name, {&x, 1}, w);
    x = ops::converted(x, to_floating(x.dtype()), w);
    if (options.axes.everything && x.ndim() < 2)
      fail_at<ShapeError>(w, "{}: {} is {}, and has no channels; name the axes to take together", name, formula(x),
                          text(type(x)));
    for (const int a : options.axes.list) axes.push_back(ops::axis_of(name, a, x, w));
    Index kept = 0;
    for (int d = 0; d < x.ndim(); ++d) {
      if (options.axes.everything && d != 1) axes.push_back(d);
      parameters.push_back(std::find(axes.begin(), axes.end(), d) == axes.end() ? kept++ : -1);
    }
  }

  /// A parameter as x has its axes.
  Tensor laid(std::string_view what, const Operand& given) const {
    const Tensor p = given.get();
    refuse_empty(name, {&p, 1}, w);
    const auto kept = x.ndim() - static_cast<int>(axes.size());
    if (p.ndim() != kept)
      fail_at<ShapeError>(w, "{}: {} {} is {}; {} is {}, and leaves it {} {}", name, what, formula(p), text(type(p)),
                          formula(x), text(type(x)), kept, kept == 1 ? "axis" : "axes");
    for (std::size_t d = 0; d < parameters.size(); ++d) {
      if (parameters[d] < 0) continue;
      const Index has = type(p).shape[static_cast<std::size_t>(parameters[d])], needs = type(x).shape[d];
      if (has > 1 && needs >= 0 && has != needs)
        fail_at<ShapeError>(w, "{}: {} {} is {}; {} is {}, with {} along axis {}", name, what, formula(p),
                            text(type(p)), formula(x), text(type(x)), needs, d);
    }
    return ops::permuted(ops::converted(p, x.dtype(), w), parameters, w);
  }

  Tensor by(const Tensor& mean, const Tensor& inverse, const Operand& gamma, const Operand& beta) const {
    return (x - mean) * (laid("gamma", gamma) * inverse) + laid("beta", beta);
  }
};

}  // namespace

BatchNormalized batch_normalization_train(const Operand& of, const Operand& gamma, const Operand& beta,
                                          const Operand& running_mean, const Operand& running_variance,
                                          const BatchNormalizationOptions& options, Where where) {
  const WhereScope scope(where);
  const Where w = ambient(where);
  const Normalized n("batch_normalization_train", of, options, w);
  BatchNormalized r;
  r.mean = mean(n.x, Axes(n.axes), w);
  const Tensor variance = var(n.x, Axes(n.axes), w);
  r.inverse_stddev = 1 / sqrt(variance + options.epsilon, w);
  r.y = n.by(n.laid("mean", r.mean), n.laid("deviation", r.inverse_stddev), gamma, beta);
  Tensor count = ops::integer(1, w);
  for (const int a : n.axes) count = count * ops::extent(n.x, a, w);
  const Tensor m = cast(count, n.x.dtype(), w);
  n.laid("the running mean", running_mean), n.laid("the running variance", running_variance);
  const auto moved = [&](const Operand& old, const Tensor& now) {
    const Tensor before = old.get();
    return before + options.running_average_factor * (ops::converted(now, before.dtype(), w) - before);
  };
  r.running_mean = moved(running_mean, r.mean);
  r.running_variance = moved(running_variance, variance * (m / (m - 1)));
  return r;
}

Tensor batch_normalization_test(const Operand& of, const Operand& gamma, const Operand& beta, const Operand& mean,
                                const Operand& variance, const BatchNormalizationOptions& options, Where where) {
  const WhereScope scope(where);
  const Where w = ambient(where);
  const Normalized n("batch_normalization_test", of, options, w);
  return n.by(n.laid("the mean", mean), 1 / sqrt(n.laid("the variance", variance) + options.epsilon, w), gamma, beta);
}

}  // namespace croton
