// RandomStream: draws from a shared variable that counts calls.
#include "croton/random.h"

#include <algorithm>
#include <limits>

#include "array/access.h"
#include "base/dtype.h"
#include "base/error.h"
#include "croton/numpy.h"
#include "function/words.h"
#include "graph/op.h"
#include "graph/walk.h"
#include "ops/extents.h"
#include "ops/pointwise.h"

namespace croton {
namespace {

void refuse_other(std::string_view verb, DType d, Where w) {
  if (!is_float(d)) fail_at<DTypeError>(w, "{}: {} is not a floating type", verb, name_of(d));
}

/// Draws are numbered from 1 in the order in which they are made, whichever copy of the stream makes them.
Tensor drawn(const Op& op, std::string_view verb, const Shared& state, std::uint64_t seed, const Dims& shape, DType d,
             Where w) {
  const WhereScope place(w, verb);
  refuse_other(verb, d, w);
  const ops::ExtentList to = ops::extents(verb, shape, false, w);
  const Index draw = node(state).shared->draws.fetch_add(1) + 1;
  return apply(op, {{"dims", to.dims}, {"dtype", d}, {"seed", static_cast<Index>(seed)}, {"draw", draw}},
               to.after(state), w);
}

/// An op that makes draws of uniform ones in float64 and of parameters.
Tensor by_rejection(const Op& op, const Tensor& u, std::initializer_list<Tensor> parameters, Where w) {
  std::vector<Tensor> x{u};
  for (const Tensor& p : parameters) x.push_back(ops::with_rank(ops::converted(p, float64, w), u.ndim(), w));
  return apply(op, {}, x, w);
}

Tensor one_integer(std::string_view verb, const Operand& number, Where w) {
  Tensor n = number.get();
  refuse_empty(verb, {&n, 1}, w);
  if (n.ndim() != 0 || !is_int(n.dtype()))
    fail_at<DTypeError>(w, "{}: {} is {}; it is one integer", verb, formula(n), text(type(n)));
  return n;
}

Tensor rows_of_weights(std::string_view verb, const Operand& weights, Where w) {
  Tensor p = weights.get();
  refuse_empty(verb, {&p, 1}, w);
  if (p.ndim() == 0)
    fail_at<ShapeError>(w, "{}: {} is a scalar; it is a row of weights, or rows of them", verb, formula(p));
  return p;
}

// ---- what is refused
struct Rule {
  std::string_view text;
  bool not_all_zero;
};
constexpr Rule shares{"weights are finite, not negative, and not all 0", true},
    may_be_zero{"weights are finite and not negative", false};

bool is_weight(double x) { return x >= 0 && x < std::numeric_limits<double>::infinity(); }

/// "[1, 2]" of element `linear` of that shape.
std::string place_in(const Extents& shape, Index linear) {
  std::vector<Index> at(shape.size());
  for (std::size_t d = at.size(); d-- > 0; linear /= shape[d]) at[d] = linear % shape[d];
  return text(at);
}

/// Constant weights are refused when they are given.
void check_weights(std::string_view verb, const Tensor& p, const Rule& rule, Where w) {
  const Array all = contiguous(node(p).value.astype(float64));
  const std::span<const double> weights = all.values<double>();
  const Extents& shape = all.shape();
  const Index n = shape[shape.size() - 1];
  for (Index row = 0; n > 0 && row < all.size() / n; ++row) {
    const auto of_row = weights.subspan(static_cast<std::size_t>(row * n), static_cast<std::size_t>(n));
    const bool are_all_zero = std::ranges::all_of(of_row, [](double x) { return x == 0; });
    if (std::ranges::all_of(of_row, is_weight) && !(rule.not_all_zero && are_all_zero)) continue;
    const Extents rows(Shape(shape.begin(), shape.end() - 1));
    fail_at<Error>(w, "{}: {}; those of {}{} are not", verb, rule.text,
                   rows.size() == 0 ? "" : fmt::format("row {} of ", place_in(rows, row)), formula(p));
  }
}

/// A parameter of a distribution that is given for each element.
struct Parameter {
  std::string_view name, text;
  bool (*fits)(double);
};
constexpr double greatest_count = 9.2e18, infinity = std::numeric_limits<double>::infinity();
constexpr Parameter probability{"p", "a probability is a number from 0 to 1",
                                [](double x) { return x >= 0 && x <= 1; }},
    gamma_shape{"shape", "a shape is a finite number from 0 on", [](double x) { return x >= 0 && x < infinity; }},
    poisson_rate{"rate", "a rate is a number from 0 to 9.2e18", [](double x) { return x >= 0 && x <= greatest_count; }},
    trials{"n", "a number of trials is an integer from 0 to 9.2e18",
           [](double x) { return x >= 0 && x <= greatest_count; }};
constexpr Parameter concentration(std::string_view name) {
  return {name, "a concentration is a finite number above 0", [](double x) { return x > 0 && x < infinity; }};
}

/// What was given for it, where `drawn` has the shape of the draws: constants are checked at once.
Tensor fitting(std::string_view verb, const Parameter& parameter, const Operand& given, const Tensor& drawn, Where w) {
  Tensor p = given.get();
  refuse_empty(verb, {&p, 1}, w);
  const std::string name = p.ndim() == 0 && p.name().empty() ? std::string(parameter.name) : formula(p);
  const Shape &has = type(p).shape, &to = type(drawn).shape;
  bool broadcasts = has.size() <= to.size();
  for (std::size_t back = 1; broadcasts && back <= has.size(); ++back)
    broadcasts = has[has.size() - back] == 1 || to[to.size() - back] != 1;
  if (!broadcasts)
    fail_at<ShapeError>(w, "{}: {} is {}, which does not broadcast to the shape of the draws, {}", verb, name,
                        text(type(p)), text(to));
  if (node(p).kind != NodeKind::constant) return p;
  const Array all = contiguous(node(p).value.astype(float64));
  for (Index i = 0; i < all.size(); ++i)
    if (const double x = all.values<double>()[static_cast<std::size_t>(i)]; !parameter.fits(x))
      fail_at<Error>(w, "{}: {}; {}{} is {}", verb, parameter.text,
                     p.ndim() == 0 ? "" : fmt::format("element {} of ", place_in(all.shape(), i)), name, x);
  return p;
}

/// Rows of weights in float64: an Error, when it runs, where one breaks the rule.
Tensor checked(std::string_view verb, const Tensor& p, const Rule& rule, Where w) {
  Tensor weights = cast(p, float64, w);
  if (node(p).kind == NodeKind::constant) {
    check_weights(verb, p, rule, w);
    return weights;
  }
  const Tensor most = max(weights, Axes{-1}, w);
  const Tensor fits = min(weights, Axes{-1}, w) >= 0 && most < std::numeric_limits<double>::infinity();
  const Tensor refused = cast(logical_not(rule.not_all_zero ? fits && most > 0 : fits, w), int64, w);
  // an index is checked on every device; here it is 0 where all is well
  const Tensor zeros =
      apply(ops::gather, {{"refused", std::string(rule.text)}, {"of", formula(p)}}, {arange(1, w), refused}, w);
  return weights + expand_dims(cast(zeros, float64, w), -1, w);
}

/// The logarithms of weights, each with a number added that is drawn from Gumbel's distribution: the greatest of a row
/// stands where one that is drawn by the weights does, the second where the next one of those that are left does.
Tensor gumbel_keys(std::string_view verb, const Shared& state, std::uint64_t seed, const Dims& shape, const Tensor& p,
                   const Rule& rule, Where w) {
  const Tensor u = drawn(ops::stream_uniform, verb, state, seed, shape, float64, w);
  return log(checked(verb, p, rule, w), w) - log(-log(u, w), w);
}

/// What a uniform draw takes the place of 0 by: half a step (random.h), where logarithms are finite.
double half_step(DType d) {
  switch (d) {
    case float64: return 0x1p-54;
    case float32: return 0x1p-25;
    case float16: return 0x1p-12;
    default: return 0x1p-9;
  }
}

}  // namespace

RandomStream::RandomStream(std::uint64_t seed) : key_(shared(Array::scalar(Index{0}), "random")), seed_(seed) {
  key_.set_default_update(key_ + 1);
}

Tensor RandomStream::uniform(const Dims& shape, DType d, Where w) {
  return drawn(ops::stream_uniform, "RandomStream::uniform", key_, seed_, shape, d, w);
}

Tensor RandomStream::normal(const Dims& shape, DType d, Where w) {
  return drawn(ops::stream_normal, "RandomStream::normal", key_, seed_, shape, d, w);
}

Tensor RandomStream::exponential(const Dims& shape, DType d, Where w) {
  constexpr std::string_view verb = "RandomStream::exponential";
  const WhereScope place(w, verb);
  return -log1p(-drawn(ops::stream_uniform, verb, key_, seed_, shape, d, w), w);
}

Tensor RandomStream::gumbel(const Dims& shape, DType d, Where w) {
  constexpr std::string_view verb = "RandomStream::gumbel";
  const WhereScope place(w, verb);
  const Tensor u = drawn(ops::stream_uniform, verb, key_, seed_, shape, d, w);
  return -log(-log(maximum(u, half_step(d), w), w), w);
}

Tensor RandomStream::laplace(const Dims& shape, DType d, Where w) {
  constexpr std::string_view verb = "RandomStream::laplace";
  const WhereScope place(w, verb);
  const Tensor u = drawn(ops::stream_uniform, verb, key_, seed_, shape, d, w);
  const Tensor off = maximum(u, half_step(d), w) - 0.5;
  return copysign(log1p(-2.0 * abs(off, w), w), off, w);
}

Tensor RandomStream::logistic(const Dims& shape, DType d, Where w) {
  constexpr std::string_view verb = "RandomStream::logistic";
  const WhereScope place(w, verb);
  return logit(maximum(drawn(ops::stream_uniform, verb, key_, seed_, shape, d, w), half_step(d), w), w);
}

Tensor RandomStream::bernoulli(const Dims& shape, const Operand& p, Where w) {
  constexpr std::string_view verb = "RandomStream::bernoulli";
  const WhereScope place(w, verb);
  const Tensor u = drawn(ops::stream_uniform, verb, key_, seed_, shape, float64, w);
  return u < fitting(verb, probability, p, u, w);
}

Tensor RandomStream::gamma(const Dims& dims, const Operand& shape, DType d, Where w) {
  constexpr std::string_view verb = "RandomStream::gamma";
  const WhereScope place(w, verb);
  refuse_other(verb, d, w);
  const Tensor u = drawn(ops::stream_uniform, verb, key_, seed_, dims, float64, w);
  return cast(by_rejection(ops::gamma_draw, u, {fitting(verb, gamma_shape, shape, u, w)}, w), d, w);
}

Tensor RandomStream::beta(const Dims& dims, const Operand& a, const Operand& b, DType d, Where w) {
  constexpr std::string_view verb = "RandomStream::beta";
  const WhereScope place(w, verb);
  refuse_other(verb, d, w);
  const auto log_gamma = [&](std::string_view name, const Operand& shape) {
    const Tensor u = drawn(ops::stream_uniform, verb, key_, seed_, dims, float64, w);
    return by_rejection(ops::log_gamma_draw, u, {fitting(verb, concentration(name), shape, u, w)}, w);
  };
  const Tensor x = log_gamma("a", a), y = log_gamma("b", b);
  return cast(sigmoid(x - y, w), d, w);
}

Tensor RandomStream::dirichlet(const Operand& concentrations, DType d, Where w) {
  constexpr std::string_view verb = "RandomStream::dirichlet";
  const WhereScope place(w, verb);
  refuse_other(verb, d, w);
  const Tensor alpha = rows_of_weights(verb, concentrations, w);
  const Tensor u = drawn(ops::stream_uniform, verb, key_, seed_, alpha.shape(w), float64, w);
  const Tensor x = by_rejection(ops::log_gamma_draw, u, {fitting(verb, concentration("alpha"), alpha, u, w)}, w);
  return cast(softmax(x, -1, w), d, w);
}

Tensor RandomStream::poisson(const Dims& dims, const Operand& rate, Where w) {
  constexpr std::string_view verb = "RandomStream::poisson";
  const WhereScope place(w, verb);
  const Tensor u = drawn(ops::stream_uniform, verb, key_, seed_, dims, float64, w);
  return cast(by_rejection(ops::poisson_draw, u, {fitting(verb, poisson_rate, rate, u, w)}, w), int64, w);
}

Tensor RandomStream::binomial(const Dims& dims, const Operand& n, const Operand& p, Where w) {
  constexpr std::string_view verb = "RandomStream::binomial";
  const WhereScope place(w, verb);
  const Tensor u = drawn(ops::stream_uniform, verb, key_, seed_, dims, float64, w);
  const Tensor of = fitting(verb, trials, n, u, w);
  if (!is_int(of.dtype()))
    fail_at<DTypeError>(w, "{}: n is {}; a number of trials is an integer", verb, text(type(of)));
  return cast(by_rejection(ops::binomial_draw, u, {of, fitting(verb, probability, p, u, w)}, w), int64, w);
}

Tensor RandomStream::integers(const Dims& shape, const Operand& from, const Operand& to, Where w) {
  constexpr std::string_view verb = "RandomStream::integers";
  const WhereScope place(w, verb);
  const Tensor low = from.get(), high = to.get();
  for (const Tensor& t : {low, high})
    if (t.ndim() != 0 || !is_int(t.dtype()))
      fail_at<DTypeError>(w, "{}: the end {} is {}; it is one integer", verb, formula(t), text(type(t)));
  const Tensor first = cast(low, int64, w), span = maximum(cast(high, int64, w) - first, 1, w);
  const Tensor draw = drawn(ops::stream_uniform, verb, key_, seed_, shape, float64, w);
  return first + minimum(cast(floor(draw * cast(span, float64, w), w), int64, w), span - 1, w);
}

Tensor RandomStream::permutation(const Operand& count, Where w) {
  constexpr std::string_view verb = "RandomStream::permutation";
  const WhereScope place(w, verb);
  const Tensor n = one_integer(verb, count, w);
  return argsort(drawn(ops::stream_uniform, verb, key_, seed_, {n}, float64, w), -1, w);
}

Tensor RandomStream::categorical(const Operand& weights, Where w) {
  constexpr std::string_view verb = "RandomStream::categorical";
  const WhereScope place(w, verb);
  const Tensor p = rows_of_weights(verb, weights, w);
  return gumbel_keys(verb, key_, seed_, p.shape(w), p, shares, w).argmax(-1, w);
}

Tensor RandomStream::multinomial(const Operand& draws, const Operand& weights, Where w) {
  constexpr std::string_view verb = "RandomStream::multinomial";
  const WhereScope place(w, verb);
  const Tensor p = rows_of_weights(verb, weights, w);
  Dims shape{one_integer(verb, draws, w)};
  for (int axis = 0; axis < p.ndim(); ++axis) shape.list.emplace_back(p.shape(axis, w));
  const Tensor each = gumbel_keys(verb, key_, seed_, shape, p, shares, w).argmax(-1, w);
  const Tensor is_it = expand_dims(each, -1, w) == arange(p.shape(-1, w), w);
  return sum(cast(is_it, int64, w), 0, w);
}

Tensor RandomStream::choice(Index k, const Operand& weights, Where w) {
  constexpr std::string_view verb = "RandomStream::choice";
  const WhereScope place(w, verb);
  const Tensor p = rows_of_weights(verb, weights, w);
  return topk(gumbel_keys(verb, key_, seed_, p.shape(w), p, may_be_zero, w), k, -1, true, w)[1];
}

}  // namespace croton
