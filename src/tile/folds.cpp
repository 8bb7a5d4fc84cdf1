#include "tile/folds.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "base/dtype.h"
#include "croton/ops.h"
#include "graph/walk.h"
#include "ops/registry.h"
#include "tile/program.h"
#include "tile/replace.h"

namespace croton::tile {
namespace {

Tensor reduced(const Op& op, const Tensor& x, const std::vector<Index>& axes) {
  return apply(op, Params{{"axes", axes}}, {x}, node(x).where);
}

// The reduced value with its axes put back, each of extent 1.
Tensor kept(const Tensor& folded, const Tensor& x, const std::vector<Index>& axes) {
  std::vector<Index> order;
  Index next = 0;
  for (Index d = 0; d < x.ndim(); ++d)
    order.push_back(std::find(axes.begin(), axes.end(), d) == axes.end() ? next++ : -1);
  return apply(ops::permute, Params{{"axes", order}}, {folded}, node(x).where);
}

// Each element's row-major number among the folded axes, with the shape of x; 0 where none is folded.
Tensor positions(const Tensor& x, const std::vector<Index>& axes) {
  if (axes.empty()) return constant(Array(Index{0}));
  std::vector<Tensor> extents;
  std::vector<Index> dims;
  for (int d = 0; d < x.ndim(); ++d) {
    const bool one = type(x).broadcasts(d);
    if (one)
      dims.push_back(1);
    else
      dims.push_back(-1 - static_cast<Index>(extents.size())), extents.push_back(x.shape(d));
  }
  return apply(ops::iota, Params{{"dims", dims}, {"axes", axes}}, extents, node(x).where);
}

// What types say of whether positions do; nothing, where an extent is open. (Vectors hold twice as many.)
std::optional<bool> fits_by_type(const Tensor& x, const std::vector<Index>& axes) {
  std::vector<Index> extents;
  extents.reserve(axes.size());
  for (const Index a : axes) extents.push_back(type(x).shape[static_cast<std::size_t>(a)]);
  if (std::find(extents.begin(), extents.end(), any_extent) != extents.end()) return {};
  return fit_32_bits(extents);
}

Tensor argument(const Tensor& t, const std::vector<Tensor>& inputs, bool long_positions) {
  const Tensor& x = inputs[0];
  const auto& axes = node(t).params.list("axes");
  const bool most = meaning<Reduce>(t)->monoid == Monoid::argmax;
  const Tensor extreme = kept(reduced(most ? ops::max : ops::min, x, axes), x, axes);
  Tensor hit = x == extreme;
  if (is_float(x.dtype())) hit = logical_or(hit, isnan(x));
  const Tensor at = positions(x, axes);
  if (!fits_by_type(x, axes).value_or(!long_positions))
    return reduced(ops::min, where(hit, at, std::numeric_limits<Index>::max()), axes);
  constexpr auto behind = std::numeric_limits<std::int32_t>::max();
  return cast(reduced(ops::min, where(hit, cast(at, DType::int32), behind), axes), DType::int64);
}

Type spread_type(const TypeAt& at) { return ops::sum.type(at); }
constinit const Op spread{.name = "spread",
                          .doc = "The sum over axes of the squares of the elements without their mean.",
                          .type = spread_type,
                          .meaning = Reduce{Monoid::spread}};

// Whether an axis is so short that a kernel has no loop over it.
bool is_unrolled(const Tensor& x, Index axis) {
  const Index n = type(x).shape[static_cast<std::size_t>(axis)];
  return n >= 0 && n <= largest_constant_axis;
}

// x - mean(x) over the rows of a matrix, as var, batch normalization and users write it; the mean is sum(x) / n.
struct Deviation {
  Tensor x, sum, mean;
};
std::optional<Deviation> deviation(const Tensor& d) {
  if (!is_op(d, ops::sub) || d.ndim() != 2) return {};
  const Tensor& x = node(d).inputs[0];
  const Tensor& m = node(d).inputs[1];
  if (!is_op(m, ops::permute) || node(m).params.list("axes") != std::vector<Index>{-1, 0}) return {};
  const Tensor& mean = node(m).inputs[0];
  if (!is_op(mean, ops::div)) return {};
  const Tensor& sum = node(mean).inputs[0];
  if (!is_op(sum, ops::sum) || node(sum).inputs[0].node() != x.node() ||
      node(sum).params.list("axes") != std::vector<Index>{0})
    return {};
  const bool wide = x.dtype() == DType::float32 || x.dtype() == DType::float64;
  if (!wide || is_unrolled(x, 0) || is_unrolled(x, 1)) return {};
  return Deviation{x, sum, mean};
}

// The elements whose sum over the rows this is, or whose squares'.
std::optional<Deviation> summed_deviation(const Tensor& t, bool& squares) {
  if (!is_op(t, ops::sum) || node(t).params.list("axes") != std::vector<Index>{0}) return {};
  const Tensor& of = node(t).inputs[0];
  const auto* p = meaning<Pointwise>(of);
  squares = p && p->function == "square";
  return deviation(squares ? node(of).inputs[0] : of);
}

// A sum's addend, or a part of it: x * factor, of which x varies along all axes of the sum, and the factor along none.
struct Scaled {
  Tensor x, factor;
  bool negative;
};

// The addend of a sum as such parts, where it has few, not far below.
class Parts {
 public:
  explicit Parts(const Tensor& sum) {
    if (!is_op(sum, ops::sum) || !is_float(sum.dtype())) return;
    const Tensor& x = node(sum).inputs[0];
    axes_ = node(sum).params.list("axes");
    const bool loops = std::none_of(axes_.begin(), axes_.end(), [&](Index a) { return is_unrolled(x, a); });
    if (!loops || !take(x, false)) list.clear();
  }
  std::vector<Scaled> list;

 private:
  static constexpr int most_nodes = 16;

  bool take(const Tensor& t, bool negative) {
    if (++nodes_ > most_nodes) return false;
    const std::vector<Tensor>& in = node(t).inputs;
    if (is_op(t, ops::neg)) return take(in[0], !negative);
    const bool minus = is_op(t, ops::sub);
    if (minus || is_op(t, ops::add)) return take(in[0], negative) && take(in[1], negative != minus);
    if (!is_op(t, ops::mul)) return false;
    for (const bool second : {false, true}) {
      const Tensor &x = in[second], &factor = in[!second];
      if (!std::all_of(axes_.begin(), axes_.end(), [&](Index a) { return varies(x, a) && !varies(factor, a); }))
        continue;
      list.push_back({x, factor, negative});
      return true;
    }
    return false;
  }
  static bool varies(const Tensor& x, Index axis) { return !type(x).broadcasts(static_cast<int>(axis)); }

  std::vector<Index> axes_;
  int nodes_ = 0;
};

// How many folds wait for each other before a value is known.
class Waits {
 public:
  explicit Waits(std::span<const Tensor> outputs) {
    for (const Tensor& t : topological(outputs)) {
      int n = 0;
      for (const Tensor& x : node(t).inputs) n = std::max(n, folds_.at(x.node()));
      folds_[t.node()] = n + (meaning<Reduce>(t) ? 1 : 0);
    }
  }
  // Whether what is added up is known before the factors are.
  bool longer_for_factors(const std::vector<Scaled>& parts) const {
    int of_x = 0, of_factors = 0;
    for (const Scaled& p : parts) {
      of_x = std::max(of_x, folds_.at(p.x.node()));
      of_factors = std::max(of_factors, folds_.at(p.factor.node()));
    }
    return of_factors > of_x;
  }

 private:
  std::unordered_map<const Node*, int> folds_;
};

}  // namespace

std::vector<Tensor> split_argument_folds(std::span<const Tensor> outputs, bool long_positions) {
  const auto wanted = [](const Tensor& t) {
    const auto* r = meaning<Reduce>(t);
    return r && (r->monoid == Monoid::argmax || r->monoid == Monoid::argmin);
  };
  const auto split = [&](const Tensor& t, const std::vector<Tensor>& inputs) {
    return argument(t, inputs, long_positions);
  };
  return replaced(outputs, wanted, split);
}

std::vector<Tensor> join_spreads(std::span<const Tensor> outputs) {
  // With the rounded mean m for all of n elements: sum(x - m) = sum(x) - n m, and the squares are the spread and the
  // square of that sum / n.
  struct Left {
    Tensor n, empty, sum;
  };
  std::unordered_map<const Node*, Left> by_mean;
  const auto make = [&](const Tensor& t, std::vector<Tensor> of) {
    bool squares = false;
    Tensor now = with_inputs(t, std::move(of));
    const auto found = summed_deviation(now, squares);
    if (!found) return now;  // of a sum that has been replaced itself: the variance of something centred
    const Deviation& d = *found;
    Left& left = by_mean[d.mean.node()];
    if (!left.n.node()) {
      left.n = cast(d.x.shape(0), d.x.dtype());
      left.empty = left.n == 0;
      left.sum = where(left.empty, 0, d.sum - left.n * d.mean);
    }
    if (!squares) return left.sum;
    return apply(spread, Params{{"axes", std::vector<Index>{0}}}, {d.x}, node(t).where) +
           where(left.empty, 0, square(left.sum) / left.n);
  };
  bool squares = false;
  return replaced(
      outputs, [&](const Tensor& t) { return summed_deviation(t, squares).has_value(); }, make);
}

// What rounds is no more than before: where s a and c b nearly cancel each other, each of the products was rounded too.
// (So it is products alone: of x - mean the sum is not that of x without n times the mean.)
std::vector<Tensor> scale_sums_late(std::span<const Tensor> outputs) {
  const Waits waits(outputs);
  const auto wanted = [&](const Tensor& t) { return waits.longer_for_factors(Parts(t).list); };
  return replaced(outputs, wanted, [](const Tensor& t, std::vector<Tensor> of) {
    const Tensor now = with_inputs(t, std::move(of));
    const auto& axes = node(t).params.list("axes");
    const Parts parts(now);
    Tensor total;
    for (const Scaled& p : parts.list) {
      const Tensor one = kept(reduced(ops::sum, p.x, axes), p.x, axes) * p.factor;
      total = !total.node() ? (p.negative ? -one : one) : p.negative ? total - one : total + one;
    }
    std::vector<Index> rest;
    for (Index d = 0; d < total.ndim(); ++d)
      if (std::find(axes.begin(), axes.end(), d) == axes.end()) rest.push_back(d);
    return apply(ops::permute, Params{{"axes", rest}}, {total}, node(t).where);
  });
}

std::vector<Tensor> split_folds(std::span<const Tensor> outputs) {
  const auto wanted = [](const Tensor& t) {
    return meaning<Reduce>(t) && node(t).params.list("axes").size() > 1 && t.ndim() > 0;
  };
  return replaced(outputs, wanted, [](const Tensor& t, const std::vector<Tensor>& inputs) {
    Tensor x = inputs[0];
    const auto& axes = node(t).params.list("axes");
    for (std::size_t i = axes.size(); i-- > 0;) x = reduced(*node(t).op, x, {axes[i]});
    return x;
  });
}

}  // namespace croton::tile
