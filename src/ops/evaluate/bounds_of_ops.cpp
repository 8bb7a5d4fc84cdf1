// Bounds of functions, folds and contractions.
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/dtype.h"
#include "expr/functions.h"
#include "ops/evaluate/bounds.h"

namespace croton::ops {
namespace {

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}
/// Their results are operands or small integers: nothing is rounded.
bool rounds_nothing(std::string_view f) {
  return is_one_of(
      f, {"neg", "abs", "sign", "min", "max", "relu", "select", "copysign", "floor", "ceil", "trunc", "rint"});
}
/// How far a periodic function can move whatever its operand does; 0: it is none.
double swing(std::string_view f) { return f == "tan" ? HUGE_VAL : f == "sin" || f == "cos" ? 2 : 0; }
bool is_step(std::string_view f) { return is_one_of(f, {"sign", "floor", "ceil", "trunc", "rint", "floor_div"}); }

/// One element of a function's result, from its operands with their bounds.
class Probe {
 public:
  Probe(const expr::ScalarFunction& f, std::size_t arity) : f_(f), arity_(arity) {}
  long double x[3] = {}, bound[3] = {};
  /// How far the result moves while each operand moves within its bound; infinite where it becomes (or ceases to be) a
  /// number.
  double moved() const {
    // after half a turn the two ends of what is possible say nothing of what lies between them
    if (const double all = swing(f_.name); all > 0 && bound[0] >= 1) return all;
    const long double y = f_.reference(x);
    double total = 0;
    for (std::size_t k = 0; k < arity_; ++k)
      if (bound[k] > 0) total += std::max(moved(k, bound[k], y), moved(k, -bound[k], y));
    // 0 * 0 moves only when both factors do
    return f_.name == "mul" ? total + static_cast<double>(bound[0] * bound[1]) : total;
  }

 private:
  double moved(std::size_t k, long double by, long double y) const {
    long double there[3] = {x[0], x[1], x[2]};
    there[k] += by;
    const long double z = f_.reference(there);
    if (std::isnan(y) && std::isnan(z)) return 0;
    if (y == z) return 0;
    return std::isfinite(y) && std::isfinite(z) ? static_cast<double>(std::fabs(z - y)) : HUGE_VAL;
  }
  const expr::ScalarFunction& f_;
  std::size_t arity_;
};

std::vector<Elements> broadcast_elements(std::span<const Bounded> x, const Extents& shape) {
  std::vector<Elements> out;
  for (const Bounded& b : x)
    out.emplace_back(
        Bounded{broadcast_view(b.value, shape), broadcast_view(b.bound, shape), broadcast_view(b.doubtful, shape)});
  return out;
}

double units_of(const expr::ScalarFunction& f, DType d) {
  // rules may regroup arithmetic and fma skips a rounding: one unit even where each op alone is correctly rounded
  return rounds_nothing(f.name) ? 0 : std::max(f.bound(d), 1.0);
}

double absolute_of(const expr::ScalarFunction& f, DType d) {
  return d == DType::float64 ? f.cpu.absolute64 : f.cpu.absolute32;
}

}  // namespace

Bounded bounded_pointwise(const Call& call, std::span<const Bounded> x) {
  const expr::ScalarFunction& f = expr::function(meaning<Pointwise>(call.op())->function);
  Bounded out = exact(run_pointwise(call));
  const DType d = out.value.dtype();
  const std::vector<Elements> in = broadcast_elements(x, out.value.shape());
  const bool floats = is_float(x.back().value.dtype()), chooses = f.name == "select";
  // fma leaves out the rounding of a product, and with it that it overflows
  const bool multiplies = is_float(d) && (f.name == "mul" || f.name == "square");
  const Elements made(out);
  const std::span<double> bound = out.bound.mutable_values<double>();
  const std::span<bool> doubtful = out.doubtful.mutable_values<bool>();
  Probe probe(f, in.size());
  for (std::size_t i = 0; i < bound.size(); ++i) {
    for (std::size_t k = 0; k < in.size(); ++k) {
      const bool matters = !chooses || k == 0 || (in[0].value[i] != 0) == (k == 1);
      doubtful[i] |= matters && in[k].doubtful[i];
      probe.x[k] = in[k].value[i];
      probe.bound[k] = in[k].bound[i];
    }
    if (!floats) continue;
    doubtful[i] |= multiplies && std::isinf(made.value[i]) &&
                   std::all_of(in.begin(), in.end(), [i](const Elements& e) { return std::isfinite(e.value[i]); });
    const double moved = probe.moved();
    if (is_float(d) && !is_step(f.name))
      bound[i] = moved;
    else
      doubtful[i] |= moved > 0;
    doubtful[i] |= std::isinf(moved);
  }
  if (floats && is_float(d)) {
    for (double& b : bound) b += absolute_of(f, d);
    add_rounding(out, units_of(f, d));
  }
  return out;
}

namespace {

/// What a fold gathers for one of its results.
struct Gathered {
  double bounds = 0, sizes = 0, largest_bound = 0, product = 1, widest_product = 1;
  double above = 1, below = 1;    // the products of what is above 1, and of what is below 1 and not 0
  bool shrinks = false;           // a factor is below 1
  double finite = 0;              // the sizes of finite terms
  bool up = false, down = false;  // there are terms of that sign
  double best = 0, best_bound = 0;
  Index count = 0, rivals = 0;
  bool doubtful = false;
};

double largest(DType d) {
  return d == DType::float64 ? std::numeric_limits<double>::max() : std::numeric_limits<float>::max();
}

/// Whether the order of a product's factors decides: some orders pass through infinity or through 0, others do not.
bool leaves_the_range(const Gathered& g, DType d) {
  const double most = largest(d);
  const double least = d == DType::float64 ? std::numeric_limits<double>::min() : std::numeric_limits<float>::min();
  return (g.above > most && g.shrinks) || (g.below < least && g.above > 1);
}

/// The same of a sum's terms: partial sums may be infinities of both signs.
bool may_overflow(const Gathered& g, DType d) { return g.up && g.down && g.finite > largest(d); }

bool is_choice(Monoid m) { return m == Monoid::argmax || m == Monoid::argmin; }

}  // namespace

Bounded bounded_reduce(const Call& call, Monoid m, const Bounded& x) {
  Bounded out = exact(run_reduce(call, m));
  const DType d = x.value.dtype();
  const Elements in(x);
  const double sign = m == Monoid::argmin ? -1 : 1;
  std::vector<Gathered> gathered(static_cast<std::size_t>(out.value.size()));
  std::vector<std::size_t> group;
  const Extents steps = strides_over(x.value.shape(), call.params().list("axes"), false);
  for_each_offset(x.value.shape(), steps, [&](Index at) { group.push_back(static_cast<std::size_t>(at)); });
  for (std::size_t i = 0; i < group.size(); ++i) {
    Gathered& g = gathered[group[i]];
    const double v = std::fabs(in.value[i]), b = in.bound[i];
    g.bounds += b;
    g.sizes += v;
    if (std::isfinite(v)) g.finite += v;
    (in.value[i] < 0 ? g.down : g.up) |= v > 0;
    g.largest_bound = std::max(g.largest_bound, b);
    g.product *= v;
    g.widest_product *= v + b;
    g.above *= std::max(v, 1.0);
    g.shrinks |= v < 1;
    if (v > 0) g.below *= std::min(v, 1.0);
    g.doubtful |= in.doubtful[i];
    if (g.count++ == 0 || sign * in.value[i] > g.best) {
      g.best = sign * in.value[i];
      g.best_bound = b;
    }
  }
  for (std::size_t i = 0; is_choice(m) && i < group.size(); ++i) {
    Gathered& g = gathered[group[i]];
    const double slack = in.bound[i] + g.best_bound;
    g.rivals += slack > 0 && sign * in.value[i] + slack >= g.best;
  }
  const std::span<double> bound = out.bound.mutable_values<double>();
  const std::span<bool> doubtful = out.doubtful.mutable_values<bool>();
  for (std::size_t r = 0; r < gathered.size(); ++r) {
    const Gathered& g = gathered[r];
    doubtful[r] = g.doubtful || g.rivals > 1;
    if (!is_float(d)) continue;
    const double depth = 2 * summation_depth(g.count) * unit_roundoff(d);
    if (m == Monoid::sum) bound[r] = g.bounds + depth * g.sizes;
    if (m == Monoid::sum) doubtful[r] |= may_overflow(g, d);
    if (m == Monoid::prod) doubtful[r] |= leaves_the_range(g, d);
    if (m == Monoid::prod) bound[r] = g.widest_product - g.product + depth * g.product;
    if (m == Monoid::max || m == Monoid::min) bound[r] = g.largest_bound;
    if (!std::isfinite(bound[r])) bound[r] = 0;
  }
  if (m == Monoid::sum || m == Monoid::prod) add_rounding(out, 1);
  return out;
}

Bounded bounded_contract(const Call& call, std::span<const Bounded> x) {
  Bounded out = exact(contiguous(run_contract(call)));
  const DType d = out.value.dtype();
  const auto mixed = [&](const Array& a, const Array& b) {
    const Array product = contiguous(contract(call, a, b, DType::float64));
    const std::span<const double> v = product.values<double>();
    return std::vector<double>(v.begin(), v.end());
  };
  const auto sizes = [](const Bounded& b, bool finite) {
    Array a = contiguous(b.value.astype(DType::float64)).copy();
    for (double& v : a.mutable_values<double>()) v = finite && !std::isfinite(v) ? 0 : std::fabs(v);
    return a;
  };
  const auto doubts = [](const Bounded& b) { return b.doubtful.astype(DType::float64); };
  const auto ones = [](const Bounded& b) { return Array::full(b.value.shape(), 1.0, DType::float64); };
  const std::vector<double> left = mixed(doubts(x[0]), ones(x[1])), right = mixed(ones(x[0]), doubts(x[1]));
  const std::span<bool> doubtful = out.doubtful.mutable_values<bool>();
  for (std::size_t i = 0; i < left.size(); ++i) doubtful[i] = left[i] + right[i] > 0;
  if (!is_float(d)) return out;
  const Array a = sizes(x[0], false), b = sizes(x[1], false);
  Array moved_b = b.copy();  // where both factors move, their bounds' product counts too
  const std::span<double> wide = moved_b.mutable_values<double>();
  const Array bound_b = contiguous(x[1].bound);
  for (std::size_t i = 0; i < wide.size(); ++i) wide[i] += bound_b.values<double>()[i];
  const std::vector<double> by_a = mixed(x[0].bound, moved_b), by_b = mixed(a, x[1].bound), all = mixed(a, b),
                            finite = mixed(sizes(x[0], true), sizes(x[1], true)), terms = mixed(ones(x[0]), ones(x[1]));
  const std::span<double> bound = out.bound.mutable_values<double>();
  // a product below the normal numbers is rounded by more than its share, to the next of these
  const double least =
      d == DType::float64 ? std::numeric_limits<double>::denorm_min() : std::numeric_limits<float>::denorm_min();
  for (std::size_t i = 0; i < bound.size(); ++i) {
    const double depth = 2 * summation_depth(static_cast<Index>(terms[i])) * unit_roundoff(d);
    bound[i] = by_a[i] + by_b[i] + depth * all[i] + terms[i] * least;
    if (!std::isfinite(bound[i])) bound[i] = 0;
    doubtful[i] |= finite[i] > largest(d);  // partial sums may be infinities of both signs
  }
  add_rounding(out, 1);
  return out;
}

}  // namespace croton::ops
