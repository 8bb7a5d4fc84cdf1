// RandomStream: draws from a shared variable that counts calls.
#include "croton/random.h"

#include "base/dtype.h"
#include "base/error.h"
#include "croton/numpy.h"
#include "function/words.h"
#include "graph/op.h"
#include "graph/walk.h"
#include "ops/extents.h"

namespace croton {
namespace {

/// Draws are numbered from 1 in the order in which they are made, whichever copy of the stream makes them.
Tensor drawn(const Op& op, std::string_view verb, const Shared& state, std::uint64_t seed, const Dims& shape, DType d,
             Where w) {
  const WhereScope place(w, verb);
  if (!is_float(d)) fail_at<DTypeError>(w, "{}: {} is not a floating type", verb, name_of(d));
  const ops::ExtentList to = ops::extents(verb, shape, false, w);
  const Index draw = node(state).shared->draws.fetch_add(1) + 1;
  return apply(op, {{"dims", to.dims}, {"dtype", d}, {"seed", static_cast<Index>(seed)}, {"draw", draw}},
               to.after(state), w);
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

/// The logarithms of weights, each with a number added that is drawn from Gumbel's distribution: the greatest of a row
/// stands where one that is drawn by the weights does, the second where the next one of those that are left does.
Tensor gumbel_keys(std::string_view verb, const Shared& state, std::uint64_t seed, const Dims& shape, const Tensor& p,
                   Where w) {
  const Tensor u = drawn(ops::stream_uniform, verb, state, seed, shape, float64, w);
  return log(cast(p, float64, w), w) - log(-log(u, w), w);
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
  return drawn(ops::stream_uniform, verb, key_, seed_, shape, float64, w) < p;
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
  return gumbel_keys(verb, key_, seed_, p.shape(w), p, w).argmax(-1, w);
}

Tensor RandomStream::multinomial(const Operand& draws, const Operand& weights, Where w) {
  constexpr std::string_view verb = "RandomStream::multinomial";
  const WhereScope place(w, verb);
  const Tensor p = rows_of_weights(verb, weights, w);
  Dims shape{one_integer(verb, draws, w)};
  for (int axis = 0; axis < p.ndim(); ++axis) shape.list.emplace_back(p.shape(axis, w));
  const Tensor each = gumbel_keys(verb, key_, seed_, shape, p, w).argmax(-1, w);
  const Tensor is_it = expand_dims(each, -1, w) == arange(p.shape(-1, w), w);
  return sum(cast(is_it, int64, w), 0, w);
}

Tensor RandomStream::choice(Index k, const Operand& weights, Where w) {
  constexpr std::string_view verb = "RandomStream::choice";
  const WhereScope place(w, verb);
  const Tensor p = rows_of_weights(verb, weights, w);
  return topk(gumbel_keys(verb, key_, seed_, p.shape(w), p, w), k, -1, true, w)[1];
}

}  // namespace croton
