// x(...), set_subtensor and inc_subtensor: NumPy's indices into slice, permute, gather and back.
#include <algorithm>

#include "array/access.h"
#include "base/dtype.h"
#include "base/error.h"
#include "croton/ops.h"
#include "graph/walk.h"
#include "ops/evaluate.h"
#include "ops/extents.h"
#include "ops/pointwise.h"
#include "ops/slicing.h"

namespace croton {
namespace {

using Kind = IndexItem::Kind;
using ops::counting;

/// Ops of one index after its first one carry this parameter, so that set() finds where the index began.
constexpr std::string_view continues = "continues";

bool is_continuation(const Tensor& t) { return node(t).params.has(continues); }

bool is_mask(const IndexItem& i) { return i.kind() == Kind::tensor && i.tensor().dtype() == boolean; }
bool is_advanced(const IndexItem& i) { return i.kind() == Kind::tensor && (i.tensor().ndim() > 0 || is_mask(i)); }
bool is_integer(const IndexItem& i) {
  return i.kind() == Kind::integer || (i.kind() == Kind::tensor && !is_advanced(i));
}

/// Where an axis of the result comes from: an axis of what the slice leaves, the index tensors, or nowhere (a new
/// axis).
struct Place {
  enum { axis, indexed, fresh } from;
  int number = 0;
};

class Indexer {
 public:
  Indexer(const Tensor& x, std::span<const IndexItem> items, Where w) : x_(x), w_(w) {
    check(items);
    for (const IndexItem& i : items) take(i);
    while (next_ < x_.ndim()) take_whole();
    front_ = is_split(items);
  }

  Tensor result() {
    Tensor t = slices_.is_whole() ? x_ : sliced();
    int indexed_rank = 0;
    if (!tensors_.empty()) t = indexed(t, indexed_rank);
    t = arranged(t, indexed_rank);
    return begun_ ? t : sliced();  // x(all) is a node of its own, or its set() would reach for what x is a part of
  }

 private:
  void check(std::span<const IndexItem> items) {
    int used = 0, dots = 0;
    for (const IndexItem& i : items) {
      dots += i.kind() == Kind::rest;
      if (i.kind() == Kind::tensor) check(i.tensor());
      if (i.kind() == Kind::rest || i.kind() == Kind::new_axis) continue;
      used += is_mask(i) ? i.tensor().ndim() : 1;
    }
    if (dots > 1) fail_at<IndexError>(w_, "an index can hold only one ellipsis");
    if (used > x_.ndim())
      fail_at<IndexError>(w_, "too many indices: {} is {}, with {} axes, but {} were indexed", formula(x_),
                          text(type(x_)), x_.ndim(), used);
    skipped_ = x_.ndim() - used;
  }

  void check(const Tensor& t) const {
    if (!t.node()) fail_at<GraphError>(w_, "an index is an empty Tensor (declared, never assigned)");
    if (!is_int(t.dtype()) && t.dtype() != boolean)
      fail_at<DTypeError>(w_, "an index is an integer or a mask of booleans, {} is {}", formula(t), text(type(t)));
  }

  /// NumPy puts the axes of index tensors first where a slice, a new axis or an ellipsis stands between them.
  static bool is_split(std::span<const IndexItem> items) {
    bool begun = false, ended = false;
    for (const IndexItem& i : items) {
      const bool mine = is_advanced(i) || is_integer(i);
      if (mine && ended) return true;
      begun |= mine;
      ended |= begun && !mine;
    }
    return false;
  }

  void take(const IndexItem& i) {
    switch (i.kind()) {
      case Kind::new_axis: places_.push_back({Place::fresh}); return;
      case Kind::rest:
        for (int k = 0; k < skipped_; ++k) take_whole();
        return;
      case Kind::slice: return take_slice(i.slice());
      case Kind::integer: return take_integer(ops::SliceList::known(i.integer()));
      case Kind::tensor: break;
    }
    if (is_mask(i)) return take_mask(i.tensor());
    if (is_advanced(i)) return take_tensor(i.tensor());
    if (node(i.tensor()).kind == NodeKind::constant) return take_integer(known(i.tensor()));
    take_integer(slices_.hold(ops::converted(i.tensor(), int64, w_)));
  }
  void take_integer(Index code) {
    slices_.start.push_back(code);
    slices_.stop.push_back(absent_bound);
    slices_.step.push_back(0);
    ++next_;
  }
  void take_whole() {
    slices_.add_whole();
    places_.push_back({Place::axis, left_++});
    ++next_;
  }
  void take_slice(const Slice& s) {
    if (s.step.given && !s.step.t.node() && s.step.n == 0) fail_at<IndexError>(w_, "the step of a slice is 0");
    const Index start = code(s.start), stop = code(s.stop), step = s.step.given ? code(s.step) : 1;
    slices_.start.push_back(start == 0 && step > 0 ? absent_bound : start);  // one way to say where it begins
    slices_.stop.push_back(stop);
    slices_.step.push_back(step);
    places_.push_back({Place::axis, left_++});
    ++next_;
  }
  void take_tensor(const Tensor& t) {
    slices_.add_whole();
    if (tensors_.empty()) places_.push_back({Place::indexed});
    tensors_.push_back(t);
    indexed_axes_.push_back(left_++);
    ++next_;
  }
  /// A mask stands for the elements that it selects: row-major numbers, or, beside other index tensors, one index for
  /// each of its axes. One without axes selects all or nothing, along a new axis.
  void take_mask(const Tensor& mask) {
    if (mask.ndim() == 0) {
      std::vector<Index> axes = counting(x_.ndim());
      axes.insert(axes.begin() + next_, -1);
      x_ = step(ops::permute, {{"axes", std::move(axes)}}, {x_});
      return take_mask(ops::permuted(mask, {-1}, w_));
    }
    const Tensor number = selected(mask);
    mask_axes_ = tensors_.empty() ? mask.ndim() : 0;
    selected_ = number;
    Tensor inner = ops::integer(1, w_);
    std::vector<Tensor> along(static_cast<std::size_t>(mask.ndim()));
    for (std::size_t a = along.size(); a-- > 0;) {
      const Tensor n = ops::extent(x_, next_ + static_cast<int>(a), w_);
      along[a] = along.size() == 1 ? number : floor_divide(number, inner, w_) % maximum(n, 1, w_);
      inner = n * inner;
    }
    for (const Tensor& t : along) take_tensor(t);
  }
  Tensor selected(const Tensor& mask) const {
    std::vector<Tensor> inputs{mask};
    for (int a = 0; a < mask.ndim(); ++a) inputs.push_back(ops::extent(x_, next_ + a, w_));
    Tensor number = apply(ops::nonzero, {}, inputs, w_);
    if (!std::all_of(inputs.begin(), inputs.end(), [](const Tensor& t) { return node(t).kind == NodeKind::constant; }))
      return number;
    return make_constant(ops::evaluate({&number, 1}, {})[0], "", w_);
  }
  static Index known(const Tensor& constant) { return ops::SliceList::known(get_index(node(constant).value, 0)); }
  Index code(const Bound& b) {
    if (!b.given) return absent_bound;
    if (!b.t.node()) return ops::SliceList::known(b.n);
    if (b.t.ndim() != 0 || !is_int(b.t.dtype()))
      fail_at<DTypeError>(w_, "a bound of a slice is an integer scalar, {} is {}", formula(b.t), text(type(b.t)));
    if (node(b.t).kind == NodeKind::constant) return known(b.t);
    return slices_.hold(ops::converted(b.t, int64, w_));
  }

  Tensor step(const Op& op, Params params, std::vector<Tensor> inputs) {
    if (begun_) {
      std::vector<Params::Entry> entries(params.begin(), params.end());
      entries.emplace_back(continues, true);
      params = Params(std::move(entries));
    }
    begun_ = true;
    return apply(op, std::move(params), std::move(inputs), w_);
  }
  Tensor sliced() {
    std::vector<Tensor> inputs{x_};
    inputs.insert(inputs.end(), slices_.held.begin(), slices_.held.end());
    return step(ops::slice, slices_.params(), std::move(inputs));
  }
  Tensor permuted(const Tensor& t, std::vector<Index> axes) {
    return axes == counting(t.ndim()) ? t : step(ops::permute, {{"axes", std::move(axes)}}, {t});
  }

  /// The indexed axes first, then the rows that the tensors name, then the other axes in their order.
  Tensor indexed(const Tensor& t, int& rank) {
    std::vector<Index> order(indexed_axes_.begin(), indexed_axes_.end());
    for (Index a = 0; a < t.ndim(); ++a)
      if (std::find(indexed_axes_.begin(), indexed_axes_.end(), a) == indexed_axes_.end()) order.push_back(a);
    const Tensor front = permuted(t, order);
    if (tensors_.size() == 1) {
      rank = tensors_[0].ndim();
      return step(ops::gather, {}, {front, tensors_[0]});
    }
    const Tensor index = joined(front);
    rank = index.ndim();
    return step(ops::gather, {}, {merged(front), index});
  }

  /// The row-major numbers of the elements that several index tensors name together.
  Tensor joined(const Tensor& front) const {
    if (static_cast<int>(tensors_.size()) == mask_axes_) return selected_;
    Tensor number;
    for (std::size_t a = 0; a < tensors_.size(); ++a) {
      const Tensor at = ops::checked_index(tensors_[a], front, static_cast<int>(a), w_);
      number = number.node() ? number * ops::extent(front, static_cast<int>(a), w_) + at : at;
    }
    return number;
  }

  /// The indexed axes as one.
  Tensor merged(const Tensor& front) {
    Tensor count;
    for (std::size_t a = 0; a < tensors_.size(); ++a) {
      const Tensor n = ops::extent(front, static_cast<int>(a), w_);
      count = count.node() ? count * n : n;
    }
    const ops::ExtentList all = ops::extents_of(front, w_);
    ops::ExtentList to;
    to.add(count);
    for (std::size_t a = tensors_.size(); a < all.dims.size(); ++a) {
      if (all.dims[a] >= 0)
        to.add(all.dims[a]);
      else
        to.add(all.held[static_cast<std::size_t>(-1 - all.dims[a])]);
    }
    return step(ops::reshape, {{"dims", to.dims}}, to.after(front));
  }

  Tensor arranged(const Tensor& t, int indexed_rank) {
    const bool first = !tensors_.empty() && front_;
    std::vector<Index> order;
    if (first) order = counting(indexed_rank);
    for (const Place& p : places_) {
      if (p.from == Place::fresh)
        order.push_back(-1);
      else if (p.from == Place::axis)
        order.push_back(axis_after(p.number, indexed_rank));
      else if (!first)
        for (Index a = 0; a < indexed_rank; ++a) order.push_back(a);
    }
    return permuted(t, std::move(order));
  }
  /// Where an axis that no tensor indexes stands after the rows were taken.
  Index axis_after(int axis, int indexed_rank) const {
    if (tensors_.empty()) return axis;
    const auto before = std::count_if(indexed_axes_.begin(), indexed_axes_.end(), [&](int a) { return a < axis; });
    return indexed_rank + axis - static_cast<Index>(before);
  }

  Tensor x_;
  Where w_;
  ops::SliceList slices_;
  std::vector<Place> places_;
  std::vector<Tensor> tensors_;
  std::vector<int> indexed_axes_;  // of what the slice leaves
  Tensor selected_;                // what a mask selects
  int mask_axes_ = 0;              // how many of the first tensors are the mask's axes
  int next_ = 0, left_ = 0, skipped_ = 0;
  bool front_ = false, begun_ = false;
};

Tensor indexed(const Expr& x, std::initializer_list<IndexItem> items) {
  const Where w = items.begin()->where();
  if (!x.node()) fail_at<GraphError>(ambient(w), "the indexed Tensor is empty (declared, never assigned)");
  const WhereScope scope(w, "indexing");
  return Indexer(x, {items.begin(), items.size()}, ambient(w)).result();
}

// ---- writing

/// value with the part's dtype, and no more axes.
Tensor converted(const Tensor& part, const Operand& value, std::string_view name, Where w) {
  Tensor v = value.get();
  if (is_float(v.dtype()) && !is_float(part.dtype()))
    fail_at<DTypeError>(w, "{}: the tensor is {}, the value {}; convert it with astype({})", name,
                        name_of(part.dtype()), name_of(v.dtype()), name_of(part.dtype()));
  v = ops::converted(v, part.dtype(), w);
  if (v.ndim() > part.ndim())
    fail_at<ShapeError>(w, "{}: the part is {}, the value {}, with more axes", name, text(type(part)), text(type(v)));
  return v;
}

/// value with the part's dtype and shape.
Tensor fitted(const Tensor& part, const Tensor& value, Where w) {
  return ops::broadcast_like(ops::with_rank(value, part.ndim(), w), part, w);
}

std::vector<Index> inverse(const std::vector<Index>& axes, int rank) {
  std::vector<Index> back(static_cast<std::size_t>(rank), -1);
  for (std::size_t d = 0; d < axes.size(); ++d)
    if (axes[d] >= 0) back[static_cast<std::size_t>(axes[d])] = static_cast<Index>(d);
  return back;
}

/// The value of what `part` was taken from, once `value` is written to (or added to) it.
struct Writer {
  Tensor value;
  bool set;  // value replaces the part; else it is added
  Where w;

  void undo(const Tensor& part) {
    const Node& n = node(part);
    const Tensor& from = n.inputs[0];
    if (n.op == &ops::permute) {
      value = ops::permuted(value, inverse(n.params.list("axes"), from.ndim()), w);
    } else if (n.op == &ops::reshape) {
      const ops::ExtentList back = ops::extents_of(from, w);
      value = apply(ops::reshape, {{"dims", back.dims}}, back.after(value), w);
    } else if (n.op == &ops::gather) {
      value = apply(ops::scatter, {{"set", set}}, {from, n.inputs[1], value}, w);
      set = true;
    } else {
      std::vector<Tensor> inputs{from, value};
      inputs.insert(inputs.end(), n.inputs.begin() + 1, n.inputs.end());
      const Params& p = n.params;
      value = apply(ops::write,
                    {{"start", p.list("start")}, {"stop", p.list("stop")}, {"step", p.list("step")}, {"set", set}},
                    std::move(inputs), w);
      set = true;
    }
  }
};

bool only_adds_axes(const Tensor& permute) {
  std::vector<Index> kept;
  for (const Index a : node(permute).params.list("axes"))
    if (a >= 0) kept.push_back(a);
  return kept == counting(node(permute).inputs[0].ndim());
}

bool is_part(const Tensor& t) {
  if (is_op(t, ops::slice) || is_op(t, ops::gather)) return true;
  return is_op(t, ops::permute) && (is_continuation(t) || only_adds_axes(t));
}

/// What a part is of, and the mask over its first axes that alone selects it; empty where it is no such part.
std::pair<Tensor, Tensor> masked(const Tensor& part) {
  if (!is_op(part, ops::gather) || !is_op(node(part).inputs[1], ops::nonzero)) return {};
  const Tensor mask = node(node(part).inputs[1]).inputs[0];
  Tensor x = node(part).inputs[0];
  if (is_continuation(part)) {
    if (mask.ndim() < 2 || !is_op(x, ops::reshape) || is_continuation(x)) return {};
    x = node(x).inputs[0];
  }
  for (int a = 0; a < mask.ndim(); ++a)
    if (type(mask).broadcasts(a) != type(x).broadcasts(a)) return {};  // other extents are an error, not a broadcast
  std::vector<Index> axes = counting(mask.ndim());
  axes.resize(static_cast<std::size_t>(x.ndim()), -1);
  return {x, ops::permuted(mask, std::move(axes), part.node()->where)};
}

Tensor written(const Tensor& part, const Operand& value, bool set, Where w) {
  const std::string_view name = set ? "set_subtensor" : "inc_subtensor";
  if (!part.node())
    fail_at<GraphError>(w, "{}: the first argument is an empty Tensor (declared, never assigned)", name);
  if (!is_part(part))
    fail_at<GraphError>(w, "{}: {} is not an indexed tensor; write {}(x[0], value) or x[0].{}(value)", name,
                        describe(part), name, set ? "set" : "inc");
  const WhereScope scope(w, name);
  const Tensor v = converted(part, value, name, w);
  if (const auto [x, mask] = masked(part); x.node() && v.ndim() == 0)  // nobody needs to know how many there are
    return where(mask, set ? v : x + v, x, w);
  Writer writer{fitted(part, v, w), set, w};
  Tensor at = part;
  for (bool more = true; more;) {
    more = is_continuation(at);
    writer.undo(at);
    at = node(at).inputs[0];
  }
  return writer.set == set && !set ? at + writer.value : writer.value;
}

}  // namespace

// NOLINTBEGIN(performance-unnecessary-value-param): the header takes items by value, which keeps its overloads plain
Tensor Expr::operator()(IndexItem a) const { return indexed(*this, {a}); }
Tensor Expr::operator[](IndexItem a) const { return indexed(*this, {a}); }
Tensor Expr::operator()(IndexItem a, IndexItem b) const { return indexed(*this, {a, b}); }
Tensor Expr::operator()(IndexItem a, IndexItem b, IndexItem c) const { return indexed(*this, {a, b, c}); }
Tensor Expr::operator()(IndexItem a, IndexItem b, IndexItem c, IndexItem d) const {
  return indexed(*this, {a, b, c, d});
}
Tensor Expr::operator()(IndexItem a, IndexItem b, IndexItem c, IndexItem d, IndexItem e) const {
  return indexed(*this, {a, b, c, d, e});
}
Tensor Expr::operator()(IndexItem a, IndexItem b, IndexItem c, IndexItem d, IndexItem e, IndexItem f) const {
  return indexed(*this, {a, b, c, d, e, f});
}
Tensor Expr::operator()(IndexItem a, IndexItem b, IndexItem c, IndexItem d, IndexItem e, IndexItem f,
                        IndexItem g) const {
  return indexed(*this, {a, b, c, d, e, f, g});
}
Tensor Expr::operator()(IndexItem a, IndexItem b, IndexItem c, IndexItem d, IndexItem e, IndexItem f, IndexItem g,
                        IndexItem h) const {
  return indexed(*this, {a, b, c, d, e, f, g, h});
}
// NOLINTEND(performance-unnecessary-value-param)

Tensor set_subtensor(const Tensor& part, const Operand& value, Where w) { return written(part, value, true, w); }
Tensor inc_subtensor(const Tensor& part, const Operand& value, Where w) { return written(part, value, false, w); }
Tensor Expr::set(const Operand& value) const { return written(*this, value, true, value.where()); }
Tensor Expr::inc(const Operand& value) const { return written(*this, value, false, value.where()); }

Tensor ops::indexed(const Tensor& x, std::span<const IndexItem> items, Where w) {
  return Indexer(x, items, ambient(w)).result();
}

Tensor take(const Operand& of, const Operand& index, int axis, Where w) {
  const WhereScope scope(w);
  const Tensor x = of.get();
  const int a = ops::axis_of("take", axis, x, w);
  std::vector<IndexItem> items(static_cast<std::size_t>(a), IndexItem(all, w));
  items.emplace_back(index.get(), w);
  return ops::indexed(x, items, w);
}

Tensor flip(const Operand& of, int axis, Where w) {
  const WhereScope scope(w);
  const Tensor x = of.get();
  const int a = ops::axis_of("flip", axis, x, w);
  ops::SliceList s;
  for (int i = 0; i < x.ndim(); ++i) s.add_whole();
  s.step[static_cast<std::size_t>(a)] = -1;
  return apply(ops::slice, s.params(), {x}, w);
}

}  // namespace croton
