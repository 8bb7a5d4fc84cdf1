// RandomStream: draws from a shared variable that counts calls.
#include "croton/random.h"

#include "base/dtype.h"
#include "base/error.h"
#include "function/words.h"
#include "graph/op.h"
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

}  // namespace croton
