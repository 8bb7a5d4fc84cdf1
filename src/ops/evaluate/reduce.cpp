// Folds: one pass over the input in its own order, into wide accumulators.
#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/evaluate/loops.h"
#include "ops/evaluate/steps.h"

namespace croton::ops {
namespace {

constexpr Index block_size = 512;

template <class W>
bool is_nan(W v) {
  return v != v;
}
template <class W>
W start_of(Monoid m) {
  using Limits = std::numeric_limits<W>;
  constexpr W low = Limits::has_infinity ? -Limits::infinity() : Limits::lowest();
  constexpr W high = Limits::has_infinity ? Limits::infinity() : Limits::max();
  if (m == Monoid::max) return low;
  if (m == Monoid::min) return high;
  return m == Monoid::prod || m == Monoid::all ? W{1} : W{0};
}

/// Calls visit(i, x) with every element of the input, wide, and the number of the result it belongs to; and its number
/// among the reduced elements.
template <class W, class F>
void visit_elements(const Call& call, F&& visit) {
  const Array& x = call.argument(0);
  const std::vector<Index>& axes = call.params().list("axes");
  const StridedLoop loop(x.shape(),
                         {strides(x), strides_over(x.shape(), axes, false), strides_over(x.shape(), axes, true)});
  const Load<W> load = load_from<W>(x.dtype());
  const std::byte* from = data(x);
  std::vector<W> buffer(block_size);
  loop.rows([&](const std::array<Index, most_operands>& offset, Index n) {
    for (Index done = 0; done < n; done += block_size) {
      const Index m = std::min(block_size, n - done);
      load(from, offset[0] + done * loop.inner_stride(0), loop.inner_stride(0), m, buffer.data());
      visit(buffer.data(), m, offset[1] + done * loop.inner_stride(1), loop.inner_stride(1),
            offset[2] + done * loop.inner_stride(2), loop.inner_stride(2));
    }
  });
}

template <class W>
Array rounded(const Call& call, const std::vector<W>& values) {
  Array out = empty(extents_of(call.result().shape), call.result().dtype);
  store_to<W>(out.dtype())(values.data(), static_cast<Index>(values.size()), mutable_data(out), 0);
  return out;
}

std::size_t results(const Call& call) { return static_cast<std::size_t>(count_of(extents_of(call.result().shape))); }

template <class W, class F>
Array fold(const Call& call, Monoid m, F&& step) {
  std::vector<W> total(results(call), start_of<W>(m));
  visit_elements<W>(call, [&](const W* x, Index n, Index at, Index stride, Index, Index) {
    if (stride == 0) {
      W one = total[static_cast<std::size_t>(at)];
      for (Index i = 0; i < n; ++i) one = step(one, x[i]);
      total[static_cast<std::size_t>(at)] = one;
    } else {
      W* y = total.data() + at;
      for (Index i = 0; i < n; ++i) y[i * stride] = step(y[i * stride], x[i]);
    }
  });
  return rounded(call, total);
}

/// The number of the first element that `better` prefers to all others; NaN is preferred to every number.
template <class W, class F>
Array extreme_at(const Call& call, F&& better) {
  std::vector<W> best(results(call));
  std::vector<std::int64_t> where(results(call), -1);
  visit_elements<W>(call, [&](const W* x, Index n, Index at, Index stride, Index number, Index number_stride) {
    for (Index i = 0; i < n; ++i) {
      const std::size_t r = static_cast<std::size_t>(at + i * stride);
      if (where[r] >= 0 && !better(x[i], best[r]) && !(is_nan(x[i]) && !is_nan(best[r]))) continue;
      best[r] = x[i];
      where[r] = number + i * number_stride;
    }
  });
  return rounded(call, where);
}

/// Squares about the mean, in two passes.
template <class W>
Array spread(const Call& call) {
  std::vector<W> mean(results(call)), total(results(call));
  const W n = static_cast<W>(call.argument(0).size()) / std::max<W>(static_cast<W>(mean.size()), 1);
  visit_elements<W>(call, [&](const W* x, Index m, Index at, Index stride, Index, Index) {
    for (Index i = 0; i < m; ++i) mean[static_cast<std::size_t>(at + i * stride)] += x[i];
  });
  for (W& sum : mean) sum /= n;
  visit_elements<W>(call, [&](const W* x, Index m, Index at, Index stride, Index, Index) {
    for (Index i = 0; i < m; ++i) {
      const std::size_t r = static_cast<std::size_t>(at + i * stride);
      total[r] += (x[i] - mean[r]) * (x[i] - mean[r]);
    }
  });
  return rounded(call, total);
}

template <class W>
Array fold_as(const Call& call, Monoid m) {
  switch (m) {
    case Monoid::sum: return fold<W>(call, m, [](W a, W x) { return static_cast<W>(a + x); });
    case Monoid::prod: return fold<W>(call, m, [](W a, W x) { return static_cast<W>(a * x); });
    case Monoid::max: return fold<W>(call, m, [](W a, W x) { return x > a || is_nan(x) ? x : a; });
    case Monoid::min: return fold<W>(call, m, [](W a, W x) { return x < a || is_nan(x) ? x : a; });
    case Monoid::any: return fold<W>(call, m, [](W a, W x) { return static_cast<W>(a != 0 || x != 0); });
    case Monoid::all: return fold<W>(call, m, [](W a, W x) { return static_cast<W>(a != 0 && x != 0); });
    case Monoid::spread: return spread<W>(call);
    case Monoid::argmax: return extreme_at<W>(call, [](W x, W best) { return x > best; });
    case Monoid::argmin: break;
  }
  return extreme_at<W>(call, [](W x, W best) { return x < best; });
}

}  // namespace

Extents strides_over(const Extents& shape, const std::vector<Index>& axes, bool folded) {
  Extents out;
  for (std::size_t i = 0; i < shape.size(); ++i) out.add(0);
  Index next = 1;
  for (std::size_t i = shape.size(); i-- > 0;)
    if (std::binary_search(axes.begin(), axes.end(), static_cast<Index>(i)) == folded) {
      out[i] = next;
      next *= shape[i];
    }
  return out;
}

Array run_reduce(const Call& call, Monoid m) {
  const DType d = call.argument(0).dtype();
  if (d == DType::float64) return fold_as<long double>(call, m);
  if (is_float(d)) return fold_as<double>(call, m);
  // signed sums wrap, and unsigned arithmetic is how C++ lets them
  const bool adds = m == Monoid::sum || m == Monoid::prod;
  return adds || is_unsigned_int(d) ? fold_as<std::uint64_t>(call, m) : fold_as<std::int64_t>(call, m);
}

}  // namespace croton::ops
