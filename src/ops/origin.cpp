#include "ops/origin.h"

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "graph/codes.h"
#include "graph/notation.h"
#include "graph/walk.h"
#include "ops/registry.h"

namespace croton::ops {
namespace {

/// An axis, or one of so many equal parts of it.
struct Axis {
  Tensor x;
  Index axis;
  Index parts = 1;
};

bool has_own(const Tensor& x, Index axis) {
  return axis >= 0 && axis < x.ndim() && !type(x).broadcasts(static_cast<int>(axis));
}

/// The axis of a fold's input that is this one of its result.
Index before_fold(const std::vector<Index>& folded, Index axis) {
  for (const Index f : folded) axis += f <= axis;
  return axis;
}

/// The axis that an extent is asked of, where a node is given it as an input.
std::optional<Axis> asked_of(const Node& n, Index axis) {
  const std::vector<Index>* dims = n.params.find_list("dims");
  const auto held = dims ? holder_of_extent((*dims)[static_cast<std::size_t>(axis)]) : std::nullopt;
  if (!held) return {};
  Tensor extent = n.inputs[inputs_before_held(n) + *held];
  Index parts = 1;
  if (is_op(extent, floor_divide)) {
    const auto divisor = static_integers(node(extent).inputs[1]);
    if (!divisor || (*divisor)[0] < 1) return {};
    extent = node(extent).inputs[0], parts = (*divisor)[0];
  }
  if (!meaning<ShapeOf>(extent)) return {};
  return Axis{node(extent).inputs[0], node(extent).params.integer("axis"), parts};
}

std::optional<Axis> before_contraction(const Node& n, Index axis) {
  const Index label = n.params.list("out")[static_cast<std::size_t>(axis)];
  for (const std::size_t i : {0, 1}) {
    const auto& labels = n.params.list(i == 0 ? "a" : "b");
    if (const auto at = std::find(labels.begin(), labels.end(), label); at != labels.end())
      return Axis{n.inputs[i], at - labels.begin()};
  }
  return {};
}

/// The axis of an input that gives an axis of x its extent; none where that is x's own.
std::optional<Axis> before(const Tensor& x, Index axis) {
  const Node& n = node(x);
  if (is_op(x, permute)) {
    const Index from = n.params.list("axes")[static_cast<std::size_t>(axis)];
    return from < 0 ? std::nullopt : std::optional(Axis{n.inputs[0], from});
  }
  if (meaning<Reduce>(x)) return Axis{n.inputs[0], before_fold(n.params.list("axes"), axis)};
  if (meaning<Contract>(x)) return before_contraction(n, axis);
  if (meaning<Gather>(x)) {
    const Index of_index = n.inputs[1].ndim();
    return axis < of_index ? Axis{n.inputs[1], axis} : Axis{n.inputs[0], axis - of_index + 1};
  }
  const bool moves = is_op(x, sliding_window_view) || is_op(x, fold_windows) || is_op(x, concatenate);
  if (meaning<Convert>(x) || meaning<Pointwise>(x) || is_op(x, broadcast) ||
      (moves && axis != n.params.integer("axis")))
    for (const Tensor& input : n.inputs)
      if (has_own(input, axis)) return Axis{input, axis};
  if (meaning<Iota>(x) || meaning<Reshape>(x) || is_op(x, broadcast)) return asked_of(n, axis);
  return {};
}

bool is_part(const TypeAt& at, const Node& n) {
  return !at.part_of.empty() && n.part_of == at.part_of && n.where.line == at.where.line &&
         std::string_view(n.where.file) == at.where.file;
}

std::string called(const Origin& o) {
  // other axes of what a user knows are known as well
  const bool moves = node(o.x).kind == NodeKind::apply && (meaning<View>(o.x) || meaning<Reshape>(o.x));
  const std::string one_of = o.parts == 1 ? "" : fmt::format("one of {} equal parts of ", o.parts);
  return fmt::format("{}axis {} of {}", one_of, o.axis, moves ? formula(o.x) : describe(o.x));
}

}  // namespace

Origin origin(const TypeAt& at, std::size_t i, Index axis) {
  Origin o{at.x[i], axis};
  for (;;) {
    const Node& n = node(o.x);
    if (n.kind != NodeKind::apply) return o;
    const bool passed_over = is_op(o.x, permute) || meaning<Convert>(o.x), part = !passed_over && is_part(at, n);
    o.within |= part;
    const auto next = passed_over || part ? before(o.x, o.axis) : std::nullopt;
    if (!next) return o;
    o.x = next->x, o.axis = next->axis, o.parts *= next->parts;
  }
}

std::string axis_called(const TypeAt& at, std::size_t i, Index axis) {
  if (const Origin o = origin(at, i, axis); o.within) return called(o);
  return fmt::format("axis {} of {} {}", axis, formula(at.x[i]), text(Type{at.dtype(i), at.shapes[i]}));
}

void refuse_unequal(const TypeAt& at, std::size_t i, Index axis_of_i, std::size_t j, Index axis_of_j,
                    std::string_view way_out) {
  fail_at<ShapeError>(at.where, "{}: {} is {}, {} is {}; they have to be equal{}", at.name(),
                      called(origin(at, i, axis_of_i)), at.shapes[i][static_cast<std::size_t>(axis_of_i)],
                      called(origin(at, j, axis_of_j)), at.shapes[j][static_cast<std::size_t>(axis_of_j)], way_out);
}

}  // namespace croton::ops
