#include "tile/unrolled.h"

#include <algorithm>
#include <unordered_set>

#include "tile/item_axes.h"

namespace croton::tile {
namespace {

// A row of fewer elements is written out.
constexpr Index shortest_row_of_lanes = 4;
// Of a statement.
constexpr Index most_copies = 64;

// Constant axes by where they stand: in front of rows in all that has them, or elsewhere, or folded.
class Outer {
 public:
  explicit Outer(const Items& items) : items_(items) {
    for (const Item& item : items.list) {
      look(item.labels);
      for (const Operand& o : item.operands) look(o.labels);
      for (const int l : item.reduced)
        if (l >= 0) others_.insert(items.find(l));
    }
    for (const int l : others_) outer_.erase(l);
  }
  const std::unordered_set<int>& list() const { return outer_; }

 private:
  void look(const Labels& labels) {
    bool inside = false;
    for (std::size_t k = 0; k < labels.size(); ++k) {
      const bool has_rows = std::any_of(labels.begin() + static_cast<std::ptrdiff_t>(k), labels.end(),
                                        [&](int l) { return l >= 0 && items_.constant(l) < 0; });
      if (labels[k] >= 0 && items_.constant(labels[k]) < 0)
        inside = true;
      else if (labels[k] >= 0)
        (has_rows && !inside ? outer_ : others_).insert(items_.find(labels[k]));
    }
  }

  const Items& items_;
  std::unordered_set<int> outer_, others_;
};

// The longest constant axis of an item that has too many elements; -1: it has not.
int too_long(const Items& items, const Item& item) {
  Index copies = 1;
  int longest = -1;
  for (const Labels* list : {&item.labels, &item.reduced})
    for (const int l : *list)
      if (l >= 0 && items.constant(l) > 1) {
        copies *= items.constant(l);
        if (longest < 0 || items.constant(l) > items.constant(longest)) longest = l;
      }
  return copies > most_copies ? longest : -1;
}

}  // namespace

void choose_unrolled(Items& items) {
  const Outer outer(items);
  for (const int l : outer.list()) items.make_free(l);
  const ItemAxes axes(items);
  for (std::size_t i = 0; i < items.list.size(); ++i) {
    const Labels& labels = items.list[i].labels;
    if (items.list[i].into < 0 || labels.size() < 2 || axes.lies_dense(static_cast<int>(i))) continue;
    if (items.constant(labels.back()) > shortest_row_of_lanes) items.make_free(labels.back());
  }
  for (const Item& item : items.list) {
    if (item.kind == Item::Kind::recurrence) continue;  // whose axes are loops
    for (int l = too_long(items, item); l >= 0; l = too_long(items, item)) items.make_free(l);
  }
}

}  // namespace croton::tile
