// Random numbers. Each element is made of words, blocks of Philox 2x32-10, whose number is that of the element counted
// from where a call begins. Initial values are drawn on the host; draws of a stream are composed of pointwise ops.
#include <array>
#include <atomic>
#include <cmath>
#include <numbers>

#include "array/access.h"
#include "base/dtype.h"
#include "base/error.h"
#include "croton/ops.h"
#include "expr/philox.h"
#include "ops/evaluate/loops.h"
#include "ops/extents.h"
#include "ops/families.h"
#include "ops/host.h"
#include "ops/pointwise.h"

namespace croton::ops {
namespace {

Type random_type(const TypeAt& t) { return {t.params.dtype("dtype"), resolve(t, 0)}; }
/// The first input is the stream's state.
Type stream_type(const TypeAt& t) { return {t.params.dtype("dtype"), resolve(t, 1)}; }

using L = std::vector<Index>;

std::vector<Sample> random_samples() {
  return {{{}, {{"dims", L{3, 4}}, {"dtype", float64}, {"stream", Index{1}}}},
          {{{int64, {}}}, {{"dims", L{-1}}, {"dtype", float32}, {"stream", Index{2}}}, {{5, 5}}}};
}

std::vector<Sample> stream_samples() {
  const Interval state{0, 9};
  return {{{{int64, {}}}, {{"dims", L{3, 4}}, {"dtype", float64}, {"seed", Index{7}}, {"draw", Index{1}}}, {state}},
          {{{int64, {}}, {int64, {}}},
           {{"dims", L{-1}}, {"dtype", float32}, {"seed", Index{7}}, {"draw", Index{2}}},
           {state, {5, 5}}}};
}

// ---- where a call begins
/// What the calls of one draw of a seed share.
struct Draw {
  std::uint64_t base, key;
};
Draw draw_of(std::uint64_t seed, std::uint64_t number) {
  return {expr::philox(seed, 2 * number), expr::philox(seed, 2 * number + 1)};
}
/// The block of a call's element 0, whose low half is the key of all its blocks. Calls of one draw begin at different
/// ones, so that none of up to 2^32 elements reads what another does.
std::uint64_t origin(const Draw& draw, std::uint64_t call) { return expr::philox(draw.base + call, draw.key); }

// ---- words as numbers
/// Significand bits: a number in [0, 1) cut to them stays below 1.
int bits_of(DType d) { return d == DType::float64 ? 53 : d == DType::float32 ? 24 : d == DType::float16 ? 11 : 8; }
/// The type that numbers of this one are computed in.
DType computed_in(DType d) { return d == DType::float64 ? d : DType::float32; }

// ---- initial values
double unit(std::uint64_t word, int bits) { return std::ldexp(static_cast<double>(word >> (64 - bits)), -bits); }

/// Box and Muller: two independent normal numbers from two words.
std::array<double, 2> normal_pair(std::uint64_t a, std::uint64_t b) {
  const double radius = std::sqrt(-2 * std::log1p(-unit(a, 53))), angle = 2 * std::numbers::pi * unit(b, 53);
  return {radius * std::cos(angle), radius * std::sin(angle)};
}

/// Element i is from(the words of elements 2 (i / 2) and 2 (i / 2) + 1)[i % 2].
template <class Pair>
void fill(const Node& n, Array& out, const Host& host, Pair from) {
  constexpr Index block = 512;
  const std::uint64_t first = origin(draw_of(static_cast<std::uint64_t>(n.params.integer("stream")), 0), 0);
  const Store<double> store = store_to<double>(out.dtype());
  std::byte* to = mutable_data(out);
  const Index size = out.size();
  host.each((size + block - 1) / block, block * sizeof(double), [&](long chunk, void* scratch) {
    auto* numbers = static_cast<double*>(scratch);
    const Index begin = chunk * block;
    for (Index i = 0; i < block; i += 2) {
      const std::uint64_t at = first + static_cast<std::uint64_t>(begin + i);
      const std::array<double, 2> two = from(expr::philox(at, first), expr::philox(at + 1, first));
      numbers[i] = two[0];
      numbers[i + 1] = two[1];
    }
    store(numbers, std::min(block, size - begin), to, begin);
  });
}

void run_normal(const Node& n, std::span<const Array>, Array& out, const Host& host) {
  fill(n, out, host, normal_pair);
}
void run_uniform(const Node& n, std::span<const Array>, Array& out, const Host& host) {
  const int bits = bits_of(out.dtype());
  fill(n, out, host, [bits](std::uint64_t a, std::uint64_t b) { return std::array{unit(a, bits), unit(b, bits)}; });
}

Tensor drawn(const Op& op, const Dims& shape, DType d, Where w) {
  static std::atomic<Index> streams{0};
  if (!is_float(d)) fail_at<DTypeError>(w, "{}: {} is not a floating type", op.name, name_of(d));
  const ExtentList to = extents(op.name, shape, false, w);
  return apply(op, {{"dims", to.dims}, {"dtype", d}, {"stream", ++streams}}, to.held, w);
}

// ---- draws of a stream
Tensor word(std::uint64_t value, Where w) { return make_constant(Array::scalar(value), "", w); }

/// A word for each element, and under another key a second one that has nothing to do with it.
struct Words {
  Tensor block, key;
  Tensor first(Where w) const { return apply(philox, {}, {block, key}, w); }
  Tensor second(Where w) const { return apply(philox, {}, {block, apply(bitwise_not, {}, {key}, w)}, w); }
};
Words words(const At& at, Where w) {
  const Params& p = at.params;
  const Draw draw =
      draw_of(static_cast<std::uint64_t>(p.integer("seed")), static_cast<std::uint64_t>(p.integer("draw")));
  const Tensor call = converted(at.x[0], uint64, w) + word(draw.base, w);
  const Tensor origin = apply(philox, {}, {call, word(draw.key, w)}, w);
  const std::vector<Index>& dims = p.list("dims");
  const Tensor number = apply(iota, {{"dims", dims}, {"axes", counting(static_cast<Index>(dims.size()))}},
                              {at.x.begin() + 1, at.x.end()}, w);
  return {origin + converted(number, uint64, w), with_rank(origin, number.ndim(), w)};
}

Tensor expand_uniform(const At& at) {
  const Where w = Where::here();
  const DType d = at.y.dtype(), computed = computed_in(d);
  const int bits = bits_of(d);
  const Tensor top = croton::right_shift(words(at, w).first(w), 64 - bits, w);
  const Tensor whole = converted(converted(top, d == float64 ? int64 : int32, w), computed, w);
  return converted(whole * std::ldexp(1, -bits), d, w);
}

/// Box and Muller, one number of each pair: the radius from half of the bits, the angle, within a quarter turn either
/// way, from the others. Both are taken in the middle of their step.
Tensor expand_normal(const At& at) {
  const Where w = Where::here();
  const DType d = at.y.dtype(), computed = computed_in(d);
  const bool twice = d == float64;
  const int bits = twice ? 64 : 32;
  const Words from = words(at, w);
  const Tensor a = from.first(w), b = twice ? from.second(w) : a;
  const auto spread = [&](const Tensor& whole, int exponent) {
    return converted(whole, computed, w) * std::ldexp(1, exponent) + std::ldexp(1, exponent - 1);
  };
  const Tensor share = spread(twice ? a : converted(croton::right_shift(a, 32, w), uint32, w), -bits),
               turn = spread(converted(b, twice ? int64 : int32, w), -bits - 1);
  return converted(apply(box_muller, {}, {share, turn}, w), d, w);
}

/// The numbers do not depend on the values of any input.
Gradients no_gradients(const At& at) { return Gradients(at.x.size()); }

std::vector<Sample> philox_samples() {
  return {{{{uint64, {3, 4}}, {uint64, {3, 4}}}, {}, {{0, 64}, {0, 64}}},
          {{{uint64, {5}}, {uint64, {1}}}, {}, {{0, 64}, {0, 64}}}};
}

constexpr std::string_view random_numbers = "random numbers do not depend on its inputs";

}  // namespace

constinit const Op normal{.name = "normal",
                          .doc = "Numbers of the standard normal distribution; NumPy's standard_normal.",
                          .arity = -1,
                          .type = random_type,
                          .meaning = HostCall{run_normal, 0},
                          .no_gradient = random_numbers,
                          .samples = random_samples};

constinit const Op uniform{.name = "uniform",
                           .doc = "Numbers spread evenly over [0, 1); NumPy's random.",
                           .arity = -1,
                           .type = random_type,
                           .meaning = HostCall{run_uniform, 0},
                           .no_gradient = random_numbers,
                           .samples = random_samples};

constinit const Op philox{
    .name = "philox",
    .doc = "Blocks of the generator Philox 2x32-10: 64 random bits for each block number and key.",
    .arity = 2,
    .type = pointwise_type,
    .meaning = Pointwise{"philox"},
    .no_gradient = discrete,
    .samples = philox_samples};

constinit const Op box_muller{.name = "box_muller",
                              .doc = "A standard normal number from a share in (0, 1] and a turn in [-1/4, 1/4].",
                              .arity = 2,
                              .type = pointwise_type,
                              .meaning = Pointwise{"box_muller"},
                              .no_gradient = random_numbers,
                              .samples = [] {
                                return float_samples({{0.01, 0.99}, {-0.25, 0.25}});
                              }};

constinit const Op stream_normal{.name = "stream_normal",
                                 .doc = "Standard normal numbers of a random stream, others at each call.",
                                 .arity = -1,
                                 .type = stream_type,
                                 .meaning = Expansion{expand_normal},
                                 .pullback = no_gradients,
                                 .samples = stream_samples};

constinit const Op stream_uniform{.name = "stream_uniform",
                                  .doc = "Numbers of a random stream, evenly over [0, 1), others at each call.",
                                  .arity = -1,
                                  .type = stream_type,
                                  .meaning = Expansion{expand_uniform},
                                  .pullback = no_gradients,
                                  .samples = stream_samples};

constinit const Op gamma_draw{.name = "gamma_draw",
                              .doc = "A number of the gamma distribution of a shape, made of a uniform draw.",
                              .arity = 2,
                              .type = pointwise_type,
                              .meaning = Pointwise{"gamma_draw"},
                              .pullback = no_gradients,
                              .samples =
                                  [] {
                                    return float_samples({{0, 1}, {0.3, 8}});
                                  },
                              .parameters = 2};

constinit const Op log_gamma_draw{.name = "log_gamma_draw",
                                  .doc = "The logarithm of gamma_draw, which neither overflows nor underflows.",
                                  .arity = 2,
                                  .type = pointwise_type,
                                  .meaning = Pointwise{"log_gamma_draw"},
                                  .pullback = no_gradients,
                                  .samples =
                                      [] {
                                        return float_samples({{0, 1}, {0.3, 8}});
                                      },
                                  .parameters = 2};

constinit const Op poisson_draw{
    .name = "poisson_draw",
    .doc = "A number of the Poisson distribution of a rate, made of a uniform draw; -1 for a rate that is none.",
    .arity = 2,
    .type = pointwise_type,
    .meaning = Pointwise{"poisson_draw"},
    .no_gradient = discrete,
    .samples = [] {
      return float_samples({{0, 1}, {0, 30}});
    }};

constinit const Op binomial_draw{
    .name = "binomial_draw",
    .doc = "A number of the binomial distribution of n and p, made of a uniform draw; -1 where they are none.",
    .arity = 3,
    .type = pointwise_type,
    .meaning = Pointwise{"binomial_draw"},
    .no_gradient = discrete,
    .samples = [] {
      return float_samples({{0, 1}, {0, 60}, {0, 1}});
    }};

Family random_ops() {
  static constexpr const Op* list[] = {&normal,         &uniform,    &philox,         &box_muller,   &stream_normal,
                                       &stream_uniform, &gamma_draw, &log_gamma_draw, &poisson_draw, &binomial_draw};
  return list;
}

}  // namespace croton::ops

namespace croton {

Tensor normal(const Dims& shape, DType d, Where w) { return ops::drawn(ops::normal, shape, d, w); }
Tensor uniform(const Dims& shape, DType d, Where w) { return ops::drawn(ops::uniform, shape, d, w); }

}  // namespace croton
