#include "tile/recurrence.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "base/dtype.h"
#include "expr/functions.h"
#include "graph/walk.h"
#include "ops/registry.h"

namespace croton::tile {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

// Operations of a step, at most: the text has it several times.
constexpr std::size_t most_operations = 200;

bool is_half(const Tensor& t) { return t.dtype() == float16 || t.dtype() == bfloat16; }

/// Looks along which axes the values of a step vary. Axes that an operation takes together are one.
class Finder {
 public:
  explicit Finder(std::span<const Tensor> run) {
    r_.results.assign(run.begin(), run.end());
    r_.form = ops::form_of(run[0]);
    std::vector<std::size_t> numbers;
    for (const Tensor& t : run) numbers.push_back(ops::result_of(t));
    if (!r_.form.until) r_.part = ops::needed_part(r_.form, numbers);
  }

  std::optional<Recurrence> run() {
    if (r_.form.until || is_one_step()) return {};
    const std::vector<Tensor>& outer = node(r_.results[0]).inputs;
    for (std::size_t k = 0; k < r_.part.inputs.size(); ++k)
      add_input(r_.part.step.inputs[k], outer[r_.part.inputs[k] + 1]);
    const std::vector<Tensor> nodes = topological(r_.part.step.outputs);
    if (nodes.size() > most_operations) return {};
    for (const Tensor& t : nodes) look_at(t);
    for (std::size_t k = 0; k < r_.part.step.outputs.size(); ++k) {
      const std::vector<int>* of = labels(r_.part.step.outputs[k]);
      if (of == nullptr || (r_.is_carry(k) && !unify(*labels(r_.part.step.inputs[k]), *of))) return {};
    }
    if (!find_elements() || !results_fit()) return {};
    find_operations(nodes);
    for (Recurrence::Input& i : r_.inputs) i.axes = axes(*labels(i.inner));
    for (std::size_t k = 0; k < r_.inputs.size(); ++k)
      if (!fits(k)) return {};
    return std::move(r_);
  }

 private:
  // ---- labels of axes, unified
  int find(int l) const {
    while (l >= 0 && parents_[at(l)] != l) l = parents_[at(l)];
    return l;
  }
  int fresh() {
    parents_.push_back(static_cast<int>(parents_.size()));
    return parents_.back();
  }
  bool unify(const std::vector<int>& a, const std::vector<int>& b) {
    if (a.size() != b.size()) return false;
    for (std::size_t d = 0; d < a.size(); ++d)
      if (a[d] >= 0 && b[d] >= 0) parents_[at(find(a[d]))] = find(b[d]);
    return true;
  }
  const std::vector<int>* labels(const Tensor& t) const {
    const auto known = labels_.find(t.node());
    return known == labels_.end() ? nullptr : &known->second;
  }

  void add_input(const Tensor& inner, const Tensor& outer) {
    std::vector<int> own(at(inner.ndim()), -1);
    for (int d = 0; d < inner.ndim(); ++d)
      if (!type(inner).broadcasts(d)) own[at(d)] = fresh();
    labels_.emplace(inner.node(), std::move(own));
    r_.inputs.push_back({inner, outer, {}});
  }

  /// What a phase computes of one element gets labels, and so does what only says where one is.
  void look_at(const Tensor& t) {
    const Node& n = node(t);
    if (is_half(t) || labels(t) != nullptr) return;
    if (n.kind == NodeKind::constant) return add_input(t, t);
    if (n.inputs.empty() || labels(n.inputs[0]) == nullptr) return;
    if (is_op(t, ops::permute))
      return look_through(t, [&](int d) { return static_cast<int>(n.params.list("axes")[at(d)]); });
    if (is_op(t, ops::broadcast)) return look_through(t, [&](int d) { return d - (t.ndim() - n.inputs[0].ndim()); });
    const auto* p = meaning<Pointwise>(t);
    if (!(p && expr::find_function(p->function)) && !meaning<Convert>(t)) return;
    std::vector<int> own(at(t.ndim()), -1);
    for (const Tensor& x : n.inputs) {
      const std::vector<int>* of = labels(x);
      if (of == nullptr || !unify(own, *of)) return;
      for (std::size_t d = 0; d < own.size(); ++d)
        if (own[d] < 0) own[d] = (*of)[d];
    }
    labels_.emplace(t.node(), std::move(own));
  }
  template <class F>
  void look_through(const Tensor& t, F&& from) {
    const std::vector<int> inner = *labels(node(t).inputs[0]);
    std::vector<int> own(at(t.ndim()), -1);
    for (int d = 0; d < t.ndim(); ++d)
      if (from(d) >= 0) own[at(d)] = inner[at(from(d))];
    labels_.emplace(t.node(), std::move(own));
  }

  /// What the outputs are made of, without what only says how large they are; and no input that nothing reads.
  void find_operations(const std::vector<Tensor>& nodes) {
    std::unordered_set<const Node*> needed;
    for (const Tensor& t : r_.part.step.outputs) needed.insert(t.node());
    for (std::size_t k = nodes.size(); k-- > 0;) {
      const Tensor& t = nodes[k];
      if (!needed.contains(t.node()) || node(t).kind != NodeKind::apply) continue;
      const std::size_t read = meaning<View>(t) ? 1 : node(t).inputs.size();
      for (std::size_t x = 0; x < read; ++x) needed.insert(node(t).inputs[x].node());
      r_.operations.push_back(t);
    }
    std::reverse(r_.operations.begin(), r_.operations.end());
    std::erase_if(r_.inputs, [&](const Recurrence::Input& i) {
      return node(i.inner).kind == NodeKind::constant && !needed.contains(i.inner.node());
    });
  }

  // ---- the elements
  std::vector<int> classes(const Tensor& t) const {
    std::vector<int> c;
    for (const int l : *labels(t))
      if (l >= 0) c.push_back(find(l));
    return c;
  }
  /// The axes of the first state or y that has some; all different.
  bool find_elements() {
    for (std::size_t k = 0; k < r_.inputs.size(); ++k)
      if (const std::vector<int> c = classes(r_.inputs[k].inner); c.size() > elements_.size()) {
        elements_ = c;
        r_.elements_of = k;
      }
    std::vector<int> sorted = elements_;
    std::sort(sorted.begin(), sorted.end());
    return std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end();
  }
  bool is_whole(const Tensor& t) const {
    std::vector<int> c = classes(t), all = elements_;
    std::sort(c.begin(), c.end());
    std::sort(all.begin(), all.end());
    return c == all;
  }
  bool is_scalar(const Tensor& t) const { return classes(t).empty(); }

  /// Every result has an element for each element, so that no two write one, and they lie in the same order.
  bool results_fit() const {
    return std::all_of(r_.results.begin(), r_.results.end(), [&](const Tensor& t) {
      const std::size_t output = r_.result(t).output;
      const bool is_y = !r_.is_carry(output);
      const Tensor& of = is_y ? r_.part.step.outputs[output] : r_.part.step.inputs[output];
      return classes(of) == elements_ && (!is_y || has_all_axes(of));
    });
  }
  /// An axis that is long without an input's being so, as that of zeros(n), is none of the elements'.
  bool has_all_axes(const Tensor& y) const {
    const std::vector<int>& of = *labels(y);
    for (std::size_t d = 0; d < of.size(); ++d)
      if (of[d] < 0 && !type(y).broadcasts(static_cast<int>(d))) return false;
    return true;
  }

  std::vector<int> axes(const std::vector<int>& of) const {
    std::vector<int> r;
    for (const int l : of) {
      const auto there = std::find(elements_.begin(), elements_.end(), find(l));
      r.push_back(l < 0 || there == elements_.end() ? -1 : static_cast<int>(there - elements_.begin()));
    }
    return r;
  }
  /// Rows and states have all elements, or one for all; what is the same at each step may have some of the axes, and
  /// is written out before.
  bool fits(std::size_t k) const {
    const Tensor& t = r_.inputs[k].inner;
    const std::vector<int> c = classes(t);
    const bool known = std::all_of(
        c.begin(), c.end(), [&](int l) { return std::find(elements_.begin(), elements_.end(), l) != elements_.end(); });
    const bool is_the_same = !r_.is_carry(k) && !r_.is_row(k) && r_.is_carry(r_.elements_of);
    return known && (is_whole(t) || is_scalar(t) || is_the_same);
  }

  /// By the types: then there is no axis to go along.
  bool is_one_step() const {
    for (const Tensor& t : r_.results)
      if (!r_.form.is_last(ops::result_of(t)) && type(t).broadcasts(0)) return true;
    const std::vector<Tensor>& outer = node(r_.results[0]).inputs;
    for (std::size_t k = 0; k < r_.form.rows; ++k)
      if (type(outer[r_.form.row(k) + 1]).broadcasts(0)) return true;
    return false;
  }

  Recurrence r_;
  std::vector<int> parents_, elements_;
  std::unordered_map<const Node*, std::vector<int>> labels_;
};

}  // namespace

LoopResult Recurrence::result(const Tensor& t) const {
  const std::size_t number = ops::result_of(t);
  if (form.is_y(number)) return {part.carries.size() + ops::place_in(part.ys, number - form.y(0))};
  const bool before = form.is_before(number);
  return {ops::place_in(part.carries, before ? number - form.before(0) : number), !before, before};
}

std::vector<Recurrence> recurrences(std::span<const Tensor> nodes) {
  std::vector<Tensor> loops;
  for (const Tensor& t : nodes)
    if (meaning<Loop>(t)) loops.push_back(t);
  std::vector<Recurrence> r;
  for (const std::vector<Tensor>& run : ops::by_run(loops))
    if (auto found = Finder(run).run()) r.push_back(*std::move(found));
  return r;
}

}  // namespace croton::tile
