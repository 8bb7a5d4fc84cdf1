#include "ops/broadcasting.h"

#include <algorithm>

#include "base/error.h"
#include "graph/walk.h"
#include "ops/extents.h"
#include "ops/origin.h"
#include "ops/pointwise.h"
#include "ops/registry.h"

namespace croton::ops {
namespace {

/// The extent `back` axes from the end (1 is the last); 1 where the shape is shorter.
Index from_end(const Shape& s, std::size_t back) { return back > s.size() ? 1 : s[s.size() - back]; }

std::string axes_text(std::size_t back) { return back == 1 ? "the last axes" : fmt::format("the axes -{}", back); }

/// "For one value per row write b(all, newaxis)", where that would fit.
std::string newaxis_hint(const Tensor& vector, const Shape& other, std::string_view letter) {
  const Shape& s = type(vector).shape;
  if (s.size() != 1 || other.size() < 2 || s[0] != from_end(other, 2)) return "";
  const std::string_view name = vector.name().empty() ? letter : std::string_view(vector.name());
  return fmt::format(". For one value per row write {}(all, newaxis)", name);
}

[[noreturn]] void refuse(std::string_view op, const Tensor& a, const Tensor& b, std::size_t back, Where where) {
  const Shape &s = type(a).shape, &t = type(b).shape;
  const std::string hint =
      newaxis_hint(b, t.size() < s.size() ? s : t, "b") + newaxis_hint(a, s.size() < t.size() ? t : s, "a");
  fail_at<ShapeError>(where, "{}: shapes {} and {} do not broadcast: {} are {} and {}; a size must be equal or 1{}",
                      ambient(op), text(s), text(t), axes_text(back), from_end(s, back), from_end(t, back), hint);
}

/// The true shape of input i as the user knows it: without the axes that alignment put before its own.
Shape own_shape(const TypeAt& at, std::size_t i) {
  const Shape& aligned = at.shapes[i];
  if (!is_op(at.x[i], permute)) return aligned;
  const std::vector<Index>& axes = node(at.x[i]).params.list("axes");
  const Index own = node(at.x[i]).inputs[0].ndim(), more = static_cast<Index>(axes.size()) - own;
  for (Index d = 0; d < own; ++d)
    if (more <= 0 || axes[static_cast<std::size_t>(more + d)] != d) return aligned;
  return {aligned.begin() + more, aligned.end()};
}

[[noreturn]] void refuse_at(const TypeAt& at, std::size_t i, std::size_t j, std::size_t axis) {
  const Origin a = origin(at, i, static_cast<Index>(axis)), b = origin(at, j, static_cast<Index>(axis));
  const Index m = at.shapes[i][axis], n = at.shapes[j][axis];
  std::string out;
  if (m == 1 || n == 1) {
    const Origin& one = m == 1 ? a : b;
    out = fmt::format("\n  a size of 1 broadcasts only where the type says so: write broadcastable({}, {})",
                      one.x.name().empty() ? formula(one.x) : one.x.name(), one.axis);
  }
  if (a.within || b.within) refuse_unequal(at, i, static_cast<Index>(axis), j, static_cast<Index>(axis), out);
  fail_at<ShapeError>(at.where, "{}: shapes {} and {} do not broadcast: axis {} of {} is {}, axis {} of {} is {}{}",
                      at.name(), text(own_shape(at, i)), text(own_shape(at, j)), a.axis, describe(a.x), m, b.axis,
                      describe(b.x), n, out);
}

}  // namespace

void check_broadcast(std::string_view op, std::span<const Tensor> operands, Where where) {
  std::size_t rank = 0;
  for (const Tensor& x : operands) rank = std::max(rank, type(x).shape.size());
  for (std::size_t back = 1; back <= rank; ++back) {
    const Tensor* known = nullptr;
    for (const Tensor& x : operands) {
      const Index n = from_end(type(x).shape, back);
      if (n == 1 || n < 0) continue;
      if (known && from_end(type(*known).shape, back) != n) refuse(op, *known, x, back, where);
      known = &x;
    }
  }
}

Shape broadcast_shape(const TypeAt& at) {
  const std::size_t rank = at.shapes[0].size();
  for (const Shape& s : at.shapes)
    if (s.size() != rank) fail_at<ShapeError>(at.where, "{}: inputs have {} and {} axes", at.name(), rank, s.size());
  Shape result(rank, 1);
  for (std::size_t axis = 0; axis < rank; ++axis) {
    std::size_t decided = at.x.size();
    for (std::size_t i = 0; i < at.x.size(); ++i) {
      const Index n = at.shapes[i][axis];
      if (type(at.x[i]).broadcasts(static_cast<int>(axis))) continue;
      if (decided < at.x.size() && n >= 0 && result[axis] >= 0 && n != result[axis]) refuse_at(at, decided, i, axis);
      if (decided == at.x.size() || result[axis] < 0) {
        result[axis] = n;
        decided = i;
      }
    }
  }
  return result;
}

std::vector<Tensor> broadcast_together(std::string_view op, std::vector<Tensor> operands, Where w) {
  check_broadcast(op, operands, w);
  int rank = 0;
  for (const Tensor& x : operands) rank = std::max(rank, x.ndim());
  for (Tensor& x : operands) x = with_rank(x, rank, w);
  std::vector<Tensor> wide = operands;
  for (Tensor& x : wide)
    for (const Tensor& like : operands) x = broadcast_like(x, like, w);
  return wide;
}

Tensor with_batch(const Tensor& x, const Tensor& other, int batch, Where w) {
  const Tensor wide = with_rank(x, batch + 2, w), beside = with_rank(other, batch + 2, w);
  ExtentList to;
  bool wider = false;
  for (int d = 0; d < batch + 2; ++d) {
    const bool widens = d < batch && type(wide).broadcasts(d) && !type(beside).broadcasts(d);
    wider |= widens;
    if (widens)
      to.add(extent(beside, d, w));
    else
      to.add(own_extent);
  }
  return wider ? apply(broadcast, {{"dims", to.dims}}, to.after(wide), w) : wide;
}

}  // namespace croton::ops
