// NumPy's and SciPy's functions that are made of others: no op of their own, and so no gradient to write.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/dtype.h"
#include "base/error.h"
#include "croton/numpy.h"
#include "graph/walk.h"
#include "ops/elementwise.h"
#include "ops/extents.h"
#include "ops/pointwise.h"
#include "ops/registry.h"
#include "ops/slicing.h"

namespace croton {
namespace {

constexpr double log_2 = 0.693147180559945309417, pi = 3.14159265358979323846;

/// The operand as a tensor; GraphError for an empty one.
Tensor given(std::string_view name, const Operand& x, Where w) {
  Tensor t = x.get();
  if (!t.node()) fail_at<GraphError>(w, "{}: an argument is an empty Tensor (declared, never assigned)", name);
  return t;
}

/// Elements start to stop along an axis; absent_bound where there is no such end.
Tensor part(const Tensor& x, int axis, Index start, Index stop, Where w) {
  ops::SliceList s;
  for (int d = 0; d < x.ndim(); ++d) s.add_whole();
  s.start[static_cast<std::size_t>(axis)] = start;
  s.stop[static_cast<std::size_t>(axis)] = stop;
  return apply(ops::slice, s.params(), {x}, w);
}
/// Element i of an axis, which goes.
Tensor element(const Tensor& x, int axis, Index i, Where w) {
  ops::SliceList s;
  for (int d = 0; d < x.ndim(); ++d) s.add_whole();
  s.start[static_cast<std::size_t>(axis)] = i;
  s.step[static_cast<std::size_t>(axis)] = 0;
  return apply(ops::slice, s.params(), {x}, w);
}

/// The k-th diagonal of the matrices of two axes, as the last axis.
Tensor diagonal_of(std::string_view name, const Tensor& x, Index k, int axis1, int axis2, Where w) {
  if (x.ndim() < 2) fail_at<ShapeError>(w, "{}: a matrix is needed, {} is {}", name, formula(x), text(type(x)));
  const int first = ops::axis_of(name, axis1, x, w), second = ops::axis_of(name, axis2, x, w);
  if (first == second)
    fail_at<ShapeError>(w, "{}: axis {} of {} stands for rows and for columns", name, first, formula(x));
  std::vector<Index> order = ops::counting(x.ndim());
  std::erase_if(order, [&](Index a) { return a == first || a == second; });
  order.insert(order.begin(), {first, second});
  const Tensor matrices = ops::permuted(x, std::move(order), w);
  const Index down = std::max<Index>(-k, 0), right = std::max<Index>(k, 0);
  const Tensor rows = ops::extent(matrices, 0, w) - down, columns = ops::extent(matrices, 1, w) - right;
  const Tensor at = arange(maximum(minimum(rows, columns, w), 0, w), w);
  return moveaxis(matrices(at + down, at + right), 0, -1, w);
}

/// Column less row, for each element of the last two axes: the number of its diagonal.
Tensor diagonal_numbers(std::string_view name, const Tensor& x, Where w) {
  if (x.ndim() < 2) fail_at<ShapeError>(w, "{}: {} is {}, and has no two axes", name, formula(x), text(type(x)));
  const Tensor rows = arange(ops::extent(x, x.ndim() - 2, w), w), columns = arange(ops::extent(x, x.ndim() - 1, w), w);
  return columns(newaxis) - rows(all, newaxis);
}

/// |a - b|, 0 between equal infinities.
Tensor distance(const Tensor& a, const Tensor& b, Where w) { return abs(where(a == b, 0, a - b, w), w); }

double largest(DType d) {
  switch (d) {
    case float16: return 65504;
    case bfloat16: return 0x1.FEp127;
    case float32: return 0x1.FFFFFEp127;
    default: return 0x1.FFFFFFFFFFFFFp1023;
  }
}

/// x with axis d repeated counts[d] times: each element in place, or the whole axis. Its gradient is a sum over an
/// axis.
Tensor repeated(const Tensor& x, const std::vector<Index>& counts, bool each, Where w) {
  std::vector<Index> order;
  Dims apart{}, together{};
  for (int d = 0; d < x.ndim(); ++d) {
    const Index count = counts[static_cast<std::size_t>(d)], known = type(x).shape[static_cast<std::size_t>(d)];
    const Tensor n = ops::extent(x, d, w);
    const Dim extent = known >= 0 ? Dim(known) : Dim(n);
    if (count == 1) {
      order.push_back(d);
      apart.list.push_back(extent);
      together.list.push_back(extent);
      continue;
    }
    order.push_back(each ? d : -1);
    order.push_back(each ? -1 : d);
    apart.list.push_back(each ? extent : Dim(count));
    apart.list.push_back(each ? Dim(count) : extent);
    together.list.push_back(known >= 0 ? Dim(known * count) : Dim(n * count));
  }
  if (order.size() == static_cast<std::size_t>(x.ndim())) return x;
  return reshape(broadcast_to(ops::permuted(x, std::move(order), w), apart, w), together, w);
}

}  // namespace

Tensor fmax(const Operand& left, const Operand& right, Where w) {
  const WhereScope scope(w);
  const Tensor a = given("fmax", left, w), b = given("fmax", right, w);
  return where(isnan(a, w), b, where(isnan(b, w), a, maximum(a, b, w), w), w);
}
Tensor fmin(const Operand& left, const Operand& right, Where w) {
  const WhereScope scope(w);
  const Tensor a = given("fmin", left, w), b = given("fmin", right, w);
  return where(isnan(a, w), b, where(isnan(b, w), a, minimum(a, b, w), w), w);
}

Tensor fmod(const Operand& left, const Operand& right, Where w) {
  const WhereScope scope(w);
  Tensor both[] = {given("fmod", left, w), given("fmod", right, w)};
  Tensor &a = both[0], &b = both[1];
  if (const DType common = ops::common_dtype("fmod", both, w); is_float(common)) {
    for (Tensor& x : both) x = cast(x, common, w);  // the least integer has no opposite
    // by signs, not by abs, whose slope at 0 is 0: that of fmod along a is 1 everywhere
    const Tensor below = signbit(a, w), size = where(below, -a, a, w) % where(b < 0, -b, b, w);
    return where(below, -size, size, w);
  }
  const Tensor r = a % b;
  return where((r != 0) & ((a < 0) != (b < 0)), r - b, r, w);  // abs(a) may not exist
}

Tensor signbit(const Operand& of, Where w) {
  const WhereScope scope(w);
  const Tensor x = given("signbit", of, w);
  return is_float(x.dtype()) ? copysign(ones_like(x, w), x, w) < 0 : x < 0;
}

Tensor logaddexp(const Operand& left, const Operand& right, Where w) {
  const WhereScope scope(w);
  const Tensor a = given("logaddexp", left, w), b = given("logaddexp", right, w);
  return maximum(a, b, w) + log1p(exp(-distance(a, b, w), w), w);
}
Tensor logaddexp2(const Operand& left, const Operand& right, Where w) {
  const WhereScope scope(w);
  const Tensor a = given("logaddexp2", left, w), b = given("logaddexp2", right, w);
  return maximum(a, b, w) + log1p(exp2(-distance(a, b, w), w), w) * (1 / log_2);
}

Tensor trigamma(const Operand& of, Where w) {
  const WhereScope scope(w);
  Tensor x = given("trigamma", of, w);
  x = ops::converted(x, to_floating(x.dtype()), w);
  // below 1/2 by the reflection; then z -> z + 8 by the recurrence, and the asymptotic series with Bernoulli's numbers
  // (Abramowitz and Stegun, 6.4.7, 6.4.6, 6.4.12)
  const Tensor low = x < 0.5, z = where(low, 1 - x, x, w);
  Tensor sum = 1 / square(z, w);
  for (int k = 1; k < 8; ++k) sum = sum + 1 / square(z + k, w);
  const Tensor v = 1 / (z + 8), u = square(v, w);
  Tensor series = u * (7.0 / 6);
  for (const double c : {691.0 / 2730, 5.0 / 66, 1.0 / 30, 1.0 / 42, 1.0 / 30, 1.0 / 6}) series = u * (c - series);
  sum = sum + v * (1 + series) + 0.5 * u;
  // the sine of pi x, from what is left of x beyond a whole number; 1 where it is not used, for its slopes' sake
  const Tensor sine = sin(std::numbers::pi * where(low, x - round(x, w), 0.5, w), w);
  return where(low, square(std::numbers::pi / sine, w) - sum, sum, w);
}

Tensor logit(const Operand& of, Where w) {
  const WhereScope scope(w);
  Tensor p = given("logit", of, w);
  p = ops::converted(p, to_floating(p.dtype()), w);
  // near 1/2 by the difference, which is exact there; elsewhere by two logarithms, one of which is infinite at an end,
  // and has the slope there that the quotient would lose
  return where(abs(p - 0.5, w) < 0.25, log1p((2.0 * p - 1.0) / (1.0 - p), w), log(p, w) - log1p(-p, w), w);
}

Tensor xlogy(const Operand& left, const Operand& right, Where w) {
  const WhereScope scope(w);
  const Tensor x = given("xlogy", left, w), y = given("xlogy", right, w);
  const Tensor nothing =
      (x == 0) & ((y <= 0) | isinf(y, w));  // elsewhere 0 log(y) is 0 by itself, with the right slope
  return x * log(where(nothing, 1, y, w), w);
}
Tensor xlog1py(const Operand& left, const Operand& right, Where w) {
  const WhereScope scope(w);
  const Tensor x = given("xlog1py", left, w), y = given("xlog1py", right, w);
  const Tensor nothing = (x == 0) & ((y <= -1) | isinf(y, w));
  return x * log1p(where(nothing, 0, y, w), w);
}

Tensor chi2sf(const Operand& of, const Operand& degrees, Where w) {
  const WhereScope scope(w);
  return gammaincc(given("chi2sf", degrees, w) / 2, given("chi2sf", of, w) / 2, w);
}

Tensor log1mexp(const Operand& of, Where w) {
  const WhereScope scope(w);
  Tensor x = given("log1mexp", of, w);
  x = ops::converted(x, to_floating(x.dtype()), w);
  // each half where it is exact (Maechler, "Accurately computing log(1 - exp(-|a|))", 2012); what is not taken is
  // brought inside, and so has a finite slope, while no x that is taken lies on a border, which would share its
  // gradient
  const Tensor near = maximum(x, -log_2, w), far = minimum(x, -0.5, w);
  return where(x > -log_2, log(-expm1(near, w), w), log1p(-exp(far, w), w), w);
}

Tensor entr(const Operand& of, Where w) {
  const WhereScope scope(w);
  Tensor x = given("entr", of, w);
  x = ops::converted(x, to_floating(x.dtype()), w);
  return where(x < 0, -HUGE_VAL, ops::masked(-x, log(x, w)), w);
}

Tensor sinc(const Operand& of, Where w) {
  const WhereScope scope(w);
  const Tensor x = given("sinc", of, w);
  // the sine from the exact distance to the next integer: its sign is that of the integer's parity
  const Tensor n = round(x, w), sign_of = 1.0 - 2.0 * (abs(n, w) % 2);
  return where(x == 0, 1.0, sign_of * sin(pi * (x - n), w) / (pi * x), w);
}

Tensor isclose(const Operand& left, const Operand& right, double relative, double absolute, bool equal_nan, Where w) {
  const WhereScope scope(w);
  const Tensor both[] = {given("isclose", left, w), given("isclose", right, w)};
  const DType common = ops::common_dtype("isclose", both, w), d = is_float(common) ? common : float64;
  const Tensor a = ops::converted(both[0], d, w), b = ops::converted(both[1], d, w);
  const Tensor close = where(isinf(a, w) | isinf(b, w), a == b, abs(a - b, w) <= absolute + relative * abs(b, w), w);
  return equal_nan ? close | (isnan(a, w) & isnan(b, w)) : close;
}
Tensor allclose(const Operand& a, const Operand& b, double relative, double absolute, bool equal_nan, Where w) {
  const WhereScope scope(w);
  return all_of_axes(isclose(a, b, relative, absolute, equal_nan, w), Axes(), w);
}

Tensor nan_to_num(const Operand& of, Where w) {
  const WhereScope scope(w);
  Tensor x = given("nan_to_num", of, w);
  if (!is_float(x.dtype())) return x;
  const double most = largest(x.dtype());
  return where(isnan(x, w), 0, clip(x, -most, most, w), w);
}

Tensor diff(const Operand& of, int n, int axis, Where w) {
  const WhereScope scope(w);
  Tensor x = given("diff", of, w);
  const int a = ops::axis_of("diff", axis, x, w);
  if (n < 0) fail_at<ShapeError>(w, "diff: {} times; a count is not negative", n);
  for (int i = 0; i < n; ++i) {
    const Tensor next = part(x, a, 1, absent_bound, w), here = part(x, a, absent_bound, -1, w);
    x = x.dtype() == boolean ? next != here : next - here;
  }
  return x;
}

Tensor repeat(const Operand& of, Index count, int axis, Where w) {
  const WhereScope scope(w);
  const Tensor x = given("repeat", of, w);
  const int a = ops::axis_of("repeat", axis, x, w);
  if (count < 0) fail_at<ShapeError>(w, "repeat: {} times; a count is not negative", count);
  std::vector<Index> counts(static_cast<std::size_t>(x.ndim()), 1);
  counts[static_cast<std::size_t>(a)] = count;
  return repeated(x, counts, true, w);
}

Tensor tile(const Operand& of, const Extents& reps, Where w) {
  const WhereScope scope(w);
  Tensor x = given("tile", of, w);
  x = ops::with_rank(x, std::max(x.ndim(), static_cast<int>(reps.size())), w);
  std::vector<Index> counts(static_cast<std::size_t>(x.ndim()), 1);
  std::copy(reps.begin(), reps.end(), counts.end() - static_cast<std::ptrdiff_t>(reps.size()));
  for (std::size_t axis = 0; axis < counts.size(); ++axis)
    if (counts[axis] < 0)
      fail_at<ShapeError>(w, "tile: {} times along axis {}; a count is not negative", counts[axis], axis);
  return repeated(x, counts, false, w);
}

std::vector<Tensor> split(const Operand& of, int sections, int axis, Where w) {
  const WhereScope scope(w);
  const Tensor x = given("split", of, w);
  const int a = ops::axis_of("split", axis, x, w);
  if (sections < 1) fail_at<ShapeError>(w, "split: {} sections; at least 1 is needed", sections);
  const Index n = type(x).shape[static_cast<std::size_t>(a)];
  if (n >= 0 && n % sections != 0)
    fail_at<ShapeError>(w, "split: {} is {}; the {} elements of axis {} do not make {} equal sections", formula(x),
                        text(type(x)), n, a, sections);
  Dims dims{};
  for (int d = 0; d < x.ndim(); ++d) {
    if (d == a) dims.list.emplace_back(sections);
    const Tensor extent = ops::extent(x, d, w);
    dims.list.emplace_back(d != a ? Dim(extent) : n >= 0 ? Dim(n / sections) : Dim(floor_divide(extent, sections, w)));
  }
  const Tensor apart = reshape(x, dims, w);  // refuses what cannot be equal
  std::vector<Tensor> parts;
  parts.reserve(static_cast<std::size_t>(sections));
  for (int i = 0; i < sections; ++i) parts.push_back(element(apart, a, i, w));
  return parts;
}

std::vector<Tensor> split_at(const Operand& of, const Extents& at, int axis, Where w) {
  const WhereScope scope(w);
  const Tensor x = given("split_at", of, w);
  const int a = ops::axis_of("split_at", axis, x, w);
  std::vector<Tensor> parts;
  for (std::size_t i = 0; i <= at.size(); ++i)
    parts.push_back(part(x, a, i == 0 ? 0 : at[i - 1], i == at.size() ? absent_bound : at[i], w));
  return parts;
}

Tensor eye(const Dims& shape, Index k, DType d, Where w) {
  const WhereScope scope(w);
  if (shape.whole || shape.list.empty() || shape.list.size() > 2)
    fail_at<ShapeError>(w, "eye: a matrix has one extent, where it is square, or two");
  const auto numbers = [&](const Dim& extent) {
    if (extent.n < 0) fail_at<ShapeError>(w, "eye: {} rows or columns; an extent is not negative", extent.n);
    return extent.t.node() ? arange(extent.t, w) : arange(extent.n, w);
  };
  return cast(numbers(shape.list.back()) == numbers(shape.list.front())(all, newaxis) + k, d, w);
}

Tensor tril(const Operand& of, Index k, Where w) {
  const WhereScope scope(w);
  const Tensor x = given("tril", of, w);
  return where(diagonal_numbers("tril", x, w) <= k, x, zeros_like(x, w), w);
}
Tensor triu(const Operand& of, Index k, Where w) {
  const WhereScope scope(w);
  const Tensor x = given("triu", of, w);
  return where(diagonal_numbers("triu", x, w) >= k, x, zeros_like(x, w), w);
}

Tensor diagonal(const Operand& of, Index k, int axis1, int axis2, Where w) {
  const WhereScope scope(w);
  return diagonal_of("diagonal", given("diagonal", of, w), k, axis1, axis2, w);
}

Tensor diag(const Operand& of, Index k, Where w) {
  const WhereScope scope(w);
  const Tensor x = given("diag", of, w);
  if (x.ndim() != 1 && x.ndim() != 2)
    fail_at<ShapeError>(w, "diag: a vector or a matrix is needed, {} is {}", formula(x), text(type(x)));
  if (x.ndim() == 2) return diagonal_of("diag", x, k, 0, 1, w);
  const Index down = std::max<Index>(-k, 0), right = std::max<Index>(k, 0);
  const Tensor rows = ops::extent(x, 0, w);
  const Tensor n = rows + (down + right), at = arange(rows, w);
  return zeros({n, n}, x.dtype(), w)(at + down, at + right).set(x);
}

Tensor trace(const Operand& of, Index k, int axis1, int axis2, Where w) {
  const WhereScope scope(w);
  return sum(diagonal_of("trace", given("trace", of, w), k, axis1, axis2, w), -1, w);
}

Tensor linspace(const Operand& first, const Operand& last, Index count, bool endpoint, Where w) {
  const WhereScope scope(w);
  const Tensor start = given("linspace", first, w), stop = given("linspace", last, w);
  for (const Tensor& t : {start, stop})
    if (t.ndim() != 0)
      fail_at<ShapeError>(w, "{}: {} is {}; start and stop are numbers", ambient("linspace"), formula(t),
                          text(type(t)));
  if (count < 0) fail_at<ShapeError>(w, "{}: {} numbers; a count is not negative", ambient("linspace"), count);
  const Tensor both[] = {start, stop};
  const DType common = ops::common_dtype("linspace", both, w), d = is_float(common) ? common : floatX();
  const Tensor i = arange(count, w), from = cast(start, d, w), to = cast(stop, d, w);
  const Index steps = std::max<Index>(endpoint ? count - 1 : count, 1);
  const Tensor y = from + cast(i, d, w) * ((to - from) / static_cast<double>(steps));
  return endpoint && count > 1 ? where(i == count - 1, to, y, w) : y;
}

Tensor logspace(const Operand& first, const Operand& last, Index count, double base, bool endpoint, Where w) {
  const WhereScope scope(w);
  return pow(base, linspace(first, last, count, endpoint, w), w);
}

Tensor geomspace(const Operand& first, const Operand& last, Index count, bool endpoint, Where w) {
  const WhereScope scope(w);
  const Tensor step = linspace(0.0, 1.0, count, endpoint, w), even = linspace(first, last, count, endpoint, w);
  const Tensor start = cast(first.get(), even.dtype(), w), stop = cast(last.get(), even.dtype(), w);
  const Tensor y = start * pow(stop / start, cast(step, even.dtype(), w), w);
  return endpoint && count > 1 ? where(arange(count, w) == count - 1, stop, y, w) : y;
}

Tensor vander(const Operand& of, Index count, bool increasing, Where w) {
  const WhereScope scope(w);
  Tensor x = given("vander", of, w);
  if (x.dtype() == boolean) x = ops::converted(x, int64, w);
  if (x.ndim() != 1) fail_at<ShapeError>(w, "vander: {} is {}; a vector is needed", formula(x), text(type(x)));
  if (count < 1) fail_at<ShapeError>(w, "vander: {} columns; at least 1 is needed", count);
  std::vector<Tensor> powers{ones_like(x, w)};
  while (static_cast<Index>(powers.size()) < count) powers.push_back(powers.back() * x);
  if (!increasing) std::reverse(powers.begin(), powers.end());
  return stack(powers, 1, w);
}

}  // namespace croton
