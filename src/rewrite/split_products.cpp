#include <algorithm>

#include "croton/ops.h"
#include "ops/extents.h"
#include "ops/registry.h"
#include "ops/slicing.h"
#include "rewrite/rules/rules.h"
#include "rewrite/step.h"

namespace croton::rewrite {
namespace {

using Labels = std::vector<Index>;
constexpr std::string_view sides[] = {"a", "b"};

std::size_t place_of(const Labels& labels, Index label) {
  return static_cast<std::size_t>(std::find(labels.begin(), labels.end(), label) - labels.begin());
}
bool has(const Labels& labels, Index label) { return place_of(labels, label) < labels.size(); }

class Splitter {
 public:
  explicit Splitter(OpenLoop& loop) : loop_(loop), step_(loop), of_rows_(step_.of_rows(most_growth * loop.kept())) {}

  void run() {
    bool any = false;
    for (const Tensor& t : step_.nodes()) {
      std::vector<Tensor> inputs;
      for (const Tensor& x : node(t).inputs) inputs.push_back(now_.at(x.node()));
      Tensor made = inputs.empty() ? t : with_inputs(t, std::move(inputs));
      const Tensor split = is_cut(t)            ? product_of_slices(made)
                           : is_put_together(t) ? sum_of_products(t, made)
                                                : Tensor();
      any |= split.node() != nullptr;
      now_.emplace(t.node(), split.node() ? split : made);
    }
    if (!any) return;
    std::vector<Tensor> outputs;
    for (const Tensor& t : loop_.outputs()) outputs.push_back(now_.at(t.node()));
    loop_.change_outputs(outputs);
  }

 private:
  // ---- what is the same at each step, outside

  /// What is computed of captured values and of extents of the step's inputs, as an input of the step; empty where it
  /// needs more.
  Tensor outside(const Tensor& t) {
    Replacements now;
    for (const Bound& b : loop_.captured) now.emplace(b.inner.node(), b.outer);
    const Tensor plain = rewritten({&t, 1}, canonical_rules())[0];
    for (const Tensor& x : topological({&plain, 1})) {
      if (!meaning<ShapeOf>(x)) continue;
      const auto axis = static_cast<int>(node(x).params.integer("axis"));
      const auto is_its = [&](const Bound& b) { return same(b.inner, node(x).inputs[0]); };
      const auto row = std::find_if(loop_.rows.begin(), loop_.rows.end(), is_its);
      const auto carry = std::find_if(loop_.carries.begin(), loop_.carries.end(), is_its);
      if (row != loop_.rows.end()) now.emplace(x.node(), ops::extent(row->outer, axis + 1, node(x).where));
      if (carry != loop_.carries.end()) now.emplace(x.node(), ops::extent(carry->outer, axis, node(x).where));
    }
    const Tensor outer = rebuild({&plain, 1}, now)[0];
    const std::vector<Tensor> inner = loop_.inner_inputs();
    for (const Tensor& leaf : croton::leaves({&outer, 1}, NodeKind::input))
      if (std::any_of(inner.begin(), inner.end(), [&](const Tensor& x) { return same(x, leaf); })) return {};
    return loop_.capture(outer, type(t));
  }

  // ---- slices of a product

  /// A slice of a product of which nothing else than slices is used: of one, or where one of them is for a y alone.
  bool is_cut(const Tensor& t) const {
    if (!is_op(t, ops::slice)) return false;
    const Tensor& product = node(t).inputs[0];
    if (!step_.changing_operand(product) || step_.is_output(product)) return false;
    const auto& users = step_.users(product);
    const auto is_slice = [&](const Node* u) { return u->op == &ops::slice && u->inputs[0].node() == product.node(); };
    if (!std::all_of(users.begin(), users.end(), is_slice)) return false;
    const auto is_for_y = [&](const Node* u) {
      const Node* const output = step_.only_output(u);
      const auto is_it = [&](const Tensor& y) { return y.node() == output; };
      return std::any_of(loop_.ys().begin(), loop_.ys().end(), is_it);
    };
    return users.size() == 1 || std::any_of(users.begin(), users.end(), is_for_y);
  }

  /// The product of slices of the operands, from a slice of the product; empty where an axis goes, or more than what
  /// is the same at each step is cut.
  Tensor product_of_slices(const Tensor& slice) {
    const Tensor& product = node(slice).inputs[0];
    const Params &cut = node(slice).params, &labels = node(product).params;
    const auto& steps = cut.list("step");
    if (!meaning<Contract>(product) || std::find(steps.begin(), steps.end(), 0) != steps.end()) return {};
    const Labels& out = labels.list("out");
    std::vector<Tensor> operands = node(product).inputs;
    for (std::size_t side = 0; side < 2; ++side) {
      const Labels& own = labels.list(sides[side]);
      Labels start(own.size(), absent_bound), stop = start, step(own.size(), 1);
      for (std::size_t d = 0; d < own.size(); ++d) {
        const std::size_t k = place_of(out, own[d]);
        if (k == out.size()) continue;
        start[d] = cut.list("start")[k];
        stop[d] = cut.list("stop")[k];
        step[d] = steps[k];
      }
      std::vector<Tensor> inputs = node(slice).inputs;
      inputs[0] = operands[side];
      const auto is_none = [](Index bound) { return bound == absent_bound; };
      const bool is_whole = std::all_of(start.begin(), start.end(), is_none) &&
                            std::all_of(stop.begin(), stop.end(), is_none) &&
                            std::all_of(step.begin(), step.end(), [](Index by) { return by == 1; });
      if (is_whole) continue;
      const Tensor part =
          apply(ops::slice, {{"start", start}, {"stop", stop}, {"step", step}}, std::move(inputs), node(slice).where);
      operands[side] = outside(part);
      if (!operands[side].node()) return {};
    }
    return with_inputs(product, std::move(operands));
  }

  // ---- products with what is put together

  std::size_t side_of(const Tensor& product) const { return step_.changes(node(product).inputs[0]) ? 0 : 1; }

  /// A product that is summed over parts, of which some are made of rows, and others not.
  bool is_put_together(const Tensor& t) const {
    const Tensor* operand = step_.changing_operand(t);
    if (!operand || !meaning<Concatenate>(*operand) || loop_.until()) return false;
    const Params& labels = node(t).params;
    const Labels& own = labels.list(sides[side_of(t)]);
    const Index summed = own[static_cast<std::size_t>(node(*operand).params.integer("axis"))];
    if (has(labels.list("out"), summed) || !has(labels.list(sides[1 - side_of(t)]), summed)) return false;
    const auto& parts = node(*operand).inputs;
    const auto is_leaving = [&](const Tensor& x) { return leaves(x); };
    return elements(t) <= most_growth * loop_.kept() && std::any_of(parts.begin(), parts.end(), is_leaving) &&
           !std::all_of(parts.begin(), parts.end(), is_leaving);
  }
  bool leaves(const Tensor& part) const { return of_rows_.contains(part.node()) && step_.varies(part); }

  /// The sum of products with the parts, those side by side that leave the loop, or stay, together; empty where an
  /// extent of a part is not known outside. `was`: the product as the step had it.
  Tensor sum_of_products(const Tensor& was, const Tensor& product) {
    const std::size_t side = side_of(was);
    const Node& joined = node(node(product).inputs[side]);
    const Tensor& other = node(product).inputs[1 - side];
    const Params& labels = node(product).params;
    const auto axis = static_cast<std::size_t>(joined.params.integer("axis"));
    const std::size_t along = place_of(labels.list(sides[1 - side]), labels.list(sides[side])[axis]);
    const auto& parts = node(node(was).inputs[side]).inputs;
    Tensor sum, from;
    for (std::size_t k = 0; k < parts.size();) {
      std::vector<Tensor> group;
      Tensor to = from;
      const bool leaving = leaves(parts[k]);
      for (; k < parts.size() && leaves(parts[k]) == leaving; ++k) {
        group.push_back(joined.inputs[k]);
        const Tensor n = ops::extent(group.back(), static_cast<int>(axis), joined.where);
        to = to.node() ? to + n : n;
      }
      std::vector<Tensor> operands = node(product).inputs;
      operands[side] = group.size() == 1 ? group[0] : apply(ops::concatenate, joined.params, group, joined.where);
      operands[1 - side] = outside(part_of(other, along, from, k < parts.size() ? to : Tensor(), joined.where));
      if (!operands[1 - side].node()) return {};
      const Tensor term = with_inputs(product, std::move(operands));
      sum = sum.node() ? sum + term : term;
      from = to;
    }
    return sum;
  }
  /// From one number, or the beginning, to another, or the end: so there have to be as many as all parts have.
  static Tensor part_of(const Tensor& x, std::size_t axis, const Tensor& from, const Tensor& to, Where w) {
    ops::SliceList s;
    for (std::size_t d = 0; d < static_cast<std::size_t>(x.ndim()); ++d) {
      s.add_whole();
      if (d == axis && from.node()) s.start.back() = s.hold(from);
      if (d == axis && to.node()) s.stop.back() = s.hold(to);
    }
    std::vector<Tensor> inputs{x};
    inputs.insert(inputs.end(), s.held.begin(), s.held.end());
    return apply(ops::slice, s.params(), std::move(inputs), w);
  }

  OpenLoop& loop_;
  Step step_;
  NodeSet of_rows_;
  Replacements now_;
};

}  // namespace

void split_products(OpenLoop& loop) { Splitter(loop).run(); }

}  // namespace croton::rewrite
