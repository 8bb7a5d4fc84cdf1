// Discrete Fourier transforms along an axis, on the host: by a library, or where none is lent by the sums themselves
// (dft.h). Each op cuts off or fills up what it reads and what it writes, so that the transpose of one is another: that
// is their gradient, of any order.
#include "ops/fourier.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/dtype.h"
#include "base/error.h"
#include "croton/fft.h"
#include "graph/walk.h"
#include "ops/dft.h"
#include "ops/evaluate/loops.h"
#include "ops/extents.h"
#include "ops/families.h"
#include "ops/host.h"
#include "ops/lines.h"
#include "ops/pointwise.h"
#include "ops/registry.h"

namespace croton {
namespace ops {

namespace {

// ---- types
Index axis_of(const Params& p) { return p.integer("axis"); }

constexpr Index half_of(Index n) { return n / 2 + 1; }

/// What input i holds: -1 where it is not known.
Index held(const TypeAt& t, std::size_t i) { return t.values[i] ? (*t.values[i])[0] : -1; }

/// The length of a transform that is not said, for x with so many elements along the axis; and how many of its elements
/// the result then has. Extents that are not known are -1.
Index own_length(const Op& op, Index elements) {
  return &op == &irfft && elements >= 0 ? 2 * (elements - 1) : elements;
}
Index own_extent_of(const Op& op, Index n) { return &op == &rfft && n >= 0 ? half_of(n) : n; }

/// The shape of x with the result's extent in it.
Shape transformed(const TypeAt& t) {
  Shape s = t.shapes[0];
  Index& extent = s[static_cast<std::size_t>(axis_of(t.params))];
  const bool known = t.x.size() > 1 ? t.values[1].has_value() : extent >= 0;
  const Index n = t.x.size() > 1 ? held(t, 1) : own_length(t.op, extent);
  if (known && n < 1)
    fail_at<ShapeError>(t.where, "{}: a transform of {} elements along axis {}, and it takes 1 at least; {} is {}",
                        t.name(), n, axis_of(t.params), formula(t.x[0]), text(Type{t.dtype(0), s}));
  extent = t.x.size() > 2 ? held(t, 2) : own_extent_of(t.op, n);
  return s;
}
void need_pairs(const TypeAt& t) {
  if (const Index last = t.shapes[0].back(); last >= 0 && last != 2)
    fail_at<ShapeError>(t.where, "{}: pairs (real, imaginary) are needed along the last axis, {} is {}", t.name(),
                        formula(t.x[0]), text(Type{t.dtype(0), t.shapes[0]}));
}

Type rfft_type(const TypeAt& t) {
  Shape s = transformed(t);
  s.push_back(2);
  return {t.dtype(0), s};
}
Type irfft_type(const TypeAt& t) {
  need_pairs(t);
  Shape s = transformed(t);
  s.pop_back();
  return {t.dtype(0), s};
}
Type fft_type(const TypeAt& t) {
  need_pairs(t);
  Shape s = transformed(t);
  s.back() = 2;
  return {t.dtype(0), s};
}

// ---- running
/// The elements of an array along an axis, each of `width` numbers.
struct Side {
  Lines lines;
  Index width, needed;  // of needed elements the transform knows
  Side(const Array& a, Index axis, bool pairs, Index transform) : width(pairs ? 2 : 1), needed(transform) {
    Extents shape = a.shape();
    if (pairs) shape.resize(shape.size() - 1);
    lines = lines_of(shape, axis);
  }
  Index shared() const { return std::min(lines.length, needed); }
  Index start(Index line) const { return (lines.step == 1 ? line * lines.length : lines.start(line)) * width; }
  Index step() const { return lines.step * width; }
  Index numbers() const { return needed * width; }
};

/// What a node asks for, of the arrays that it has.
struct Transform {
  Fourier kind;
  Index n;
  double scale;
  bool mirrored;  // of rfft and irfft
  Side from, to;

  Transform(const Node& node, std::span<const Array> in, const Array& out)
      : kind(kind_of(node)),
        n(in.size() > 1 ? get_index(in[1], 0)
                        : own_length(*node.op, in[0].shape(static_cast<int>(axis_of(node.params))))),
        scale(std::pow(static_cast<double>(n), -node.params.get<double>("over"))),
        mirrored(is_half(kind) && node.params.flag("mirrored")),
        from(in[0], axis_of(node.params), kind != Fourier::real, kind == Fourier::to_real ? half_of(n) : n),
        to(out, axis_of(node.params), kind != Fourier::to_real, kind == Fourier::real ? half_of(n) : n) {}

  bool is_back() const { return kind == Fourier::backward || kind == Fourier::to_real; }
  static bool is_half(Fourier k) { return k == Fourier::real || k == Fourier::to_real; }
  static Fourier kind_of(const Node& node) {
    if (node.op == &rfft) return Fourier::real;
    if (node.op == &irfft) return Fourier::to_real;
    return node.params.flag("inverse") ? Fourier::backward : Fourier::forward;
  }
};

constexpr Index most_together = 32;

/// Some lines of one side, and as many in rooms one after another.
struct Together {
  const Side& side;
  Index count, room;
  std::array<Index, most_together> starts;
  Together(const Side& s, Index first, Index n, Index room_of_each) : side(s), count(n), room(room_of_each) {
    for (Index l = 0; l < n; ++l) starts[static_cast<std::size_t>(l)] = s.start(first + l);
  }
  /// Calls f(where the line begins, where its room does).
  template <class F>
  void each(F&& f) const {
    for (Index l = 0; l < count; ++l) f(starts[static_cast<std::size_t>(l)], l * room);
  }
  /// Calls f(where, where in the rooms) for each number that the lines and the transform share.
  template <Index width, class F>
  void each_number(F&& f) const {
    const Index step = side.step(), shared = side.shared();
    if (step == width)
      return each([&](Index start, Index place) {
        for (Index i = 0; i < shared * width; ++i) f(start + i, place + i);
      });
    for (Index k = 0; k < shared; ++k)
      for (Index l = 0; l < count; ++l)
        for (Index c = 0; c < width; ++c)
          f(starts[static_cast<std::size_t>(l)] + k * step + c, l * room + k * width + c);
  }
  template <class F>
  void each_shared(F&& f) const {
    side.width == 1 ? each_number<1>(f) : each_number<2>(f);
  }
};

/// The pairs that stand for others too, times a factor.
template <class W>
void weigh(const Transform& t, W* pairs, W factor) {
  for (Index i = 2; i < (t.n + 1) / 2 * 2; ++i) pairs[i] *= factor;
}

/// The lines as the transform wants them.
template <class T, class W>
void gather(const Transform& t, const T* x, const Together& lines, W* rooms) {
  const Side& s = t.from;
  lines.each_shared([&](Index from, Index to) { rooms[to] = static_cast<W>(x[from]); });
  lines.each([&](Index, Index place) {
    W* const line = rooms + place;
    std::fill(line + s.shared() * s.width, line + s.numbers(), W(0));
    if (t.kind != Fourier::to_real) return;
    line[1] = 0;
    if (t.n % 2 == 0) line[t.n + 1] = 0;
    if (!t.mirrored) weigh(t, line, W(0.5));
  });
}

/// The reverse, of what the transform gave.
template <class T, class W>
void scatter(const Transform& t, W* rooms, const Together& lines, T* y) {
  const Side& s = t.to;
  lines.each([&](Index start, Index place) {
    W* const line = rooms + place;
    if (t.scale != 1)
      for (Index i = 0; i < s.numbers(); ++i) line[i] *= static_cast<W>(t.scale);
    if (t.kind == Fourier::real && t.mirrored) weigh(t, line, W(2));
    for (Index k = s.shared(); k < s.lines.length; ++k) std::fill_n(y + start + k * s.step(), s.width, T(0));
  });
  lines.each_shared([&](Index to, Index from) { y[to] = static_cast<T>(rooms[from]); });
}

/// Reals, or the half of the pairs that is kept, as all n pairs, in the same place.
template <class W>
void widen(const Transform& t, W* line) {
  if (t.kind == Fourier::real)
    for (Index j = t.n; j-- > 0;) line[2 * j] = line[j], line[2 * j + 1] = 0;
  if (t.kind == Fourier::to_real)
    for (Index j = t.n / 2 + 1; j < t.n; ++j)
      line[2 * j] = line[2 * (t.n - j)], line[2 * j + 1] = -line[2 * (t.n - j) + 1];
}
/// The reverse: the half stands first.
template <class W>
void narrow(const Transform& t, W* line) {
  if (t.kind == Fourier::to_real)
    for (Index j = 0; j < t.n; ++j) line[j] = line[2 * j];
}

/// So many numbers, or a few more: rooms are aligned as a library likes it, and an odd number of lines of the cache
/// long, so that elements of one number are not all in the same sets of it.
constexpr Index room_for(Index numbers) { return ((numbers / 16 + 1) | 1) * 16; }

/// Transforms all lines, some by each thread: transform(numbers that are read, room for those that are made). `whole`:
/// of all n pairs, whatever the kind.
template <class W, class T, class F>
void each_line(const Transform& t, bool whole, const T* x, T* y, const Host& host, F&& transform) {
  // lines that lie apart are gathered with their neighbours, which lie in the same lines of the cache
  constexpr Index worth_a_chunk = 1 << 14, numbers_apart = 1 << 16, numbers_in_a_row = 1 << 10;
  constexpr std::size_t most_kept = 1 << 26;  // threads keep their scratch: no more of it
  const Index count = t.from.lines.count, numbers = t.from.lines.step > 1 ? numbers_apart : numbers_in_a_row;
  const Index together = std::clamp<Index>(numbers / t.n, 1, most_together);
  const Index a_chunk = std::max<Index>(worth_a_chunk / (t.n * together), 1) * together;
  const Index room_from = room_for(whole ? 2 * t.n : t.from.numbers()),
              room_to = room_for(whole ? 2 * t.n : t.to.numbers());
  const auto bytes = static_cast<std::size_t>(together * (room_from + room_to)) * sizeof(W);
  const auto lines_in = [&](Index begin, Index end, void* rooms) {
    W* const read = static_cast<W*>(rooms);
    W* const made = read + together * room_from;
    for (Index at = begin; at < end; at += together) {
      const Index n = std::min(together, end - at);
      gather(t, x, Together(t.from, at, n, room_from), read);
      for (Index l = 0; l < n; ++l) {
        W *const from = read + l * room_from, *const to = made + l * room_to;
        if (whole) widen(t, from);
        transform(from, to);
        if (whole) narrow(t, to);
      }
      scatter(t, made, Together(t.to, at, n, room_to), y);
    }
  };
  if (bytes > most_kept) {
    Array rooms = empty(Extents{static_cast<Index>(bytes)}, uint8);
    return lines_in(0, count, mutable_data(rooms));
  }
  host.each(static_cast<long>((count + a_chunk - 1) / a_chunk), bytes, [&](long chunk, void* scratch) {
    lines_in(chunk * a_chunk, std::min((chunk + 1) * a_chunk, count), scratch);
  });
}

/// By the sums, in the next wider type.
template <class T>
void by_sums(const Transform& t, const T* x, T* y, const Host& host) {
  using W = std::conditional_t<std::is_same_v<T, double>, long double, double>;
  using C = std::complex<W>;  // two W, by its definition
  Dft<W> dft(t.n, t.is_back());
  each_line<W>(t, true, x, y, host,
               [&](W* read, W* made) { dft.run(reinterpret_cast<C*>(read), reinterpret_cast<C*>(made)); });
}

template <class T>
void by_library(const Transform& t, const FourierPlan& plan, bool whole, const T* x, T* y, const Host& host) {
  each_line<T>(t, whole, x, y, host, [&](T* read, T* made) { plan.run(read, made); });
}

void run_transform(const Node& node, std::span<const Array> in, Array& out, const Host& host) {
  const Array from = contiguous(in[0]);
  const Transform t(node, in, out);
  if (out.size() == 0) return;
  // FFTW takes a third of the time for pairs where a prime factor is large: measured from 97 on, and not at 61
  const bool whole = largest_factor(t.n) > 64;
  const Fourier kind = !whole ? t.kind : t.is_back() ? Fourier::backward : Fourier::forward;
  const std::shared_ptr<const FourierPlan> plan = host.fourier(kind, from.dtype(), t.n);
  const auto of = [&]<class T>(T) {
    const T* const x = data_as<T>(from);
    T* const y = mutable_data_as<T>(out);
    plan == nullptr ? by_sums(t, x, y, host) : by_library(t, *plan, whole, x, y, host);
  };
  from.dtype() == float32 ? of(float()) : of(double());
}

// ---- gradients
/// The transpose: what was read is written, and the reverse.
Gradients transposed(const At& at, const Op& op, Params params) {
  const Where w = node(at.y).where;
  const auto own = [&] { return extent(at.x[0], static_cast<int>(axis_of(at.params)), w); };
  std::vector<Tensor> inputs{at.y_bar};
  if (at.x.size() > 1)
    inputs.insert(inputs.end(), {at.x[1], own()});
  else if (&op == &irfft)
    inputs.push_back(own());  // whether it is odd
  Gradients g(at.x.size());
  g[0] = apply(op, std::move(params), std::move(inputs), w);
  return g;
}
Gradients rfft_pullback(const At& at) { return transposed(at, irfft, at.params); }
Gradients irfft_pullback(const At& at) { return transposed(at, rfft, at.params); }
Gradients fft_pullback(const At& at) {
  Params params = at.params;
  params.set("inverse", !params.flag("inverse"));
  return transposed(at, fft, std::move(params));
}

// ---- samples
struct Sampled {
  Type x;
  Index axis, n = 0, extent = 0;  // 0: not said
};
/// Each with both values of a flag.
std::vector<Sample> samples_of(const char* flag, const std::vector<Sampled>& list) {
  std::vector<Sample> out;
  for (const Sampled& s : list)
    for (const bool on : {false, true}) {
      const auto just = [](Index n) { return Interval{static_cast<double>(n), static_cast<double>(n)}; };
      Sample one{{s.x}, {{"axis", s.axis}, {"over", on ? 0.5 : 1.0}, {flag, on}}, {{-4, 4}}};
      for (const Index n : {s.n, s.extent})
        if (n > 0) one.inputs.push_back({int64, {}}), one.intervals.push_back(just(n));
      out.push_back(std::move(one));
    }
  return out;
}
std::vector<Sample> rfft_samples() {
  return samples_of("mirrored", {{{float64, {3, 8}}, 1},
                                 {{float64, {7, 2}}, 0, 7},
                                 {{float64, {-1, 3}}, 0, 5, 4},
                                 {{float32, {2, 6}}, 1, 4, 2},
                                 {{float64, {1}}, 0, 1, 1},
                                 {{float64, {0, 4}}, 1, 4, 3}});
}
std::vector<Sample> irfft_samples() {
  return samples_of("mirrored", {{{float64, {3, 5, 2}}, 1},
                                 {{float64, {4, 2, 2}}, 0, 7},
                                 {{float64, {-1, 3, 2}}, 0, 9, 10},
                                 {{float32, {2, 6, 2}}, 1, 4, 3},
                                 {{float64, {1, 2}}, 0, 1, 1},
                                 {{float64, {0, 3, 2}}, 1, 4, 4}});
}
std::vector<Sample> fft_samples() {
  return samples_of("inverse", {{{float64, {2, 6, 2}}, 1},
                                {{float64, {5, 2, 2}}, 0, 5},
                                {{float64, {-1, 2}}, 0, 4, 6},
                                {{float32, {2, 6, 2}}, 1, 4, 3},
                                {{float64, {1, 2}}, 0, 1, 1},
                                {{float64, {0, 3, 2}}, 1, 3, 3}});
}

constexpr HostCall host_call{.run = run_transform, .extents_from = 1, .leading = HostCall::Leading::before_axis};

}  // namespace

bool is_transform(const Tensor& t) { return is_op(t, rfft) || is_op(t, irfft) || is_op(t, fft); }

void bound_transform(const Node& node, std::span<const Array> in, const Array& bounds, Array& bound) {
  // each element is a sum of a line's, none of which counts more than twice; roundings are about as many as n has
  // digits
  const Transform t(node, in, bound);
  const double unit = in[0].dtype() == float64 ? 0x1p-53 : 0x1p-24,
               steps = 4 * std::log2(2.0 * static_cast<double>(t.n));
  const Array x = contiguous(in[0].astype(float64)), of_x = contiguous(bounds);
  const auto each = [](const Side& s, Index line, auto&& f) {
    for (Index k = 0; k < s.shared(); ++k)
      for (Index c = 0; c < s.width; ++c) f(static_cast<std::size_t>(s.start(line) + k * s.step() + c));
  };
  for (Index line = 0; line < t.from.lines.count; ++line) {
    double total = 0;
    each(t.from, line,
         [&](std::size_t i) { total += of_x.values<double>()[i] + steps * unit * std::fabs(x.values<double>()[i]); });
    each(t.to, line, [&](std::size_t i) { bound.mutable_values<double>()[i] = 2 * t.scale * total; });
  }
}

constinit const Op rfft{.name = "rfft",
                        .doc =
                            "The discrete Fourier transform of reals, without the half that mirrors it (NumPy's "
                            "fft.rfft).",
                        .arity = -1,
                        .type = rfft_type,
                        .meaning = host_call,
                        .pullback = rfft_pullback,
                        .samples = rfft_samples};

constinit const Op irfft{.name = "irfft",
                         .doc = "The reals of whose discrete Fourier transform that is the half (NumPy's fft.irfft).",
                         .arity = -1,
                         .type = irfft_type,
                         .meaning = host_call,
                         .pullback = irfft_pullback,
                         .samples = irfft_samples};

constinit const Op fft{.name = "fft",
                       .doc = "The discrete Fourier transform of complex numbers, or its inverse (NumPy's fft.fft).",
                       .arity = -1,
                       .type = fft_type,
                       .meaning = host_call,
                       .pullback = fft_pullback,
                       .samples = fft_samples};

Family fourier_ops() {
  static constexpr const Op* list[] = {&rfft, &irfft, &fft};
  return list;
}

}  // namespace ops

namespace {

/// The number that the sums of a way there, or back, are divided by, as a power of n.
double over(FftNorm norm, bool back) {
  if (norm == FftNorm::ortho) return 0.5;
  return (norm == FftNorm::backward) == back ? 1 : 0;
}

/// What a call asks for: x in the dtype that it is computed in, and for each axis its number and length.
struct Asked {
  struct Along {
    int axis;
    Tensor n;  // empty: as many as there are
  };
  DType given;
  Tensor x;
  std::vector<Along> along;
};

Tensor numbers_of(std::string_view name, const Operand& of, Where w) {
  const Tensor x = of.get();
  refuse_empty(name, {&x, 1}, w);
  return ops::converted(x, to_floating(x.dtype()), w);
}

std::vector<int> axes_of(std::string_view name, const Tensor& x, int rank, const Axes& asked, Where w) {
  std::vector<int> axes;
  if (asked.everything)
    for (int a = 0; a < rank; ++a) axes.push_back(a);
  for (const int a : asked.list) {
    if (a < -rank || a >= rank)
      fail_at<IndexError>(w, "{}: axis {} is out of range for {} {}{}{}", name, a, formula(x), text(type(x)),
                          rank == 0 ? ", which has no axes" : fmt::format(" (valid: {} .. {})", -rank, rank - 1),
                          rank < x.ndim() ? "; the axis of pairs is not counted" : "");
    axes.push_back(a < 0 ? a + rank : a);
    if (std::count(axes.begin(), axes.end(), axes.back()) > 1)
      fail_at<ShapeError>(w, "{}: axis {} is given twice", name, axes.back());
  }
  if (axes.empty())
    fail_at<ShapeError>(w, "{}: there is no axis to transform; {} is {}", name, formula(x), text(type(x)));
  return axes;
}

std::vector<Tensor> lengths_of(std::string_view name, const Dims& asked, std::size_t axes, Where w) {
  const bool scalar = asked.whole && asked.vector.node() && asked.vector.ndim() == 0;
  const ops::ExtentList list = ops::extents(name, scalar ? Dims{Dim(asked.vector)} : asked, false, w);
  if (!list.dims.empty() && list.dims.size() != axes)
    fail_at<ShapeError>(w, "{}: {} length{} n for {} ax{}s", name, list.dims.size(), list.dims.size() == 1 ? "" : "s",
                        axes, axes == 1 ? "i" : "e");
  std::vector<Tensor> lengths(axes);
  for (std::size_t i = 0; i < list.dims.size(); ++i)
    lengths[i] =
        list.dims[i] >= 0 ? ops::integer(list.dims[i], w) : list.held[static_cast<std::size_t>(-1 - list.dims[i])];
  return lengths;
}

Asked asked(std::string_view name, const Operand& of, bool pairs, const FftOptions& o, Where w) {
  Asked a;
  const Tensor x = numbers_of(name, of, w);
  a.given = x.dtype();
  if (pairs && (x.ndim() == 0 || (type(x).shape.back() >= 0 && type(x).shape.back() != 2)))
    fail_at<ShapeError>(w, "{}: pairs (real, imaginary) are needed along the last axis, {} is {}", name, formula(x),
                        text(type(x)));
  const std::vector<int> axes = axes_of(name, x, pairs ? x.ndim() - 1 : x.ndim(), o.axes, w);
  const std::vector<Tensor> lengths = lengths_of(name, o.n, axes.size(), w);
  for (std::size_t i = 0; i < axes.size(); ++i) a.along.push_back({axes[i], lengths[i]});
  a.x = size_of(a.given) < 4 ? cast(x, float32, w) : x;
  return a;
}

Tensor along(const Op& op, const Tensor& x, const Asked::Along& a, FftNorm norm, bool back, const char* flag, Where w) {
  std::vector<Tensor> inputs{x};
  if (a.n.node()) inputs.push_back(a.n);
  return apply(op, {{"axis", Index{a.axis}}, {"over", over(norm, back)}, {flag, back}}, std::move(inputs), w);
}
Tensor complex_along(const Tensor& x, const Asked::Along& a, bool back, FftNorm norm, Where w) {
  return along(ops::fft, x, a, norm, back, "inverse", w);
}

Tensor complex_transform(std::string_view name, const Operand& of, bool back, const FftOptions& o, Where w) {
  const Asked a = asked(name, of, true, o, w);
  Tensor x = a.x;
  for (const Asked::Along& along : a.along) x = complex_along(x, along, back, o.norm, w);
  return ops::converted(x, a.given, w);
}

}  // namespace

Tensor rfft(const Operand& of, const FftOptions& o, Where w) {
  const WhereScope scope(w);
  const Asked a = asked("rfft", of, false, o, w);
  Tensor y = along(ops::rfft, a.x, a.along.back(), o.norm, false, "mirrored", w);
  for (std::size_t i = a.along.size() - 1; i-- > 0;) y = complex_along(y, a.along[i], false, o.norm, w);
  return ops::converted(y, a.given, w);
}

Tensor irfft(const Operand& of, const FftOptions& o, Where w) {
  const WhereScope scope(w);
  const Asked a = asked("irfft", of, true, o, w);
  Tensor x = a.x;
  for (std::size_t i = 0; i + 1 < a.along.size(); ++i) x = complex_along(x, a.along[i], true, o.norm, w);
  return ops::converted(along(ops::irfft, x, a.along.back(), o.norm, true, "mirrored", w), a.given, w);
}

Tensor fft(const Operand& x, const FftOptions& o, Where w) {
  const WhereScope scope(w);
  return complex_transform("fft", x, false, o, w);
}

Tensor ifft(const Operand& x, const FftOptions& o, Where w) {
  const WhereScope scope(w);
  return complex_transform("ifft", x, true, o, w);
}

}  // namespace croton
