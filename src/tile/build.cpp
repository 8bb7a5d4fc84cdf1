#include "tile/build.h"

#include <algorithm>
#include <functional>
#include <set>
#include <stdexcept>
#include <unordered_map>
#include <unordered_set>

#include "ops/parts.h"
#include "tile/item_axes.h"
#include "tile/items.h"
#include "tile/joined.h"
#include "tile/order.h"
#include "tile/phase.h"
#include "tile/unrolled.h"

namespace croton::tile {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

// Where an item stands while a set of parallel axes is tried: in the phase, before it, or only after it.
enum class Standing : std::uint8_t { outside, in, before, after };

struct Choice {
  Labels parallel;
  bool flat = false;
  double work = -1;
  std::vector<Standing> standing;  // by place in the window
};

// The items that a phase is chosen among, in their order: the first ones that are still to be computed, and those that
// they compute where they use them.
struct Window {
  std::vector<int> items;
  std::vector<bool> inlined;  // nothing wants it in memory, and it costs little
  std::vector<Labels> axes;   // that it runs along or folds
};

// A set of items, worked through from front to back.
struct Todo {
  std::vector<int> items;
  std::size_t next = 0;           // the first one that has not been looked at
  std::vector<int> waiting = {};  // of those before it: to be computed in a phase or step of their own
  int host_steps = 0;             // of Builder::made_host_, when that was so
};

// Work whose lanes lie apart in memory counts less: each takes a cache line of its own. So does all that a phase does
// where that is a third of it.
constexpr double strided_worth = 1.0 / 16;
// Sets of parallel axes that are tried for one phase; and how many items all of them together look at.
constexpr std::size_t most_choices = 64, most_looks = 16000;
// Phases of more values than this are cut: the host compiler slows down, and nothing is left to share. Where no axis is
// gone along, every element is a value.
constexpr std::size_t largest_phase = 500;
// Values of a phase of computations that share nothing: the updates of many parameters are several kernels, of one text
// where they are alike. With rows each value is many statements.
constexpr std::size_t largest_mixture = 100, largest_mixture_of_rows = 25;

// Values, one from another, that each step of a fold computes for itself.
constexpr int most_steps_inside_folds = 8;

class Builder {
 public:
  Builder(std::span<const Tensor> outputs, const BuildOptions& options)
      : items_(outputs, options), axes_(items_), memory_(items_) {
    join_axes(items_, options.fills_machine);
    wanted_.assign(items_.list.size(), false);
    for (const int o : items_.outputs) want(o);
    choose_unrolled(items_);
    find_inside_loops();
    needs_memory_.assign(items_.list.size(), false);
    for (const int o : items_.outputs) needs_memory_[at(o)] = true;
    for (const Item& user : items_.list)
      for (const Operand& o : user.operands)
        if (!o.fused) needs_memory_[at(o.item)] = true;
    repeated_.assign(items_.list.size(), false);
    for (const Item& user : items_.list) {
      const Labels axes = axes_.of(user);
      for (const Operand& o : user.operands)
        if (std::any_of(axes.begin(), axes.end(), [&](int l) { return !axes_.runs_along(o.labels, l); }))
          repeated_[at(o.item)] = true;
    }
    users_.assign(items_.list.size(), 0);
    for (std::size_t i = 0; i < wanted_.size(); ++i)
      if (wanted_[i])
        for (const Operand& o : items_.list[i].operands) ++users_[at(o.item)];
    dropped_.assign(items_.list.size(), false);
    place_.assign(items_.list.size(), -1);
    find_inside_folds();
  }

  Program run(std::uint64_t* visits) {
    Todo all;
    for (std::size_t i = 0; i < wanted_.size(); ++i)
      if (wanted_[i]) all.items.push_back(static_cast<int>(i));
    schedule(std::move(all));
    for (const int o : items_.outputs) {
      if (!memory_.available(o)) throw std::logic_error("tile: an output that no step computes");
      memory_.program.outputs.push_back(memory_.buffer(o));
    }
    bring_together(memory_.program);
    if (visits != nullptr) *visits = visits_ + items_.visits;
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

  // What the steps of one loop alone read, each element once, is computed there.
  void find_inside_loops() {
    constexpr int nobody = -1, others = -2;
    std::vector<int> users(items_.list.size(), nobody);  // the loop that is all there is of them
    inside_loop_.assign(items_.list.size(), nobody);
    for (const int o : items_.outputs) users[at(o)] = others;
    for (std::size_t i = items_.list.size(); i-- > 0;) {
      const Item& item = items_.list[i];
      if (!wanted_[i]) continue;
      const bool fits =
          item.kind == Item::Kind::kernel && users[i] >= 0 && axes_.may_be_in(items_.loops[at(users[i])], item);
      inside_loop_[i] = item.kind == Item::Kind::recurrence ? item.loop : fits ? users[i] : nobody;
      for (const Operand& o : item.operands) {
        int& all = users[at(o.item)];
        const int by = inside_loop_[i] >= 0 && o.fused ? inside_loop_[i] : others;
        all = all == nobody || all == by ? by : others;
      }
    }
    // a run over several axes reads what it does not compute as runs
    for (std::size_t i = 0; i < items_.list.size(); ++i) {
      if (inside_loop_[i] < 0 || items_.loops[at(inside_loop_[i])].elements.size() < 2) continue;
      for (Operand& o : items_.list[i].operands)
        if (inside_loop_[at(o.item)] < 0 && std::any_of(o.labels.begin(), o.labels.end(), [](int l) { return l >= 0; }))
          o.fused = false;
    }
  }

  // What one fold alone reads, that goes along another axis than its operand's rows: each step of it can be computed
  // inside the fold's loop.
  void find_inside_folds() {
    inside_fold_.assign(items_.list.size(), 0);
    constexpr int nobody = -1, several = -2;
    std::vector<int> users(items_.list.size(), nobody);
    for (std::size_t i = items_.list.size(); i-- > 0;) {
      if (!wanted_[i]) continue;
      const Item& item = items_.list[i];
      for (const Operand& o : item.operands) {
        int& user = users[at(o.item)];
        user = o.fused && (user == nobody || user == static_cast<int>(i)) ? static_cast<int>(i) : several;
      }
      if (users[i] < 0 || needs_memory_[i] || repeated_[i] || !computes_elements(item)) continue;
      const Item& user = items_.list[at(users[i])];
      const auto last = std::find_if(item.labels.rbegin(), item.labels.rend(), [](int l) { return l >= 0; });
      const bool folds = !user.reduced.empty() && !user.copy && meaning<Reduce>(user.node) &&
                         last != item.labels.rend() && axes_.runs_along(user.labels, items_.find(*last));
      const int steps = folds ? 1 : inside_fold_[at(users[i])] + 1;
      if (folds || (inside_fold_[at(users[i])] > 0 && steps <= most_steps_inside_folds)) inside_fold_[i] = steps;
    }
  }

  static bool computes_elements(const Item& item) {
    return item.kind == Item::Kind::kernel && !item.copy && !item.alone && item.into < 0 && item.row < 0 &&
           (meaning<Pointwise>(item.node) || meaning<Convert>(item.node) || meaning<Iota>(item.node));
  }

  // Whether anything was done.
  bool schedule(Todo todo) {
    for (bool done_any = false;; done_any = true) {
      const Window w = window(todo);
      if (steps_of_their_own(w)) continue;
      const std::vector<int> frontier = ready(w);
      if (frontier.empty()) {
        if (phases_of_their_own(w)) continue;
        return done_any;
      }
      Choice best;
      std::set<Labels> tried;
      const std::size_t most = std::clamp(most_looks / w.items.size(), std::size_t{8}, most_choices);
      const auto attempt = [&](int item) {
        for (const Labels& p : axes_.candidates(items_.list[at(item)]))
          if (tried.size() < most && tried.insert(p).second) consider(p, w, best);
      };
      for (const int i : frontier) attempt(i);
      // what is not ready yet may want other axes: then what feeds it goes into a phase of its own first
      for (std::size_t k = 0; k < w.items.size() && tried.size() < most; ++k)
        if (const Item& i = items_.list[at(w.items[k])]; is_kernel(i) && !i.alone) attempt(w.items[k]);
      if (best.work < 0) {
        make_host(frontier[0]);
        continue;
      }
      const std::vector<int> in = members(best, w);
      std::vector<int> before = feeders(best, in, w);
      if (before.empty())
        emit(best, in);
      else if (!schedule({.items = std::move(before)}))
        make_host(frontier[0]);
    }
  }

  Window window(Todo& todo) {
    if (todo.host_steps != made_host_) todo.next = 0, todo.waiting.clear();  // items want memory that did not before
    todo.host_steps = made_host_;
    const auto waits = [&](int i) { return !done(i) && !inlined(i); };
    std::erase_if(todo.waiting, [&](int i) { return !waits(i); });
    for (; todo.waiting.size() < most_waiting && todo.next < todo.items.size(); ++todo.next, ++visits_)
      if (waits(todo.items[todo.next])) todo.waiting.push_back(todo.items[todo.next]);
    for (const int i : placed_) place_[at(i)] = -1;
    Window w{.items = todo.waiting, .inlined = {}, .axes = {}};
    for (const int i : w.items) place_[at(i)] = 0;
    for (std::size_t k = 0; k < w.items.size(); ++k)
      for (const Operand& o : items_.list[at(w.items[k])].operands) {
        if (place_[at(o.item)] >= 0 || done(o.item) || !inlined(o.item)) continue;
        place_[at(o.item)] = 0;
        w.items.push_back(o.item);
      }
    std::sort(w.items.begin(), w.items.end());
    for (std::size_t k = 0; k < w.items.size(); ++k) {
      place_[at(w.items[k])] = static_cast<int>(k);
      w.inlined.push_back(inlined(w.items[k]));
      w.axes.push_back(axes_.of(items_.list[at(w.items[k])]));
    }
    visits_ += w.items.size();
    placed_ = w.items;
    return w;
  }

  bool is_inside(int item) const {
    return inside_loop_[at(item)] >= 0 && items_.list[at(item)].kind != Item::Kind::recurrence;
  }
  bool done(int item) const { return dropped_[at(item)] || memory_.available(item); }
  bool inlined(int item) const { return is_inside(item) || (!needs_memory_[at(item)] && computed_again(item)); }
  bool computed_again(int item) const {
    return memory_.can_inline(item) || (!repeated_[at(item)] && memory_.can_remake(item)) ||
           (inside_fold_[at(item)] > 0 && memory_.can_compute(item, most_steps_inside_folds));
  }

  bool steps_of_their_own(const Window& w) {
    bool any = false;
    for (const int i : w.items) {
      const Item& item = items_.list[at(i)];
      const bool loop = item.kind == Item::Kind::recurrence;
      const bool step = item.kind == Item::Kind::host || item.kind == Item::Kind::library;
      if (!(step || loop) || done(i) || !operands_here(item)) continue;
      loop ? memory_.emit_loop(item.loop) : memory_.emit_step(i);
      const std::vector<int> made = loop ? items_.loops[at(item.loop)].items : std::vector<int>{i};
      for (const int m : made)
        for (const Operand& o : items_.list[at(m)].operands) let_go(o.item);
      any = true;
    }
    return any;
  }

  // After all others: until then somebody may read the variable that they change where it lies.
  bool phases_of_their_own(const Window& w) {
    for (std::size_t k = 0; k < w.items.size(); ++k) {
      const Item& item = items_.list[at(w.items[k])];
      if (!item.alone || !is_kernel(item) || w.inlined[k] || !operands_here(item)) continue;
      emit_alone(w.items[k]);
      return true;
    }
    return false;
  }

  // Whatever else goes along the same axes stays out of its phase.
  void emit_alone(int i) {
    Todo only{.items = {i}};
    const Window w = window(only);
    Choice best;
    for (const Labels& p : axes_.candidates(items_.list[at(i)])) consider(p, w, best, true);
    if (best.work < 0) throw std::logic_error("tile: no loop nest fits a copy");
    emit(best, members(best, w));
  }

  // No loop nest computes the item: the host does, from memory.
  void make_host(int i) {
    Item& item = items_.list[at(i)];
    item.kind = Item::Kind::host;
    item.operands = items_.from_memory(item.node);
    for (const Operand& o : item.operands) needs_memory_[at(o.item)] = true;
    ++made_host_;
    memory_.program.reasons.push_back("no loop nest fits " + std::string(item.node.node()->op->name));
  }

  void emit(const Choice& c, const std::vector<int>& in) {
    std::vector<int> read;
    for (const int i : in)
      for (const Operand& o : items_.list[at(i)].operands) read.push_back(o.item);
    const std::size_t largest = c.flat || c.parallel.empty() ? largest_mixture : largest_mixture_of_rows;
    for (const std::vector<int>& part : apart(in, largest)) memory_.emit(c.parallel, c.flat, part);
    for (const int o : read) let_go(o);
  }

  // A long list of members as several, between which nothing is shared: neither a value nor an array that both read.
  std::vector<std::vector<int>> apart(const std::vector<int>& in, std::size_t largest) const {
    if (in.size() <= largest) return {in};
    const std::unordered_set<int> members(in.begin(), in.end());
    std::unordered_map<int, int> parents;  // of members, and of what they read and compute
    const std::function<int(int)> root = [&](int i) {
      const int p = parents.emplace(i, i).first->second;
      return p == i ? i : parents[i] = root(p);
    };
    for (const int i : in) {
      std::vector<int> todo{i};
      while (!todo.empty()) {
        const int user = todo.back();
        todo.pop_back();
        for (const Operand& o : items_.list[at(user)].operands) {
          const bool is_number = !o.awaited && axes_.free_of(o.labels).empty() && !members.contains(o.item);
          if (is_number || root(o.item) == root(i)) continue;
          parents[root(o.item)] = root(i);
          if (!memory_.available(o.item)) todo.push_back(o.item);
        }
      }
    }
    std::unordered_map<int, std::vector<int>> together;
    for (const int i : in) together[root(i)].push_back(i);
    std::vector<std::vector<int>> parts;
    for (const int i : in) {
      const auto found = together.find(root(i));
      if (found == together.end()) continue;
      const std::vector<int>& more = found->second;
      if (parts.empty() || parts.back().size() + more.size() > largest) parts.emplace_back();
      parts.back().insert(parts.back().end(), more.begin(), more.end());
      together.erase(found);
    }
    for (std::vector<int>& part : parts) std::sort(part.begin(), part.end());
    return parts;
  }

  // A user of the item has been computed. What nobody computes any more where it is used is done with, and so may be
  // what that used.
  void let_go(int item) {
    std::vector<int> todo{item};
    while (!todo.empty()) {
      const int i = todo.back();
      todo.pop_back();
      if (--users_[at(i)] > 0 || needs_memory_[at(i)] || done(i)) continue;
      dropped_[at(i)] = true;
      for (const Operand& o : items_.list[at(i)].operands) todo.push_back(o.item);
    }
  }

  // In memory, or computed where they are used.
  bool operands_here(const Item& item) const {
    std::vector<const Item*> todo{&item};  // with what is computed inside a loop
    std::unordered_set<int> seen;
    while (!todo.empty()) {
      const Item& user = *todo.back();
      todo.pop_back();
      for (const Operand& o : user.operands) {
        if (memory_.available(o.item) || inlines(o)) continue;
        if (!is_inside(o.item)) return false;
        if (seen.insert(o.item).second) todo.push_back(&items_.list[at(o.item)]);
      }
    }
    return true;
  }

  bool is_kernel(const Item& item) const { return item.kind == Item::Kind::kernel || item.kind == Item::Kind::combine; }

  // Computed again where it is used: along the same axes only.
  bool inlines(const Operand& o) const { return o.fused && computed_again(o.item); }

  std::vector<int> ready(const Window& w) const {
    std::vector<int> r;
    for (std::size_t k = 0; k < w.items.size(); ++k) {
      const Item& item = items_.list[at(w.items[k])];
      if (!is_kernel(item) || item.alone || w.inlined[k]) continue;
      if (operands_here(item)) r.push_back(w.items[k]);
    }
    return r;
  }

  // Whether one phase over `parallel` can hold the item, which has all of these axes: it folds all of them or none, and
  // needs at most one loop of its own (a fold may have a serial loop inside that one, over operands that lie in memory,
  // or are rows that an index names).
  bool fits(const Item& item, const Labels& parallel) const {
    const Labels kept = axes_.inner(item.labels, parallel), folded = axes_.inner(item.reduced, parallel);
    if (item.monoid == Monoid::spread && item.kind == Item::Kind::kernel)  // what it carries lies in partials
      return axes_.folds_parallel(item, parallel) && kept.size() == 1 && folded.empty();
    // each element of a window is read at a row of its own: lanes do not run along what is folded over
    if (meaning<FoldWindows>(item.node) && !item.copy && item.kind == Item::Kind::kernel && kept.empty() &&
        (!folded.empty() || axes_.folds_parallel(item, parallel)))
      return false;
    if (parallel.empty()) return kept.empty() && folded.empty();
    if (axes_.folds_parallel(item, parallel)) {
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
      return !varies || memory_.available(o.item) || reads_rows(items_.list[at(o.item)], kept[0]) ||
             computed_in_steps(o, most_steps_inside_folds);
    });
  }

  // Whether each step of a fold can compute it, from what lies in memory.
  bool computed_in_steps(const Operand& o, int depth) const {
    if (memory_.available(o.item)) return true;
    const Item& item = items_.list[at(o.item)];
    return depth > 0 && inlines(o) && computes_elements(item) &&
           std::all_of(item.operands.begin(), item.operands.end(),
                       [&](const Operand& x) { return computed_in_steps(x, depth - 1); });
  }

  // Whether it reads rows, along this axis, that an index in memory names.
  bool reads_rows(const Item& item, int along) const {
    if (item.kind != Item::Kind::kernel || item.copy || !meaning<Gather>(item.node)) return false;
    const Operand& index = item.operands[0];
    return std::all_of(item.operands.begin(), item.operands.end(),
                       [&](const Operand& o) { return memory_.available(o.item); }) &&
           std::none_of(index.labels.begin(), index.labels.end(),
                        [&](int l) { return l >= 0 && items_.find(l) == along; });
  }

  // `alone`: the window is of an item that is to have a phase of its own.
  void consider(const Labels& parallel, const Window& w, Choice& best, bool alone = false) {
    Choice c{.parallel = parallel, .standing = std::vector<Standing>(w.items.size(), Standing::outside)};
    c.work = 0;
    std::size_t count = 0;
    bool inner_loops = false;
    std::vector<bool> counted(w.items.size(), false);
    for (std::size_t k = 0; k < w.items.size(); ++k) {
      const Item& item = items_.list[at(w.items[k])];
      bool any_in = false, any_after = false;
      for (const Operand& o : item.operands) {
        const Standing s = standing(c, o.item);
        const bool here = s == Standing::in && o.fused && !axes_.folds_parallel(items_.list[at(o.item)], parallel);
        const bool beside = s == Standing::after && o.awaited && is_written_here(c, item, o.item);
        any_in = any_in || here || beside;
        any_after = any_after || (s == Standing::in && !here) || (s == Standing::after && !beside);
      }
      const bool has_axes =
          std::all_of(parallel.begin(), parallel.end(), [&](int p) { return contains(w.axes[k], p); });
      const bool may_be_here = is_kernel(item) && (alone || !item.alone);
      const bool takes = has_axes && may_be_here && !any_after && count < largest_phase && fits(item, parallel);
      c.standing[k] = takes ? Standing::in : any_in || any_after ? Standing::after : Standing::before;
      if (takes && !w.inlined[k]) count += count_with_inlined(k, w, counted, parallel.empty());
    }
    visits_ += w.items.size();
    double dense = 0, strided = 0;  // points of members
    for (const int i : members(c, w)) {
      const Item& item = items_.list[at(i)];
      inner_loops =
          inner_loops || !axes_.inner(item.labels, parallel).empty() || !axes_.inner(item.reduced, parallel).empty();
      const double points = axes_.points(item);
      if (axes_.strides(item, parallel))
        strided += points;
      else
        dense += points, c.work += axes_.work(item);
    }
    c.work = 2 * strided > dense ? (dense + strided) * strided_worth : c.work + strided * strided_worth;
    if (c.work == 0) return;
    c.flat = !inner_loops && !parallel.empty() && collapses(c, w);
    const bool looped_constant =
        std::any_of(parallel.begin(), parallel.end(), [&](int l) { return items_.constant(l) >= 0; });
    if (!c.flat && (looped_constant || (parallel.size() > 1 && !inner_loops))) return;
    if (c.work > best.work * (1 + 1e-9)) best = std::move(c);
  }

  Standing standing(const Choice& c, int item) const {
    const int place = place_[at(item)];
    return place < 0 ? Standing::outside : c.standing[at(place)];
  }

  // Whether what a part is written over lies there before the phase, but for other parts that the phase writes too,
  // none of them where this one lies.
  bool is_written_here(const Choice& c, const Item& part, int over) const {
    const Tensor& region = items_.list[at(part.into)].node;
    for (; standing(c, over) == Standing::after; over = items_.list[at(over)].over) {
      const Item& whole = items_.list[at(over)];
      if (whole.over < 0 || !meaning<Write>(region) || !meaning<Write>(whole.node)) return false;
      if (standing(c, whole.operands[0].item) != Standing::in || !ops::are_apart(whole.node, region)) return false;
    }
    return standing(c, over) != Standing::in;
  }

  // The values that a phase gets with this one: itself, and those it computes here that no other has brought yet.
  std::size_t count_with_inlined(std::size_t first, const Window& w, std::vector<bool>& counted,
                                 bool by_elements) const {
    std::size_t n = 0;
    std::vector<std::size_t> todo{first};
    while (!todo.empty()) {
      const std::size_t k = todo.back();
      todo.pop_back();
      if (counted[k]) continue;
      counted[k] = true;
      n += by_elements ? axes_.elements(items_.list[at(w.items[k])]) : 1;
      for (const Operand& o : items_.list[at(w.items[k])].operands)
        if (const int place = place_[at(o.item)]; place >= 0 && w.inlined[at(place)]) todo.push_back(at(place));
    }
    return n;
  }

  // Whether every buffer that the phase reads or writes runs along all of the parallel axes in order, or along none.
  bool collapses(const Choice& c, const Window& w) const {
    const auto whole = [&](const Labels& labels) {
      Labels run;
      for (const int l : labels)
        if (l >= 0 && contains(c.parallel, items_.find(l))) run.push_back(items_.find(l));
      const bool others = std::any_of(labels.begin(), labels.end(),
                                      [&](int l) { return l >= 0 && !contains(c.parallel, items_.find(l)); });
      return run.empty() || (run == c.parallel && (c.parallel.size() == 1 || !others));
    };
    Labels todo;  // the phase's items, and those that it computes where they are used
    for (std::size_t k = 0; k < w.items.size(); ++k)
      if (c.standing[k] == Standing::in) todo.push_back(w.items[k]);
    std::unordered_set<int> seen;
    while (!todo.empty()) {
      const int i = todo.back();
      todo.pop_back();
      if (!seen.insert(i).second) continue;
      const Item& item = items_.list[at(i)];
      if (c.parallel.size() > 1 && item.into >= 0 && !axes_.lies_dense(i)) return false;
      if (!whole(item.labels) || (c.parallel.size() > 1 && !item.copy && axes_.numbers_some(item))) return false;
      if (c.parallel.size() > 1 && item.kind == Item::Kind::combine && !axes_.constants_first(item)) return false;
      for (const Operand& o : item.operands) {
        if (o.awaited) continue;
        if (!whole(o.labels)) return false;
        if (c.parallel.size() > 1 && items_.list[at(o.item)].kind == Item::Kind::alias && !axes_.is_dense(o.item))
          return false;
        if (!memory_.available(o.item)) todo.push_back(o.item);
      }
    }
    return true;
  }

  // The phase's items, without those that their users can compute where they are used: later ones where nothing here
  // uses them, all of them what is made of numbers alone.
  std::vector<int> members(const Choice& c, const Window& w) const {
    std::vector<bool> used(w.items.size(), false);
    std::vector<int> r;
    for (std::size_t k = w.items.size(); k-- > 0;) {
      if (c.standing[k] != Standing::in) continue;
      if (w.inlined[k] && (!used[k] || memory_.can_remake(w.items[k]))) continue;
      for (const Operand& o : items_.list[at(w.items[k])].operands)
        if (const int place = place_[at(o.item)]; place >= 0) used[at(place)] = true;
      r.push_back(w.items[k]);
    }
    std::reverse(r.begin(), r.end());
    return r;
  }

  // The items that must be in memory before the phase of those members can run, in their order.
  std::vector<int> feeders(const Choice& c, const std::vector<int>& in, const Window& w) const {
    std::vector<int> todo;
    for (const int i : in)
      for (const Operand& o : items_.list[at(i)].operands)
        if (standing(c, o.item) == Standing::before && !inlines(o)) todo.push_back(o.item);
    std::vector<bool> seen(w.items.size(), false);
    std::vector<int> r;
    while (!todo.empty()) {
      const int i = todo.back();
      todo.pop_back();
      if (seen[at(place_[at(i)])]) continue;
      seen[at(place_[at(i)])] = true;
      r.push_back(i);
      for (const Operand& o : items_.list[at(i)].operands)
        if (standing(c, o.item) == Standing::before) todo.push_back(o.item);
    }
    std::sort(r.begin(), r.end());
    return r;
  }

  Items items_;
  const ItemAxes axes_;
  Memory memory_;
  std::vector<bool> wanted_;
  std::vector<bool> needs_memory_;   // outputs, and what others than kernels, or kernels along other axes, read
  std::vector<bool> repeated_;       // some user wants each element several times, along an axis of its own
  std::vector<int> users_;           // operands of items still to be computed that are this item
  std::vector<int> inside_loop_;     // the loop whose result it is, or whose steps compute it; -1: none
  std::vector<int> inside_fold_;     // how far before the fold that alone reads it, 0: nowhere
  std::vector<bool> dropped_;        // nothing uses it any more, and it was never in memory
  std::vector<int> place_, placed_;  // by item: its place in the window, or -1; the items that have one
  int made_host_ = 0;
  std::uint64_t visits_ = 0;
};

}  // namespace

Program build(std::span<const Tensor> outputs, const BuildOptions& options, std::uint64_t* visits) {
  return Builder(outputs, options).run(visits);
}

}  // namespace croton::tile
