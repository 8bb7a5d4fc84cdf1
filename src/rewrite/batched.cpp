#include "rewrite/batched.h"

#include <algorithm>

#include "base/error.h"
#include "graph/walk.h"
#include "ops/extents.h"
#include "ops/ifelse.h"
#include "ops/loop.h"
#include "ops/registry.h"
#include "rewrite/steps.h"

namespace croton::rewrite {
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
  Batcher(const std::vector<Many>& given, std::string_view verb, Where w)
      : w_(w), verb_(verb), count_(ops::extent(given.at(0).rows, 0, w)) {
    for (const Many& m : given) now_.emplace(m.leaf.node(), Now{m.rows, true});
  }

  /// What the outputs, whose composites are expanded, and all below them become.
  void walk(std::span<const Tensor> outputs) {
    for (const Tensor& t : topological(outputs)) {
      const auto& inputs = node(t).inputs;
      const auto any = [&](const auto& is) { return std::any_of(inputs.begin(), inputs.end(), is); };
      if (any([&](const Tensor& x) { return is_batched(x); }))
        now_.emplace(t.node(), become(t));
      else if (any([&](const Tensor& x) { return now_.contains(x.node()); }))
        now_.emplace(t.node(), Now{with_inputs(t, now(inputs)), false});
    }
  }
  bool is_batched(const Tensor& t) const {
    const auto there = now_.find(t.node());
    return there != now_.end() && there->second.batched;
  }
  Tensor now(const Tensor& t) const {
    const auto there = now_.find(t.node());
    return there == now_.end() ? t : there->second.t;
  }
  /// With the leading axis, as long as the rows.
  Tensor many(const Tensor& t) const {
    if (is_batched(t)) return now(t);
    ops::ExtentList to;
    to.add(count_);
    for (int a = 0; a < t.ndim(); ++a) to.add(own_extent);
    return apply(ops::broadcast, {{"dims", to.dims}}, to.after(spread(t)), w_);
  }

 private:
  /// What a node has become: the same for all rows, or with the leading axis.
  struct Now {
    Tensor t;
    bool batched;
  };
  Now become(const Tensor& t) {
    if (meaning<ShapeOf>(t)) return {extent(t), false};
    if (meaning<Loop>(t)) return looped(t);
    if (meaning<IfElse>(t)) return chosen(t);
    return {batched(t), true};
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
  [[noreturn]] void refuse(const Tensor& t) const {
    fail_at<GraphError>(w_, "{}: {} cannot be computed for many directions at once", verb_, describe(t));
  }

  Tensor batched(const Tensor& t) const {
    const Node& n = node(t);
    const WhereScope place(n);
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
    if (const auto* host = meaning<HostCall>(t)) return on_host(t, host->leading);
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

  Tensor on_host(const Tensor& t, HostCall::Leading leading) const {
    if (leading == HostCall::Leading::refused) refuse(t);
    const std::size_t all = node(t).inputs.size(), extents = std::min(meaning<HostCall>(t)->extents_from, all);
    std::vector<Tensor> inputs;
    for (std::size_t k = 0; k < extents; ++k) inputs.push_back(many(node(t).inputs[k]));
    add_numbers(t, extents, inputs);
    Params params = node(t).params;
    if (leading == HostCall::Leading::before_axis) params.set("axis", params.integer("axis") + 1);
    return apply(*node(t).op, std::move(params), std::move(inputs), node(t).where);
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

  // ---- graphs inside nodes: the leading axis is inside them too
  /// Inputs of such a graph: with the axis where that is said. `given` are those that have it, by what they were.
  struct Inner {
    std::vector<Tensor> inputs;
    std::vector<Many> given;
  };
  Inner inner(const Subgraph& g, const std::vector<bool>& has_axis) const {
    Inner r;
    for (std::size_t k = 0; k < g.inputs.size(); ++k) {
      Type t = type(g.inputs[k]);
      if (has_axis[k]) t.shape.insert(t.shape.begin(), any_extent);
      r.inputs.push_back(make_input(std::move(t), g.inputs[k].name(), w_));
      if (has_axis[k]) r.given.push_back({g.inputs[k], r.inputs.back()});
    }
    return r;
  }
  /// The graph's other inputs as they are in the new one.
  static std::vector<Tensor> on(const Inner& r, const Subgraph& g, const std::vector<Tensor>& outputs) {
    Replacements same_for_all;
    for (std::size_t k = 0; k < g.inputs.size(); ++k) same_for_all.emplace(g.inputs[k].node(), r.inputs[k]);
    return rebuild(outputs, same_for_all);
  }
  Tensor front(const Tensor& t, bool has_axis) const { return has_axis ? many(t) : now(t); }
  /// Rows of all values as values of all rows, and the other way.
  Tensor swapped(const Tensor& t) const { return ops::permuted(t, first_axis_after(1, t.ndim()), w_); }

  /// A loop as it has become, with what of it has the axis: inputs of the step, and ys.
  struct BatchedLoop {
    Tensor was;
    ops::LoopForm form;
    std::vector<Tensor> inputs;
    std::vector<bool> has_axis, y_has_axis;
  };
  Now looped(const Tensor& t) {
    auto there =
        std::find_if(loops_.begin(), loops_.end(), [&](const BatchedLoop& l) { return ops::same_run(l.was, t); });
    if (there == loops_.end()) there = loops_.insert(there, batched_loop(t));
    const BatchedLoop& loop = *there;
    const ops::LoopForm& f = loop.form;
    const std::size_t r = ops::result_of(t);
    const Tensor made = ops::loop_result(f, r, loop.inputs, w_);
    if (f.is_last(r)) return {made, loop.has_axis[r]};
    const bool has_axis = f.is_y(r) ? loop.y_has_axis[r - f.y(0)] : f.is_before(r) && loop.has_axis[r - f.before(0)];
    return {has_axis ? swapped(made) : made, has_axis};
  }
  BatchedLoop batched_loop(const Tensor& t) const {
    const auto& x = node(t).inputs;
    if (is_batched(x[0])) refuse(t);
    const ops::LoopForm f = ops::form_of(t);
    const Subgraph step{f.step->inputs, expand(f.step->outputs)};
    BatchedLoop loop{t, f, {now(x[0])}, {}, {}};
    for (std::size_t k = 0; k < step.inputs.size(); ++k) loop.has_axis.push_back(is_batched(x[k + 1]));
    for (bool more = true; more;) {  // a carry has the axis where what the step makes of it has
      const Inner in = inner(step, loop.has_axis);
      Batcher now(in.given, verb_, w_);
      now.walk(step.outputs);
      more = false;
      for (std::size_t k = 0; k < f.carries; ++k)
        if (!loop.has_axis[k] && now.is_batched(step.outputs[k])) loop.has_axis[k] = more = true;
      if (more) continue;
      if (f.until && now.is_batched(step.outputs.back())) refuse(t);
      std::vector<Tensor> outputs;
      for (std::size_t k = 0; k < step.outputs.size(); ++k) {
        const bool has_axis = k < f.carries ? loop.has_axis[k] : now.is_batched(step.outputs[k]);
        outputs.push_back(now.front(step.outputs[k], has_axis));
        if (k >= f.carries) loop.y_has_axis.push_back(has_axis);
      }
      loop.form.step = std::make_shared<const Subgraph>(Subgraph{in.inputs, on(in, step, outputs)});
    }
    for (std::size_t k = 0; k < step.inputs.size(); ++k) {
      const Tensor outer = front(x[k + 1], loop.has_axis[k]);
      const bool is_row = k >= f.carries && k < f.capture(0);
      loop.inputs.push_back(is_row && loop.has_axis[k] ? swapped(outer) : outer);
    }
    return loop;
  }

  Now chosen(const Tensor& t) const {
    const auto& x = node(t).inputs;
    if (is_batched(x[0])) refuse(t);
    const ops::Sides sides = ops::sides_of(t);
    const std::size_t result = ops::result_of(t);
    std::vector<bool> has_axis;
    for (std::size_t k = 1; k < x.size(); ++k) has_axis.push_back(is_batched(x[k]));
    const auto side = [&](const Subgraph& g) {
      const std::vector<Tensor> simple = expand({&g.outputs[result], 1});
      const Inner in = inner(g, has_axis);
      Batcher now(in.given, verb_, w_);
      now.walk(simple);
      return std::make_shared<const Subgraph>(Subgraph{in.inputs, on(in, g, {now.many(simple[0])}), g.hidden});
    };
    return {ops::ifelse_result({side(*sides.then), side(*sides.otherwise)}, 0, now(x), w_), true};
  }

  Where w_;
  std::string verb_;
  Tensor count_;
  std::vector<BatchedLoop> loops_;
  std::unordered_map<const Node*, Now> now_;
};

}  // namespace

std::vector<Tensor> batched(std::span<const Tensor> outputs, const std::vector<Many>& given, std::string_view verb,
                            Where w) {
  const std::vector<Tensor> simple = expand(outputs);
  Batcher batcher(given, verb, w);
  batcher.walk(simple);
  std::vector<Tensor> r;
  r.reserve(simple.size());
  for (const Tensor& t : simple) r.push_back(batcher.many(t));
  return r;
}

}  // namespace croton::rewrite
