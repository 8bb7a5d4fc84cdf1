#include "tile/build.h"

#include <algorithm>
#include <set>

#include "expr/functions.h"
#include "tile/items.h"
#include "tile/phase.h"

namespace croton::tile {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

using Labels = std::vector<int>;

bool contains(const Labels& list, int label) { return std::find(list.begin(), list.end(), label) != list.end(); }

// Where an item stands while a set of parallel axes is tried: in the phase, before it, or only after it.
enum class Standing : std::uint8_t { outside, in, before, after };

struct Choice {
  Labels parallel;
  bool flat = false;
  double work = -1;
  std::vector<Standing> standing;  // by item
};

// Work whose lanes lie apart in memory counts less: each takes a cache line of its own.
constexpr double strided_worth = 1.0 / 16;
// Sets of parallel axes that are tried for one phase.
constexpr std::size_t most_choices = 64;
// Phases of more values than this are cut: the host compiler slows down, and nothing is left to share.
constexpr int largest_phase = 500;

class Builder {
 public:
  explicit Builder(std::span<const Tensor> outputs) : items_(outputs), memory_(items_) {
    wanted_.assign(items_.list.size(), false);
    for (const int o : items_.outputs) want(o);
    limit_unrolling();
    needs_memory_.assign(items_.list.size(), false);
    for (const int o : items_.outputs) needs_memory_[at(o)] = true;
    for (const Item& user : items_.list)
      for (const Operand& o : user.operands)
        if (!is_kernel(user) || !o.fused) needs_memory_[at(o.item)] = true;
  }

  Program run() {
    schedule(wanted_);
    for (const int o : items_.outputs) memory_.program.outputs.push_back(memory_.buffer(o));
    return std::move(memory_.program);
  }

 private:
  void want(int item) {
    std::vector<int> todo{item};
    while (!todo.empty()) {
      const int i = todo.back();
      todo.pop_back();
      if (wanted_[at(i)]) continue;
      wanted_[at(i)] = true;
      for (const Operand& o : items_.list[at(i)].operands) todo.push_back(o.item);
    }
  }

  // At most 64 copies of a statement: beyond that the largest constant axis becomes a loop.
  void limit_unrolling() {
    for (const Item& item : items_.list)
      for (;;) {
        Index copies = 1;
        int largest = -1;
        for (const Labels* list : {&item.labels, &item.reduced})
          for (const int l : *list)
            if (l >= 0 && items_.constant(l) > 1) {
              copies *= items_.constant(l);
              if (largest < 0 || items_.constant(l) > items_.constant(largest)) largest = l;
            }
        if (copies <= 64) break;
        items_.make_free(largest);
      }
  }

  void schedule(const std::vector<bool>& set) {
    for (;;) {
      host_and_library_steps(set);
      const std::vector<int> frontier = ready(set);
      if (frontier.empty()) return;
      Choice best;
      std::set<Labels> tried;
      const auto attempt = [&](int item) {
        for (const Labels& p : candidates(items_.list[at(item)]))
          if (tried.size() < most_choices && tried.insert(p).second) consider(p, set, best);
      };
      for (const int i : frontier) attempt(i);
      // what is not ready yet may want other axes: then what feeds it goes into a phase of its own first
      for (std::size_t i = 0; i < set.size() && tried.size() < most_choices; ++i)
        if (set[i] && is_kernel(items_.list[i]) && !memory_.available(static_cast<int>(i)))
          attempt(static_cast<int>(i));
      if (best.work < 0) {
        items_.list[at(frontier[0])].kind = Item::Kind::host;
        memory_.program.reasons.push_back("no loop nest fits " +
                                          std::string(items_.list[at(frontier[0])].node.node()->op->name));
        continue;
      }
      std::vector<bool> before(set.size(), false);
      if (feeders(best, before))
        schedule(before);
      else
        memory_.emit(best.parallel, best.flat, members(best));
    }
  }

  void host_and_library_steps(const std::vector<bool>& set) {
    for (std::size_t i = 0; i < set.size(); ++i) {
      const Item& item = items_.list[i];
      const bool step = item.kind == Item::Kind::host || item.kind == Item::Kind::library;
      if (set[i] && step && !memory_.available(static_cast<int>(i)) && operands_available(item))
        memory_.emit_step(static_cast<int>(i));
    }
  }

  bool operands_available(const Item& item) const {
    return std::all_of(item.operands.begin(), item.operands.end(),
                       [&](const Operand& o) { return memory_.available(o.item); });
  }

  bool is_kernel(const Item& item) const { return item.kind == Item::Kind::kernel || item.kind == Item::Kind::combine; }

  // Computed again where it is used: along the same axes only.
  bool inlines(const Operand& o) const { return o.fused && memory_.can_inline(o.item); }

  std::vector<int> ready(const std::vector<bool>& set) const {
    std::vector<int> r;
    for (std::size_t i = 0; i < set.size(); ++i) {
      const Item& item = items_.list[i];
      if (!set[i] || !is_kernel(item) || memory_.available(static_cast<int>(i))) continue;
      if (!needs_memory_[i] && memory_.can_inline(static_cast<int>(i))) continue;  // computed where it is used
      const auto here = [&](const Operand& o) { return memory_.available(o.item) || inlines(o); };
      if (std::all_of(item.operands.begin(), item.operands.end(), here)) r.push_back(static_cast<int>(i));
    }
    return r;
  }

  Labels free_of(const Labels& labels) const {
    Labels r;
    for (const int l : labels)
      if (l >= 0 && items_.constant(l) < 0 && !contains(r, items_.find(l))) r.push_back(items_.find(l));
    return r;
  }

  // The axes of an item in the order of its largest operand: the outermost first.
  Labels loop_order(const Item& item) const {
    Labels all;
    const auto add = [&](const Labels& labels) {
      for (const int l : labels)
        if (l >= 0 && !contains(all, items_.find(l))) all.push_back(items_.find(l));
    };
    for (const Operand& o : item.operands)
      if (o.labels.size() > item.labels.size()) add(o.labels);
    add(item.labels);
    for (const Operand& o : item.operands) add(o.labels);
    return all;
  }

  std::vector<Labels> candidates(const Item& item) const {
    std::vector<Labels> r;
    const Labels all = loop_order(item), open = free_of(all);
    if (open.empty()) return {Labels{}};
    if (all.size() > 1) r.push_back(all);
    for (const int l : open) r.push_back({l});
    const Labels kept = free_of(item.labels);
    for (std::size_t n = kept.size(); n > 1; --n)
      r.emplace_back(kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>(n));
    return r;
  }

  // Free axes of a list that are not parallel ones.
  Labels inner(const Labels& labels, const Labels& parallel) const {
    Labels r = free_of(labels);
    std::erase_if(r, [&](int l) { return contains(parallel, l); });
    return r;
  }

  bool folds_parallel(const Item& item, const Labels& parallel) const {
    return !parallel.empty() && std::any_of(item.reduced.begin(), item.reduced.end(),
                                            [&](int l) { return contains(parallel, items_.find(l)); });
  }

  // Whether one phase over `parallel` can hold the item: it has all of these axes, folds all of them or none, and needs
  // at most one loop of its own (a fold may have a serial loop inside that one, over operands that lie in memory).
  bool fits(const Item& item, const Labels& parallel) const {
    Labels mine;
    for (const Labels* list : {&item.labels, &item.reduced})
      for (const int l : *list)
        if (l >= 0) mine.push_back(items_.find(l));
    for (const int p : parallel)
      if (!contains(mine, p)) return false;
    const Labels kept = inner(item.labels, parallel), folded = inner(item.reduced, parallel);
    if (item.monoid == Monoid::spread && item.kind == Item::Kind::kernel)  // what it carries lies in partials
      return folds_parallel(item, parallel) && kept.size() == 1 && folded.empty();
    if (parallel.empty()) return kept.empty() && folded.empty();
    if (folds_parallel(item, parallel)) {
      for (const int p : parallel) {
        const bool out =
            std::any_of(item.labels.begin(), item.labels.end(), [&](int l) { return items_.find(l) == p; });
        if (out) return false;
      }
      return kept.size() + folded.size() <= 1;
    }
    if (kept.size() > 1 || folded.size() > 1) return false;
    if (kept.empty() || folded.empty()) return true;
    return std::all_of(item.operands.begin(), item.operands.end(), [&](const Operand& o) {
      const bool varies =
          std::any_of(o.labels.begin(), o.labels.end(), [&](int l) { return l >= 0 && items_.find(l) == folded[0]; });
      return !varies || memory_.available(o.item);
    });
  }

  void consider(const Labels& parallel, const std::vector<bool>& set, Choice& best) const {
    Choice c{.parallel = parallel, .standing = std::vector<Standing>(set.size(), Standing::outside)};
    c.work = 0;
    int count = 0;
    bool inner_loops = false;
    for (std::size_t i = 0; i < set.size(); ++i) {
      const Item& item = items_.list[i];
      if (!set[i] || memory_.available(static_cast<int>(i))) continue;
      bool any_in = false, any_after = false;
      for (const Operand& o : item.operands) {
        const Standing s = c.standing[at(o.item)];
        if (s == Standing::in)
          (o.fused && !folds_parallel(items_.list[at(o.item)], parallel) ? any_in : any_after) = true;
        any_after = any_after || s == Standing::after;
      }
      const bool takes = is_kernel(item) && !any_after && count < largest_phase && fits(item, parallel);
      c.standing[i] = takes ? Standing::in : any_in || any_after ? Standing::after : Standing::before;
      if (!takes) continue;
      ++count;
    }
    for (const int i : members(c)) {
      const Item& item = items_.list[at(i)];
      inner_loops = inner_loops || !inner(item.labels, parallel).empty() || !inner(item.reduced, parallel).empty();
      c.work += work(item) * (strides(item, parallel) ? strided_worth : 1);
    }
    if (c.work == 0) return;
    c.flat = !inner_loops && !parallel.empty() && collapses(c);
    const bool looped_constant =
        std::any_of(parallel.begin(), parallel.end(), [&](int l) { return items_.constant(l) >= 0; });
    if (!c.flat && (looped_constant || (parallel.size() > 1 && !inner_loops))) return;
    if (c.work > best.work * (1 + 1e-9)) best = std::move(c);
  }

  // Whether every buffer that the phase reads or writes runs along all of the parallel axes in order, or along none.
  bool collapses(const Choice& c) const {
    const auto whole = [&](const Labels& labels) {
      Labels run;
      for (const int l : labels)
        if (l >= 0 && contains(c.parallel, items_.find(l))) run.push_back(items_.find(l));
      const bool others = std::any_of(labels.begin(), labels.end(),
                                      [&](int l) { return l >= 0 && !contains(c.parallel, items_.find(l)); });
      return run.empty() || (run == c.parallel && (c.parallel.size() == 1 || !others));
    };
    Labels todo;  // the phase's items, and those that it computes where they are used
    for (std::size_t i = 0; i < c.standing.size(); ++i)
      if (c.standing[i] == Standing::in) todo.push_back(static_cast<int>(i));
    std::vector<bool> seen(c.standing.size(), false);
    while (!todo.empty()) {
      const int i = todo.back();
      todo.pop_back();
      if (seen[at(i)]) continue;
      seen[at(i)] = true;
      const Item& item = items_.list[at(i)];
      if (!whole(item.labels) || (c.parallel.size() > 1 && meaning<Iota>(item.node) && !item.copy)) return false;
      if (c.parallel.size() > 1 && item.kind == Item::Kind::combine && !constants_first(item)) return false;
      for (const Operand& o : item.operands) {
        if (!whole(o.labels)) return false;
        if (c.parallel.size() > 1 && items_.list[at(o.item)].kind == Item::Kind::alias && !is_dense(o.item))
          return false;
        if (!memory_.available(o.item)) todo.push_back(o.item);
      }
    }
    return true;
  }

  // Whether partials lie in memory as the item's own axes do.
  bool constants_first(const Item& item) const {
    bool open = false;
    for (const int l : item.labels) {
      if (l >= 0 && items_.constant(l) >= 0 && open) return false;
      open = open || (l >= 0 && items_.constant(l) < 0);
    }
    return true;
  }

  // Whether the lanes of the item's loop would run along an axis that is not the innermost of what it reads or writes.
  bool strides(const Item& item, const Labels& parallel) const {
    const auto across = [&](const Labels& labels) {
      const auto last = std::find_if(labels.rbegin(), labels.rend(), [](int l) { return l >= 0; });
      return last != labels.rend() && contains(parallel, items_.find(*last)) && !inner(labels, parallel).empty();
    };
    return across(item.labels) ||
           std::any_of(item.operands.begin(), item.operands.end(), [&](const Operand& o) { return across(o.labels); });
  }

  bool is_dense(int item) const { return meaning<Reshape>(items_.list[at(item)].node); }

  double work(const Item& item) const {
    double points = 1;
    for (const Labels* list : {&item.labels, &item.reduced})
      for (const int l : *list) points *= static_cast<double>(items_.likely_extent(l));
    const auto* p = item.copy ? nullptr : meaning<Pointwise>(item.node);
    return points * (p ? expr::function(p->function).cost : 1);
  }

  // The phase's items, without those that nothing here uses and that their later users can compute where they are used.
  std::vector<int> members(const Choice& c) const {
    std::vector<bool> used = needs_memory_;
    std::vector<int> r;
    for (std::size_t i = c.standing.size(); i-- > 0;) {
      if (c.standing[i] != Standing::in || (!used[i] && memory_.can_inline(static_cast<int>(i)))) continue;
      for (const Operand& o : items_.list[i].operands) used[at(o.item)] = true;
      r.push_back(static_cast<int>(i));
    }
    std::reverse(r.begin(), r.end());
    return r;
  }

  // The items that must be in memory before the phase can run; false if there are none.
  bool feeders(const Choice& c, std::vector<bool>& before) const {
    std::vector<int> todo;
    const auto add = [&](const Item& item) {
      for (const Operand& o : item.operands)
        if (!memory_.available(o.item) && c.standing[at(o.item)] == Standing::before && !before[at(o.item)])
          todo.push_back(o.item);
    };
    for (const int i : members(c))
      for (const Operand& o : items_.list[at(i)].operands)
        if (!memory_.available(o.item) && c.standing[at(o.item)] == Standing::before && !inlines(o))
          todo.push_back(o.item);
    const bool any = !todo.empty();
    while (!todo.empty()) {
      const int i = todo.back();
      todo.pop_back();
      if (before[at(i)]) continue;
      before[at(i)] = true;
      add(items_.list[at(i)]);
    }
    return any;
  }

  Items items_;
  Memory memory_;
  std::vector<bool> wanted_;
  std::vector<bool> needs_memory_;  // outputs, and what others than kernels, or kernels along other axes, read
};

}  // namespace

Program build(std::span<const Tensor> outputs) { return Builder(outputs).run(); }

}  // namespace croton::tile
