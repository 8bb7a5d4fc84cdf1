// Elements by indices of several axes, and the indices of elements.
#include <algorithm>

#include "base/dtype.h"
#include "base/error.h"
#include "croton/numpy.h"
#include "graph/walk.h"
#include "ops/broadcasting.h"
#include "ops/extents.h"
#include "ops/pointwise.h"
#include "ops/registry.h"
#include "ops/slicing.h"

namespace croton {
namespace {

/// x at index along an axis, and at every element's own place along the others.
Tensor along(std::string_view name, const Tensor& x, const Tensor& index, int axis, Where w) {
  const Tensor both[] = {x, index};
  refuse_empty(name, both, w);
  const int a = ops::axis_of(name, axis, x, w);
  if (index.ndim() != x.ndim())
    fail_at<ShapeError>(w, "{}: {} is {}, the index {} is {}; both need the same number of axes", name, formula(x),
                        text(type(x)), formula(index), text(type(index)));
  std::vector<IndexItem> items;
  for (int d = 0; d < x.ndim(); ++d) {
    std::vector<Index> places(static_cast<std::size_t>(x.ndim()), -1);
    places[static_cast<std::size_t>(d)] = 0;
    items.emplace_back(d == a ? index : ops::permuted(arange(ops::extent(x, d, w), w), std::move(places), w), w);
  }
  return ops::indexed(x, items, w);
}

/// The index itself, none negative any more; one that is not below n is an IndexError when it runs.
Tensor within(Index n, const Tensor& index, std::string_view what, Where w) {
  const Tensor positions = arange(n, w);
  positions.named(what);
  return take(positions, index, 0, w);
}

/// The rows and columns of those elements of an n x m matrix whose diagonal is chosen.
template <class Chosen>
std::array<Tensor, 2> indices_of(std::string_view name, Index n, Index m, Chosen chosen, Where w) {
  if (n < 0 || m < 0) fail_at<ShapeError>(w, "{}: a {} x {} matrix; an extent is not negative", name, n, m);
  std::vector<Index> rows, columns;
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < m; ++j)
      if (chosen(j - i)) rows.push_back(i), columns.push_back(j);
  return {constant(Array(rows), "", w), constant(Array(columns), "", w)};
}

}  // namespace

Tensor take_along_axis(const Operand& x, const Operand& index, int axis, Where w) {
  const WhereScope scope(w);
  return along("take_along_axis", x.get(), index.get(), axis, w);
}

Tensor put_along_axis(const Operand& x, const Operand& index, const Operand& values, int axis, Where w) {
  const WhereScope scope(w);
  return set_subtensor(along("put_along_axis", x.get(), index.get(), axis, w), values, w);
}

std::vector<Tensor> nonzero(const Operand& of, Where w) {
  const WhereScope scope(w);
  const Tensor x = of.get();
  refuse_empty("nonzero", {&x, 1}, w);
  if (x.ndim() == 0) fail_at<ShapeError>(w, "{}: {} is a scalar, and has no indices", ambient("nonzero"), formula(x));
  std::vector<Tensor> inputs{ops::converted(x, boolean, w)};
  for (int d = 0; d < x.ndim(); ++d) inputs.push_back(ops::extent(x, d, w));
  Tensor number = apply(ops::nonzero, {}, inputs, w);
  std::vector<Tensor> indices(static_cast<std::size_t>(x.ndim()));
  for (std::size_t d = indices.size(); d-- > 1;) {
    const Tensor n = maximum(inputs[d + 1], 1, w);
    indices[d] = number % n;
    number = floor_divide(number, n, w);
  }
  indices[0] = number;
  return indices;
}

Tensor argwhere(const Operand& x, Where w) {
  const WhereScope scope(w);
  return stack(nonzero(x, w), 1, w);
}

Tensor ravel_multi_index(const Tensors& indices, const Extents& shape, Where w) {
  const WhereScope scope(w);
  if (indices.list().empty() || indices.list().size() != shape.size())
    fail_at<ShapeError>(w, "ravel_multi_index: {} indices for a shape of {} axes", indices.list().size(), shape.size());
  Tensor number;
  for (std::size_t d = 0; d < shape.size(); ++d) {
    const Tensor at = within(shape[d], indices.list()[d], fmt::format("axis {} of shape {}", d, text(shape)), w);
    number = d == 0 ? at : number * shape[d] + at;
  }
  return number;
}

std::vector<Tensor> unravel_index(const Operand& of, const Extents& shape, Where w) {
  const WhereScope scope(w);
  if (shape.empty()) fail_at<ShapeError>(w, "unravel_index: a shape without axes has no indices");
  Index count = 1;
  for (const Index n : shape) {
    if (n < 0) fail_at<ShapeError>(w, "unravel_index: an extent is {}; it is not negative", n);
    count *= n;
  }
  Tensor number = within(count, of.get(), fmt::format("the {} elements of shape {}", count, text(shape)), w);
  std::vector<Tensor> indices(shape.size());
  for (std::size_t d = indices.size(); d-- > 1;) {
    const Index n = std::max<Index>(shape[d], 1);
    indices[d] = number % n;
    number = floor_divide(number, n, w);
  }
  indices[0] = number;
  return indices;
}

std::array<Tensor, 2> tril_indices(Index n, Index k, Index m, Where w) {
  return indices_of(
      "tril_indices", n, m, [k](Index diagonal) { return diagonal <= k; }, w);
}
std::array<Tensor, 2> triu_indices(Index n, Index k, Index m, Where w) {
  return indices_of(
      "triu_indices", n, m, [k](Index diagonal) { return diagonal >= k; }, w);
}

Tensor choose(const Operand& index, const Tensors& choices, Where w) {
  const WhereScope scope(w);
  if (choices.list().empty()) fail_at<ShapeError>(w, "choose: there are no choices");
  std::vector<Tensor> all{index.get()};
  all.insert(all.end(), choices.list().begin(), choices.list().end());
  refuse_empty("choose", all, w);
  all = ops::broadcast_together("choose", std::move(all), w);
  const Tensor stacked = stack(std::vector<Tensor>(all.begin() + 1, all.end()), 0, w);
  stacked.named("the choices");
  return squeeze(take_along_axis(stacked, expand_dims(all[0], 0, w), 0, w), 0, w);
}

}  // namespace croton
