// Reading and writing parts of tensors: slices, rows by integers.
#include <algorithm>

#include "base/dtype.h"
#include "base/error.h"
#include "croton/ops.h"
#include "graph/walk.h"
#include "ops/extents.h"
#include "ops/families.h"
#include "ops/parts.h"
#include "ops/pointwise.h"
#include "ops/slicing.h"
#include "ops/windows.h"

namespace croton::ops {
namespace {

using L = std::vector<Index>;
constexpr Index none_given = absent_bound;

// ---- slice
Type slice_type(const TypeAt& t) { return {t.dtype(0), selected(spans(t, t.shapes[0], 1))}; }
std::vector<AxisMap> slice_map(const TypeAt& t, const Shape&) { return maps(spans(t, t.shapes[0], 1)); }

std::vector<Tensor> written(const Tensor& x, const Tensor& value, std::span<const Tensor> bounds) {
  std::vector<Tensor> inputs{x, value};
  inputs.insert(inputs.end(), bounds.begin(), bounds.end());
  return inputs;
}

Params with_set(const Params& p, bool set) {
  Params r = bounds(p);
  r.set("set", set);
  return r;
}

/// All elements, along some axes in reverse.
bool only_turns(const Params& p) {
  const auto none = [](Index bound) { return bound == none_given; };
  const auto &start = p.list("start"), &stop = p.list("stop"), &step = p.list("step");
  return std::all_of(start.begin(), start.end(), none) && std::all_of(stop.begin(), stop.end(), none) &&
         std::all_of(step.begin(), step.end(), [](Index by) { return by == 1 || by == -1; });
}

/// The part's gradient among zeros, axis by axis: folds of windows of one element, which generated code computes where
/// it is used. Empty where a bound is no number, or an axis of unknown extent is gone through backwards.
Tensor part_among_zeros(const At& at, Where w) {
  const auto &start = at.params.list("start"), &stop = at.params.list("stop"), &step = at.params.list("step");
  for (const L* bounds : {&start, &stop, &step})
    for (const Index n : *bounds)
      if (holder_of_bound(n)) return {};
  const Tensor& x = at.x[0];
  const Shape& shape = type(x).shape;
  Tensor g = at.y_bar;
  for (int d = 0; d < x.ndim(); ++d)
    if (step[static_cast<std::size_t>(d)] == 0) g = croton::expand_dims(g, d, w);
  for (int d = 0; d < x.ndim(); ++d) {
    const auto k = static_cast<std::size_t>(d);
    if (step[k] == 1 && start[k] == none_given && stop[k] == none_given) continue;
    const Tensor n = extent(x, d, w);
    Tensor first = integer(0, w);
    if (step[k] < 0) {  // from the last one read
      const Index most = shape[k] - 1, count = type(g).shape[k];
      if (most < 0 || count < 0) return {};
      const Index from =
          start[k] == none_given ? most : std::clamp(start[k] + (start[k] < 0 ? shape[k] : 0), Index{-1}, most);
      g = croton::flip(g, d, w);
      first = integer(count > 0 ? from + (count - 1) * step[k] : 0, w);
    } else if (start[k] != none_given) {
      first = start[k] >= 0   ? integer(start[k], w)
              : shape[k] >= 0 ? integer(std::max<Index>(shape[k] + start[k], 0), w)
                              : croton::maximum(n + start[k], 0, w);
    }
    g = among_zeros(g, d, n, first, std::max<Index>(std::abs(step[k]), 1), w);
  }
  return g;
}

Gradients slice_pullback(const At& at) {
  const Where w = Where::here();
  Gradients g(at.x.size());
  if (only_turns(at.params)) {
    g[0] = apply(slice, at.params, {at.y_bar}, w);
    return g;
  }
  if ((g[0] = part_among_zeros(at, w)).node() != nullptr) return g;
  const Tensor zeros = converted(zeros_of(at.x[0], w), at.y_bar.dtype(), w);
  g[0] = apply(write, with_set(at.params, false), written(zeros, at.y_bar, at.x.subspan(1)), w);
  return g;
}

std::vector<Sample> slice_samples() {
  return {
      {{{float64, {5, 4}}}, {{"start", L{1, none_given}}, {"stop", L{4, none_given}}, {"step", L{1, -1}}}},
      {{{float32, {3, 5}}}, {{"start", L{-1, none_given}}, {"stop", L{none_given, -1}}, {"step", L{0, 2}}}},
      {{{float64, {6}}, {int64, {}}, {int64, {}}},
       {{"start", L{absent_bound + 1}}, {"stop", L{absent_bound + 2}}, {"step", L{1}}},
       {{-4, 4}, {2, 2}, {-1, -1}}},
      {{{int64, {0}}}, {{"start", L{3}}, {"stop", L{9}}, {"step", L{1}}}},
      {{{float64, {3, 2}}},
       {{"start", L{none_given, none_given}}, {"stop", L{none_given, none_given}}, {"step", L{-1, 1}}}},
  };
}

// ---- write
Type write_type(const TypeAt& t) {
  const Shape part = selected(spans(t, t.shapes[0], 2));
  const Shape& value = t.shapes[1];
  for (std::size_t i = 0; i < part.size(); ++i)
    if (value[i] != part[i] && value[i] != -1 && part[i] != -1)
      fail_at<ShapeError>(t.where, "{}: the part has shape {}, the value {}", t.name(), text(part), text(value));
  return {t.dtype(0), t.shapes[0]};
}
std::vector<AxisMap> write_map(const TypeAt& t, const Shape&) { return maps(spans(t, t.shapes[0], 2)); }

Gradients write_pullback(const At& at) {
  const Where w = Where::here();
  std::vector<Tensor> read{at.y_bar};
  read.insert(read.end(), at.x.begin() + 2, at.x.end());
  Gradients g(at.x.size());
  g[1] = apply(slice, bounds(at.params), std::move(read), w);
  g[0] = at.y_bar;
  if (at.params.flag("set")) g[0] = apply(write, at.params, written(at.y_bar, zeros_of(g[1], w), at.x.subspan(2)), w);
  return g;
}

std::vector<Sample> write_samples() {
  const auto make = [](bool set) {
    return std::vector<Sample>{
        {{{float64, {5, 4}}, {float64, {2, 4}}},
         {{"start", L{1, none_given}}, {"stop", L{4, none_given}}, {"step", L{2, -1}}, {"set", set}}},
        {{{float32, {3, 5}}, {float32, {5}}, {int64, {}}},
         {{"start", L{absent_bound + 1, none_given}},
          {"stop", L{none_given, none_given}},
          {"step", L{0, 1}},
          {"set", set}},
         {{-4, 4}, {-4, 4}, {1, 1}}}};
  };
  return join(make(true), make(false));
}

// ---- gather and scatter
void need_integers(const TypeAt& t, std::size_t i) {
  if (!is_int(t.dtype(i)))
    fail_at<DTypeError>(t.where, "{}: an index is an integer, {} is {}", t.name(), formula(t.x[i]),
                        text(Type{t.dtype(i), t.shapes[i]}));
}

Shape rows_shape(const TypeAt& t) {
  Shape s = t.shapes[1];
  s.insert(s.end(), t.shapes[0].begin() + 1, t.shapes[0].end());
  return s;
}

Type gather_type(const TypeAt& t) {
  need_integers(t, 1);
  if (t.rank(0) == 0) fail_at<IndexError>(t.where, "a scalar has no axis to index");
  return {t.dtype(0), rows_shape(t)};
}

Gradients gather_pullback(const At& at) {
  const Where w = Where::here();
  const Tensor zeros = converted(zeros_of(at.x[0], w), at.y_bar.dtype(), w);
  return {apply(scatter, {{"set", false}}, {zeros, at.x[1], at.y_bar}, w), {}};
}

std::vector<Sample> gather_samples() {
  return {{{{float64, {4, 3}}, {int64, {5}}}, {}, {{-4, 4}, {-4, 3}}},
          {{{float32, {3}}, {int32, {2, 2}}}, {}, {{-4, 4}, {-3, 2}}},
          {{{int64, {2, 2}}, {int64, {}}}, {}, {{-4, 4}, {0, 1}}},
          {{{float64, {3}}, {int64, {0}}}, {}, {{-4, 4}, {0, 1}}}};
}

Type scatter_type(const TypeAt& t) {
  need_integers(t, 1);
  const Shape rows = rows_shape(t);
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (rows[i] != t.shapes[2][i] && rows[i] != -1 && t.shapes[2][i] != -1)
      fail_at<ShapeError>(t.where, "{}: the part has shape {}, the value {}", t.name(), text(rows), text(t.shapes[2]));
  return {t.dtype(0), t.shapes[0]};
}

/// Where the same row is named twice, the last write wins: only that one has a gradient.
Tensor is_winner(const Tensor& x, const Tensor& index, Where w) {
  const Tensor count = index.size(w);
  const Tensor flat = flatten(index, w), number = arange(count, w);
  const Tensor none = filled(integer(0, w), {{-1}, {extent(x, 0, w)}}, w);
  const Tensor last = apply(scatter, {{"set", true}}, {none, flat, number}, w);
  const Tensor wins = apply(gather, {}, {last, flat}, w) == number;
  const ExtentList shape = extents_of(index, w);
  return apply(reshape, {{"dims", shape.dims}}, shape.after(wins), w);
}

Gradients scatter_pullback(const At& at) {
  const Where w = Where::here();
  const Tensor &x = at.x[0], &index = at.x[1], &rows = at.x[2];
  const Tensor rows_bar = apply(gather, {}, {at.y_bar, index}, w);
  if (!at.params.flag("set")) return {at.y_bar, {}, rows_bar};
  const Tensor kept =
      apply(scatter, at.params, {at.y_bar, index, converted(zeros_of(rows, w), at.y_bar.dtype(), w)}, w);
  std::vector<Index> axes = counting(index.ndim());
  axes.resize(static_cast<std::size_t>(rows.ndim()), -1);
  return {kept, {}, where(permuted(is_winner(x, index, w), axes, w), rows_bar, 0, w)};
}

std::vector<Sample> scatter_samples() {
  const auto make = [](bool set) {
    return std::vector<Sample>{
        {{{float64, {4, 3}}, {int64, {5}}, {float64, {5, 3}}}, {{"set", set}}, {{-4, 4}, {-4, 3}, {-4, 4}}},
        {{{float32, {3}}, {int32, {2, 2}}, {float32, {2, 2}}}, {{"set", set}}, {{-4, 4}, {-3, 2}, {-4, 4}}},
        {{{float64, {4}}, {int64, {}}, {float64, {}}}, {{"set", set}}, {{-4, 4}, {-4, 3}, {-4, 4}}}};
  };
  return join(make(true), make(false));
}

}  // namespace

constinit const Op slice{.name = "slice",
                         .doc =
                             "Every step-th element from start to stop along each axis, or one element of it; NumPy's "
                             "basic indexing.",
                         .arity = -1,
                         .type = slice_type,
                         .meaning = View{slice_map},
                         .pullback = slice_pullback,
                         .samples = slice_samples};

constinit const Op write{.name = "write",
                         .doc =
                             "x with a slice of it replaced, or increased, by a value; Theano's set_subtensor and "
                             "inc_subtensor.",
                         .arity = -1,
                         .type = write_type,
                         .meaning = Write{write_map},
                         .pullback = write_pullback,
                         .samples = write_samples};

constinit const Op gather{.name = "gather",
                          .doc = "Rows of x at integers, which may be negative; NumPy's take along axis 0.",
                          .arity = 2,
                          .type = gather_type,
                          .meaning = Gather{},
                          .pullback = gather_pullback,
                          .samples = gather_samples};

constinit const Op scatter{.name = "scatter",
                           .doc = "x with rows added to those at integers, or put in their place; NumPy's add.at.",
                           .arity = 3,
                           .type = scatter_type,
                           .meaning = Scatter{},
                           .pullback = scatter_pullback,
                           .samples = scatter_samples};

Family index_ops() {
  static constexpr const Op* list[] = {&slice, &write, &gather, &scatter};
  return list;
}

}  // namespace croton::ops
