#include "tile/items.h"

#include <algorithm>
#include <numeric>

#include "expr/functions.h"
#include "graph/walk.h"
#include "ops/extents.h"
#include "ops/registry.h"
#include "tile/contraction.h"
#include "tile/folds.h"
#include "tile/halves.h"
#include "tile/scatter.h"
#include "tile/shifts.h"
#include "tile/strided.h"
#include "tile/tilings.h"

namespace croton::tile {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

// Whether generated code computes this node; otherwise the host's reference does.
bool generated(const Tensor& t) {
  if (const auto* p = meaning<Pointwise>(t)) return expr::find_function(p->function) != nullptr;
  return meaning<Reduce>(t) || meaning<Convert>(t) || meaning<Contract>(t) || meaning<Iota>(t) || meaning<Gather>(t) ||
         meaning<FoldWindows>(t);
}

// Of a graph of which the fuser sees a part at a time, what can be computed early comes early: a gradient is summed
// over its rows where it is made, not when the last weight wants that.
std::vector<Tensor> operands_first(const std::vector<Tensor>& roots) {
  std::vector<Tensor> r = topological(roots);
  if (r.size() <= most_waiting) return r;
  std::unordered_map<const Node*, int> depths;
  for (const Tensor& t : r) {
    int depth = 0;
    for (const Tensor& x : node(t).inputs) depth = std::max(depth, depths.at(x.node()) + 1);
    depths.emplace(t.node(), depth);
  }
  std::stable_sort(r.begin(), r.end(),
                   [&](const Tensor& a, const Tensor& b) { return depths.at(a.node()) < depths.at(b.node()); });
  return r;
}

}  // namespace

int Items::find(int label) const {
  if (label < 0) return label;
  int root = label;
  while (labels_[at(root)].parent != root) root = labels_[at(root)].parent;
  while (labels_[at(label)].parent != root) label = std::exchange(labels_[at(label)].parent, root);
  return root;
}

Index Items::constant(int label) const { return label < 0 ? 1 : labels_[at(find(label))].constant; }

Index Items::likely_extent(int label) const {
  if (label < 0) return 1;
  const Label& l = labels_[at(find(label))];
  Index n = 1;
  for (int k = 0; k < l.axes; ++k) {
    const Index known = type(l.node).shape[at(l.axis + k)];
    n *= known >= 0 ? std::max<Index>(known, 1) : 1024;
  }
  return n;
}

Items::Witness Items::witness(int label) const {
  const Label& l = labels_[at(find(label))];
  return {l.node, l.axis, l.axes};
}

int Items::new_joined_label(const Tensor& node, int axis, int axes) {
  const int id = static_cast<int>(labels_.size());
  labels_.push_back({.parent = id, .node = node, .axis = axis, .constant = -1, .axes = axes});
  return id;
}

int Items::new_label(const Tensor& node, int axis) {
  const Index n = type(node).shape[at(axis)];
  if (n == 1) return -1;
  const int id = static_cast<int>(labels_.size());
  labels_.push_back(
      {.parent = id, .node = node, .axis = axis, .constant = n >= 0 && n <= largest_constant_axis ? n : -1});
  return id;
}

std::vector<int> Items::new_labels(const Tensor& t) {
  std::vector<int> r;
  r.reserve(at(t.ndim()));
  for (int d = 0; d < t.ndim(); ++d) r.push_back(new_label(t, d));
  return r;
}

void Items::last_item_is(const Tensor& t) {
  View own{static_cast<int>(list.size()) - 1, {}};
  for (int d = 0; d < t.ndim(); ++d) own.axes.push_back(type(t).broadcasts(d) ? -1 : d);
  views_.emplace(t.node(), own);
}

int Items::push(Item item) {
  const int id = static_cast<int>(list.size());
  for (const auto* labels : {&item.labels, &item.reduced})
    for (const int l : *labels)
      if (l >= 0) labels_[at(l)].members.insert(id);
  list.push_back(std::move(item));
  return id;
}

// Two classes become one, unless an item has a label in both: then they are different axes of it.
bool Items::unify(int a, int b) {
  a = find(a), b = find(b);
  if (a == b) return true;
  Label& x = labels_[at(std::min(a, b))];  // the smallest id represents
  Label& y = labels_[at(std::max(a, b))];
  auto& few = x.members.size() < y.members.size() ? x.members : y.members;
  auto& many = &few == &x.members ? y.members : x.members;
  for (const int m : few)
    if (++visits; many.count(m) > 0) return false;
  many.merge(few);  // the fewer to the more: each item moves at most log n times
  if (type(x.node).shape[at(x.axis)] < 0 && type(y.node).shape[at(y.axis)] >= 0) x.node = y.node, x.axis = y.axis;
  if (&many == &y.members) std::swap(x.members, y.members);
  x.constant = std::max(x.constant, y.constant);
  y.parent = std::min(a, b);
  return true;
}

// What a tensor reads, through permutations and broadcasts.
Items::View Items::resolve(const Tensor& t) {
  if (const auto it = views_.find(t.node()); it != views_.end()) return it->second;
  const Node& n = node(t);
  View v;
  if (is_op(t, ops::permute)) {
    const View inner = resolve(n.inputs[0]);
    const auto& axes = n.params.list("axes");
    v.item = inner.item;
    for (const int a : inner.axes) {
      const auto to = a < 0 ? axes.end() : std::find(axes.begin(), axes.end(), a);
      v.axes.push_back(to == axes.end() ? -1 : static_cast<int>(to - axes.begin()));
    }
  } else if (is_op(t, ops::broadcast)) {
    const View inner = resolve(n.inputs[0]);
    const int more = t.ndim() - n.inputs[0].ndim();
    v.item = inner.item;
    for (const int a : inner.axes) v.axes.push_back(a < 0 || type(n.inputs[0]).broadcasts(a) ? -1 : a + more);
  } else {
    throw std::logic_error("tile: resolve of a node that has no item");
  }
  views_.emplace(t.node(), v);
  return v;
}

Operand Items::operand(const Tensor& t, std::span<const int> labels) {
  const View v = resolve(t);
  Operand o{.item = v.item, .labels = {}};
  const Item& item = list[at(v.item)];
  for (std::size_t e = 0; e < v.axes.size(); ++e)
    o.labels.push_back(v.axes[e] < 0 || item.labels[e] < 0 ? -1 : labels[at(v.axes[e])]);
  return o;
}

Operand Items::counted_anew(Operand o) {
  const Item& counted = list[at(o.item)];
  if (counted.kind != Item::Kind::kernel || counted.copy || !meaning<Iota>(counted.node)) return o;
  if (counted_.insert(o.item).second) return o;
  const Tensor of = counted.node;
  o.item = push({.kind = Item::Kind::kernel, .node = of, .operands = {}, .labels = new_labels(of), .reduced = {}});
  return o;
}

Operand Items::at_rows(const Tensor& t, std::vector<int> labels, int axis) {
  labels[at(axis)] = -1;
  Operand from = operand(t, labels);
  from.gathered = true;
  const std::vector<int> axes = resolve(t).axes;
  const auto row = std::find(axes.begin(), axes.end(), axis);
  if (row != axes.end()) from.row_dim = static_cast<int>(row - axes.begin());
  return from;
}

bool Items::is_itself(const Tensor& t, const View& v) const {
  if (list[at(v.item)].node.ndim() != t.ndim()) return false;
  for (std::size_t e = 0; e < v.axes.size(); ++e)
    if (v.axes[e] != static_cast<int>(e) && (v.axes[e] >= 0 || !type(t).broadcasts(static_cast<int>(e)))) return false;
  return true;
}

std::optional<std::vector<int>> Items::axes_of_view(const Tensor& t) {
  const View v = resolve(t);
  if (is_itself(t, v)) return std::nullopt;
  std::vector<int> from(at(t.ndim()), -1);
  for (std::size_t e = 0; e < v.axes.size(); ++e)
    if (v.axes[e] >= 0) from[at(v.axes[e])] = static_cast<int>(e);
  return from;
}

std::vector<Operand> Items::from_memory(const Tensor& t) {
  std::vector<Operand> r;
  for (const Tensor& x : node(t).inputs) {
    const int item = resolve(x).item;
    r.push_back({.item = item, .labels = list[at(item)].labels});
  }
  return r;
}

// An operand read as one block of memory: a view becomes a copy first, and so does a slice where it must be contiguous.
Operand Items::whole(const Tensor& t, bool contiguous) {
  const View v = resolve(t);
  const Item& item = list[at(v.item)];
  const bool strided = item.kind == Item::Kind::alias && !meaning<Reshape>(item.node);
  if (is_itself(t, v) && !(contiguous && strided)) return {.item = v.item, .labels = item.labels};
  std::vector<int> labels = new_labels(t);
  const int copy = add_copy(operand(t, labels), t, labels);
  return {.item = copy, .labels = list[at(copy)].labels};
}

int Items::computed_as_a_whole(int item) const {
  while (list[at(item)].kind == Item::Kind::alias && meaning<Reshape>(list[at(item)].node))
    item = list[at(item)].operands[0].item;
  const bool other = list[at(item)].kind == Item::Kind::alias || list[at(item)].kind == Item::Kind::leaf;
  return other ? -1 : item;
}

int Items::add_copy(const Operand& from, Tensor node, std::vector<int> labels) {
  return push({.kind = Item::Kind::kernel,
               .node = std::move(node),
               .operands = {from},
               .labels = std::move(labels),
               .reduced = {},
               .copy = true});
}

void Items::make_free(int label) { labels_[at(find(label))].constant = -1; }

void Items::add_leaf(const Tensor& t) {
  push({.kind = Item::Kind::leaf, .node = t, .operands = {}, .labels = new_labels(t), .reduced = {}});
}

void Items::add_opaque(const Tensor& t, Item::Kind kind) {
  Item item{.kind = kind, .node = t, .operands = {}, .labels = {}, .reduced = {}};
  if (kind == Item::Kind::host)
    item.operands = from_memory(t);
  else  // the other inputs are bounds and extents: the planner knows their integers
    item.operands.push_back(whole(node(t).inputs[0], meaning<Reshape>(t)));
  item.labels = new_labels(t);
  push(std::move(item));
}

void Items::add_pointwise(const Tensor& t) {
  Item item{.kind = Item::Kind::kernel, .node = t, .operands = {}, .labels = new_labels(t), .reduced = {}};
  if (!meaning<Iota>(t))
    for (const Tensor& x : node(t).inputs) item.operands.push_back(counted_anew(operand(x, item.labels)));
  item.alone = is_copy_of_variable(t);
  push(std::move(item));
}

void Items::add_reduce(const Tensor& t) {
  Item item{.kind = Item::Kind::kernel,
            .node = t,
            .operands = {},
            .labels = new_labels(t),
            .reduced = {},
            .monoid = meaning<Reduce>(t)->monoid};
  const Tensor& x = node(t).inputs[0];
  const auto& axes = node(t).params.list("axes");
  std::vector<int> labels;
  std::size_t kept = 0;
  for (int d = 0; d < x.ndim(); ++d) {
    const bool folded = std::find(axes.begin(), axes.end(), d) != axes.end();
    labels.push_back(folded ? new_label(x, d) : item.labels[kept++]);
    if (folded && labels.back() >= 0) item.reduced.push_back(labels.back());
  }
  item.operands.push_back(operand(x, labels));
  push(std::move(item));
}

void Items::add_contract(const Tensor& t) {
  const Node& n = node(t);
  Item item{.kind = Item::Kind::kernel, .node = t, .operands = {}, .labels = {}, .reduced = {}};
  std::unordered_map<Index, int> label_of;
  const auto& out = n.params.list("out");
  for (std::size_t d = 0; d < out.size(); ++d) {
    item.labels.push_back(new_label(t, static_cast<int>(d)));
    label_of[out[d]] = item.labels.back();
  }
  const char* names[] = {"a", "b"};
  for (std::size_t k = 0; k < 2; ++k) {
    const auto& in = n.params.list(names[k]);
    std::vector<int> labels;
    for (std::size_t d = 0; d < in.size(); ++d) {
      const auto [it, fresh] = label_of.try_emplace(in[d], -1);
      if (fresh) {
        it->second = new_label(n.inputs[k], static_cast<int>(d));
        if (it->second >= 0) item.reduced.push_back(it->second);
      }
      labels.push_back(it->second);
    }
    item.operands.push_back(operand(n.inputs[k], labels));
  }
  push(std::move(item));
}

// The index first, then what it names rows of, unless those are the numbers 0, 1, 2, ...: then the row is the value.
void Items::add_gather(const Tensor& t) {
  const Tensor &x = node(t).inputs[0], &index = node(t).inputs[1];
  Item item{.kind = Item::Kind::kernel, .node = t, .operands = {}, .labels = new_labels(t), .reduced = {}};
  const auto outer = static_cast<std::ptrdiff_t>(index.ndim());
  item.operands.push_back(operand(index, std::span(item.labels).first(at(index.ndim()))));
  item.rows = new_label(x, 0);
  item.site = static_cast<int>(checks.size());
  checks.push_back(t);
  if (!meaning<Iota>(x) || x.ndim() > 1) {
    std::vector<int> labels{item.rows};
    labels.insert(labels.end(), item.labels.begin() + outer, item.labels.end());
    item.operands.push_back(at_rows(x, std::move(labels), 0));
  }
  push(std::move(item));
}

void Items::add_row_numbers(const Tensor& t) {
  const Node& n = node(t);
  Item item{.kind = Item::Kind::kernel, .node = t, .operands = {}, .labels = new_labels(t), .reduced = {}};
  item.operands.push_back(operand(n.inputs[1], item.labels));
  item.rows = new_label(n.inputs[0], static_cast<int>(n.params.integer("axis")));
  item.site = static_cast<int>(checks.size());
  checks.push_back(row_check(t));
  push(std::move(item));
}

void Items::add_read_rows(const Tensor& t) {
  const Node& n = node(t);
  const auto axis = static_cast<int>(n.params.integer("axis"));
  Item item{.kind = Item::Kind::kernel, .node = t, .operands = {}, .labels = new_labels(t), .reduced = {}};
  item.operands.push_back(operand(n.inputs[1], std::span(item.labels).subspan(at(axis), 1)));
  item.operands.push_back(at_rows(n.inputs[0], item.labels, axis));
  push(std::move(item));
}

// What is added to, the rows that are added, the list that names them, where its part begins and ends.
void Items::add_added_rows(const Tensor& t) {
  const std::vector<Tensor>& x = node(t).inputs;
  Item item{.kind = Item::Kind::kernel,
            .node = t,
            .operands = {},
            .labels = new_labels(t),
            .reduced = {},
            .monoid = t.dtype() == boolean ? Monoid::any : Monoid::sum};
  const std::span<const int> row = std::span(item.labels).first(1);
  item.operands = {operand(x[0], item.labels), at_rows(x[1], item.labels, 0), at_rows(x[2], {-1}, 0),
                   operand(x[3], row), operand(x[4], row)};
  push(std::move(item));
}

void Items::add_arranged_rows(const Tensor& t) {
  const std::vector<Tensor>& x = node(t).inputs;
  const std::vector<int> labels = new_labels(t);
  store_at_rows(add_copy(operand(x[0], labels), t, labels), x[1], 0);
}

void Items::store_at_rows(int part, const Tensor& rows, int axis) {
  Item& item = list[at(part)];
  item.row = static_cast<int>(item.operands.size());
  item.row_dim = axis;
  item.operands.push_back(operand(rows, std::span(item.labels).subspan(at(axis), 1)));
}

Operand Items::scalar_leaf(const Tensor& t) {
  add_leaf(t);
  return {.item = static_cast<int>(list.size()) - 1, .labels = {}};
}

// The windows, read at rows of their own axis; how many there are; where the first one begins, if that is not 0.
void Items::add_fold_windows(const Tensor& t) {
  const Node& n = node(t);
  const Tensor& windows = n.inputs[0];
  const int axis = static_cast<int>(n.params.integer("axis")), inner = windows.ndim() - 1;
  std::vector<Operand> more{scalar_leaf(ops::extent(windows, axis, n.where))};
  if (const std::optional<std::size_t> holder = holder_of_extent(n.params.list("dims")[1]))
    more.push_back(operand(n.inputs[1 + *holder], {}));
  else if (n.params.list("dims")[1] > 0)
    more.push_back(scalar_leaf(ops::integer(n.params.list("dims")[1], n.where)));
  Item item{.kind = Item::Kind::kernel, .node = t, .operands = {}, .labels = new_labels(t), .reduced = {}};
  std::vector<int> labels = item.labels;
  labels.push_back(new_label(windows, inner));
  if (labels.back() >= 0) item.reduced.push_back(labels.back());
  item.operands.push_back(at_rows(windows, std::move(labels), axis));
  item.operands.insert(item.operands.end(), more.begin(), more.end());
  push(std::move(item));
}

// Each part is written where it lies in the whole; one that is a concatenation, and is used here alone, lies there
// already.
void Items::add_concatenate(const Tensor& t) {
  Item whole{.kind = Item::Kind::assembled, .node = t, .operands = {}, .labels = new_labels(t), .reduced = {}};
  const auto axis = at(static_cast<int>(node(t).params.integer("axis")));
  std::vector<int> parts;
  for (const Tensor& x : node(t).inputs) {
    std::vector<int> labels = whole.labels;
    labels[axis] = new_label(x, static_cast<int>(axis));
    const bool lies_there = meaning<Concatenate>(x) && uses_[x.node()] == 1;
    parts.push_back(lies_there ? resolve(x).item : add_copy(operand(x, labels), x, labels));
    whole.operands.push_back({.item = parts.back(), .labels = list[at(parts.back())].labels});
  }
  const int id = push(std::move(whole));
  for (std::size_t k = 0; k < parts.size(); ++k) {
    list[at(parts[k])].into = id;
    list[at(parts[k])].part = static_cast<int>(k);
  }
}

// With what is computed where it is used.
void Items::make_alone(int item) {
  std::vector<int> todo{item};
  while (!todo.empty()) {
    Item& i = list[at(todo.back())];
    todo.pop_back();
    i.alone = true;
    for (const Operand& o : i.operands)
      if (list[at(o.item)].kind == Item::Kind::kernel && !is_copy(list[at(o.item)].node)) todo.push_back(o.item);
  }
}

void Items::add_write(const Tensor& t) {
  const Tensor& value = node(t).inputs[1];
  const std::vector<int> labels = new_labels(value);
  write_over(t, add_copy(operand(value, labels), value, labels));
}

void Items::add_written_rows(const Tensor& t) {
  const std::vector<Tensor>& x = node(t).inputs;
  const std::vector<int> labels = new_labels(x[2]);
  const int part = add_copy(operand(x[2], labels), x[2], labels);
  store_at_rows(part, x[1], static_cast<int>(node(t).params.integer("axis")));
  write_over(t, part);
}

void Items::write_over(const Tensor& t, int part) {
  const int over = resolve(node(t).inputs[0]).item;
  Item& written = list[at(part)];
  written.operands.push_back(
      {.item = over, .labels = std::vector<int>(list[at(over)].labels.size(), -1), .awaited = true});
  written.into = part + 1;
  if (list[at(over)].alone) make_alone(part);
  push({.kind = Item::Kind::assembled,
        .node = t,
        .operands = {{.item = part, .labels = list[at(part)].labels}},
        .labels = list[at(over)].labels,
        .reduced = {},
        .over = over,
        .alone = list[at(over)].alone});
}

void Items::add_product(const Tensor& t, bool strided) {
  if (!strided && !is_library_call(t)) return add_contract(t);
  Item item{.kind = Item::Kind::library, .node = t, .operands = {}, .labels = {}, .reduced = {}};
  for (std::size_t k = 0; k < 2; ++k) {
    const Tensor& x = node(t).inputs[k];
    if (!strided) {  // matrices stored the other way round are read as they are: the library transposes
      item.operands.push_back(whole(stored_operand(t, k), true));
      continue;
    }
    const View v = resolve(x);
    item.operands.push_back({.item = v.item, .labels = list[at(v.item)].labels});
    item.views.push_back(axes_of_view(x));
  }
  item.labels = new_labels(t);
  push(std::move(item));
}

void Items::unify_all() {
  for (const bool computed : {true, false})
    for (Item& user : list) {
      const bool may_compute = user.kind == Item::Kind::kernel || user.kind == Item::Kind::recurrence;
      for (Operand& o : user.operands) {
        const Item& item = list[at(o.item)];
        if ((item.kind == Item::Kind::kernel) != computed) continue;
        o.fused = computed && may_compute && !o.gathered && !o.awaited && !is_copy(item.node);
        for (std::size_t e = 0; e < o.labels.size(); ++e) {
          const bool one = o.labels[e] < 0 && item.labels[e] < 0;
          const bool both = o.labels[e] >= 0 && item.labels[e] >= 0;
          if (!one && !(both && unify(o.labels[e], item.labels[e]))) o.fused = false;
        }
        if (o.row_dim >= 0 && user.rows >= 0 && item.labels[at(o.row_dim)] >= 0)
          unify(user.rows, item.labels[at(o.row_dim)]);
      }
    }
}

Items::Items(std::span<const Tensor> wanted, const BuildOptions& options) {
  std::vector<Tensor> wide = widen_halves(wanted);
  if (options.products_of_views)  // a GPU's threads gather
    wide = shifts_as_views(tilings_as_reshapes(folds_as_products(wide)));
  wide = split_argument_folds(canonical_contractions(wide, options.products_of_views), options.long_positions);
  const std::vector<Tensor> roots = owned_writes(split_folds(scale_sums_late(join_spreads(wide))), options.named_rows);
  const std::vector<Tensor> nodes = operands_first(roots);
  const std::unordered_set<const Node*> known = known_integers(nodes), writes = writes_by_phases(nodes);
  uses_ = uses_of_elements(roots);
  std::unordered_map<const Node*, int> loop_of;
  for (Recurrence& r : recurrences(nodes)) {
    for (const Tensor& t : r.results) loop_of.emplace(t.node(), static_cast<int>(loops.size()));
    loops.push_back({.recurrence = std::move(r)});
  }
  for (const Tensor& t : nodes) {
    const bool view = is_op(t, ops::permute) || is_op(t, ops::broadcast);
    if (view) {
      resolve(t);
      continue;
    }
    if (node(t).kind != NodeKind::apply || meaning<ShapeOf>(t))
      add_leaf(t);
    else if (meaning<Reshape>(t) || meaning<croton::View>(t))
      add_opaque(t, bounds_are_known(t, 1, known) ? Item::Kind::alias : Item::Kind::host);
    else if (meaning<Concatenate>(t))
      add_concatenate(t);
    else if (writes.contains(t.node()) && is_computed(node(t).inputs[0]))  // others are the planner's alone
      add_write(t);
    else if (is_op(t, row_numbers))
      add_row_numbers(t);
    else if (is_op(t, read_rows))
      add_read_rows(t);
    else if (is_op(t, written_rows))
      add_written_rows(t);
    else if (is_op(t, arranged_rows))
      add_arranged_rows(t);
    else if (is_op(t, added_rows))
      add_added_rows(t);
    else if (const auto loop = loop_of.find(t.node()); loop != loop_of.end())
      add_loop_result(t, loop->second);
    else if (!generated(t))
      add_opaque(t, Item::Kind::host);
    else if (meaning<Contract>(t))
      add_product(t, options.products_of_views && is_strided_product(t));
    else if (meaning<Gather>(t))
      add_gather(t);
    else if (meaning<FoldWindows>(t))
      add_fold_windows(t);
    else
      meaning<Reduce>(t) ? add_reduce(t) : add_pointwise(t);
    last_item_is(t);
  }
  std::unordered_set<int> given;
  for (const Tensor& t : roots) {
    // an output has memory of its own: a view of a part, a leaf and a second mention of the same memory are copied
    const bool copied = node(t).kind != NodeKind::apply || meaning<ShapeOf>(t) || meaning<croton::View>(t);
    int item = copied ? -1 : resolve(t).item;
    const int memory = copied ? -1 : computed_as_a_whole(item);
    if (memory < 0 || !given.insert(memory).second) {
      std::vector<int> labels = new_labels(t);
      item = add_copy(operand(t, labels), t, labels);
    }
    outputs.push_back(item);
  }
  unify_all();
}

}  // namespace croton::tile
