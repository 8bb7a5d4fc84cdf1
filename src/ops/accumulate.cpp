// Running folds along an axis: cumsum, cumprod, and where the running maximum and minimum stand (cummax and cummin are
// rows at those places). Each runs on the host, in the next wider type, several lines side by side.
#include "ops/accumulate.h"

#include <array>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include "base/dtype.h"
#include "base/error.h"
#include "croton/numpy.h"
#include "graph/walk.h"
#include "ops/bands.h"
#include "ops/evaluate/loops.h"
#include "ops/extents.h"
#include "ops/families.h"
#include "ops/lines.h"
#include "ops/pointwise.h"
#include "ops/reduction.h"

namespace croton {
namespace ops {
namespace {

Type running_type(const TypeAt& t) { return {sum_dtype(t.dtype(0)), t.shapes[0]}; }
Type place_type(const TypeAt& t) { return {int64, t.shapes[0]}; }

/// What a result of that type is accumulated in. Integers wrap.
template <class T>
using Wide = std::conditional_t<std::is_integral_v<T>, std::uint64_t,
                                std::conditional_t<std::is_same_v<T, double>, long double, double>>;

struct Add {
  template <class W>
  static W fold(W a, W b) {
    return a + b;
  }
  static constexpr int nothing = 0;
};
struct Multiply {
  template <class W>
  static W fold(W a, W b) {
    return a * b;
  }
  static constexpr int nothing = 1;
};

/// Goes on from one total, and puts what it becomes at each element. Of a few elements the folds begin anew, for an
/// element is to wait for the total, not for all elements before it. (A product of so few is in the wider type's
/// range.)
template <class Fold, class T, class Put>
void run_line(const Band& line, const T* from, Wide<T>& total, Put&& put) {
  constexpr Index few = 4;
  const auto at = [&](Index i) { return line.start + i * line.step; };
  const auto value = [&](Index i) { return widened<Wide<T>>(from[at(i)]); };
  Index i = 0;
  for (; i + few <= line.length; i += few) {
    const Wide<T> one = value(i), two = Fold::fold(one, value(i + 1)), three = Fold::fold(two, value(i + 2)),
                  four = Fold::fold(three, value(i + 3));
    put(at(i), Fold::fold(total, one));
    put(at(i + 1), Fold::fold(total, two));
    put(at(i + 2), Fold::fold(total, three));
    total = Fold::fold(total, four);
    put(at(i + 3), total);
  }
  for (; i < line.length; ++i) put(at(i), total = Fold::fold(total, value(i)));
}

/// Goes on from a total for each line. Many lines are gone along together, row by row of memory; of few lines, whose
/// totals stay in registers, one after another takes its part of some rows.
template <class Fold, class T, class Put>
void run_band(const Band& band, const T* from, Wide<T>* totals, Put&& put) {
  constexpr Index many = std::is_same_v<Wide<T>, long double> ? Band::widest + 1 : 16, elements_at_once = 4096;
  if (band.count >= many)
    return band.each_element(
        [&](Index at, Index, Index k) { put(at, totals[k] = Fold::fold(totals[k], widened<Wide<T>>(from[at]))); });
  const Index rows = band.count == 1 ? band.length : elements_at_once / band.count;
  for (Index i = 0; i < band.length; i += rows)
    for (Index k = 0; k < band.count; ++k)
      run_line<Fold>(band.line(k).part(i, std::min(rows, band.length - i)), from, totals[k], put);
}

/// Few long lines in pieces, which begin with the sum of those before.
template <class T, class Put>
void run_pieces(const Band& band, Index length, const Host& host, const T* from, Put&& put) {
  const Index pieces = (band.length + length - 1) / length;
  std::vector<Wide<T>> totals(static_cast<std::size_t>(pieces * band.count));  // of the lines of each piece
  const auto each_piece = [&](auto&& f) {
    each_of(pieces, length * band.count, host, [&](Index p) {
      f(band.part(p * length, std::min(length, band.length - p * length)), totals.data() + p * band.count);
    });
  };
  each_piece([&](const Band& piece, Wide<T>* sums) { run_band<Add>(piece, from, sums, [](Index, Wide<T>) {}); });
  std::vector<Wide<T>> so_far(static_cast<std::size_t>(band.count));
  for (std::size_t i = 0; i < totals.size(); ++i) {
    Wide<T>& before = so_far[i % so_far.size()];
    before += std::exchange(totals[i], before);
  }
  each_piece([&](const Band& piece, Wide<T>* before) { run_band<Add>(piece, from, before, put); });
}

template <class Fold>
void run_running(const Node& n, std::span<const Array> in, Array& out, const Host& host) {
  const Array x = contiguous(in[0].astype(out.dtype()));
  const Bands bands(lines_of(x.shape(), n.params.integer("axis")));
  const bool reverse = n.params.flag("reverse");
  const auto band = [&](Index b) { return reverse ? bands[b].reversed() : bands[b]; };
  const Index elements = bands.lines.length * std::min(bands.lines.step, Band::widest);
  constexpr Index few_bands = 8, most_pieces = 512, elements_of_a_piece = 1 << 14;
  visit_dtype(out.dtype(), [&]<class T>(T) {
    const T* const from = data_as<T>(x);
    T* const to = mutable_data_as<T>(out);
    const auto put = [to](Index at, Wide<T> v) { to[at] = narrowed<T>(v); };
    if (std::is_same_v<Fold, Add> && bands.count < few_bands && elements > elements_of_a_piece) {
      for (Index b = 0; b < bands.count; ++b) {
        const Band whole = band(b);
        const Index piece = std::max(elements_of_a_piece / whole.count, whole.length / most_pieces) + 1;
        run_pieces(whole, piece, host, from, put);
      }
      return;
    }
    each_of(bands.count, elements, host, [&](Index b) {
      std::array<Wide<T>, Band::widest> totals;
      const Band whole = band(b);
      std::fill_n(totals.begin(), whole.count, Wide<T>{Fold::nothing});
      run_band<Fold>(whole, from, totals.data(), put);
    });
  });
}

/// Moves to an element that is strictly better, or the first NaN, and stays at that.
template <bool largest>
void run_place(const Node& n, std::span<const Array> in, Array& out, const Host& host) {
  const Array x = contiguous(in[0]);
  const Bands bands(lines_of(x.shape(), n.params.integer("axis")));
  Index* const to = mutable_data_as<Index>(out);
  visit_dtype(x.dtype(), [&]<class T>(T) {
    using W = std::conditional_t<std::is_same_v<T, Float16> || std::is_same_v<T, BFloat16>, float, T>;
    const T* const from = data_as<T>(x);
    each_of(bands.count, bands.lines.length * std::min(bands.lines.step, Band::widest), host, [&](Index b) {
      std::array<W, Band::widest> so_far;
      std::array<Index, Band::widest> best;
      bands[b].each_element([&](Index at, Index i, Index line) {
        const auto k = static_cast<std::size_t>(line);
        const W v = widened<W>(from[at]);
        if (i == 0 || (largest ? v > so_far[k] : v < so_far[k]) || (v != v && so_far[k] == so_far[k])) {
          so_far[k] = v;
          best[k] = i;
        }
        to[at] = best[k];
      });
    });
  });
}

Params along(Index axis, bool reverse) { return {{"axis", axis}, {"reverse", reverse}}; }

/// A sum of the gradients of all results that an element went into: the same sum from the other end.
Gradients cumsum_pullback(const At& at) {
  return {apply(cumsum, along(at.params.integer("axis"), !at.params.flag("reverse")), {at.y_bar}, node(at.y).where)};
}

/// Each result is the product of the elements before it without their zeros, or 0. Without a zero so far, an element's
/// share is that product over the element; with one, only that zero has a share, and it is the product itself.
Gradients cumprod_pullback(const At& at) {
  const Where w = node(at.y).where;
  const Index axis = at.params.integer("axis");
  const bool reverse = at.params.flag("reverse");
  const Tensor x = at.x[0], zero = x == 0, filled = where(zero, 1, x);
  const Tensor zeros = apply(cumsum, along(axis, reverse), {zero}, w);
  const Tensor share = at.y_bar * apply(cumprod, along(axis, reverse), {filled}, w);
  const auto after = [&](Index count) {
    return apply(cumsum, along(axis, !reverse), {where(zeros == count, share, 0)}, w);
  };
  return {where(zero, where(zeros == 1, after(1), 0), after(0) / filled)};
}

std::vector<Sample> running_samples() {
  std::vector<Sample> s;
  for (const bool reverse : {false, true})
    s = join(std::move(s), {{{{float64, {3, 4}}}, along(0, reverse)},
                            {{{float64, {2, 3, 4}}}, along(1, reverse)},
                            {{{float64, {-1, 3}}}, along(1, reverse)},
                            {{{float32, {3, 4}}}, along(1, reverse)},
                            {{{float16, {5}}}, along(0, reverse), {{0, 2}}},
                            {{{float64, {0, 4}}}, along(1, reverse)},
                            {{{float64, {4, 0}}}, along(1, reverse)},
                            {{{int32, {3, 4}}}, along(1, reverse)},
                            {{{uint8, {4}}}, along(0, reverse), {{0, 3}}},
                            {{{boolean, {5}}}, along(0, reverse), {{0, 1}}}});
  return s;
}

std::vector<Sample> place_samples() {
  const auto at = [](Index axis) { return Params{{"axis", axis}}; };
  return {{{{float64, {3, 4}}}, at(0)}, {{{float32, {2, 3, 4}}}, at(1)}, {{{float64, {-1, 3}}}, at(1)},
          {{{float16, {5}}}, at(0)},    {{{int32, {6}}}, at(0)},         {{{boolean, {5}}}, at(0), {{0, 1}}},
          {{{float64, {0, 4}}}, at(1)}, {{{float64, {4, 0}}}, at(1)}};
}

}  // namespace

constinit const Op cumsum{.name = "cumsum",
                          .doc =
                              "The sum of an axis up to each element, or from it on; integers and bools are summed as "
                              "int64 or uint64 (NumPy's cumsum).",
                          .type = running_type,
                          .meaning = HostCall{.run = run_running<Add>, .leading = HostCall::Leading::before_axis},
                          .pullback = cumsum_pullback,
                          .samples = running_samples};

constinit const Op cumprod{.name = "cumprod",
                           .doc =
                               "The product of an axis up to each element, or from it on; integers and bools as int64 "
                               "or uint64 (NumPy's cumprod).",
                           .type = running_type,
                           .meaning = HostCall{.run = run_running<Multiply>, .leading = HostCall::Leading::before_axis},
                           .pullback = cumprod_pullback,
                           .samples = running_samples};

constinit const Op running_argmax{
    .name = "running_argmax",
    .doc =
        "The index of the largest element of an axis up to each element; the first one "
        "among ties, NaN wins.",
    .type = place_type,
    .meaning = HostCall{.run = run_place<true>, .leading = HostCall::Leading::before_axis},
    .no_gradient = discrete,
    .samples = place_samples};

constinit const Op running_argmin{
    .name = "running_argmin",
    .doc =
        "The index of the smallest element of an axis up to each element; the first one "
        "among ties, NaN wins.",
    .type = place_type,
    .meaning = HostCall{.run = run_place<false>, .leading = HostCall::Leading::before_axis},
    .no_gradient = discrete,
    .samples = place_samples};

Family accumulate_ops() {
  static constexpr const Op* list[] = {&cumsum, &cumprod, &running_argmax, &running_argmin};
  return list;
}

}  // namespace ops

namespace {

/// op along an axis of x.
Tensor running(const Op& op, const Tensor& x, int axis, Where w) {
  refuse_empty(op.name, {&x, 1}, w);
  const WhereScope scope(w, op.name);
  return apply(op, ops::along(ops::axis_of(op.name, axis, x, w), false), {x}, w);
}

/// The elements at the places that op gives.
Tensor running_extreme(std::string_view name, const Op& op, const Tensor& x, int axis, Where w) {
  refuse_empty(name, {&x, 1}, w);
  const WhereScope scope(w, name);
  const int a = ops::axis_of(name, axis, x, w);
  return take_along_axis(x, apply(op, {{"axis", Index{a}}}, {x}, w), a, w);
}

}  // namespace

Tensor cumsum(const Operand& x, Where w) { return running(ops::cumsum, flatten(x, w), 0, w); }
Tensor cumsum(const Operand& x, int axis, Where w) { return running(ops::cumsum, x.get(), axis, w); }
Tensor cumprod(const Operand& x, Where w) { return running(ops::cumprod, flatten(x, w), 0, w); }
Tensor cumprod(const Operand& x, int axis, Where w) { return running(ops::cumprod, x.get(), axis, w); }
Tensor cummax(const Operand& x, int axis, Where w) {
  return running_extreme("cummax", ops::running_argmax, x.get(), axis, w);
}
Tensor cummin(const Operand& x, int axis, Where w) {
  return running_extreme("cummin", ops::running_argmin, x.get(), axis, w);
}

}  // namespace croton
