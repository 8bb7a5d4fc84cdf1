// Folds over the elements that a mask selects, and what is written to them: by elements of all, with a choice, nobody
// needs to know which they are, nor how many. Exact but for the sign of zero and the order of a sum.
#include <algorithm>

#include "base/dtype.h"
#include "croton/numpy.h"
#include "ops/extents.h"
#include "ops/registry.h"
#include "rewrite/rules/rules.h"

namespace croton::rewrite {
namespace {

bool is_widened(const Tensor& t) {
  return std::any_of(type(t).shape.begin(), type(t).shape.end(), [](Index n) { return n == 1; });
}

/// Along one axis. A comparison of flat tensors, since a view of the comparison would be stored.
Tensor flat(const Tensor& t, Where w) {
  if (t.ndim() == 1) return t;
  const std::vector<Tensor>& inputs = node(t).inputs;
  const bool by_element = meaning<Pointwise>(t) && std::all_of(inputs.begin(), inputs.end(), [](const Tensor& x) {
                            return is_of_one(x) || !is_widened(x);
                          });
  if (!by_element) return flatten(t, w);
  std::vector<Tensor> flattened;
  flattened.reserve(inputs.size());
  for (const Tensor& x : inputs) flattened.push_back(flatten(x, w));
  return with_inputs(t, std::move(flattened));
}

// Elements of a row. Of longer ones, or of a length that the types leave open, a list that names few saves more than it
// costs: some 2 ns for each element of a mask.
constexpr Index longest_row = 16;

bool has_short_rows(const Tensor& t) {
  Index elements = 1;
  for (int a = 1; a < t.ndim(); ++a) {
    const Index n = type(t).shape[static_cast<std::size_t>(a)];
    if (n < 0 || n > longest_row) return false;
    elements *= n;
  }
  return elements <= longest_row;
}

// Of one tree that is looked through: shared nodes are seen again.
constexpr int most_nodes = 64;

/// A tensor over all rows in the place of one over those that a mask selects.
class Unselected {
 public:
  explicit Unselected(const NodeSet& keep) : keep_(keep) {}

  /// The same over all rows where t is computed by element from rows that one mask selects; else an empty handle.
  Tensor of(const Tensor& t) {
    if (t.ndim() == 0 || left_-- == 0 || keep_.contains(t.node())) return {};
    if (type(t).broadcasts(0)) return t;
    if (is_op(t, ops::gather)) {
      const Tensor& x = node(t).inputs[0];
      return take(node(t).inputs[1], x) ? x : Tensor();
    }
    if (is_op(t, ops::broadcast) && type(node(t).inputs[0]).broadcasts(0)) return spread(t);
    if (!meaning<Pointwise>(t) && !meaning<Convert>(t)) return {};
    std::vector<Tensor> inputs;
    for (const Tensor& x : node(t).inputs) {
      inputs.push_back(of(x));
      if (!inputs.back().node()) return {};
    }
    return with_inputs(t, std::move(inputs));
  }
  /// Selects from all rows of what has as many axes as t; empty where no row was selected.
  Tensor mask_for(const Tensor& t) const {
    if (!mask_.node()) return {};
    const Where w = node(t).where;
    std::vector<Index> axes(static_cast<std::size_t>(t.ndim()), -1);
    axes[0] = 0;
    return ops::permuted(flat(mask_, w), std::move(axes), w);
  }
  /// Takes the index of rows of x; false where it is no mask's, or that of another than before.
  bool take(const Tensor& index, const Tensor& x) {
    if (!is_op(index, ops::nonzero)) return false;
    const Tensor& mask = node(index).inputs[0];
    // an axis of extent 1 would be widened, where an index refuses the mask
    if (mask.ndim() == 1 && type(mask).broadcasts(0) != type(x).broadcasts(0)) return false;
    if (!mask_.node()) mask_ = mask;
    return same(mask_, mask);
  }

 private:
  /// Widened along the rows alone, it need not be.
  static Tensor spread(const Tensor& t) {
    const Tensor& x = node(t).inputs[0];
    for (int a = 1; a < t.ndim(); ++a)
      if (type(x).broadcasts(a) != type(t).broadcasts(a)) return {};
    return x;
  }

  const NodeSet& keep_;
  Tensor mask_;
  int left_ = most_nodes;
};

/// sum(x[mask]) is sum(where(mask, x, 0)), and so sum(f(x[mask], y[mask])); the same for products.
Tensor fold_of_selection(const Tensor& t, const NodeSet& keep) {
  const Tensor& selected = node(t).inputs[0];
  const std::vector<Index>& axes = node(t).params.list("axes");
  if (!has_short_rows(selected) || std::find(axes.begin(), axes.end(), Index{0}) == axes.end()) return {};
  Unselected unselected(keep);
  const Tensor all = unselected.of(selected);
  if (!all.node()) return {};
  const Tensor mask = unselected.mask_for(all);
  if (!mask.node()) return {};
  const Where w = node(t).where;
  const Array nothing = Array::full({}, is_op(t, ops::sum) ? 0.0 : 1.0).astype(all.dtype());
  return with_inputs(t, {where(mask, all, make_constant(nothing, "", w), w)});
}

/// x[mask].set(f(y[mask])) is where(mask, f(y), x).
Tensor write_to_selection(const Tensor& t, const NodeSet& keep) {
  const Tensor &x = node(t).inputs[0], &index = node(t).inputs[1], &value = node(t).inputs[2];
  Unselected unselected(keep);
  if (type(x).rank() != type(value).rank() || !has_short_rows(x) || !unselected.take(index, x)) return {};
  const Tensor all = unselected.of(value);
  if (!all.node() || all.dtype() != x.dtype()) return {};
  const Where w = node(t).where;
  return where(unselected.mask_for(x), node(t).params.flag("set") ? all : x + all, x, w);
}

/// How many a mask selects, as a number and no extent, needs no list of them.
Tensor counted(const Tensor& t, int& left) {
  if (!is_int(t.dtype()) || left-- <= 0) return {};
  if (meaning<Pointwise>(t)) {
    std::vector<Tensor> inputs = node(t).inputs;
    bool any = false;
    for (Tensor& x : inputs)
      if (const Tensor c = counted(x, left); c.node()) x = c, any = true;
    return any ? with_inputs(t, std::move(inputs)) : Tensor();
  }
  if (!is_op(t, ops::shape_of) || !is_op(node(t).inputs[0], ops::nonzero)) return {};
  const Where w = node(t).where;
  return sum(cast(node(node(t).inputs[0]).inputs[0], int64, w), w);
}
Tensor number_of_selected(const Tensor& t, const NodeSet&) {
  if (!is_float(t.dtype()) || t.ndim() != 0) return {};
  int left = most_nodes;
  const Tensor count = counted(node(t).inputs[0], left);
  return count.node() ? with_inputs(t, {count}) : Tensor();
}

}  // namespace

RuleBook selection_rules() {
  RuleBook b;
  for (const Op* fold : {&ops::sum, &ops::prod}) b += rule("fold_of_selection", *fold, fold_of_selection);
  b += rule("write_to_selection", ops::scatter, write_to_selection);
  b += rule("number_of_selected", ops::convert, number_of_selected);
  return b;
}

}  // namespace croton::rewrite
