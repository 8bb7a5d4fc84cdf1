// Views, conversions, folds and questions about shapes that do nothing or can be one. Exact.
#include <algorithm>
#include <tuple>

#include "array/access.h"
#include "base/dtype.h"
#include "croton/ops.h"
#include "ops/elementwise.h"
#include "ops/extents.h"
#include "ops/pointwise.h"
#include "ops/registry.h"
#include "rewrite/rules/rules.h"

namespace croton::rewrite {
namespace {

const std::vector<Index>& axes_of(const Tensor& t) { return node(t).params.list("axes"); }
const Tensor& input(const Tensor& t) { return node(t).inputs[0]; }

/// The inner node if it is this op, and may be looked through.
const Tensor* inner(const Tensor& t, const Op& op, const NodeSet& keep) {
  const Tensor& x = input(t);
  return is_op(x, op) && !keep.contains(x.node()) ? &x : nullptr;
}

/// A new axis of extent 1 in place of one of extent 1 is that axis.
bool is_identity(const std::vector<Index>& axes, const Type& x) {
  if (axes.size() != x.shape.size()) return false;
  for (std::size_t d = 0; d < axes.size(); ++d)
    if (axes[d] != static_cast<Index>(d) && !(axes[d] < 0 && x.shape[d] == 1)) return false;
  return true;
}

/// permute(permute(x)): one permutation; or x.
Tensor permute_of_permute(const Tensor& t, const NodeSet& keep) {
  if (is_identity(axes_of(t), type(input(t)))) return input(t);
  const Tensor* first = inner(t, ops::permute, keep);
  if (!first) return {};
  std::vector<Index> axes;
  for (const Index a : axes_of(t)) axes.push_back(a < 0 ? -1 : axes_of(*first)[static_cast<std::size_t>(a)]);
  if (is_identity(axes, type(input(*first)))) return input(*first);
  return ops::permuted(input(*first), std::move(axes), node(t).where);
}

/// reshape(reshape(x)): the last shape alone decides.
Tensor reshape_of_reshape(const Tensor& t, const NodeSet& keep) {
  const Tensor* first = inner(t, ops::reshape, keep);
  if (!first) return {};
  std::vector<Tensor> inputs = node(t).inputs;
  inputs[0] = input(*first);
  return apply(ops::reshape, node(t).params, std::move(inputs), node(t).where);
}

/// Reshaping one axis into one axis.
Tensor reshape_to_itself(const Tensor& t, const NodeSet&) {
  const bool one = node(t).params.list("dims") == std::vector<Index>{own_extent} && type(input(t)).rank() == 1;
  return one ? input(t) : Tensor();
}

/// An operand of f(x) by elements whose axis does not widen, and so has the extent of f(x).
const Tensor* as_long(const Tensor& y, int axis) {
  if (!meaning<Pointwise>(y) && !meaning<Convert>(y)) return nullptr;
  for (const Tensor& x : node(y).inputs)
    if (!type(x).broadcasts(axis)) return &x;
  return nullptr;
}

/// The axis that an axis of rows at indices is: one of the indices, or of what they are rows of.
std::pair<Tensor, int> behind_rows(const Tensor& rows, int axis) {
  const Tensor &x = node(rows).inputs[0], &index = node(rows).inputs[1];
  return axis < index.ndim() ? std::pair(index, axis) : std::pair(x, axis - index.ndim() + 1);
}

/// The axis that t's axis is, behind what moves or keeps its elements.
std::pair<const Node*, int> axis_behind(const Tensor& t, int axis) {
  Tensor x = t;
  for (;;) {
    if (is_op(x, ops::permute)) {
      const Index from = axes_of(x)[static_cast<std::size_t>(axis)];
      if (from < 0) break;
      axis = static_cast<int>(from);
      x = Tensor(input(x));
    } else if (is_op(x, ops::broadcast) && !type(input(x)).broadcasts(axis)) {
      x = Tensor(input(x));
    } else if (meaning<Reduce>(x)) {
      axis = static_cast<int>(axes_left(x)[static_cast<std::size_t>(axis)]);
      x = Tensor(input(x));
    } else if (is_op(x, ops::gather)) {
      std::tie(x, axis) = behind_rows(x, axis);
    } else if (const Tensor* y = as_long(x, axis)) {
      x = Tensor(*y);
    } else {
      break;
    }
  }
  return {x.node(), axis};
}

/// Whether x is that long along an axis, whatever its extent will be.
bool is_as_long(const Tensor& x, int axis, const Dim& asked) {
  if (!asked.t.node()) return asked.n == type(x).shape[static_cast<std::size_t>(axis)];
  return is_op(asked.t, ops::shape_of) &&
         axis_behind(input(asked.t), static_cast<int>(node(asked.t).params.integer("axis"))) == axis_behind(x, axis);
}

/// What a broadcast asks for along an axis.
Dim asked_along(const Tensor& spread, int axis) {
  const Index asked = node(spread).params.list("dims")[static_cast<std::size_t>(axis)];
  const std::optional<std::size_t> holder = holder_of_extent(asked);
  return holder ? Dim(node(spread).inputs[1 + *holder]) : Dim(asked);
}

/// What stood beside others in t, found to be as long as they are.
Tensor checked_beside(const Tensor& t, Tensor x, std::span<const Tensor> others) {
  const Where w = node(t).where;
  for (const Tensor& other : others)
    for (int a = 0; a < t.ndim(); ++a) {
      if (type(x).broadcasts(a) || type(other).broadcasts(a)) continue;
      const Index known = type(other).shape[static_cast<std::size_t>(a)];
      const Dim asked = known == any_extent ? Dim(ops::extent(other, a, w)) : Dim(known);
      if (!is_as_long(x, a, asked)) x = ops::checked_beside(x, a, asked, w);
    }
  return x;
}

/// Whether a broadcast asks for an extent along an axis that does not widen: another one, which the type need not show,
/// is an error when it runs.
bool checks_extents(const Tensor& spread) {
  const Tensor& x = input(spread);
  const std::vector<Index>& dims = node(spread).params.list("dims");
  for (int a = 0; a < x.ndim(); ++a) {
    const bool asks = !type(x).broadcasts(a) && dims[static_cast<std::size_t>(a)] != own_extent;
    if (asks && !is_as_long(x, a, asked_along(spread, a))) return true;
  }
  return false;
}

/// Only axes of extent 1 widen: without one nothing does.
Tensor broadcast_of_nothing(const Tensor& t, const NodeSet&) {
  const Type& x = type(input(t));
  for (int a = 0; a < x.rank(); ++a)
    if (x.broadcasts(a) && !type(t).broadcasts(a)) return {};
  return checks_extents(t) ? Tensor() : input(t);
}

/// x(all, all).
Tensor slice_of_everything(const Tensor& t, const NodeSet&) {
  const auto whole = [&](std::string_view name, Index value) {
    const std::vector<Index>& list = node(t).params.list(name);
    return std::all_of(list.begin(), list.end(), [&](Index i) { return i == value; });
  };
  const bool all_of_it = whole("start", absent_bound) && whole("stop", absent_bound) && whole("step", 1);
  return all_of_it ? input(t) : Tensor();
}

/// Whether every value of `narrow` is a value of `wide`.
bool holds_all(DType wide, DType narrow) {
  if (narrow == DType::boolean || wide == narrow) return true;
  if (is_float(narrow)) return is_float(wide) && size_of(wide) > size_of(narrow);
  if (wide == DType::float64) return size_of(narrow) <= 4;
  if (wide == DType::float32) return size_of(narrow) <= 2;
  if (is_float(wide) || wide == DType::boolean) return false;
  if (is_signed_int(narrow)) return is_signed_int(wide) && size_of(wide) >= size_of(narrow);
  return size_of(wide) > size_of(narrow) || (is_unsigned_int(wide) && size_of(wide) == size_of(narrow));
}

/// Conversion to x's own type, directly or through one that holds all of its values.
Tensor convert_back(const Tensor& t, const NodeSet& keep) {
  if (type(input(t)).dtype == type(t).dtype) return input(t);
  const Tensor* first = inner(t, ops::convert, keep);
  if (!first || type(input(*first)).dtype != type(t).dtype) return {};
  return holds_all(type(*first).dtype, type(t).dtype) ? input(*first) : Tensor();
}

/// A fold over no axes, or over axes of extent 1 only, chooses or adds nothing.
Tensor fold_of_one(const Tensor& t, const NodeSet&) {
  const Tensor& x = input(t);
  if (type(x).dtype != type(t).dtype) return {};
  for (const Index a : axes_of(t))
    if (!type(x).broadcasts(static_cast<int>(a))) return {};
  return ops::permuted(x, axes_left(t), node(t).where);
}

/// sum(sum(x)), max(max(x)), ...: one fold over both lists of axes.
Tensor fold_of_fold(const Tensor& t, const NodeSet& keep) {
  const Tensor* first = inner(t, *node(t).op, keep);
  if (!first) return {};
  return apply(*node(t).op, {{"axes", axes_of_both(t, *first)}}, {input(*first)}, node(t).where);
}

/// The other branch is never taken, or both are the same.
Tensor select_of_constant(const Tensor& t, const NodeSet&) {
  const std::vector<Tensor>& x = node(t).inputs;
  if (same(x[1], x[2])) return checked_beside(t, x[1], {&x[0], 1});
  if (node(x[0]).kind != NodeKind::constant || node(x[0]).value.size() == 0) return {};
  const Array& c = node(x[0]).value;
  for (Index i = 1; i < c.size(); ++i)
    if (get(c, i) != get(c, 0)) return {};
  const bool is_first = get(c, 0) != 0;
  const Tensor others[] = {x[0], x[is_first ? 2 : 1]};
  return checked_beside(t, x[is_first ? 1 : 2], others);
}

/// The extent of f(g(x)) by elements is that of x: all the way at once, for nothing shares the extents between.
Tensor shape_of_elementwise(const Tensor& t, const NodeSet&) {
  const auto axis = static_cast<int>(node(t).params.integer("axis"));
  const Tensor* bottom = nullptr;
  for (const Tensor* x = as_long(input(t), axis); x; x = as_long(*x, axis)) bottom = x;
  return bottom ? ops::extent(*bottom, axis, node(t).where) : Tensor();
}

/// Whether one operand alone, all the way down, gives t its extent there: where several do, t is what checks them.
bool has_one_source(const Tensor& t, int axis) {
  const Tensor* x = &t;
  while (const Tensor* const y = as_long(*x, axis)) {
    const auto& of = node(*x).inputs;
    if (std::count_if(of.begin(), of.end(), [&](const Tensor& z) { return !type(z).broadcasts(axis); }) > 1)
      return false;
    x = y;
  }
  return true;
}

/// An extent of a fold is one of what it folds.
Tensor shape_of_fold(const Tensor& t, const NodeSet& keep) {
  const Tensor& fold = input(t);
  if (!meaning<Reduce>(fold) || keep.contains(fold.node())) return {};
  const auto axis = static_cast<int>(axes_left(fold)[static_cast<std::size_t>(node(t).params.integer("axis"))]);
  return has_one_source(input(fold), axis) ? ops::extent(input(fold), axis, node(t).where) : Tensor();
}

/// An extent of rows at indices is one of the indices or of what they are rows of.
Tensor shape_of_rows(const Tensor& t, const NodeSet& keep) {
  const Tensor* rows = inner(t, ops::gather, keep);
  if (!rows) return {};
  const auto [x, axis] = behind_rows(*rows, static_cast<int>(node(t).params.integer("axis")));
  return ops::extent(x, axis, node(t).where);
}

// ---- values spread over a shape: a gradient of sum is one number until something asks for more

/// The operands of t with operand i, a broadcast, as it was before it was spread: where others have every extent that
/// it widens to. Those that may have another extent there are checked from now on, in place of the broadcast.
std::optional<std::vector<Tensor>> without_spread(const Tensor& t, std::size_t i) {
  const Tensor& spread = node(t).inputs[i];
  std::vector<Tensor> operands = node(t).inputs;
  operands[i] = Tensor(input(spread));
  for (int a = 0; a < t.ndim(); ++a) {
    if (!type(input(spread)).broadcasts(a) || type(spread).broadcasts(a)) continue;
    std::size_t cover = operands.size();
    bool is_sure = false;
    for (std::size_t k = 0; k < operands.size() && !is_sure; ++k) {
      if (k == i || type(operands[k]).broadcasts(a)) continue;
      cover = k;
      is_sure = is_as_long(operands[k], a, asked_along(spread, a));
    }
    if (cover == operands.size()) return {};
    if (!is_sure) operands[cover] = ops::checked_beside(operands[cover], a, asked_along(spread, a), node(t).where);
  }
  return operands;
}

/// f(spread(x), y) is f(x, y) where y has the extents, and spread(f(x, y)) where y is one number.
Tensor elementwise_of_spread(const Tensor& t, const NodeSet& keep) {
  const std::vector<Tensor>& x = node(t).inputs;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!is_op(x[i], ops::broadcast) || keep.contains(x[i].node()) || checks_extents(x[i])) continue;
    if (std::optional<std::vector<Tensor>> operands = without_spread(t, i)) return with_inputs(t, std::move(*operands));
    bool numbers = true;
    for (std::size_t k = 0; k < x.size(); ++k) numbers &= k == i || is_of_one(x[k]);
    if (!numbers) continue;
    std::vector<Tensor> inputs = x, outer = node(x[i]).inputs;
    inputs[i] = Tensor(input(x[i]));
    outer[0] = with_inputs(t, std::move(inputs));
    return with_inputs(x[i], std::move(outer));
  }
  return {};
}

/// permute(spread(x)) is spread(permute(x)).
Tensor permute_of_spread(const Tensor& t, const NodeSet& keep) {
  const Tensor* spread = inner(t, ops::broadcast, keep);
  if (!spread || checks_extents(*spread)) return {};
  const std::vector<Index>& from = node(*spread).params.list("dims");
  std::vector<bool> stays(from.size());
  std::vector<Index> dims;
  for (const Index a : axes_of(t)) {
    dims.push_back(a < 0 ? own_extent : from[static_cast<std::size_t>(a)]);
    if (a >= 0) stays[static_cast<std::size_t>(a)] = true;
  }
  if (std::find(stays.begin(), stays.end(), false) != stays.end()) return {};
  std::vector<Tensor> inputs = node(*spread).inputs;
  inputs[0] = ops::permuted(inputs[0], axes_of(t), node(t).where);
  return apply(ops::broadcast, {{"dims", std::move(dims)}}, std::move(inputs), node(t).where);
}

/// A sum over what is the same all along is that, so many times: exact where a sum of many rounds and rounds.
Tensor sum_of_spread(const Tensor& t, const NodeSet& keep) {
  const Tensor* spread = inner(t, ops::broadcast, keep);
  const bool rounds_counts = size_of(t.dtype()) < 4 && is_float(t.dtype());  // or has none so large
  if (!spread || rounds_counts) return {};
  Tensor x = input(*spread);
  while (is_op(x, ops::broadcast) && !keep.contains(x.node()) && !checks_extents(x)) x = Tensor(input(x));
  if (x.ndim() != spread->ndim()) return {};
  const Where w = node(t).where;
  Tensor count = ops::integer(1, w);
  bool repeats = false, spreads = checks_extents(*spread);
  Dims rest{};
  for (int a = 0; a < x.ndim(); ++a) {
    const bool wider = type(x).broadcasts(a) && !type(*spread).broadcasts(a);
    const bool summed = wider && std::ranges::count(axes_of(t), a) > 0;
    const Tensor n = ops::extent(*spread, a, w);
    if (summed) count = repeats ? count * n : n;
    repeats |= summed;
    spreads |= wider && !summed;
    rest.list.push_back(summed ? Dim(1) : Dim(n));
  }
  if (!repeats) return {};
  const Tensor narrow = spreads ? broadcast_to(x, rest, w) : x;
  return ops::masked(ops::converted(count, t.dtype(), w), with_inputs(t, {narrow}));
}

/// dot(x.T(), y): the labels say in which order the axes come.
Tensor contract_of_permute(const Tensor& t, const NodeSet& keep) {
  static constexpr std::string_view names[] = {"a", "b"};
  for (std::size_t side = 0; side < 2; ++side) {
    const Tensor& p = node(t).inputs[side];
    if (!is_op(p, ops::permute) || keep.contains(p.node())) continue;
    const std::vector<Index>& axes = axes_of(p);
    const bool reorders =
        axes.size() == type(input(p)).shape.size() && std::find(axes.begin(), axes.end(), -1) == axes.end();
    if (!reorders) continue;
    std::vector<Index> labels(axes.size());
    for (std::size_t d = 0; d < axes.size(); ++d)
      labels[static_cast<std::size_t>(axes[d])] = node(t).params.list(names[side])[d];
    Params params = node(t).params;
    params.set(names[side], std::move(labels));
    std::vector<Tensor> inputs = node(t).inputs;
    inputs[side] = Tensor(input(p));
    return apply(*node(t).op, std::move(params), std::move(inputs), node(t).where);
  }
  return {};
}

/// What only mattered to gradients or to types, when neither is asked for any more.
Tensor x_itself(const Tensor& t, const NodeSet&) { return input(t); }

}  // namespace

bool is_of_one(const Tensor& t) {
  return std::all_of(type(t).shape.begin(), type(t).shape.end(), [](Index e) { return e == 1; });
}

std::vector<Index> axes_left(const Tensor& fold) {
  std::vector<Index> left = ops::counting(type(input(fold)).rank());
  for (const Index a : axes_of(fold)) std::erase(left, a);
  return left;
}

std::vector<Index> axes_of_both(const Tensor& outer, const Tensor& inner) {
  const std::vector<Index> left = axes_left(inner);
  std::vector<Index> axes = axes_of(inner);
  for (const Index a : axes_of(outer)) axes.push_back(left[static_cast<std::size_t>(a)]);
  std::sort(axes.begin(), axes.end());
  return axes;
}

RuleBook structural_rules() {
  RuleBook b;
  b += rule("permute_of_permute", ops::permute, permute_of_permute);
  b += rule("permute_of_spread", ops::permute, permute_of_spread);
  for (const Op* op : ops::all())
    if (meaning<Pointwise>(*op)) b += rule("elementwise_of_spread", *op, elementwise_of_spread);
  b += rule("reshape_to_itself", ops::reshape, reshape_to_itself);
  b += rule("reshape_of_reshape", ops::reshape, reshape_of_reshape);
  b += rule("broadcast_of_nothing", ops::broadcast, broadcast_of_nothing);
  b += rule("slice_of_everything", ops::slice, slice_of_everything);
  b += rule("convert_back", ops::convert, convert_back);
  for (const Op* fold : {&ops::sum, &ops::prod, &ops::max, &ops::min}) {
    b += rule("fold_of_one", *fold, fold_of_one);
    b += rule("fold_of_fold", *fold, fold_of_fold);
  }
  b += rule("sum_of_spread", ops::sum, sum_of_spread);
  b += rule("select_of_constant", ops::select, select_of_constant);
  b += rule("shape_of_elementwise", ops::shape_of, shape_of_elementwise);
  b += rule("shape_of_fold", ops::shape_of, shape_of_fold);
  b += rule("shape_of_rows", ops::shape_of, shape_of_rows);
  b += rule("contract_of_permute", ops::contract, contract_of_permute);
  for (const Op* op : {&ops::zero_grad, &ops::disconnected_grad, &ops::grad_clip, &ops::grad_scale})
    b += rule(op->name, *op, x_itself);
  return b;
}

}  // namespace croton::rewrite
