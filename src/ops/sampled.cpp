// Functions that samples stand for: interp, trapezoid, convolve.
#include <algorithm>
#include <utility>

#include "base/dtype.h"
#include "base/error.h"
#include "croton/nn.h"
#include "croton/numpy.h"
#include "graph/walk.h"
#include "ops/extents.h"
#include "ops/pointwise.h"
#include "ops/slicing.h"

namespace croton {
namespace {

void refuse_no_vector(std::string_view name, std::string_view what, const Tensor& x, Where w) {
  if (x.ndim() != 1) fail_at<ShapeError>(w, "{}: {} {} is {}; it is a vector", name, what, formula(x), text(type(x)));
}

}  // namespace

Tensor interp(const Operand& at, const Operand& places, const Operand& values, Where w) {
  const WhereScope scope(w);
  const Tensor given[] = {at.get(), places.get(), values.get()};
  refuse_no_vector("interp", "xp", given[1], w);
  refuse_no_vector("interp", "fp", given[2], w);
  for (const Tensor& t : {given[1], given[2]})
    if (type(t).shape[0] == 0) fail_at<ShapeError>(w, "interp: {} has no element; at least 1 is needed", formula(t));
  const DType d = to_floating(ops::common_dtype("interp", given, w));
  const Tensor x = ops::converted(given[0], d, w), xp = ops::converted(given[1], d, w), n = ops::extent(xp, 0, w);
  const Tensor fp = reshape(ops::converted(given[2], d, w), Dims{Dim(n)}, w);  // of xp's length
  const Tensor i = clip(searchsorted(xp, x, true, w) - 1, 0, n - 1, w), next = minimum(i + 1, n - 1, w);
  const Tensor from = take(xp, i, 0, w), width = take(xp, next, 0, w) - from;
  const Tensor low = take(fp, i, 0, w), rise = take(fp, next, 0, w) - low;
  const Tensor within = (width > 0) & (x >= from);  // else before the first point, or behind the last
  const Tensor y = where(within, rise / where(within, width, 1, w) * (x - from) + low, low, w);
  return where(isnan(x, w), x, y, w);
}

Tensor trapezoid(const Operand& of, const Operand& places, int axis, Where w) {
  const WhereScope scope(w);
  const Tensor given[] = {of.get(), places.get()};
  const Tensor y = ops::converted(given[0], to_floating(given[0].dtype()), w);
  Tensor x = given[1];
  const int a = ops::axis_of("trapezoid", axis, y, w);
  if (x.ndim() != 0 && x.ndim() != 1 && x.ndim() != y.ndim())
    fail_at<ShapeError>(w,
                        "trapezoid: {} is {}, its places {} are {}; they are a vector, of the same shape, or a scalar",
                        formula(given[0]), text(type(given[0])), formula(x), text(type(x)));
  if (x.ndim() == 1) {
    std::vector<Index> along(static_cast<std::size_t>(y.ndim()), -1);
    along[static_cast<std::size_t>(a)] = 0;
    x = ops::permuted(diff(x, 1, 0, w), std::move(along), w);
  } else if (x.ndim() > 1) {
    x = diff(x, 1, a, w);
  }
  const auto part = [&](const Slice& elements) {
    std::vector<IndexItem> items(static_cast<std::size_t>(a), IndexItem(all, w));
    items.emplace_back(elements, w);
    return ops::indexed(y, items, w);
  };
  return sum(x * (part(slice(1, none)) + part(slice(-1))) / 2.0, a, w);
}

Tensor convolve(const Operand& left, const Operand& right, std::string_view mode, Where w) {
  const WhereScope scope(w);
  Tensor a = left.get(), v = right.get();
  const Tensor both[] = {a, v};
  if (mode != "full" && mode != "same" && mode != "valid")
    fail_at<GraphError>(w, "convolve: the mode is \"{}\"; allowed: \"full\", \"same\", \"valid\"", mode);
  for (const Tensor& x : both) {
    refuse_no_vector("convolve", "an operand", x, w);
    if (type(x).shape[0] == 0) fail_at<ShapeError>(w, "convolve: {} has no element; at least 1 is needed", formula(x));
  }
  if (ops::common_dtype("convolve", both, w) == boolean)
    fail_at<DTypeError>(w, "convolve: {} and {} are bools; convert them with astype", formula(a), formula(v));
  if (type(a).shape[0] >= 0 && type(a).shape[0] < type(v).shape[0]) std::swap(a, v);  // the shorter one is the filter
  const auto signal = [&](const Tensor& x) { return expand_dims(expand_dims(x, 0, w), 0, w); };
  const Tensor y = conv1d(signal(a), signal(v), {.padding = "full", .filter_flip = true}, w);
  if (mode == "full") return y(0, 0);
  const Tensor n = ops::extent(a, 0, w), m = ops::extent(v, 0, w), least = minimum(n, m, w), most = maximum(n, m, w);
  const Tensor first = ops::settled(mode == "same" ? floor_divide(least - 1, 2, w) : least - 1, w);
  const Tensor count = ops::settled(mode == "same" ? most : most - least + 1, w);
  return y(0, 0, slice(first, first + count));
}

}  // namespace croton
