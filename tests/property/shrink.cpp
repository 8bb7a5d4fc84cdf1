#include "shrink.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "array/access.h"
#include "croton/ops.h"
#include "runtime/storage.h"

namespace croton::property {
namespace {

class Shrinker {
 public:
  Shrinker(Case c, const std::function<bool(const Case&)>& fails, int tries)
      : case_(std::move(c)), fails_(fails), tries_(tries) {}

  Case run() {
    for (bool smaller = true; smaller && tries_ > 0;) {
      smaller = false;
      while (drop_results()) smaller = true;
      while (cut_nodes()) smaller = true;
      while (shrink_extents()) smaller = true;
    }
    drop_leaves(case_);
    return case_;
  }

 private:
  bool accept(Case c) {
    if (tries_-- <= 0) return false;
    drop_leaves(c);
    try {
      ops::evaluate(c.results(), c.leaves());
    } catch (const std::exception&) { return false; }
    if (!fails_(c)) return false;
    case_ = std::move(c);
    return true;
  }

  // Leaves that nothing reads and nothing updates.
  static void drop_leaves(Case& c) {
    std::set<const Node*> used;
    for (const Tensor& t : topological(c.results())) used.insert(t.node());
    for (std::size_t k = c.inputs.size(); k-- > 0;)
      if (used.count(c.inputs[k].node()) == 0)
        c.inputs.erase(c.inputs.begin() + static_cast<std::ptrdiff_t>(k)),
            c.values.erase(c.values.begin() + static_cast<std::ptrdiff_t>(k));
    for (const Case::Update& u : c.updates) used.insert(c.shared[u.shared].node());
    for (std::size_t k = c.shared.size(); k-- > 0;) {
      if (used.count(c.shared[k].node()) > 0) continue;
      c.shared.erase(c.shared.begin() + static_cast<std::ptrdiff_t>(k)),
          c.initial.erase(c.initial.begin() + static_cast<std::ptrdiff_t>(k));
      for (Case::Update& u : c.updates)
        if (u.shared > k) --u.shared;
    }
  }

  bool drop_results() {
    for (std::size_t k = 0; k < case_.outputs.size(); ++k) {
      Case c = case_;
      c.outputs.erase(c.outputs.begin() + static_cast<std::ptrdiff_t>(k));
      if (!c.results().empty() && accept(std::move(c))) return true;
    }
    for (std::size_t k = 0; k < case_.updates.size(); ++k) {
      Case c = case_;
      c.updates.erase(c.updates.begin() + static_cast<std::ptrdiff_t>(k));
      if (!c.results().empty() && accept(std::move(c))) return true;
    }
    return false;
  }

  static void replace(Case& c, const Replacements& by) {
    const std::vector<Tensor> next = rebuild(c.results(), by);
    for (std::size_t k = 0; k < c.outputs.size(); ++k) c.outputs[k] = next[k];
    for (std::size_t k = 0; k < c.updates.size(); ++k) c.updates[k].value = next[c.outputs.size() + k];
  }

  bool cut_nodes() {
    std::vector<Tensor> nodes = topological(case_.results());
    std::reverse(nodes.begin(), nodes.end());
    const auto leaves = case_.leaves();
    for (const Tensor& t : nodes) {
      if (node(t).kind != NodeKind::apply) continue;
      for (const Tensor& x : node(t).inputs) {  // one of its inputs in its place
        if (type(x) != type(t)) continue;
        Case c = case_;
        if (replaced(c, t, x)) return true;
      }
      Case c = case_;
      const Tensor fresh = tensor(fmt::format("y{}", node(t).id), t.dtype(), Extents(type(t).shape));
      c.inputs.push_back(fresh);
      c.values.push_back(ops::evaluate({&t, 1}, leaves)[0]);
      if (replaced(c, t, fresh)) return true;
    }
    return false;
  }

  bool replaced(Case& c, const Tensor& t, const Tensor& by) {
    const std::size_t before = topological(c.results()).size();
    try {
      replace(c, {{t.node(), by}});
    } catch (const std::exception&) { return false; }
    return topological(c.results()).size() < before && accept(std::move(c));
  }

  static Array cut(const Array& a, Index from, Index to) {
    Array r = a;
    Extents shape = a.shape();
    for (Index& n : shape)
      if (n == from) n = to;
    return view(a, shape, strides(a)).copy();
  }

  bool shrink_extents() {
    std::set<Index> extents;
    for (const auto* list : {&case_.values, &case_.initial})
      for (const Array& a : *list) extents.insert(a.shape().begin(), a.shape().end());
    for (auto it = extents.rbegin(); it != extents.rend(); ++it)
      for (const Index to : {Index{1}, Index{2}, Index{3}, Index{17}, *it / 2, *it - 1})
        if (to > 0 && to < *it && with_extent(*it, to)) return true;
    return false;
  }

  bool with_extent(Index from, Index to) {
    Case c = case_;
    Replacements by;
    const auto leaf_type = [&](const Tensor& t) {
      Type r = type(t);
      for (Index& n : r.shape)
        if (n == from) n = to;
      return r;
    };
    for (std::size_t k = 0; k < c.inputs.size(); ++k) {
      c.values[k] = cut(c.values[k], from, to);
      const Type now = leaf_type(c.inputs[k]);
      if (now == type(c.inputs[k])) continue;
      const Tensor fresh = tensor(c.inputs[k].name(), now.dtype, Extents(now.shape));
      by.emplace(c.inputs[k].node(), fresh);
      c.inputs[k] = fresh;
    }
    for (std::size_t k = 0; k < c.shared.size(); ++k) {
      c.initial[k] = cut(c.initial[k], from, to);
      const Tensor fresh = make_shared(leaf_type(c.shared[k]), std::make_shared<runtime::SharedStorage>(c.initial[k]),
                                       c.shared[k].name(), Where::here());
      by.emplace(c.shared[k].node(), fresh);
      c.shared[k] = fresh;
    }
    try {
      replace(c, by);
    } catch (const std::exception&) { return false; }
    return accept(std::move(c));
  }

  Case case_;
  const std::function<bool(const Case&)>& fails_;
  int tries_;
};

}  // namespace

Case shrink(Case c, const std::function<bool(const Case&)>& fails, int tries) {
  return Shrinker(std::move(c), fails, tries).run();
}

}  // namespace croton::property
