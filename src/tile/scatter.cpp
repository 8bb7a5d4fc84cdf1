#include "tile/scatter.h"

#include "croton/ops.h"
#include "graph/codes.h"
#include "ops/extents.h"
#include "ops/parts.h"
#include "ops/pointwise.h"
#include "ops/registry.h"
#include "tile/regions.h"

namespace croton::tile {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

Type of_index(const TypeAt& t) { return {int64, t.shapes[1]}; }
Type of_rows(const TypeAt& t) {
  Shape shape = t.shapes[0];
  shape[at(static_cast<int>(t.params.integer("axis")))] = t.shapes[1][0];
  return {t.dtype(0), std::move(shape)};
}
Type of_first(const TypeAt& t) { return {t.dtype(0), t.shapes[0]}; }

Params along(Index axis) { return {{"axis", axis}}; }

// Each use has a node of its own, for they run along different axes and are computed where they are used.
Tensor numbers(const Tensor& row, Where w) { return arange(ops::extent(row, 0, w), w); }

// ---- for each two of n rows
Tensor down(const Tensor& t, Where w) { return ops::permuted(t, {0, -1}, w); }
Tensor across(const Tensor& t, Where w) { return ops::permuted(t, {-1, 0}, w); }
Tensor folded(const Op& op, const Tensor& pairs, Where w) {
  return apply(op, Params{{"axes", std::vector<Index>{1}}}, {pairs}, w);
}
Tensor count(const Tensor& pairs, Where w) { return folded(ops::sum, ops::converted(pairs, int64, w), w); }

// Of rows that are the same the last one, so that it wins.
Tensor last_of_each(const Tensor& row, Where w) {
  const Tensor again = across(row, w) == down(row, w), later = across(numbers(row, w), w) > down(numbers(row, w), w);
  return copy_of(where(folded(ops::any, logical_and(again, later, w), w), -1, row, w));
}

// Of rows that are the same the first one is written, with the values of all of them in their order. Each row's place
// among all in order of row and number is how many come before it: n comparisons for each of n, which threads share.
Tensor added(const Tensor& row, const Tensor& values, const Tensor& whole, Where w) {
  const Tensor again = across(row, w) == down(row, w), sooner = across(numbers(row, w), w) < down(numbers(row, w), w);
  const Tensor before = count(logical_and(again, sooner, w), w), less = count(across(row, w) < down(row, w), w),
               not_more = count(across(row, w) <= down(row, w), w), is_first = before == 0;
  const Tensor written = copy_of(where(is_first, row, -1, w)),
               list = apply(arranged_rows, {}, {numbers(row, w), less + before}, w), first = copy_of(less),
               end = copy_of(where(is_first, not_more, less, w));
  const Tensor start = apply(read_rows, along(0), {whole, written}, w);
  const Tensor sums = apply(added_rows, {}, {start, values, list, first, end}, w);
  return apply(written_rows, along(0), {whole, written, sums}, w);
}

// What is written at one row, or added to what lies there.
Tensor one_written(const Tensor& row, const Tensor& value, const Tensor& whole, Index axis, bool set, Where w) {
  const Tensor v = set ? value : sum_of(apply(read_rows, along(axis), {whole, row}, w), value, w);
  return apply(written_rows, along(axis), {whole, row, v}, w);
}

// The first axes of values, as many as an index has, as one.
Tensor in_one_list(const Tensor& values, const Tensor& index, Where w) {
  const ops::ExtentList all = ops::extents_of(values, w);
  ops::ExtentList to;
  to.add(index.size(w));
  for (std::size_t d = at(index.ndim()); d < all.dims.size(); ++d) {
    if (const auto holder = holder_of_extent(all.dims[d]))
      to.add(all.held[*holder]);
    else
      to.add(all.dims[d]);
  }
  return apply(ops::reshape, {{"dims", to.dims}}, to.after(values), w);
}

Tensor with_axis(const Tensor& value, Index axis, Where w) {
  std::vector<Index> axes = ops::counting(value.ndim());
  axes.insert(axes.begin() + axis, -1);
  return ops::permuted(value, std::move(axes), w);
}

}  // namespace

constinit const Op row_numbers{.name = "row_numbers",
                               .doc = "The rows of x that integers name, counted from 0.",
                               .arity = 2,
                               .type = of_index,
                               .meaning = Scatter{}};
constinit const Op read_rows{.name = "read_rows",
                             .doc = "Rows of x, 0 where a row is negative.",
                             .arity = 2,
                             .type = of_rows,
                             .meaning = Scatter{}};
constinit const Op written_rows{.name = "written_rows",
                                .doc = "x with different rows replaced, none where a row is negative.",
                                .arity = 3,
                                .type = of_first,
                                .meaning = Scatter{}};
constinit const Op arranged_rows{.name = "arranged_rows",
                                 .doc = "Values in the order of rows that a permutation gives them.",
                                 .arity = 2,
                                 .type = of_first,
                                 .meaning = Scatter{}};
constinit const Op added_rows{.name = "added_rows",
                              .doc = "A part of a list of rows of values, added one after another.",
                              .arity = 5,
                              .type = of_first,
                              .meaning = Scatter{}};

Tensor row_check(const Tensor& row_numbers) {
  const Node& n = node(row_numbers);
  if (n.params.find_list("step") == nullptr) return apply(ops::gather, {}, n.inputs, n.where);
  return apply(ops::slice, ops::bounds(n.params), n.inputs, n.where);
}

int written_axis(const Tensor& write, const std::unordered_set<const Node*>& known) {
  const Params& p = node(write).params;
  const auto &start = p.list("start"), &stop = p.list("stop"), &step = p.list("step");
  int axis = -1;
  for (std::size_t d = 0; d < step.size(); ++d) {
    if (step[d] == 1 && start[d] == absent_bound && stop[d] == absent_bound) continue;
    const auto holder = step[d] == 0 ? holder_of_bound(start[d]) : std::nullopt;
    if (axis >= 0 || !holder || known.contains(node(write).inputs[ops::first_bound + *holder].node())) return -1;
    axis = static_cast<int>(d);
  }
  return axis;
}

Tensor scattered(const Tensor& scatter, std::vector<Tensor> inputs, const Tensor& whole) {
  const Where w = node(scatter).where;
  const bool set = node(scatter).params.flag("set");
  const Tensor &index = inputs[1], &values = inputs[2];
  const Tensor named = copy_of(apply(row_numbers, along(0), {inputs[0], index}, w));
  if (index.ndim() == 0) return one_written(with_axis(named, 0, w), with_axis(values, 0, w), whole, 0, set, w);
  const bool in_list = index.ndim() == 1;
  const Tensor row = in_list ? named : flatten(named, w), rows = in_list ? values : in_one_list(values, index, w);
  if (type(row).broadcasts(0)) return one_written(row, rows, whole, 0, set, w);
  if (!set) return added(row, rows, whole, w);
  return apply(written_rows, along(0), {whole, last_of_each(row, w), rows}, w);
}

Tensor row_written(const Tensor& write, std::vector<Tensor> inputs, const Tensor& whole, int axis) {
  const Node& n = node(write);
  const Tensor& index = inputs[ops::first_bound + *holder_of_bound(n.params.list("start")[at(axis)])];
  std::vector<Params::Entry> params{{"axis", static_cast<Index>(axis)}};
  for (const Params::Entry& e : ops::bounds(n.params)) params.push_back(e);
  const Tensor number = copy_of(apply(row_numbers, Params(std::move(params)), {inputs[0], index}, n.where));
  return one_written(with_axis(number, 0, n.where), with_axis(inputs[1], axis, n.where), whole, axis,
                     n.params.flag("set"), n.where);
}

}  // namespace croton::tile
