// scan: the graph of one step, repeated for each row.
#include "croton/scan.h"

#include "base/dtype.h"
#include "base/error.h"
#include "graph/walk.h"

namespace croton::detail {
namespace {

Index steps_of(const Tensor& xs, const ScanOptions& o, Where w) {
  if (xs.ndim() == 0) fail_at<ShapeError>(w, "scan: {} is {} and has no rows", describe(xs), text(type(xs)));
  const Index rows = type(xs).shape[0];
  if (!o.length.node()) {
    if (rows >= 0) return rows;
    fail_at<GraphError>(w,
                        "scan: {} is {}: how many rows it has is not known while the graph is built, and loops over "
                        "unknown lengths do not exist yet. Say it: {{.length = 10}}, or in the type of the tensor",
                        describe(xs), text(type(xs)));
  }
  const auto given = static_integers(o.length);
  if (!given || o.length.ndim() != 0)
    fail_at<GraphError>(w, "scan: length is {}, {}: it must be a number; loops over unknown lengths do not exist yet",
                        formula(o.length), text(type(o.length)));
  if (rows >= 0 && rows != (*given)[0])
    fail_at<ShapeError>(w, "scan: length is {}, {} has {} rows", (*given)[0], describe(xs), rows);
  return (*given)[0];
}

/// xs with its count of rows fixed: another count is a ShapeError when it runs.
Tensor with_rows(const Tensor& xs, Index rows, Where w) {
  if (type(xs).shape[0] == rows && leaves({&xs, 1}, NodeKind::shared).empty()) return xs;
  Dims dims({Dim(rows)});
  for (int axis = 1; axis < xs.ndim(); ++axis) dims.list.emplace_back(xs.shape(axis, w));
  return reshape(xs, dims, w);
}

Type row_type(const Tensor& xs) {
  const Type& t = type(xs);
  return {t.dtype, Shape(t.shape.begin() + 1, t.shape.end())};
}

void check_carry(const Tensor& carry, const Tensor& next, Where w) {
  const Type &was = type(carry), &now = type(next);
  const std::string what = fmt::format("scan: the carry is {}, the step makes {} of it", text(was), text(now));
  if (was.dtype != now.dtype) fail_at<DTypeError>(w, "{}: write .astype({})", what, name_of(was.dtype));
  if (was.rank() != now.rank()) fail_at<ShapeError>(w, "{}: they need the same number of axes", what);
  for (int axis = 0; axis < was.rank(); ++axis)
    if (was.broadcasts(axis) && !now.broadcasts(axis))
      fail_at<ShapeError>(w, "{}: axis {} broadcasts at the start: give the initial value its full shape", what, axis);
}

}  // namespace

Loop::Loop(const Tensors& init, const Tensors& xs, const ScanOptions& o, Where w)
    : init_(init.list()), reverse_(o.reverse), where_(w) {
  refuse_empty("scan", init_, w);
  refuse_empty("scan", xs.list(), w);
  steps_ = steps_of(xs.list()[0], o, w);
  if (steps_ < 1) fail_at<ShapeError>(w, "scan: {} steps; at least 1 is needed", steps_);
  for (const Tensor& t : xs.list()) {
    xs_.push_back(with_rows(t, steps_, w));
    x_.push_back(make_input(row_type(t), t.name(), w));
  }
  for (const Tensor& t : init_) carry_.push_back(make_input(type(t), t.name(), w));
}

Loop::~Loop() = default;

Scanned Loop::run(const Tensors& next, const Tensors& y) const {
  std::vector<Tensor> step = next.list();
  step.insert(step.end(), y.list().begin(), y.list().end());
  refuse_empty("scan", step, where_);
  for (std::size_t i = 0; i < carry_.size(); ++i) check_carry(carry_[i], step[i], where_);
  Scanned out{init_, {}};
  std::vector<std::vector<Tensor>> rows(y.list().size(), std::vector<Tensor>(static_cast<std::size_t>(steps_)));
  for (Index i = 0; i < steps_; ++i) {
    const Index row = reverse_ ? steps_ - 1 - i : i;
    Replacements now;
    for (std::size_t k = 0; k < carry_.size(); ++k) now.emplace(carry_[k].node(), out.carry[k]);
    for (std::size_t k = 0; k < x_.size(); ++k) now.emplace(x_[k].node(), xs_[k](IndexItem(row, where_)));
    const std::vector<Tensor> made = rebuild(step, now);
    for (std::size_t k = 0; k < carry_.size(); ++k) out.carry[k] = made[k];
    for (std::size_t k = 0; k < rows.size(); ++k) rows[k][static_cast<std::size_t>(row)] = made[carry_.size() + k];
  }
  for (const std::vector<Tensor>& r : rows) out.ys.push_back(stack(r, 0, where_));
  return out;
}

}  // namespace croton::detail
