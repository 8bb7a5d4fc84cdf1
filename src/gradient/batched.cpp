#include "gradient/batched.h"

#include <algorithm>

#include "base/error.h"
#include "graph/walk.h"
#include "ops/extents.h"
#include "ops/registry.h"
#include "rewrite/steps.h"

namespace croton::gradient {
namespace {

using ops::counting;
using List = std::vector<Index>;

/// Axes of a permutation with a leading one: `front`, then those that there were.
List shifted(const List& axes, Index front) {
  List r{front};
  for (const Index a : axes) r.push_back(a < 0 || front < 0 ? a : a + 1);
  return r;
}
/// The axes but for the first, from `first` on, in their order: 0 comes after the first `count` of them.
List first_axis_after(std::size_t count, int rank) {
  List r;
  for (Index a = 1; a < rank; ++a) r.push_back(a);
  r.insert(r.begin() + static_cast<std::ptrdiff_t>(count), 0);
  return r;
}
List axis_to_front(std::size_t axis, int rank) {
  List r = counting(rank);
  r.erase(r.begin() + static_cast<std::ptrdiff_t>(axis));
  r.insert(r.begin(), static_cast<Index>(axis));
  return r;
}

class Batcher {
 public:
  Batcher(const Tensor& x, const Tensor& rows, std::string_view verb, Where w)
      : w_(w), verb_(verb), count_(ops::extent(rows, 0, w)) {
    now_.emplace(x.node(), Now{rows, true});
  }

  Tensor run(const Tensor& y) {
    const std::vector<Tensor> order = topological({&y, 1});
    for (const Tensor& t : order) {
      const auto& inputs = node(t).inputs;
      const auto any = [&](const auto& is) { return std::any_of(inputs.begin(), inputs.end(), is); };
      if (any([&](const Tensor& x) { return is_batched(x); }))
        now_.emplace(t.node(), meaning<ShapeOf>(t) ? Now{extent(t), false} : Now{batched(t), true});
      else if (any([&](const Tensor& x) { return now_.contains(x.node()); }))
        now_.emplace(t.node(), Now{with_inputs(t, now(inputs)), false});
    }
    return many(y);
  }

 private:
  /// What a node has become: the same for all rows, or with the leading axis.
  struct Now {
    Tensor t;
    bool batched;
  };
  bool is_batched(const Tensor& t) const {
    const auto there = now_.find(t.node());
    return there != now_.end() && there->second.batched;
  }
  Tensor now(const Tensor& t) const {
    const auto there = now_.find(t.node());
    return there == now_.end() ? t : there->second.t;
  }
  std::vector<Tensor> now(std::span<const Tensor> all) const {
    std::vector<Tensor> r;
    for (const Tensor& t : all) r.push_back(now(t));
    return r;
  }
  /// The extents of all rows' values are one and the same.
  Tensor extent(const Tensor& t) const {
    return ops::extent(now(node(t).inputs[0]), static_cast<int>(node(t).params.integer("axis")) + 1, w_);
  }

  /// With the leading axis, which may have extent 1.
  Tensor spread(const Tensor& t) const {
    return is_batched(t) ? now(t) : ops::permuted(now(t), shifted(counting(t.ndim()), -1), w_);
  }
  /// With the leading axis, as long as the rows.
  Tensor many(const Tensor& t) const {
    if (is_batched(t)) return now(t);
    ops::ExtentList to;
    to.add(count_);
    for (int a = 0; a < t.ndim(); ++a) to.add(own_extent);
    return apply(ops::broadcast, {{"dims", to.dims}}, to.after(spread(t)), w_);
  }

  [[noreturn]] void refuse(const Tensor& t) const {
    fail_at<GraphError>(w_, "{}: {} cannot be computed for many directions at once", verb_, describe(t));
  }

  Tensor batched(const Tensor& t) const {
    const Node& n = node(t);
    const WhereScope place(n.where);
    if (meaning<Pointwise>(t) || meaning<Convert>(t)) return pointwise(t);
    if (meaning<Reduce>(t)) return with(t, "axes", plus_one(n.params.list("axes")));
    if (meaning<Contract>(t)) return contracted(t);
    if (is_op(t, ops::slice)) return sliced(t);
    if (is_op(t, ops::permute)) return with(t, "axes", shifted(n.params.list("axes"), 0));
    if (is_op(t, ops::specify_one) || is_op(t, ops::specify_rows)) return along(t, n.inputs);
    if (is_op(t, ops::sliding_window_view) || meaning<FoldWindows>(t)) return windowed(t);
    if (is_op(t, ops::broadcast) || meaning<Reshape>(t)) return resized(t);
    if (meaning<View>(t)) return apply(*n.op, n.params, {many(n.inputs[0])}, n.where);
    if (meaning<Concatenate>(t)) return along(t, n.inputs);
    if (meaning<Write>(t)) return written(t);
    if (meaning<Gather>(t)) return gathered(t);
    if (meaning<Scatter>(t)) return scattered(t);
    refuse(t);
  }

  static List plus_one(List axes) {
    for (Index& a : axes) ++a;
    return axes;
  }
  Tensor with(const Tensor& t, std::string_view key, List list) const {
    return apply(*node(t).op, {{key, std::move(list)}}, {many(node(t).inputs[0])}, node(t).where);
  }
  Tensor pointwise(const Tensor& t) const {
    std::vector<Tensor> inputs;
    for (const Tensor& x : node(t).inputs) inputs.push_back(spread(x));
    return apply(*node(t).op, node(t).params, std::move(inputs), node(t).where);
  }
  /// Concatenate, specify_one, specify_rows: along one axis.
  Tensor along(const Tensor& t, std::span<const Tensor> inputs) const {
    std::vector<Tensor> all;
    for (const Tensor& x : inputs) all.push_back(many(x));
    Params params = node(t).params;
    params.set("axis", params.integer("axis") + 1);
    return apply(*node(t).op, std::move(params), std::move(all), node(t).where);
  }

  Tensor contracted(const Tensor& t) const {
    const Node& n = node(t);
    List a = n.params.list("a"), b = n.params.list("b"), out = n.params.list("out");
    Index label = 0;
    for (const List* list : {&a, &b})
      for (const Index l : *list) label = std::max(label, l + 1);
    const auto side = [&](const Tensor& x, List& labels) {
      if (is_batched(x)) labels.insert(labels.begin(), label);
      return now(x);
    };
    const Tensor left = side(n.inputs[0], a), right = side(n.inputs[1], b);
    out.insert(out.begin(), label);
    return apply(*n.op, {{"a", a}, {"b", b}, {"out", out}}, {left, right}, n.where);
  }

  /// The inputs that hold numbers are the same for all.
  void add_numbers(const Tensor& t, std::size_t from, std::vector<Tensor>& to) const {
    for (std::size_t k = from; k < node(t).inputs.size(); ++k) {
      if (is_batched(node(t).inputs[k])) refuse(t);
      to.push_back(now(node(t).inputs[k]));
    }
  }
  Tensor sliced(const Tensor& t) const {
    std::vector<Tensor> inputs{many(node(t).inputs[0])};
    add_numbers(t, 1, inputs);
    return apply(*node(t).op, Params(bounds(t)), std::move(inputs), node(t).where);
  }
  static std::vector<Params::Entry> bounds(const Tensor& t) {
    std::vector<Params::Entry> r;
    for (const auto& [key, whole] : {std::pair{"start", absent_bound}, {"stop", absent_bound}, {"step", Index{1}}}) {
      List list = node(t).params.list(key);
      list.insert(list.begin(), whole);
      r.emplace_back(key, std::move(list));
    }
    return r;
  }
  Tensor written(const Tensor& t) const {
    std::vector<Tensor> inputs{many(node(t).inputs[0]), many(node(t).inputs[1])};
    add_numbers(t, 2, inputs);
    std::vector<Params::Entry> params = bounds(t);
    params.emplace_back("set", node(t).params.flag("set"));
    return apply(*node(t).op, Params(std::move(params)), std::move(inputs), node(t).where);
  }
  Tensor resized(const Tensor& t) const {
    std::vector<Tensor> inputs{many(node(t).inputs[0])};
    add_numbers(t, 1, inputs);
    List dims = node(t).params.list("dims");
    if (meaning<Reshape>(t)) {
      dims.insert(dims.begin(), -static_cast<Index>(inputs.size()));  // held by the input that comes now
      inputs.push_back(count_);
    } else {
      dims.insert(dims.begin(), own_extent);
    }
    return apply(*node(t).op, {{"dims", dims}}, std::move(inputs), node(t).where);
  }

  Tensor windowed(const Tensor& t) const {
    std::vector<Tensor> inputs{many(node(t).inputs[0])};
    add_numbers(t, 1, inputs);
    Params params = node(t).params;
    params.set("axis", params.integer("axis") + 1);
    return apply(*node(t).op, std::move(params), std::move(inputs), node(t).where);
  }

  Tensor gathered(const Tensor& t) const {
    const Node& n = node(t);
    const Tensor &x = n.inputs[0], &index = n.inputs[1];
    if (is_batched(index)) refuse(t);
    const Tensor rows =
        apply(*n.op, n.params, {ops::permuted(many(x), first_axis_after(1, x.ndim() + 1), w_), now(index)}, n.where);
    return ops::permuted(rows, axis_to_front(static_cast<std::size_t>(index.ndim()), rows.ndim()), w_);
  }
  Tensor scattered(const Tensor& t) const {
    const Node& n = node(t);
    const Tensor &x = n.inputs[0], &index = n.inputs[1], &rows = n.inputs[2];
    if (is_batched(index)) refuse(t);
    const Tensor y = apply(
        *n.op, n.params,
        {ops::permuted(many(x), first_axis_after(1, x.ndim() + 1), w_), now(index),
         ops::permuted(many(rows), first_axis_after(static_cast<std::size_t>(index.ndim()), rows.ndim() + 1), w_)},
        n.where);
    return ops::permuted(y, axis_to_front(1, y.ndim()), w_);
  }

  Where w_;
  std::string verb_;
  Tensor count_;
  std::unordered_map<const Node*, Now> now_;
};

}  // namespace

Tensor batched(const Tensor& y, const Tensor& x, const Tensor& rows, std::string_view verb, Where w) {
  const Tensor simple = rewrite::expand({&y, 1})[0];
  return Batcher(x, rows, verb, w).run(simple);
}

}  // namespace croton::gradient
