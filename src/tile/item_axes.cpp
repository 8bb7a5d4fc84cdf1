#include "tile/item_axes.h"

#include "expr/functions.h"
#include "ops/registry.h"
#include "tile/regions.h"

namespace croton::tile {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

}  // namespace

Labels ItemAxes::of(const Item& item) const {
  Labels all;
  for (const Labels* list : {&item.labels, &item.reduced})
    for (const int l : *list)
      if (l >= 0) all.push_back(items_.find(l));
  return all;
}

bool ItemAxes::runs_along(const Labels& labels, int axis) const {
  return std::any_of(labels.begin(), labels.end(), [&](int l) { return l >= 0 && items_.find(l) == axis; });
}

Labels ItemAxes::free_of(const Labels& labels) const {
  Labels r;
  for (const int l : labels)
    if (l >= 0 && items_.constant(l) < 0 && !contains(r, items_.find(l))) r.push_back(items_.find(l));
  return r;
}

Labels ItemAxes::inner(const Labels& labels, const Labels& parallel) const {
  Labels r = free_of(labels);
  std::erase_if(r, [&](int l) { return contains(parallel, l); });
  return r;
}

// The axes of an item in the order of its largest operand: the outermost first.
Labels ItemAxes::loop_order(const Item& item) const {
  Labels all;
  const auto add = [&](const Labels& labels) {
    for (const int l : labels)
      if (l >= 0 && !contains(all, items_.find(l))) all.push_back(items_.find(l));
  };
  for (const Operand& o : item.operands)
    if (o.labels.size() > item.labels.size()) add(o.labels);
  add(item.labels);
  for (const Operand& o : item.operands) add(o.labels);
  add(item.reduced);  // a fold of what was repeated along them runs along axes that no operand has
  return all;
}

std::vector<Labels> ItemAxes::candidates(const Item& item) const {
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

bool ItemAxes::folds_parallel(const Item& item, const Labels& parallel) const {
  return !parallel.empty() && std::any_of(item.reduced.begin(), item.reduced.end(),
                                          [&](int l) { return contains(parallel, items_.find(l)); });
}

bool ItemAxes::strides(const Item& item, const Labels& parallel) const {
  const auto ends_with_one_of = [&](const Labels& labels, const Labels& classes) {
    const auto last = std::find_if(labels.rbegin(), labels.rend(), [](int l) { return l >= 0; });
    return last != labels.rend() && contains(classes, items_.find(*last));
  };
  const auto across = [&](const Labels& labels) {
    return ends_with_one_of(labels, parallel) && !inner(labels, parallel).empty();
  };
  // lanes beside each other, each of which folds a row of its own
  const Labels kept = inner(item.labels, parallel), folded = inner(item.reduced, parallel);
  if (meaning<Reduce>(item.node) && !kept.empty() && !folded.empty())
    if (const Labels& of = item.operands[0].labels; ends_with_one_of(of, folded) && runs_along(of, kept[0]))
      return true;
  return across(item.labels) ||
         std::any_of(item.operands.begin(), item.operands.end(), [&](const Operand& o) { return across(o.labels); });
}

std::size_t ItemAxes::elements(const Item& item) const {
  std::size_t n = 1;
  for (const Labels* labels : {&item.labels, &item.reduced})
    for (const int l : *labels) n *= static_cast<std::size_t>(std::max<Index>(items_.constant(l), 1));
  return n;
}

bool ItemAxes::numbers_some(const Item& item) const {
  const Params& params = node(item.node).params;
  std::vector<Index> axes;
  if (meaning<Iota>(item.node))
    axes = params.list("axes");
  else if (meaning<FoldWindows>(item.node))
    axes = {params.integer("axis")};
  else
    return false;
  Labels numbered;
  for (const Index axis : axes) numbered.push_back(item.labels[at(static_cast<int>(axis))]);
  return std::any_of(item.labels.begin(), item.labels.end(), [&](int l) { return l >= 0 && !contains(numbered, l); });
}

bool ItemAxes::constants_first(const Item& item) const {
  bool open = false;
  for (const int l : item.labels) {
    if (l >= 0 && items_.constant(l) >= 0 && open) return false;
    open = open || (l >= 0 && items_.constant(l) < 0);
  }
  return true;
}

bool ItemAxes::lies_dense(int item) const {
  for (int i = item, whole = items_.list[at(i)].into; whole >= 0; i = whole, whole = items_.list[at(i)].into) {
    const Tensor& t = items_.list[at(whole)].node;
    if (!(meaning<Write>(t) ? is_dense_part(t) : parts_are_dense(t))) return false;
  }
  return true;
}

bool ItemAxes::is_dense(int item) const {
  for (int i = item; items_.list[at(i)].kind == Item::Kind::alias; i = items_.list[at(i)].operands[0].item) {
    if (meaning<Reshape>(items_.list[at(i)].node)) return true;
    if (!is_dense_in_base(i)) return false;
  }
  return true;
}

bool ItemAxes::is_dense_in_base(int alias) const {
  const Tensor& view = items_.list[at(alias)].node;
  return meaning<Reshape>(view) || (is_op(view, ops::slice) && is_dense_part(view));
}

// All steps and elements in their order, or one of the two, or a number.
bool ItemAxes::is_run_of(const ItemLoop& loop, const Labels& labels) const {
  Labels own, run;
  for (const int l : labels)
    if (l >= 0) own.push_back(items_.find(l));
  for (const int l : loop.elements) run.push_back(items_.find(l));
  const int steps = items_.find(loop.steps);
  if (own == run || own.empty() || own == Labels{steps}) return true;
  run.insert(run.begin(), steps);
  return own == run;
}

bool ItemAxes::may_be_in(const ItemLoop& loop, const Item& item) const {
  const bool pointwise = meaning<Pointwise>(item.node) || meaning<Convert>(item.node) || meaning<Iota>(item.node);
  if (!pointwise || item.copy || item.alone || item.into >= 0 || item.row >= 0) return false;
  const bool whole = std::all_of(loop.elements.begin(), loop.elements.end(),
                                 [&](int l) { return runs_along(item.labels, items_.find(l)); });
  if (!whole || loop.elements.size() < 2) return whole;
  return is_run_of(loop, item.labels) && !numbers_some(item) &&
         std::all_of(item.operands.begin(), item.operands.end(), [&](const Operand& o) {
           const Item& x = items_.list[at(o.item)];
           return is_run_of(loop, o.labels) && (x.kind != Item::Kind::alias || is_dense(o.item)) &&
                  (x.into < 0 || lies_dense(o.item));
         });
}

double ItemAxes::points(const Item& item) const {
  double points = 1;
  for (const Labels* list : {&item.labels, &item.reduced})
    for (const int l : *list) points *= static_cast<double>(items_.likely_extent(l));
  return points;
}

double ItemAxes::work(const Item& item) const {
  const auto* p = item.copy ? nullptr : meaning<Pointwise>(item.node);
  return points(item) * (p ? expr::function(p->function).cost : 1);
}

}  // namespace croton::tile
