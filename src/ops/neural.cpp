// Composites of neural networks, each with a gradient that stays finite at saturated inputs.
#include <functional>

#include "base/dtype.h"
#include "base/error.h"
#include "croton/ops.h"
#include "graph/walk.h"
#include "ops/broadcasting.h"
#include "ops/elementwise.h"
#include "ops/extents.h"
#include "ops/families.h"
#include "ops/pointwise.h"
#include "ops/quotient.h"

namespace croton::ops {
namespace {

int axis(const At& at) { return static_cast<int>(at.params.integer("axis")); }

Type same_type(const TypeAt& t) { return {t.dtype(0), t.shapes[0]}; }

std::vector<Sample> along_axis_samples() {
  return {{{{float64, {3, 4}}}, {{"axis", Index{1}}}},
          {{{float32, {3, 4}}}, {{"axis", Index{0}}}},
          {{{float64, {2, 1, 3}}}, {{"axis", Index{1}}}}};
}

// ---- softmax
Tensor shifted(const Tensor& x, int axis) { return x - croton::max(x, axis, keepdims); }

Tensor expand_softmax(const At& at) {
  const Tensor e = croton::exp(shifted(at.x[0], axis(at)));
  return e * (1 / croton::sum(e, axis(at), keepdims));  // one division a row; the sum is at least 1
}

/// y (g - sum(y g)). Where g is h / y + r, as the gradients of log(y) and of a crossentropy are, y cancels in the first
/// term: h - y sum(h), which is finite however small y is.
Gradients softmax_pullback(const At& at) {
  const auto [h, r] = over(at.y_bar, at.y);
  const auto total = [&](const Tensor& t) { return croton::sum(t, axis(at), keepdims); };
  if (!h.node()) return {at.y * (r - total(at.y * r))};
  const Tensor x_bar = h - at.y * total(h);
  return {r.node() ? x_bar + at.y * (r - total(at.y * r)) : x_bar};
}

// ---- log_softmax
Tensor log_softmax_of(const Tensor& x, int axis) {
  const Tensor z = shifted(x, axis);
  return z - croton::log(croton::sum(croton::exp(z), axis, keepdims));
}

Tensor expand_log_softmax(const At& at) { return log_softmax_of(at.x[0], axis(at)); }

Gradients log_softmax_pullback(const At& at) {
  return {at.y_bar - croton::exp(at.y) * croton::sum(at.y_bar, axis(at), keepdims)};
}

// ---- categorical_crossentropy
bool names_classes(const Tensor& p, const Tensor& target) { return target.ndim() == p.ndim() - 1; }

Type crossentropy_type(const TypeAt& t) {
  Type out{t.dtype(0), t.shapes[0]};
  out.shape.pop_back();
  const bool classes = names_classes(t.x[0], t.x[1]);
  for (std::size_t i = 0; i < (classes ? out.shape : t.shapes[0]).size(); ++i) {
    const Index m = t.shapes[0][i], n = t.shapes[1][i];
    if (m != n && m != -1 && n != -1)
      fail_at<ShapeError>(t.where, "{}: {} is {}, the target {} is {}; axis {} has {} and {}", t.name(),
                          formula(t.x[0]), text(Type{t.dtype(0), t.shapes[0]}), formula(t.x[1]),
                          text(Type{t.dtype(1), t.shapes[1]}), i, m, n);
  }
  return out;
}

/// A new last axis.
Tensor column(const Tensor& x) { return expand_dims(x, -1); }

/// Whether each class is the one that the target names; a class that p has not is an IndexError when it runs.
Tensor is_class(const Tensor& target, const Tensor& p) {
  const Where w = Where::here();
  const int last = p.ndim() - 1;
  const Tensor checked = checked_index(target, p, last, w);
  const Tensor classes = node(checked).inputs[0];  // they are counted once, and the IndexError says what they are
  return column(checked) == with_rank(classes, p.ndim(), w);
}

/// log p, from the logits where p is a softmax.
Tensor log_of(const Tensor& p) {
  if (!is_op(p, softmax) || node(p).params.integer("axis") != p.ndim() - 1) return croton::log(p);
  return log_softmax_of(node(p).inputs[0], p.ndim() - 1);
}

Tensor expand_crossentropy(const At& at) {
  const Tensor &p = at.x[0], &target = at.x[1], log_p = log_of(p);
  if (names_classes(p, target)) return -croton::sum(croton::where(is_class(target, p), log_p, 0), -1);
  return -croton::sum(masked(target, log_p), -1);
}

Gradients crossentropy_pullback(const At& at) {
  const Tensor &p = at.x[0], &target = at.x[1], g = -column(at.y_bar);
  if (names_classes(p, target)) return {croton::where(is_class(target, p), g / p, 0), {}};
  return {g * quotient(target, p), g * log_of(p)};
}

std::vector<Sample> crossentropy_samples() {
  return {{{{float64, {3, 4}}, {float64, {3, 4}}}, {}, {{0.05, 1}, {0.05, 1}}},
          {{{float32, {3, 4}}, {int64, {3}}}, {}, {{0.05, 1}, {0, 3}}},
          {{{float64, {3}}, {int32, {}}}, {}, {{0.05, 1}, {0, 2}}}};
}

// ---- binary_crossentropy
Type binary_crossentropy_type(const TypeAt& t) { return {t.dtype(0), broadcast_shape(t)}; }

Tensor expand_binary_crossentropy(const At& at) {
  const Tensor &p = at.x[0], &target = at.x[1];
  if (!is_op(p, sigmoid)) return -(masked(target, croton::log(p)) + masked(1 - target, croton::log1p(-p)));
  const Tensor& z = node(p).inputs[0];
  return target * croton::softplus(-z) + (1 - target) * croton::softplus(z);
}

Gradients binary_crossentropy_pullback(const At& at) {
  const Tensor &p = at.x[0], &target = at.x[1], g = at.y_bar;
  return {g * ((p - target) / (p * (1 - p))), g * (croton::log1p(-p) - croton::log(p))};
}

std::vector<Sample> binary_crossentropy_samples() {
  return {{{{float64, {3, 4}}, {float64, {3, 4}}}, {}, {{0.05, 0.95}, {0.05, 0.95}}},
          {{{float32, {3, 1}}, {float32, {3, 4}}}, {}, {{0.05, 0.95}, {0.05, 0.95}}}};
}

}  // namespace

constinit const Op softmax{.name = "softmax",
                           .doc = "exp(x) / sum(exp(x)) along an axis; SciPy's softmax.",
                           .type = same_type,
                           .meaning = Expansion{expand_softmax},
                           .pullback = softmax_pullback,
                           .samples = along_axis_samples};

constinit const Op log_softmax{
    .name = "log_softmax",
    .doc = "log(softmax(x)) along an axis, finite where softmax(x) is 0; SciPy's log_softmax.",
    .type = same_type,
    .meaning = Expansion{expand_log_softmax},
    .pullback = log_softmax_pullback,
    .samples = along_axis_samples};

constinit const Op categorical_crossentropy{
    .name = "categorical_crossentropy",
    .doc =
        "-sum(target log(p)) over the last axis, the target being probabilities or the number of a class; Theano's "
        "categorical_crossentropy.",
    .arity = 2,
    .type = crossentropy_type,
    .meaning = Expansion{expand_crossentropy},
    .pullback = crossentropy_pullback,
    .samples = crossentropy_samples};

constinit const Op binary_crossentropy{
    .name = "binary_crossentropy",
    .doc = "-(target log(p) + (1 - target) log(1 - p)); Theano's binary_crossentropy.",
    .arity = 2,
    .type = binary_crossentropy_type,
    .meaning = Expansion{expand_binary_crossentropy},
    .pullback = binary_crossentropy_pullback,
    .samples = binary_crossentropy_samples};

Family neural_ops() {
  static constexpr const Op* list[] = {&softmax, &log_softmax, &categorical_crossentropy, &binary_crossentropy};
  return list;
}

}  // namespace croton::ops

namespace croton {

Tensor softmax(const Tensor& x, int axis, Where w) {
  const WhereScope scope(w);
  const Index a = ops::axis_of("softmax", axis, x, w);
  return apply(ops::softmax, {{"axis", a}}, {ops::converted(x, to_floating(x.dtype()), w)}, w);
}

Tensor elu(const Operand& of, double alpha, Where w) {
  const WhereScope scope(w);
  const Tensor x = of.get();
  refuse_empty("elu", {&x, 1}, w);
  const Tensor above = x > 0;
  return where(above, x, alpha * expm1(where(above, 0, x, w), w), w);  // far above, the slope of expm1 is infinite
}

Tensor leaky_relu(const Operand& of, double slope, Where w) {
  const WhereScope scope(w);
  const Tensor x = of.get();
  refuse_empty("leaky_relu", {&x, 1}, w);
  return where(x > 0, x, slope * x, w);
}

Tensor selu(const Operand& of, Where w) {
  const WhereScope scope(w);
  constexpr double scale = 1.0507009873554804934193349852946, alpha = 1.6732632423543772848170429916717;
  return scale * elu(of, alpha, w);
}

Tensor hard_sigmoid(const Operand& of, Where w) {
  const WhereScope scope(w);
  const Tensor x = of.get();
  refuse_empty("hard_sigmoid", {&x, 1}, w);
  return clip(0.2 * x + 0.5, 0, 1, w);
}

Tensor hard_tanh(const Operand& of, Where w) {
  const WhereScope scope(w);
  return clip(of.get(), -1, 1, w);
}

Tensor relu6(const Operand& of, Where w) {
  const WhereScope scope(w);
  return clip(of.get(), 0, 6, w);
}

Tensor log_softmax(const Tensor& x, int axis, Where w) {
  const WhereScope scope(w);
  const Index a = ops::axis_of("log_softmax", axis, x, w);
  return apply(ops::log_softmax, {{"axis", a}}, {ops::converted(x, to_floating(x.dtype()), w)}, w);
}

Tensor categorical_crossentropy(const Tensor& p, const Tensor& target, Where w) {
  const WhereScope scope(w);
  if (p.ndim() == 0)
    fail_at<ShapeError>(w, "categorical_crossentropy: {} is a scalar; it needs an axis of classes", formula(p));
  const bool classes = ops::names_classes(p, target);
  if (!classes && target.ndim() != p.ndim())
    fail_at<ShapeError>(
        w,
        "categorical_crossentropy: {} is {}, the target {} is {}; it has as many axes (probabilities) or one "
        "less (integers that name classes)",
        formula(p), text(type(p)), formula(target), text(type(target)));
  if (classes && !is_int(target.dtype()))
    fail_at<DTypeError>(w, "categorical_crossentropy: a target that names classes is an integer, {} is {}",
                        formula(target), text(type(target)));
  const Tensor x = ops::converted(p, to_floating(p.dtype()), w);
  return apply(ops::categorical_crossentropy, {}, {x, classes ? target : ops::converted(target, x.dtype(), w)}, w);
}

Tensor binary_crossentropy(const Tensor& p, const Tensor& target, Where w) {
  const WhereScope scope(w);
  const Tensor both[] = {p, target};
  ops::check_broadcast("binary_crossentropy", both, w);
  const Tensor x = ops::converted(p, to_floating(p.dtype()), w), t = ops::converted(target, x.dtype(), w);
  const int rank = std::max(p.ndim(), target.ndim());
  return apply(ops::binary_crossentropy, {}, {ops::with_rank(x, rank, w), ops::with_rank(t, rank, w)}, w);
}

Tensor one_hot(const Tensor& classes, Index count, DType d, Where w) {
  const WhereScope scope(w);
  if (!is_int(classes.dtype()))
    fail_at<DTypeError>(ambient(w), "one_hot: classes are integers, {} is {}", formula(classes), text(type(classes)));
  const Tensor numbers = ops::with_rank(arange(count, w), classes.ndim() + 1, w);
  return ops::converted(expand_dims(classes, -1, w) == numbers, d, w);
}

}  // namespace croton
