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
  if (!is_float(d)) fail_at<DTypeError>(w, "{}: {} is not a floating type", verb, name_of(d));
  const ops::ExtentList to = ops::extents(verb, shape, false, w);
  const Index draw = node(state).shared->draws.fetch_add(1) + 1;
  return apply(op, {{"dims", to.dims}, {"dtype", d}, {"seed", static_cast<Index>(seed)}, {"draw", draw}},
               to.after(state), w);
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

Tensor RandomStream::bernoulli(const Dims& shape, const Operand& p, Where w) {
  const WhereScope place(w);
  return drawn(ops::stream_uniform, "RandomStream::bernoulli", key_, seed_, shape, float64, w) < p;
}

Tensor RandomStream::integers(const Dims& shape, const Operand& from, const Operand& to, Where w) {
  const WhereScope place(w);
  const Tensor low = from.get(), high = to.get();
  for (const Tensor& t : {low, high})
    if (t.ndim() != 0 || !is_int(t.dtype()))
      fail_at<DTypeError>(w, "RandomStream::integers: the end {} is {}; it is one integer", formula(t), text(type(t)));
  const Tensor first = cast(low, int64, w), span = maximum(cast(high, int64, w) - first, 1, w);
  const Tensor draw = drawn(ops::stream_uniform, "RandomStream::integers", key_, seed_, shape, float64, w);
  return first + minimum(cast(floor(draw * cast(span, float64, w), w), int64, w), span - 1, w);
}

Tensor RandomStream::permutation(const Operand& count, Where w) {
  const WhereScope place(w);
  const Tensor n = count.get();
  if (n.ndim() != 0 || !is_int(n.dtype()))
    fail_at<DTypeError>(w, "RandomStream::permutation: {} is {}; it is one integer", formula(n), text(type(n)));
  return argsort(drawn(ops::stream_uniform, "RandomStream::permutation", key_, seed_, {n}, float64, w), -1, w);
}

}  // namespace croton
