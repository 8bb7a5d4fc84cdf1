#include "tile/contraction.h"

#include <algorithm>

#include "graph/walk.h"
#include "ops/registry.h"

namespace croton::tile {
namespace {

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

bool is_large(const Tensor& t, const std::vector<Index>& group) {
  Index product = 1;
  for (const Index label : group) {
    const Index n = extent(t, label);
    if (n < 0) return true;
    product *= n;
  }
  return product > largest_constant_axis;
}

std::vector<Index> joined(const std::vector<Index>& a, const std::vector<Index>& b, const std::vector<Index>& c) {
  std::vector<Index> r = a;
  r.insert(r.end(), b.begin(), b.end());
  r.insert(r.end(), c.begin(), c.end());
  return r;
}

// t, whose axes are labelled `from`, with its axes in the order `to` (the same labels).
Tensor arranged(const Tensor& t, const std::vector<Index>& from, const std::vector<Index>& to) {
  if (from == to) return t;
  std::vector<Index> axes;
  for (const Index label : to) axes.push_back(std::find(from.begin(), from.end(), label) - from.begin());
  return apply(ops::permute, Params{{"axes", axes}}, {t}, node(t).where);
}

Tensor canonical(const Tensor& t, std::vector<Tensor> inputs) {
  const Node& n = node(t);
  const Groups g = groups(t);
  const auto a = joined(g.batch, g.rows, g.summed), b = joined(g.batch, g.summed, g.columns);
  const auto out = joined(g.batch, g.rows, g.columns);
  const Tensor result =
      apply(ops::contract, Params{{"a", a}, {"b", b}, {"out", out}},
            {arranged(inputs[0], n.params.list("a"), a), arranged(inputs[1], n.params.list("b"), b)}, n.where);
  return arranged(result, out, n.params.list("out"));
}

// What a permutation of a permutation of x comes to: x's axes in the order the outermost has them (no new axes).
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

}  // namespace

Groups groups(const Tensor& t) {
  const Params& p = node(t).params;
  const auto &a = p.list("a"), &b = p.list("b"), &out = p.list("out");
  Groups g;
  for (const Index label : a) {
    if (!has(out, label))
      g.summed.push_back(label);
    else
      (has(b, label) ? g.batch : g.rows).push_back(label);
  }
  for (const Index label : b)
    if (!has(a, label)) (has(out, label) ? g.columns : g.summed).push_back(label);
  return g;
}

bool is_library_call(const Tensor& t) {
  if (t.dtype() != float32 && t.dtype() != float64) return false;
  const Groups g = groups(t);
  const auto& a = node(t).params.list("a");
  const auto& b = node(t).params.list("b");
  for (const Index label : g.summed)
    if (!has(a, label) || !has(b, label)) return false;
  return is_large(t, g.rows) && is_large(t, g.columns) && is_large(t, g.summed);
}

std::vector<Tensor> canonical_contractions(std::span<const Tensor> outputs) {
  std::unordered_map<const Node*, Tensor> made;
  for (const Tensor& t : topological(outputs)) {
    std::vector<Tensor> inputs = node(t).inputs;
    for (Tensor& x : inputs)
      if (const auto it = made.find(x.node()); it != made.end()) x = it->second;
    const bool call = meaning<Contract>(t) && is_library_call(t);
    const Tensor next = call ? canonical(t, std::move(inputs)) : with_inputs(t, std::move(inputs));
    if (next.node() != t.node()) made.emplace(t.node(), next);
  }
  std::vector<Tensor> result(outputs.begin(), outputs.end());
  for (Tensor& t : result)
    if (const auto it = made.find(t.node()); it != made.end()) t = it->second;
  return result;
}

bool is_transposed(const Tensor& t, std::size_t k) {
  const Groups g = groups(t);
  const std::size_t batch = g.batch.size(), first = k == 0 ? g.rows.size() : g.summed.size();
  const std::size_t second = k == 0 ? g.summed.size() : g.columns.size();
  Tensor base;
  std::vector<Index> axes;
  if (!permuted(node(t).inputs[k], base, axes)) return false;
  // base must hold [batch, second, first]: the view's axis batch + i is base's axis batch + second + i, and so on
  for (std::size_t d = 0; d < axes.size(); ++d) {
    const std::size_t want = d < batch ? d : d < batch + first ? d + second : d - first;
    if (axes[d] != static_cast<Index>(want)) return false;
  }
  return true;
}

Tensor stored_operand(const Tensor& t, std::size_t k) {
  if (!is_transposed(t, k)) return node(t).inputs[k];
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
          .a_free = static_cast<int>(g.rows.size()),
          .b_free = static_cast<int>(g.columns.size()),
          .summed = static_cast<int>(g.summed.size()),
          .a_transposed = is_transposed(t, 0),
          .b_transposed = is_transposed(t, 1)};
}

}  // namespace croton::tile
