#include "ops/quotient.h"

#include <algorithm>
#include <functional>
#include <unordered_map>
#include <unordered_set>

#include "array/access.h"
#include "croton/ops.h"
#include "ops/elementwise.h"
#include "ops/extents.h"
#include "ops/pointwise.h"

namespace croton::ops {
namespace {

/// Whether a tensor is the divisor looked for (or the part of it that a gradient was scattered from).
using IsDivisor = std::function<bool(const Tensor&)>;

bool is_zero(const Tensor& t) {
  if (is_op(t, broadcast) || is_op(t, permute)) return is_zero(node(t).inputs[0]);
  if (node(t).kind != NodeKind::constant) return false;
  for (Index i = 0; i < node(t).value.size(); ++i)
    if (get(node(t).value, i) != 0) return false;
  return true;
}

/// Params of an indexing op, but for the mark that it continues another.
bool same_slice(const Tensor& slice, const Params& p) {
  const Params& mine = node(slice).params;
  return mine.list("start") == p.list("start") && mine.list("stop") == p.list("stop") &&
         mine.list("step") == p.list("step");
}

bool same_inputs(std::span<const Tensor> a, std::span<const Tensor> b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (!same(a[i], b[i])) return false;
  return true;
}

bool inverse_axes(const Tensor& p, const Tensor& q) {
  const auto &a = node(p).params.list("axes"), &b = node(q).params.list("axes");
  if (static_cast<int>(a.size()) != node(q).inputs[0].ndim() || static_cast<int>(b.size()) != node(p).inputs[0].ndim())
    return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i] >= 0 && b[static_cast<std::size_t>(a[i])] != static_cast<Index>(i)) return false;
  return true;
}

Tensor search(const Tensor& g, const IsDivisor& is, int depth);

Tensor again(const Tensor& g, std::size_t at, Tensor input) {
  if (!input.node()) return {};
  std::vector<Tensor> inputs = node(g).inputs;
  inputs[at] = std::move(input);
  return apply(*node(g).op, node(g).params, std::move(inputs), node(g).where);
}

Tensor of_product(const Tensor& g, const IsDivisor& is, int depth) {
  for (std::size_t i = 0; i < 2; ++i)
    if (Tensor t = again(g, i, search(node(g).inputs[i], is, depth)); t.node()) return t;
  return {};
}

Tensor of_select(const Tensor& g, const IsDivisor& is, int depth) {
  const std::vector<Tensor>& x = node(g).inputs;
  if (is_zero(x[2])) return again(g, 1, search(x[1], is, depth));
  if (is_zero(x[1])) return again(g, 2, search(x[2], is, depth));
  return {};
}

/// x with a quotient added to a part of it, x itself being zeros.
Tensor of_part(const Tensor& g, const IsDivisor& is, int depth) {
  const Node& n = node(g);
  if (n.params.flag("set") || !is_zero(n.inputs[0])) return {};
  if (n.op == &scatter) {
    const IsDivisor of = [&](const Tensor& t) {
      return is_op(t, gather) && is(node(t).inputs[0]) && same(node(t).inputs[1], n.inputs[1]);
    };
    return again(g, 2, search(n.inputs[2], of, depth));
  }
  const std::span<const Tensor> bounds = std::span(n.inputs).subspan(2);
  const IsDivisor of = [&](const Tensor& t) {
    return is_op(t, slice) && is(node(t).inputs[0]) && same_slice(t, n.params) &&
           same_inputs(std::span(node(t).inputs).subspan(1), bounds);
  };
  return again(g, 1, search(n.inputs[1], of, depth));
}

Tensor search(const Tensor& g, const IsDivisor& is, int depth) {
  if (--depth < 0) return {};
  const Node& n = node(g);
  if (n.op == &div || n.op == &masked_quotient)
    return is(n.inputs[1]) ? n.inputs[0] : again(g, 0, search(n.inputs[0], is, depth));
  if (n.op == &neg) return again(g, 0, search(n.inputs[0], is, depth));
  if (n.op == &mul || n.op == &masked_product) return of_product(g, is, depth);
  if (n.op == &select) return of_select(g, is, depth);
  if (n.op == &scatter || n.op == &write) return of_part(g, is, depth);
  if (n.op == &reshape) {
    const IsDivisor of = [&](const Tensor& t) { return is_op(t, reshape) && is(node(t).inputs[0]); };
    return again(g, 0, search(n.inputs[0], of, depth));
  }
  if (n.op == &permute) {
    const IsDivisor of = [&](const Tensor& t) {
      return is_op(t, permute) && is(node(t).inputs[0]) && inverse_axes(t, g);
    };
    return again(g, 0, search(n.inputs[0], of, depth));
  }
  return {};
}

/// h such that g = h / y holds exactly in real numbers, read off g's graph: quotients by y itself, or, where g was
/// scattered, by the same part of y. Empty where g does not show such a form.
Tensor numerator(const Tensor& g, const Tensor& y) {
  constexpr int deep_enough = 12;
  const Tensor h = search(
      g, [&](const Tensor& t) { return same(t, y); }, deep_enough);
  return h.node() && h.ndim() == y.ndim() ? broadcast_like(h, y, node(g).where) : Tensor();
}

Tensor sum_of(const Tensor& a, const Tensor& b, Where w) {
  if (!a.node() || !b.node()) return a.node() ? a : b;
  return apply(add, {}, {a, b}, w);
}

/// A node of a sum's graph: a sum that is looked into, or a term.
struct Part {
  Tensor t;
  bool opened = false;
  OverDivisor split = {};
};

/// The nodes of a sum, each once however many paths lead to it, terms and inner sums before the sums of them. Inner
/// sums beyond a number are terms: each of many softmaxes may have a gradient that sums over all that come later.
std::vector<Part> parts_of_sum(const Tensor& t) {
  constexpr int most_opened = 1000;
  std::vector<Part> parts{{t}};
  std::unordered_set<const Node*> known{t.node()};
  int opened = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (!is_op(parts[i].t, add) || ++opened > most_opened) continue;
    parts[i].opened = true;
    const Tensor sum = parts[i].t;
    for (const Tensor& x : node(sum).inputs)
      if (known.insert(x.node()).second) parts.push_back({x});
  }
  std::sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) { return node(a.t).id < node(b.t).id; });
  return parts;
}

}  // namespace

OverDivisor over(const Tensor& g, const Tensor& y) {
  std::vector<Part> parts = parts_of_sum(g);
  std::unordered_map<const Node*, const OverDivisor*> split;
  for (Part& p : parts) {
    if (p.opened) {
      const OverDivisor &a = *split.at(node(p.t).inputs[0].node()), &b = *split.at(node(p.t).inputs[1].node());
      const Where w = node(p.t).where;
      p.split = {sum_of(a.numerator, b.numerator, w),
                 a.numerator.node() || b.numerator.node() ? sum_of(a.rest, b.rest, w) : p.t};
    } else {
      p.split.numerator = numerator(p.t, y);
      if (!p.split.numerator.node()) p.split.rest = p.t;
    }
    split.emplace(p.t.node(), &p.split);
  }
  return parts.back().split;
}

bool is_sum_of_squares(const Tensor& t) {
  if (is_op(t, permute) || is_op(t, sum)) return is_sum_of_squares(node(t).inputs[0]);
  return is_op(t, square) || (is_op(t, mul) && same(node(t).inputs[0], node(t).inputs[1]));
}

}  // namespace croton::ops
