// What the axes of items say of the phases in which they may be.
#pragma once
#include <algorithm>
#include <cstddef>
#include <vector>

#include "tile/items.h"

namespace croton::tile {

using Labels = std::vector<int>;

inline bool contains(const Labels& list, int label) { return std::find(list.begin(), list.end(), label) != list.end(); }

class ItemAxes {
 public:
  explicit ItemAxes(const Items& items) : items_(items) {}

  /// That the item runs along or folds.
  Labels of(const Item&) const;
  bool runs_along(const Labels&, int axis) const;
  /// Those that are not constant.
  Labels free_of(const Labels&) const;
  /// Of these the ones that are not parallel.
  Labels inner(const Labels&, const Labels& parallel) const;
  /// Sets of parallel axes of a phase that might hold the item.
  std::vector<Labels> candidates(const Item&) const;
  bool folds_parallel(const Item&, const Labels& parallel) const;
  /// Whether the lanes of the item's loop would run along an axis that is not the innermost of what it reads or writes.
  bool strides(const Item&, const Labels& parallel) const;
  /// Of an item whose axes are all constant: what is written out for it.
  std::size_t elements(const Item&) const;
  /// Whether it asks where each element stands along some of its axes, which no run over all of them tells.
  bool numbers_some(const Item&) const;
  /// Whether partials lie in memory as the item's own axes do.
  bool constants_first(const Item&) const;
  /// Whether a part is one run of the memory in which it lies.
  bool lies_dense(int item) const;
  /// Of a view, perhaps of others. (What is reshaped lies dense.)
  bool is_dense(int item) const;
  /// The same of a view, if what it is a view of does.
  bool is_dense_in_base(int alias) const;
  /// Whether the steps of a loop may compute a kernel's item: each element once, and where elements go along several
  /// axes as runs of memory.
  bool may_be_in(const ItemLoop&, const Item&) const;
  double points(const Item&) const;
  double work(const Item&) const;

 private:
  Labels loop_order(const Item&) const;
  bool is_run_of(const ItemLoop&, const Labels&) const;

  const Items& items_;
};

}  // namespace croton::tile
