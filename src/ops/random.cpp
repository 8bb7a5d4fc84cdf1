// Random numbers for initial values: drawn once, each call from a stream of its own.
#include <atomic>
#include <cmath>

#include "array/access.h"
#include "base/dtype.h"
#include "base/error.h"
#include "croton/ops.h"
#include "ops/extents.h"
#include "ops/families.h"
#include "ops/philox.h"

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

constexpr std::uint32_t low(std::uint64_t v) { return static_cast<std::uint32_t>(v); }
constexpr std::uint32_t high(std::uint64_t v) { return static_cast<std::uint32_t>(v >> 32); }

/// Whose numbers are drawn: of a stream, those of one call and one place in the program.
struct Source {
  std::uint64_t stream = 0, call = 0, draw = 0;
  /// Blocks and calls are counted with 48 bits each; draws, from 1 on, keep streams of calls apart from those without.
  PhiloxBlock block(std::uint64_t b) const {
    const std::uint32_t both = (high(b) & 0xffffu) | high(call) << 16;
    return philox({low(b), both, low(call), low(draw)}, {low(stream), high(stream)});
  }
};

/// Two numbers in [0, 1) with 53 bits each.
std::array<double, 2> pair_of_uniforms(const PhiloxBlock& w) {
  const auto unit = [](std::uint32_t a, std::uint32_t b) {
    return std::ldexp(static_cast<double>((std::uint64_t{a} << 32 | b) >> 11), -53);
  };
  return {unit(w[0], w[1]), unit(w[2], w[3])};
}

/// Box and Muller: two independent normal numbers from two uniform ones.
std::array<double, 2> pair_of_normals(const PhiloxBlock& w) {
  const auto [u, v] = pair_of_uniforms(w);
  const double radius = std::sqrt(-2 * std::log1p(-u)), angle = 2 * 3.14159265358979323846 * v;
  return {radius * std::cos(angle), radius * std::sin(angle)};
}

template <class Pair>
void fill(const Source& source, Array& out, Pair pair) {
  for (Index i = 0; i < out.size(); i += 2) {
    const std::array<double, 2> two = pair(source.block(static_cast<std::uint64_t>(i / 2)));
    set(out, i, two[0]);
    if (i + 1 < out.size()) set(out, i + 1, two[1]);
  }
}

/// Significand bits: a number in [0, 1) cut to them stays below 1.
int bits_of(DType d) { return d == DType::float64 ? 53 : d == DType::float32 ? 24 : d == DType::float16 ? 11 : 8; }

void fill_normal(const Source& source, Array& out) { fill(source, out, pair_of_normals); }

void fill_uniform(const Source& source, Array& out) {
  const int bits = bits_of(out.dtype());
  fill(source, out, [bits](const PhiloxBlock& w) {
    std::array<double, 2> two = pair_of_uniforms(w);
    for (double& u : two) u = std::ldexp(std::floor(std::ldexp(u, bits)), -bits);
    return two;
  });
}

Source initial(const Params& p) { return {.stream = static_cast<std::uint64_t>(p.integer("stream"))}; }

Source of_stream(const Params& p, std::span<const Array> in) {
  return {.stream = static_cast<std::uint64_t>(p.integer("seed")),
          .call = static_cast<std::uint64_t>(get_index(in[0], 0)),
          .draw = static_cast<std::uint64_t>(p.integer("draw"))};
}

void run_normal(const Node& n, std::span<const Array>, Array& out, const Host&) { fill_normal(initial(n.params), out); }
void run_uniform(const Node& n, std::span<const Array>, Array& out, const Host&) {
  fill_uniform(initial(n.params), out);
}
void run_stream_normal(const Node& n, std::span<const Array> in, Array& out, const Host&) {
  fill_normal(of_stream(n.params, in), out);
}
void run_stream_uniform(const Node& n, std::span<const Array> in, Array& out, const Host&) {
  fill_uniform(of_stream(n.params, in), out);
}

Tensor drawn(const Op& op, const Dims& shape, DType d, Where w) {
  static std::atomic<Index> streams{0};
  if (!is_float(d)) fail_at<DTypeError>(w, "{}: {} is not a floating type", op.name, name_of(d));
  const ExtentList to = extents(op.name, shape, false, w);
  return apply(op, {{"dims", to.dims}, {"dtype", d}, {"stream", ++streams}}, to.held, w);
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

constinit const Op stream_normal{.name = "stream_normal",
                                 .doc = "Standard normal numbers of a random stream, others at each call.",
                                 .arity = -1,
                                 .type = stream_type,
                                 .meaning = HostCall{run_stream_normal, 1},
                                 .no_gradient = random_numbers,
                                 .samples = stream_samples};

constinit const Op stream_uniform{.name = "stream_uniform",
                                  .doc = "Numbers of a random stream, evenly over [0, 1), others at each call.",
                                  .arity = -1,
                                  .type = stream_type,
                                  .meaning = HostCall{run_stream_uniform, 1},
                                  .no_gradient = random_numbers,
                                  .samples = stream_samples};

Family random_ops() {
  static constexpr const Op* list[] = {&normal, &uniform, &stream_normal, &stream_uniform};
  return list;
}

}  // namespace croton::ops

namespace croton {

Tensor normal(const Dims& shape, DType d, Where w) { return ops::drawn(ops::normal, shape, d, w); }
Tensor uniform(const Dims& shape, DType d, Where w) { return ops::drawn(ops::uniform, shape, d, w); }

}  // namespace croton
