#include "tile/contraction.h"

#include <algorithm>
#include <array>

#include "graph/walk.h"
#include "ops/registry.h"
#include "tile/replace.h"

namespace croton::tile {
namespace {

// In a stack of products an operand is another one for each of them, and its rows, that are no longer than a constant
// axis, lie apart in a kernel's lanes: from so many on the library's packing pays. (The heads of an attention.)
constexpr Index least_of_a_stack = 8;

bool has(const std::vector<Index>& list, Index label) {
  return std::find(list.begin(), list.end(), label) != list.end();
}

Index extent(const Tensor& t, Index label) {
  const char* names[] = {"a", "b"};
  for (std::size_t k = 0; k < 2; ++k) {
    const auto& in = node(t).params.list(names[k]);
    const auto it = std::find(in.begin(), in.end(), label);
    if (it != in.end()) return type(node(t).inputs[k]).shape[static_cast<std::size_t>(it - in.begin())];
  }
  return -1;
}

// How many elements a group has, and axes of more than one; an extent that the type leaves open is large.
struct Size {
  Index elements = 1;
  int axes = 0;
};
Size size(const Tensor& t, const std::vector<Index>& group) {
  constexpr Index most = Index{1} << 20;
  Size s;
  for (const Index label : group) {
    const Index n = extent(t, label);
    s.elements = std::min(s.elements * (n < 0 ? most : std::min(n, most)), most);
    s.axes += n == 1 ? 0 : 1;
  }
  return s;
}

std::vector<Index> joined(const std::vector<Index>& a, const std::vector<Index>& b, const std::vector<Index>& c) {
  std::vector<Index> r = a;
  r.insert(r.end(), b.begin(), b.end());
  r.insert(r.end(), c.begin(), c.end());
  return r;
}

// Those of a group that an operand or the result has.
std::vector<Index> those_in(const std::vector<Index>& axes, const std::vector<Index>& group) {
  std::vector<Index> r;
  for (const Index label : group)
    if (has(axes, label)) r.push_back(label);
  return r;
}

// t, whose axes are labelled `from`, with its axes in the order `to` (the same labels).
Tensor arranged(const Tensor& t, const std::vector<Index>& from, const std::vector<Index>& to) {
  if (from == to) return t;
  std::vector<Index> axes;
  axes.reserve(to.size());
  for (const Index label : to) axes.push_back(std::find(from.begin(), from.end(), label) - from.begin());
  return apply(ops::permute, Params{{"axes", axes}}, {t}, node(t).where);
}

constexpr std::string_view alone = "alone";  // of a contraction: labels of a batch that one operand does not have

Tensor canonical(const Tensor& t, const Tensor& x, const Tensor& y, const std::vector<Index>& of_one) {
  const Node& n = node(t);
  Params params = n.params;
  if (!of_one.empty()) params.set(alone, of_one);
  const Groups g = groups(params);
  const auto &from_a = n.params.list("a"), &from_b = n.params.list("b");
  const auto a = joined(those_in(from_a, g.batch), g.rows, g.summed);
  const auto b = joined(those_in(from_b, g.batch), g.summed, g.columns);
  const auto out = joined(g.batch, g.rows, g.columns);
  params.set("a", a), params.set("b", b), params.set("out", out);
  return apply(ops::contract, std::move(params), {arranged(x, from_a, a), arranged(y, from_b, b)}, n.where);
}

// The axis of a tensor whose neighbours are neighbours in memory, as far as views tell; -1: none.
Index unit_axis(const Tensor& t) {
  if (is_op(t, ops::permute)) {
    const auto& axes = node(t).params.list("axes");
    const auto to = std::find(axes.begin(), axes.end(), unit_axis(node(t).inputs[0]));
    return to == axes.end() ? -1 : to - axes.begin();
  }
  if (is_op(t, ops::sliding_window_view)) return unit_axis(node(t).inputs[0]);
  return t.ndim() - 1;
}

// How many axes the operand's batch has, and its next group.
std::size_t batch_axes(const Tensor& t, std::size_t k) {
  return those_in(node(t).params.list(k == 0 ? "a" : "b"), groups(t).batch).size();
}
std::size_t first_axes(const Tensor& t, std::size_t k) {
  return k == 0 ? groups(t).rows.size() : groups(t).summed.size();
}

// Operand k with its last two groups exchanged.
Tensor exchanged(const Tensor& t, std::size_t k) {
  const Tensor& x = node(t).inputs[k];
  const auto batch = static_cast<std::ptrdiff_t>(batch_axes(t, k));
  std::vector<Index> axes;
  for (Index d = 0; d < x.ndim(); ++d) axes.push_back(d);
  std::rotate(axes.begin() + batch, axes.begin() + batch + static_cast<std::ptrdiff_t>(first_axes(t, k)), axes.end());
  return apply(ops::permute, Params{{"axes", axes}}, {x}, node(t).where);
}

// How an operand of a canonical contraction comes to lie as a matrix: it does, the other way round, or in a copy.
enum class Lies : std::uint8_t { plain, transposed, nowhere };
Lies lies(const Tensor& t, std::size_t k) {
  Tensor base;
  std::vector<Index> axes;
  if (!permuted(node(t).inputs[k], base, axes) || (meaning<View>(base) && !is_op(base, ops::permute)))
    return Lies::nowhere;
  const std::size_t batch = batch_axes(t, k), first = first_axes(t, k), second = axes.size() - batch - first;
  bool plain = true, transposed = true;
  for (std::size_t d = 0; d < axes.size(); ++d) {
    // the view's axis batch + i is base's axis batch + second + i, and so on, where base holds [batch, second, first]
    const std::size_t other = d < batch ? d : d < batch + first ? d + second : d - first;
    plain = plain && axes[d] == static_cast<Index>(d);
    transposed = transposed && axes[d] == static_cast<Index>(other);
  }
  return plain ? Lies::plain : transposed ? Lies::transposed : Lies::nowhere;
}

// An axis that comes first in the result and in one operand, which does not lie as a matrix: with a matrix for each of
// its indices, and the other operand for all of them, that may lie as it should, and so does the result. No label: -1.
Index batch_of_one(const Tensor& t, const Tensor& whole) {
  const Params& p = node(t).params;
  const Groups g = groups(t);
  if (!g.batch.empty()) return -1;
  const Index label = p.list("out")[0];
  const std::size_t k = has(p.list("a"), label) ? 0 : 1;
  std::vector<Index> others = k == 0 ? g.rows : g.columns;
  std::erase(others, label);
  const bool is_first = p.list(k == 0 ? "a" : "b")[0] == label;
  return is_first && size(t, others).elements >= largest_constant_axis && lies(whole, k) == Lies::nowhere ? label : -1;
}

Tensor canonical(const Tensor& t, const std::vector<Tensor>& inputs) {
  Tensor made = canonical(t, inputs[0], inputs[1], {});
  if (const Index label = batch_of_one(t, made); label >= 0) made = canonical(t, inputs[0], inputs[1], {label});
  return arranged(made, node(made).params.list("out"), node(t).params.list("out"));
}

}  // namespace

bool permuted(const Tensor& t, Tensor& base, std::vector<Index>& axes) {
  base = t;
  axes.clear();
  for (int d = 0; d < t.ndim(); ++d) axes.push_back(d);
  while (is_op(base, ops::permute)) {
    const auto& inner = node(base).params.list("axes");
    for (Index& a : axes) {
      a = inner[static_cast<std::size_t>(a)];
      if (a < 0) return false;
    }
    base = node(base).inputs[0];
  }
  return base.ndim() == t.ndim();
}

Groups groups(const Params& p) {
  const auto &a = p.list("a"), &b = p.list("b"), &out = p.list("out");
  const std::vector<Index>* const of_one = p.find_list(alone);
  const auto is_alone = [&](Index label) { return of_one != nullptr && has(*of_one, label); };
  Groups g;
  for (const Index label : a) {
    if (!has(out, label))
      g.summed.push_back(label);
    else
      (has(b, label) || is_alone(label) ? g.batch : g.rows).push_back(label);
  }
  for (const Index label : b) {
    if (has(a, label)) continue;
    if (!has(out, label))
      g.summed.push_back(label);
    else
      (is_alone(label) ? g.batch : g.columns).push_back(label);
  }
  return g;
}
Groups groups(const Tensor& t) { return groups(node(t).params); }

bool is_product(const Tensor& t) {
  if (t.dtype() != float32 && t.dtype() != float64) return false;
  const auto& a = node(t).params.list("a");
  const auto& b = node(t).params.list("b");
  const std::vector<Index> summed = groups(t).summed;
  return std::all_of(summed.begin(), summed.end(), [&](Index label) { return has(a, label) && has(b, label); });
}

bool is_library_call(const Tensor& t) {
  if (!is_product(t)) return false;
  const Groups g = groups(t);
  const Size rows = size(t, g.rows), columns = size(t, g.columns), summed = size(t, g.summed);
  std::array<Index, 3> sizes = {rows.elements, columns.elements, summed.elements};
  std::sort(sizes.begin(), sizes.end());
  const Index least = sizes[0];
  if (least > largest_constant_axis) return true;
  if (!g.batch.empty() && least >= least_of_a_stack && sizes[1] > largest_constant_axis) return true;
  // of more axes than a loop nest goes along, and more elements than it would hold at once
  const bool is_wide = summed.axes > 1 || (rows.axes > 1 && columns.axes > 1);
  return is_wide && least >= 4 && rows.elements * columns.elements > 64;
}

bool is_strided_product(const Tensor& t) {
  const auto is_windows = [](Tensor x) {
    while (is_op(x, ops::permute)) x = node(x).inputs[0];
    return is_op(x, ops::sliding_window_view);
  };
  const std::vector<Tensor>& inputs = node(t).inputs;
  if (!is_product(t) || std::none_of(inputs.begin(), inputs.end(), is_windows)) return false;
  const Groups g = groups(t);
  const Size rows = size(t, g.rows), columns = size(t, g.columns), summed = size(t, g.summed);
  return is_library_call(t) || (summed.axes > 1 && rows.elements * columns.elements > 64);
}

std::vector<Tensor> canonical_contractions(std::span<const Tensor> outputs, bool products_of_views) {
  return replaced(
      outputs,
      [&](const Tensor& t) {
        return meaning<Contract>(t) && is_library_call(t) && !(products_of_views && is_strided_product(t));
      },
      [](const Tensor& t, const std::vector<Tensor>& inputs) { return canonical(t, inputs); });
}

bool is_transposed(const Tensor& t, std::size_t k) {
  const Lies l = lies(t, k);
  if (l != Lies::nowhere) return l == Lies::transposed;
  const auto unit = unit_axis(node(t).inputs[k]), first = static_cast<Index>(batch_axes(t, k));
  return unit >= first && unit < first + static_cast<Index>(first_axes(t, k));
}

Tensor stored_operand(const Tensor& t, std::size_t k) {
  if (!is_transposed(t, k)) return node(t).inputs[k];
  if (lies(t, k) == Lies::nowhere) return exchanged(t, k);
  Tensor base;
  std::vector<Index> axes;
  permuted(node(t).inputs[k], base, axes);
  return base;
}

LibraryCall library_call(const Tensor& t, int a, int b) {
  const Groups g = groups(t);
  return {.a = a,
          .b = b,
          .batch = static_cast<int>(g.batch.size()),
          .a_repeats = batch_axes(t, 0) < g.batch.size(),
          .b_repeats = batch_axes(t, 1) < g.batch.size(),
          .a_free = static_cast<int>(g.rows.size()),
          .b_free = static_cast<int>(g.columns.size()),
          .summed = static_cast<int>(g.summed.size()),
          .a_transposed = is_transposed(t, 0),
          .b_transposed = is_transposed(t, 1)};
}

}  // namespace croton::tile
