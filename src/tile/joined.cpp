#include "tile/joined.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "ops/registry.h"
#include "tile/item_axes.h"

namespace croton::tile {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

class Joiner {
 public:
  Joiner(Items& items, Index fills_machine) : items_(items), axes_(items), fills_machine_(fills_machine) {}

  void run() {
    find_folds_of_folds();
    dense_.assign(items_.list.size(), true);
    for (std::size_t i = 0; i < items_.list.size(); ++i) look(static_cast<int>(i));
    for (const ItemLoop& loop : items_.loops) {
      keep(loop.elements), keep({loop.steps});
      for (const Operand& o : loop.operands) keep(o.labels);
    }
    find_chains();
    if (chains_.empty()) return;
    for (std::size_t i = 0; i < items_.list.size(); ++i) fold_at_once(static_cast<int>(i));
    for (Item& item : items_.list) rename(item);
  }

 private:
  static constexpr int nothing = -1, several = -2;

  bool is_plain_fold(const Item& item) const {
    return item.kind == Item::Kind::kernel && !item.copy && meaning<Reduce>(item.node) && item.monoid != Monoid::spread;
  }

  // The fold over the outer of two axes that is all there is of the fold over the inner one.
  void find_folds_of_folds() {
    std::vector<int> uses(items_.list.size(), 0);
    for (const int o : items_.outputs) ++uses[at(o)];
    for (const Item& user : items_.list)
      for (const Operand& o : user.operands) ++uses[at(o.item)];
    first_.assign(items_.list.size(), nothing);
    then_.assign(items_.list.size(), nothing);
    for (std::size_t i = 0; i < items_.list.size(); ++i) {
      const Item& item = items_.list[i];
      if (!is_plain_fold(item) || item.reduced.size() != 1) continue;
      const Operand& o = item.operands[0];
      const Item& inner = items_.list[at(o.item)];
      if (!o.fused || uses[at(o.item)] != 1 || !is_plain_fold(inner) || inner.reduced.size() != 1 ||
          inner.monoid != item.monoid || inner.node.dtype() != item.node.dtype())
        continue;
      first_[i] = o.item;
      then_[at(o.item)] = static_cast<int>(i);
    }
  }

  // What an item says of its axes: who stands behind whom, and which it would be good to join.
  void look(int id) {
    const Item& item = items_.list[at(id)];
    if (item.kind == Item::Kind::alias)
      dense_[at(id)] = meaning<Reshape>(item.node) || (dense_[at(item.operands[0].item)] && axes_.is_dense_in_base(id));
    const bool is_part = item.into >= 0 && (items_.list[at(item.into)].into >= 0 || !axes_.lies_dense(id));
    const bool apart =
        !dense_[at(id)] || is_part || item.kind == Item::Kind::recurrence || item.row >= 0 || item.rows >= 0 ||
        (meaning<FoldWindows>(item.node) && !item.copy) ||
        std::any_of(item.operands.begin(), item.operands.end(), [](const Operand& o) { return o.gathered; });
    if (apart) {
      keep(item.labels), keep(item.reduced), keep({item.rows});
      for (const Operand& o : item.operands) keep(o.labels);
      return;
    }
    if (meaning<Iota>(item.node) && !item.copy)
      for (const Index axis : node(item.node).params.list("axes")) keep({item.labels[at(static_cast<int>(axis))]});
    follow(unfolded(item.labels, id));
    for (const Operand& o : item.operands) follow(o.item == first_[at(id)] ? unfolded(o.labels, o.item) : o.labels);
    if (is_plain_fold(item) && then_[at(id)] < 0) want_fold(id);
    if (item.kind == Item::Kind::kernel && !meaning<Contract>(item.node))
      for (const Operand& o : item.operands) want_repetition(item, o), want_order(item, o);
  }

  // The labels of a fold that another one goes on with, as if the two were one: what it folds behind what that one
  // does.
  Labels unfolded(Labels labels, int fold) const {
    if (then_[at(fold)] < 0) return labels;
    const int next = items_.find(items_.list[at(then_[at(fold)])].reduced[0]);
    auto behind = std::find_if(labels.begin(), labels.end(), [&](int l) { return items_.find(l) == next; });
    if (behind != labels.end()) ++behind;
    for (int i = fold; i >= 0; i = first_[at(i)]) behind = labels.insert(behind, items_.list[at(i)].reduced[0]) + 1;
    return labels;
  }

  void keep(const Labels& labels) {
    for (const int l : labels)
      if (l >= 0) kept_.insert(items_.find(l));
  }

  void follow(const Labels& labels) {
    for (std::size_t k = 0; k < labels.size(); ++k) {
      if (labels[k] < 0) continue;
      const int l = items_.find(labels[k]);
      note(behind_, l, k + 1 < labels.size() ? items_.find(labels[k + 1]) : nothing);
      note(before_, l, k > 0 ? items_.find(labels[k - 1]) : nothing);
    }
  }

  static void note(std::unordered_map<int, int>& neighbours, int label, int neighbour) {
    int& known = neighbours.try_emplace(label, neighbour).first->second;
    if (known != neighbour) known = several;
  }

  // Axes that the item, with the folds that it alone reads, folds one behind the other.
  void want_fold(int id) {
    int from = id;
    Labels folded;
    for (int i = id; i >= 0; from = i, i = first_[at(i)])
      for (const int l : items_.list[at(i)].reduced) folded.push_back(items_.find(l));
    const Labels& all = items_.list[at(from)].operands[0].labels;
    if (all.empty()) return;
    // lanes run along what is behind a fold
    const auto folds = [&](int l) { return l >= 0 && contains(folded, items_.find(l)); };
    for (std::size_t k = all.size() - 1; k-- > 0 && !folds(all[k]) && !folds(all[k + 1]);)
      if (all[k] >= 0) wanted_.insert(items_.find(all[k]));
    if (folded.size() < 2 || axes_.free_of(items_.list[at(id)].labels).empty()) return;
    Index rows = 1;  // of what is in front of the axes that are folded together
    for (std::size_t k = 0, first = 0; k + 1 < all.size(); ++k) {
      if (!folds(all[k]) || !folds(all[k + 1])) {
        for (; first <= k; ++first) rows *= items_.likely_extent(all[first]);
        continue;
      }
      if (first > 0 && rows < fills_machine_) keep({all[k]});
      wanted_.insert(items_.find(all[k]));
    }
  }

  // Axes along which the operand is the same, with all that is inside them.
  void want_repetition(const Item& item, const Operand& o) {
    const auto lacks = [&](int l) { return l < 0 || !axes_.runs_along(o.labels, items_.find(l)); };
    const Labels& all = item.labels;
    std::size_t first = all.size();
    while (first > 0 && lacks(all[first - 1])) --first;
    const bool has_some = std::any_of(o.labels.begin(), o.labels.end(), [](int l) { return l >= 0; });
    for (std::size_t k = first; has_some && k + 1 < all.size(); ++k)
      if (all[k] >= 0) wanted_.insert(items_.find(all[k]));
  }

  // Axes that lie in another order in the operand: what stays together is longer rows, or lanes.
  void want_order(const Item& item, const Operand& o) {
    Labels mine, theirs;
    for (const int l : item.labels)
      if (axes_.runs_along(o.labels, items_.find(l))) mine.push_back(items_.find(l));
    for (const int l : o.labels)
      if (axes_.runs_along(item.labels, items_.find(l))) theirs.push_back(items_.find(l));
    if (mine != theirs) wanted_.insert(mine.begin(), mine.end());
  }

  bool joins_next(int label) const {
    const auto next = behind_.find(label);
    if (next == behind_.end() || next->second < 0 || kept_.contains(label) || kept_.contains(next->second))
      return false;
    const int other = next->second;
    return other != label && before_.at(other) == label && items_.constant(label) < 0 && items_.constant(other) < 0;
  }

  // Runs of joined axes, of which one pair at least is wanted.
  void find_chains() {
    for (const auto& [label, next] : behind_) {
      if (!joins_next(label)) continue;
      const int previous = before_.at(label);
      if (previous >= 0 && joins_next(previous)) continue;
      Labels chain{label};
      bool wanted = false;
      for (; joins_next(chain.back()); chain.push_back(behind_.at(chain.back())))
        wanted = wanted || wanted_.contains(chain.back());
      if (wanted) chains_.push_back(std::move(chain));
    }
    std::sort(chains_.begin(), chains_.end());
    for (const Labels& chain : chains_) {
      const int joined = label_of(chain);
      for (const int l : chain) joined_[l] = {joined, l == chain.back()};
    }
  }

  // A node that has all of its axes, with extents by type if there is one.
  int label_of(const Labels& chain) {
    const Item* witness = nullptr;
    int axis = 0;
    for (const Item& item : items_.list) {
      const auto first = std::find_if(item.labels.begin(), item.labels.end(),
                                      [&](int l) { return l >= 0 && items_.find(l) == chain[0]; });
      if (first == item.labels.end() || !axes_.runs_along(item.labels, chain.back())) continue;
      const int d = static_cast<int>(first - item.labels.begin());
      const bool known = std::all_of(chain.begin(), chain.end(),
                                     [&, k = d](int) mutable { return type(item.node).shape[at(k++)] >= 0; });
      if (witness == nullptr || known) witness = &item, axis = d;
      if (known) break;
    }
    return items_.new_joined_label(witness->node, axis, static_cast<int>(chain.size()));
  }

  // A fold of a fold along one axis now.
  void fold_at_once(int id) {
    Item& item = items_.list[at(id)];
    if (first_[at(id)] < 0) return;
    Item& inner = items_.list[at(first_[at(id)])];
    const auto chain = [&](const Item& x) {
      const auto it = joined_.find(items_.find(x.reduced[0]));
      return it == joined_.end() ? nothing : it->second.label;
    };
    if (chain(item) < 0 || chain(item) != chain(inner)) return;
    item.operands = std::exchange(inner.operands, {});
    item.reduced.insert(item.reduced.end(), inner.reduced.begin(), inner.reduced.end());
  }

  void rename(Item& item) {
    rename(item.labels);
    for (Operand& o : item.operands) rename(o.labels);
    Labels folded;
    for (const int l : item.reduced) {
      const auto it = joined_.find(items_.find(l));
      const int now = it == joined_.end() ? l : it->second.label;
      if (!contains(folded, now)) folded.push_back(now);
    }
    item.reduced = std::move(folded);
  }

  void rename(Labels& labels) const {
    for (int& l : labels)
      if (l >= 0)
        if (const auto it = joined_.find(items_.find(l)); it != joined_.end())
          l = it->second.is_last ? it->second.label : nothing;
  }

  Items& items_;
  const ItemAxes axes_;
  const Index fills_machine_;
  std::vector<int> first_;                        // by item: the fold that it alone reads, and that could be its part
  std::vector<int> then_;                         // by item: the fold of which it is that
  std::vector<bool> dense_;                       // by item: not a view with gaps
  std::unordered_map<int, int> behind_, before_;  // by class: its neighbour wherever it is, `nothing` or `several`
  std::unordered_set<int> kept_;                  // classes that stay as they are
  std::unordered_set<int> wanted_;                // classes that would better be one with the next
  std::vector<Labels> chains_;
  struct Part {
    int label;  // of all of them together, which stands in the place of the last one
    bool is_last;
  };
  std::unordered_map<int, Part> joined_;  // by class
};

}  // namespace

void join_axes(Items& items, Index fills_machine) { Joiner(items, fills_machine).run(); }

}  // namespace croton::tile
