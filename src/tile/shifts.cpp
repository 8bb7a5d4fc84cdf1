#include "tile/shifts.h"

#include <algorithm>
#include <map>
#include <optional>

#include "array/access.h"
#include "base/dtype.h"
#include "croton/ops.h"
#include "ops/extents.h"
#include "ops/pointwise.h"
#include "ops/registry.h"
#include "ops/slicing.h"
#include "ops/windows.h"
#include "tile/program.h"
#include "tile/replace.h"

namespace croton::tile {
namespace {

// Along an axis: which element of the result the first one of the source is, and how many elements the result has.
struct Along {
  Index first;
  Tensor extent;
};

// A value among zeros, along some axes, times numbers.
struct Shift {
  Tensor source;
  std::map<int, Along> axes = {};
  std::vector<Tensor> factors = {};
  bool negative = false;
};

bool is_same_extent(const Tensor& a, const Tensor& b) {
  if (a.node() == b.node()) return true;
  const Node &x = node(a), &y = node(b);
  return x.kind == NodeKind::constant && y.kind == NodeKind::constant && array_equal(x.value, y.value);
}

bool is_number(const Tensor& x) {
  const Tensor& below = is_op(x, ops::permute) || is_op(x, ops::broadcast) ? node(x).inputs[0] : x;
  return node(below).kind == NodeKind::constant && node(below).value.size() == 1;
}

// What a window's element was before it got an axis.
std::optional<Tensor> single(const Tensor& windows) {
  if (!is_op(windows, ops::permute)) return {};
  std::vector<Index> axes = ops::counting(windows.ndim());
  axes.back() = -1;
  if (node(windows).params.list("axes") != axes) return {};
  return node(windows).inputs[0];
}

bool is_shift(const Tensor& t) {
  if (!meaning<FoldWindows>(t) || !is_float(t.dtype())) return false;
  const Node& n = node(t);
  const Index first = n.params.list("dims")[1];
  return n.params.integer("stride") == 1 && first >= 0 && !holder_of_extent(first) && single(n.inputs[0]);
}

// `scaled`: of the value that it is a multiple of.
Shift shift_of(const Tensor& t, bool scaled) {
  Shift s{t};
  for (;;) {
    const Node& n = node(s.source);
    if (is_shift(s.source) && !s.axes.contains(static_cast<int>(n.params.integer("axis")))) {
      s.axes.emplace(static_cast<int>(n.params.integer("axis")),
                     Along{n.params.list("dims")[1], ops::held_dim(n.params, n.inputs, 0)});
      s.source = *single(n.inputs[0]);
    } else if (scaled && is_op(s.source, ops::neg)) {
      s.negative = !s.negative;
      s.source = n.inputs[0];
    } else if (scaled && is_op(s.source, ops::mul) && (is_number(n.inputs[0]) || is_number(n.inputs[1]))) {
      const std::size_t number = is_number(n.inputs[0]) ? 0 : 1;
      s.factors.push_back(n.inputs[number]);
      s.source = n.inputs[1 - number];
    } else {
      return s;
    }
  }
}

// What is no value of its own: a leaf, or seen in another one; and what repeats another one.
bool is_seen(const Tensor& x) {
  return node(x).kind != NodeKind::apply || meaning<View>(x) || is_op(x, ops::permute) || is_op(x, ops::broadcast);
}
bool is_repeated(const Tensor& x) {
  if (is_op(x, ops::broadcast) || node(x).kind == NodeKind::constant) return true;
  return node(x).kind == NodeKind::apply && is_seen(x) && is_repeated(node(x).inputs[0]);
}

// The shifts of one value along the same axes.
struct Group {
  Tensor first;  // one of them
  Tensor source;
  std::map<int, Along> axes;  // of the one that begins last along each
  std::map<int, Index> least = {};
  int count = 0;
  Tensor padded = {};

  bool takes(const Shift& s) const {
    return s.source.node() == source.node() &&
           std::equal(axes.begin(), axes.end(), s.axes.begin(), s.axes.end(), [](const auto& a, const auto& b) {
             return a.first == b.first && is_same_extent(a.second.extent, b.second.extent);
           });
  }
  void add(const Shift& s) {
    ++count;
    for (const auto& [axis, along] : s.axes) {
      axes.at(axis).first = std::max(axes.at(axis).first, along.first);
      const auto [least_of, fresh] = least.try_emplace(axis, along.first);
      if (!fresh) least_of->second = std::min(least_of->second, along.first);
    }
  }

  // Whether a copy among zeros is worth its memory: it is mostly no zeros, and spares reading single elements or
  // another copy; of what lies in memory already, single elements.
  bool is_worth() const {
    const bool reads_singly = axes.contains(source.ndim() - 1), is_computed = !is_seen(source);
    if (is_repeated(source) || !(reads_singly || (is_computed && (count > 1 || axes.size() > 1)))) return false;
    for (const auto& [axis, along] : axes) {
      const Index some = type(source).shape[static_cast<std::size_t>(axis)];
      const Index all = node(along.extent).kind == NodeKind::constant ? node(along.extent).value.item<Index>() : -1;
      const bool is_few = some >= 0 && (some == 1 || 2 * some < all),
                 is_unrolled = all >= 0 && all <= largest_constant_axis;
      if (is_few || is_unrolled) return false;
    }
    return true;
  }

  // `now`: the source, which may be a new one.
  void pad(const Tensor& now) {
    const Where w = node(now).where;
    padded = now;
    for (const auto& each : axes) {
      const int axis = each.first;
      const Along& along = each.second;
      const Tensor count_here = ops::extent(padded, axis, w);
      // a slice that begins behind the end is empty; zeros alone are then as many as the result has
      const Tensor begin = ops::integer(along.first, w), before = count > 1 ? begin : minimum(begin, along.extent, w);
      const auto zeros = [&](const Tensor& n) {
        ops::ExtentList shape;
        for (int d = 0; d < padded.ndim(); ++d) shape.add(d == axis ? n : ops::extent(padded, d, w));
        return ops::filled(ops::converted(constant(Array(0.0)), padded.dtype(), w), shape, w);
      };
      const Tensor behind = ops::settled(maximum(along.extent - (count_here + least.at(axis)), 0, w), w);
      padded = concatenate(std::vector{zeros(ops::settled(before, w)), padded, zeros(behind)}, axis, w);
    }
  }

  Tensor view(const Tensor& t) const {
    if (count == 1) return padded;
    const Shift s = shift_of(t, true);
    const Where w = node(t).where;
    ops::SliceList part;
    for (int d = 0; d < padded.ndim(); ++d) part.add_whole();
    for (const auto& [axis, along] : s.axes) {
      const auto d = static_cast<std::size_t>(axis);
      part.start[d] = axes.at(axis).first - along.first;
      const Tensor stop = ops::settled(along.extent + part.start[d], w);
      part.stop[d] = node(stop).kind == NodeKind::constant ? node(stop).value.item<Index>() : part.hold(stop);
    }
    std::vector<Tensor> inputs{padded};
    inputs.insert(inputs.end(), part.held.begin(), part.held.end());
    Tensor y = apply(ops::slice, part.params(), std::move(inputs), w);
    for (auto f = s.factors.rbegin(); f != s.factors.rend(); ++f) y = y * *f;
    return s.negative ? -y : y;
  }
};

}  // namespace

std::vector<Tensor> shifts_as_views(std::span<const Tensor> outputs) {
  std::vector<Group> groups;
  std::unordered_map<const Node*, std::size_t> group_of;
  for (const Tensor& t : topological(outputs)) {
    if (!is_shift(t)) continue;
    const Shift s = shift_of(t, true);
    auto g = std::find_if(groups.begin(), groups.end(), [&](const Group& other) { return other.takes(s); });
    if (g == groups.end()) g = groups.insert(g, {t, s.source, s.axes});
    g->add(s);
    group_of.emplace(t.node(), static_cast<std::size_t>(g - groups.begin()));
  }
  for (Group& g : groups)
    if (g.count == 1) {  // it is what is computed, not a multiple of that
      const Shift own = shift_of(g.first, false);
      g = {g.first, own.source, own.axes};
      g.add(own);
    }
  std::unordered_map<const Node*, std::vector<Group*>> waiting;
  for (Group& g : groups)
    if (g.is_worth()) waiting[g.source.node()].push_back(&g);
  return replaced(
      outputs,
      [&](const Tensor& t) {
        const auto g = group_of.find(t.node());
        return waiting.contains(t.node()) || (g != group_of.end() && groups[g->second].is_worth());
      },
      [&](const Tensor& t, std::vector<Tensor> inputs) {
        const auto g = group_of.find(t.node());
        const bool is_worth = g != group_of.end() && groups[g->second].is_worth();
        Tensor now = is_worth ? groups[g->second].view(t) : with_inputs(t, std::move(inputs));
        if (const auto groups_of = waiting.find(t.node()); groups_of != waiting.end())
          for (Group* each : groups_of->second) each->pad(now);
        return now;
      });
}

}  // namespace croton::tile
