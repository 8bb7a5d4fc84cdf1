// scan: what the user asked for, as a loop, or, where it is short, as the graph of its step repeated for each row.
#include "croton/scan.h"

#include <algorithm>
#include <optional>

#include "base/dtype.h"
#include "base/error.h"
#include "graph/walk.h"
#include "ops/closure.h"
#include "ops/extents.h"
#include "ops/loop.h"
#include "ops/nested.h"
#include "ops/pointwise.h"

namespace croton::detail {
namespace {

/// Steps are written one after another where they are so few and so small: fused, they share what a loop would load
/// again. A product keeps to its own kernel anyway, and repeated it is compiled as often (an LSTM of 16 rows and its
/// gradient: 28 s of g++, 3 s as a loop, which runs twice as fast).
constexpr Index most_repeated = 16, most_repeated_ops = 128;

/// How many rows types promise each of the xs; what a variable's type says of its rows is a hint.
std::vector<Index> promised_rows(const std::vector<Tensor>& xs, Where w) {
  std::vector<Index> rows;
  for (const Tensor& t : xs) {
    if (t.ndim() == 0) fail_at<ShapeError>(w, "scan: {} is {} and has no rows", describe(t), text(type(t)));
    rows.push_back(leaves({&t, 1}, NodeKind::shared).empty() ? type(t).shape[0] : any_extent);
  }
  return rows;
}

/// How many steps a number says, or the types of the xs; any_extent where neither is known.
Index steps_of(const std::vector<Index>& promised, const ScanOptions& o, Where w) {
  if (!o.length.node()) return promised.empty() ? any_extent : *std::max_element(promised.begin(), promised.end());
  const std::string what = fmt::format("scan: length is {}, {}", formula(o.length), text(type(o.length)));
  if (!is_int(o.length.dtype())) fail_at<DTypeError>(w, "{}: it must be an integer", what);
  if (o.length.ndim() != 0) fail_at<ShapeError>(w, "{}: it must be a scalar", what);
  const auto given = static_integers(o.length);
  if (!given) return any_extent;
  const Index steps = (*given)[0];
  if (steps < 0) fail_at<ShapeError>(w, "scan: length is {}; at least 0 is needed", steps);
  return steps;
}

/// xs with its count of rows fixed: another count is a ShapeError when it runs.
Tensor with_rows(const Tensor& xs, Index promised, Index rows, Where w) {
  return promised == rows ? xs : apply(ops::specify_rows, {{"axis", Index{0}}, {"rows", rows}}, {xs}, w);
}

/// Whether the step, made after node number `begin`, is worth being repeated so many times.
bool is_small(const std::vector<Tensor>& step, std::uint64_t begin, Index steps) {
  Index ops = 0;
  for (const Tensor& t : topological(step)) {
    if (node(t).kind != NodeKind::apply || node(t).id < begin) continue;
    if (meaning<Contract>(t) || ops::runs_graphs(t)) return false;
    ++ops;
  }
  return ops * steps <= most_repeated_ops;
}

/// The first axis whose extent the step changes.
std::optional<std::size_t> changed_axis(const Tensor& carry, const Tensor& next) {
  const Shape &was = type(carry).shape, &now = type(next).shape;
  for (std::size_t k = 0; k < was.size(); ++k)
    if (was[k] >= 0 && now[k] >= 0 && was[k] != now[k]) return k;
  return {};
}

/// What the step calls a tensor that has no name: "carry", or "carry 2" where there are several.
std::string name_in_step(const Tensor& t, std::string_view word, std::size_t k, std::size_t count) {
  if (!t.name().empty()) return t.name();
  return count == 1 ? std::string(word) : fmt::format("{} {}", word, k + 1);
}

std::string change_text(const Tensor& init, const Tensor& next) {
  return fmt::format("scan: the carry {} is {}, the step makes {} of it", describe(init), text(type(init)),
                     text(type(next)));
}

void check_carry(const Tensor& init, const Tensor& next, Where w) {
  const Type &was = type(init), &now = type(next);
  const std::string what = change_text(init, next);
  if (was.dtype != now.dtype)
    fail_at<DTypeError>(w, "{}: begin with a {} value, or write .astype({}) in the step", what, name_of(now.dtype),
                        name_of(was.dtype));
  if (was.rank() != now.rank()) fail_at<ShapeError>(w, "{}: they need the same number of axes", what);
  for (int axis = 0; axis < was.rank(); ++axis)
    if (was.broadcasts(axis) && !now.broadcasts(axis))
      fail_at<ShapeError>(w, "{}: axis {} broadcasts at the start: give the initial value its full shape", what, axis);
}

/// What only a repeated step may do: make the carry longer.
void check_extents(const Tensor& init, const Tensor& next, Where w) {
  if (const auto axis = changed_axis(init, next))
    fail_at<ShapeError>(w,
                        "{}: axis {} has to keep its extent; only where types say that there are at most {} steps, and "
                        "without until, may it change",
                        change_text(init, next), *axis, most_repeated);
}

/// The nodes that hold other values at other steps: what comes from `inner`, but through an extent. Only where a shape
/// follows from such a value does an extent have some.
NodeSet depending(const std::vector<Tensor>& nodes, const NodeSet& inner) {
  NodeSet values, shapes;
  for (const Tensor& t : nodes) {
    const auto any = [](const std::vector<Tensor>& of, const NodeSet& are) {
      return std::any_of(of.begin(), of.end(), [&](const Tensor& x) { return are.contains(x.node()); });
    };
    const auto& inputs = node(t).inputs;
    const bool open = ops::sizes_itself(t) || ops::runs_graphs(t);
    if (any(inputs, shapes) || any(open ? inputs : ops::deciding(t), values)) shapes.insert(t.node());
    if (inner.contains(t.node()) || any(inputs, meaning<ShapeOf>(t) ? shapes : values)) values.insert(t.node());
  }
  return values;
}

/// The shape that a draw is asked for.
ops::ExtentList drawn_extents(const Tensor& draw, const std::vector<Tensor>& inputs) {
  const std::ptrdiff_t first = is_op(draw, ops::stream_normal) || is_op(draw, ops::stream_uniform) ? 1 : 0;
  return {node(draw).params.list("dims"), {inputs.begin() + first, inputs.end()}};
}

/// A draw for each of so many rows: the same with an axis more in front.
Tensor drawn_for_rows(const Tensor& draw, const Tensor& steps, std::vector<Tensor> inputs) {
  const Node& n = node(draw);
  ops::ExtentList shape = drawn_extents(draw, inputs);
  shape.add(steps);
  std::rotate(shape.dims.begin(), shape.dims.end() - 1, shape.dims.end());
  inputs.push_back(steps);
  Params params = n.params;
  params.set("dims", std::move(shape.dims));
  return apply(*n.op, std::move(params), std::move(inputs), n.where);
}

}  // namespace

Loop::Loop(const Tensors& init, const Tensors& xs, const ScanOptions& o, Where w)
    : init_(init.list()), reverse_(o.reverse), where_(w) {
  refuse_empty("scan", init_, w);
  refuse_empty("scan", xs.list(), w);
  if (init_.empty() && xs.list().empty())
    fail_at<ShapeError>(w, "scan: there is nothing to carry and nothing to go over: give it init, xs, or both");
  promised_ = promised_rows(xs.list(), w);
  steps_ = steps_of(promised_, o, w);
  endless_ = promised_.empty() && !o.length.node();
  for (const Index r : promised_)
    if (steps_ >= 0 && r >= 0 && r != steps_)
      ops::refuse_rows(o.length.node() ? fmt::format("{}", steps_) : "", steps_, xs.list(), promised_, w);
  length_ = steps_ >= 0       ? ops::integer(steps_, w)
            : o.length.node() ? ops::converted(o.length, int64, w)
            : endless_        ? ops::integer(ops::any_steps, w)
                              : xs.list()[0].shape(0, w);
  for (const Tensor& t : xs.list()) {
    x_.push_back(make_input(ops::row_type(type(t)), name_in_step(t, "row", xs_.size(), xs.list().size()), w));
    xs_.push_back(t);
  }
  for (const Tensor& t : init_)
    carry_.push_back(make_input(type(t), name_in_step(t, "carry", carry_.size(), init_.size()), w));
  begin_ = node(carry_.empty() ? x_.back() : carry_.back()).id;
}

Loop::~Loop() = default;

/// What the step draws becomes rows that are drawn before the loop: other numbers at each step. How many, the same
/// graph says with tensors of the same shapes in place of what the step has: first carries, rows of zeros.
void Loop::draw_before(std::vector<Tensor>& step) {
  const std::vector<Tensor> nodes = topological(step);
  const auto draws = [&](const Tensor& t) { return node(t).id >= begin_ && ops::is_draw(t); };
  if (std::none_of(nodes.begin(), nodes.end(), draws)) return;
  NodeSet inner;
  Replacements outside, drawn;
  const auto stands_for = [&](const Tensor& x, const Tensor& of_its_shape) {
    inner.insert(x.node());
    outside.emplace(x.node(), of_its_shape);
  };
  const auto zeros_in = [&](const Tensor& x, const ops::ExtentList& shape) {
    return ops::filled(make_constant(Array::zeros({}, x.dtype()), "", where_), shape, where_);
  };
  for (std::size_t k = 0; k < carry_.size(); ++k) stands_for(carry_[k], init_[k]);
  for (std::size_t k = 0; k < x_.size(); ++k) {
    ops::ExtentList row;
    for (int axis = 1; axis < xs_[k].ndim(); ++axis) row.add(xs_[k].shape(axis, where_));
    stands_for(x_[k], zeros_in(x_[k], row));
  }
  for (const Tensor& t : nodes)
    if (draws(t)) inner.insert(t.node());
  const NodeSet by_step = depending(nodes, inner);
  for (const Tensor& t : nodes) {
    if (!draws(t)) continue;
    if (endless_)
      fail_at<GraphError>(
          where_,
          "scan: the step draws {}. Random numbers of a loop are drawn before it, for all steps at once: "
          "say how many there are at most, {{.length = n}}",
          describe(t));
    const auto is_by_step = [&](const Tensor& x) { return by_step.contains(x.node()); };
    if (std::any_of(node(t).inputs.begin(), node(t).inputs.end(), is_by_step))
      fail_at<GraphError>(where_,
                          "scan: the step draws {}, whose shape depends on values of the step. Random numbers of a "
                          "loop are drawn before it, for all rows at once: their shape may depend on shapes only",
                          describe(t));
    std::vector<Tensor> inputs = rebuild(node(t).inputs, outside);
    outside.emplace(t.node(), zeros_in(t, drawn_extents(t, inputs)));
    xs_.push_back(drawn_for_rows(t, length_, std::move(inputs)));
    x_.push_back(make_input(ops::row_type(type(xs_.back())), t.name(), node(t).where));
    drawn.emplace(t.node(), x_.back());
  }
  step = rebuild(step, drawn);
}

/// The condition that ends a loop, as a bool.
Tensor Loop::checked(const Tensor& is_last) const {
  if (is_last.ndim() != 0)
    fail_at<ShapeError>(where_, "scan: the condition of until is {}, {}: it must be a scalar; all() and any() make one",
                        formula(is_last), text(type(is_last)));
  return ops::converted(is_last, boolean, where_);
}

Scanned Loop::run(const Tensors& next, const Tensors& y, const Tensor& is_last) {
  const bool until = is_last.node() != nullptr;
  if (endless_ && !until)
    fail_at<ShapeError>(where_,
                        "scan: there are no xs to go over: say how many steps there are, {{.length = n}}, or return "
                        "until(condition, ...) from the step");
  std::vector<Tensor> step = next.list();
  step.insert(step.end(), y.list().begin(), y.list().end());
  refuse_empty("scan", step, where_);
  if (until) step.push_back(checked(is_last));
  for (std::size_t i = 0; i < carry_.size(); ++i) check_carry(init_[i], step[i], where_);
  draw_before(step);
  bool grows = false;
  for (std::size_t i = 0; i < carry_.size(); ++i) grows |= changed_axis(carry_[i], step[i]).has_value();
  const bool few = steps_ > 0 && steps_ <= most_repeated;
  return !until && few && (grows || is_small(step, begin_, steps_)) ? repeated(step) : looped(step, until);
}

Scanned Loop::repeated(const std::vector<Tensor>& step) const {
  Scanned out{init_, {}};
  std::vector<Tensor> xs = xs_;
  for (std::size_t k = 0; k < promised_.size(); ++k) xs[k] = with_rows(xs[k], promised_[k], steps_, where_);
  std::vector<std::vector<Tensor>> rows(step.size() - carry_.size(),
                                        std::vector<Tensor>(static_cast<std::size_t>(steps_)));
  for (Index i = 0; i < steps_; ++i) {
    const Index row = reverse_ ? steps_ - 1 - i : i;
    Replacements now;
    for (std::size_t k = 0; k < carry_.size(); ++k) now.emplace(carry_[k].node(), out.carry[k]);
    for (std::size_t k = 0; k < x_.size(); ++k) now.emplace(x_[k].node(), xs[k](IndexItem(row, where_)));
    const std::vector<Tensor> made = rebuild(step, now);
    for (std::size_t k = 0; k < carry_.size(); ++k) out.carry[k] = made[k];
    for (std::size_t k = 0; k < rows.size(); ++k) rows[k][static_cast<std::size_t>(row)] = made[carry_.size() + k];
  }
  for (const std::vector<Tensor>& r : rows) out.ys.push_back(stack(r, 0, where_));
  return out;
}

Scanned Loop::looped(const std::vector<Tensor>& step, bool until) const {
  for (std::size_t i = 0; i < carry_.size(); ++i) check_extents(init_[i], step[i], where_);
  std::vector<Tensor> inner = carry_;
  inner.insert(inner.end(), x_.begin(), x_.end());
  ops::Closure closure = ops::closed(step, inner);
  const ops::LoopForm form{std::make_shared<const Subgraph>(std::move(closure.graph)), carry_.size(), x_.size(),
                           reverse_, until};
  std::vector<Tensor> inputs{length_};
  inputs.insert(inputs.end(), init_.begin(), init_.end());
  inputs.insert(inputs.end(), xs_.begin(), xs_.end());
  inputs.insert(inputs.end(), closure.captured.begin(), closure.captured.end());
  Scanned out;
  for (std::size_t k = 0; k < form.carries; ++k) out.carry.push_back(ops::loop_result(form, k, inputs, where_));
  for (std::size_t k = 0; k < form.ys(); ++k) out.ys.push_back(ops::loop_result(form, form.y(k), inputs, where_));
  return out;
}

}  // namespace croton::detail
