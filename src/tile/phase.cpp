#include "tile/phase.h"

#include <algorithm>
#include <bit>

#include "array/access.h"
#include "base/dtype.h"
#include "expr/functions.h"
#include "ops/registry.h"
#include "tile/contraction.h"
#include "tile/scatter.h"
#include "tile/strided.h"

namespace croton::tile {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }
constexpr int dear = 1000;

bool same_value(const Value& a, const Value& b) {
  return a.kind == b.kind && a.dtype == b.dtype && a.axes == b.axes && a.function == b.function && a.args == b.args &&
         a.buffer == b.buffer && a.list == b.list && a.index == b.index && a.monoid == b.monoid && a.over == b.over &&
         std::bit_cast<std::uint64_t>(a.number) == std::bit_cast<std::uint64_t>(b.number) && a.integer == b.integer &&
         a.row_dim == b.row_dim && a.may_be_none == b.may_be_none && a.rows == b.rows && a.site == b.site;
}

// The axis of a region whose neighbours are neighbours in memory, given that of what it is a region of.
int unit_of_region(const Tensor& whole, int unit) { return meaning<Write>(whole) ? axis_along(whole, unit) : unit; }

// The axis of a view whose neighbours are neighbours in memory, given that of what it is a view of.
int unit_of_view(const Tensor& view, int unit) {
  if (meaning<Reshape>(view)) return view.ndim() - 1;
  if (is_op(view, ops::slice)) return axis_along(view, unit);
  if (!is_op(view, ops::sliding_window_view)) return -1;
  const Params& p = node(view).params;
  return unit == p.integer("axis") && p.integer("stride") > 1 ? -1 : unit;
}

bool is_number(const Item& item) {
  return std::all_of(item.labels.begin(), item.labels.end(), [](int l) { return l < 0; });
}

bool is_position(const Item& item) { return item.kind == Item::Kind::kernel && !item.copy && meaning<Iota>(item.node); }

bool is_scalar_constant(const Item& item) {
  return item.node.node()->kind == NodeKind::constant && item.node.node()->value.size() == 1;
}

}  // namespace

Memory::Memory(Items& items) : items_(items), places_(items.list.size()), buffers_(items.list.size(), -1) {
  program.checks = items.checks;
  roots_.reserve(items.list.size());
  for (const Item& i : items.list) parts_left_.push_back(i.kind == Item::Kind::assembled ? i.operands.size() : 0);
  for (const Item& i : items.list)
    roots_.push_back(i.kind == Item::Kind::alias ? roots_[at(i.operands[0].item)] : static_cast<int>(roots_.size()));
}

bool Memory::available(int item) const {
  const int root = roots_[at(item)];
  return items_.list[at(root)].kind == Item::Kind::leaf || places_[at(root)].step >= 0;
}

int Memory::inline_cost(int item, int depth) const {
  const Item& i = items_.list[at(item)];
  if (available(item)) return 0;
  if (depth == 0 || i.kind != Item::Kind::kernel || !i.reduced.empty() || meaning<Contract>(i.node) ||
      meaning<FoldWindows>(i.node) || is_op(i.node, added_rows))
    return dear;
  const auto* p = i.copy ? nullptr : meaning<Pointwise>(i.node);
  int cost = p ? expr::function(p->function).cost : i.copy ? 0 : 1;
  for (const Operand& o : i.operands) cost += available(o.item) || o.fused ? inline_cost(o.item, depth - 1) : dear;
  return std::min(cost, dear);
}

bool Memory::can_inline(int item) const { return inline_cost(item, 4) <= 4; }

bool Memory::can_compute(int item, int steps) const { return inline_cost(item, steps) < dear; }

// Of something that runs along an axis and reads no memory that does; `dear` where that is not so, or above `most`.
int Memory::cost_to_remake(int item, int most) const {
  const Item& i = items_.list[at(item)];
  const auto* p = meaning<Pointwise>(i.node);
  if (available(item) || i.kind != Item::Kind::kernel || i.copy || is_number(i) ||
      !(p || meaning<Convert>(i.node) || meaning<Iota>(i.node)))
    return dear;
  int cost = p ? expr::function(p->function).cost : 1;
  for (const Operand& o : i.operands) {
    if (cost > most) return dear;
    if (!is_number(items_.list[at(o.item)]))
      cost += o.fused ? cost_to_remake(o.item, most - cost) : dear;
    else if (!available(o.item))
      return dear;
  }
  return cost <= most ? cost : dear;
}

bool Memory::can_remake(int item) const { return cost_to_remake(item, 48) < dear; }

AxisId Memory::axis(int label) {
  if (label < 0) return no_axis;
  const int c = items_.find(label);
  const auto [it, fresh] = axes_.try_emplace(c, static_cast<AxisId>(program.axes.size()));
  if (fresh) {
    const Items::Witness w = items_.witness(c);
    program.axes.push_back({"a" + std::to_string(it->second), items_.constant(c), w.node, w.axis, w.axes});
  }
  return it->second;
}

std::vector<AxisId> Memory::axes_of(std::span<const int> labels) {
  std::vector<AxisId> r;
  for (const int l : labels) r.push_back(axis(l));
  return r;
}

int Memory::base_of(int item) const {
  const Item& i = items_.list[at(item)];
  if (i.kind == Item::Kind::alias) return i.operands[0].item;
  return i.over >= 0 ? i.over : i.into;
}

int Memory::buffer(int item) {
  std::vector<int> chain{item};  // views of views, and parts of parts, that have no buffer yet
  while (buffers_[at(chain.back())] < 0 && base_of(chain.back()) >= 0) chain.push_back(base_of(chain.back()));
  for (; !chain.empty(); chain.pop_back())
    if (buffers_[at(chain.back())] < 0) add_buffer(chain.back());
  return buffers_[at(item)];
}

void Memory::add_buffer(int item) {
  const Item& i = items_.list[at(item)];
  if (i.over >= 0) {
    buffers_[at(item)] = buffers_[at(i.over)];
    return;
  }
  Buffer b{.node = i.node, .unit = i.node.ndim() - 1};
  if (i.kind == Item::Kind::leaf) b.kind = Buffer::Kind::leaf;
  if (i.into >= 0) {
    b.kind = Buffer::Kind::alias;
    b.base = buffers_[at(i.into)];
    b.whole = items_.list[at(i.into)].node;
    b.part = i.part;
    b.unit = unit_of_region(b.whole, program.buffers[at(b.base)].unit);
  }
  if (i.kind == Item::Kind::alias) {
    b.kind = Buffer::Kind::alias;
    b.base = buffers_[at(i.operands[0].item)];
    b.unit = unit_of_view(i.node, program.buffers[at(b.base)].unit);
  }
  const int id = static_cast<int>(program.buffers.size());
  const Place place = places_[at(item)];
  if (place.value >= 0)
    if (auto* phase = std::get_if<Phase>(&program.steps[at(place.step)]))
      phase->stores.push_back({place.value, id, axes_of(i.labels), place.row, i.row_dim});
  program.buffers.push_back(std::move(b));
  buffers_[at(item)] = id;
}

int Memory::add(Phase& phase, Value v, std::span<const int> labels) {
  for (const int l : labels)
    if (const AxisId a = axis(l); a != no_axis && std::find(v.axes.begin(), v.axes.end(), a) == v.axes.end())
      v.axes.push_back(a);
  std::sort(v.axes.begin(), v.axes.end());
  const bool shareable = v.kind != Value::Kind::reduce;
  for (std::size_t k = phase.values.size(); shareable && k-- > 0 && phase.values.size() - k < 64;)
    if (same_value(phase.values[k], v)) return static_cast<int>(k);
  phase.values.push_back(std::move(v));
  return static_cast<int>(phase.values.size()) - 1;
}

int Memory::convert(Phase& phase, int value, DType to) {
  const Value& from = phase.values[at(value)];
  if (from.dtype == to) return value;
  Value v{.kind = Value::Kind::convert, .dtype = to, .axes = from.axes, .args = {value}, .node = from.node};
  phase.values.push_back(std::move(v));
  return static_cast<int>(phase.values.size()) - 1;
}

// The value of an operand inside the phase: computed there, read from memory, or computed again.
int Memory::access(Phase& phase, const Operand& o, std::unordered_map<int, int>& made) {
  if (const auto it = made.find(o.item); it != made.end() && o.fused) return it->second;
  const Item& item = items_.list[at(o.item)];
  if (!available(o.item)) return compute(phase, o.item, made);
  Value v{.dtype = item.node.dtype(), .node = item.node};
  if (is_scalar_constant(item)) {
    v.kind = Value::Kind::constant;
    if (is_float(v.dtype))
      v.number = get(item.node.node()->value, 0);
    else
      v.integer = get_index(item.node.node()->value, 0);
    return add(phase, std::move(v), {});
  }
  v.kind = Value::Kind::load;
  v.buffer = buffer(o.item);
  v.index = axes_of(o.labels);
  return add(phase, std::move(v), o.labels);
}

// Axes come from the arguments: what is made of a broadcast value is computed once for all of the broadcast axis.
void Memory::add_axes_of_args(const Phase& phase, Value& v) {
  for (const int a : v.args)
    for (const AxisId x : phase.values[at(a)].axes)
      if (std::find(v.axes.begin(), v.axes.end(), x) == v.axes.end()) v.axes.push_back(x);
}

int Memory::checked_row(Phase& phase, const Item& item, std::size_t rank, std::unordered_map<int, int>& made) {
  Value row{.kind = Value::Kind::row,
            .dtype = int64,
            .args = {convert(phase, access(phase, item.operands[0], made), int64)},
            .index = axes_of(std::span(item.labels).first(rank)),
            .rows = axis(item.rows),
            .site = item.site,
            .node = item.operands.size() == 1 ? item.node : Tensor()};
  add_axes_of_args(phase, row);
  return add(phase, std::move(row), {});
}

int Memory::at_rows(Phase& phase, const Item& item, const Operand& from, Value v) {
  v.dtype = item.node.dtype();
  v.buffer = buffer(from.item);
  v.index = axes_of(from.labels);
  v.row_dim = from.row_dim;
  v.node = item.node;
  add_axes_of_args(phase, v);
  return add(phase, std::move(v), from.labels);
}

int Memory::gather(Phase& phase, const Item& item, std::unordered_map<int, int>& made) {
  const int row = checked_row(phase, item, at(node(item.node).inputs[1].ndim()), made);
  if (item.operands.size() == 1) return convert(phase, row, item.node.dtype());
  return at_rows(phase, item, item.operands[1], {.kind = Value::Kind::load, .args = {row}});
}

int Memory::sum_of_rows(Phase& phase, const Item& item, std::unordered_map<int, int>& made) {
  Value v{.kind = Value::Kind::add_rows, .list = buffer(item.operands[2].item), .monoid = item.monoid};
  for (const std::size_t k : {0, 3, 4}) v.args.push_back(access(phase, item.operands[k], made));
  return at_rows(phase, item, item.operands[1], std::move(v));
}

int Memory::call(Phase& phase, const Tensor& node, std::string_view function, DType dtype, std::vector<int> args) {
  Value v{.kind = Value::Kind::call, .dtype = dtype, .function = function, .args = std::move(args), .node = node};
  add_axes_of_args(phase, v);
  return add(phase, std::move(v), {});
}

int Memory::positions(Phase& phase, const Item& item, DType dtype) {
  std::vector<int> numbered;
  for (const Index axis : node(item.node).params.list("axes"))
    numbered.push_back(item.labels[at(static_cast<int>(axis))]);
  return iota(phase, item, numbered, dtype);
}

int Memory::iota(Phase& phase, const Item& item, std::span<const int> labels, DType dtype) {
  Value v{.kind = Value::Kind::iota, .dtype = dtype, .index = axes_of(labels), .node = item.node};
  return add(phase, std::move(v), labels);
}

// Element i is the sum over k of that of window (i - first - k dilation) / stride, if there is such a window. Others
// are read where there is one, and count as 0.
int Memory::element_of_windows(Phase& phase, const Item& item, std::unordered_map<int, int>& made) {
  const Params& params = node(item.node).params;
  const Index stride = params.integer("stride"), dilation = params.integer("dilation");
  const auto number = [&](Index n) {
    return add(phase, {.kind = Value::Kind::constant, .dtype = int64, .integer = n, .node = item.node}, {});
  };
  const auto of = [&](std::string_view f, DType d, int a, int b) { return call(phase, item.node, f, d, {a, b}); };
  int at_window =
      iota(phase, item, std::span(item.labels).subspan(at(static_cast<int>(params.integer("axis"))), 1), int64);
  if (item.operands.size() > 2) at_window = of("sub", int64, at_window, access(phase, item.operands[2], made));
  if (!item.reduced.empty()) {
    int inner = iota(phase, item, std::span(item.reduced).first(1), int64);
    if (dilation > 1) inner = of("mul", int64, inner, number(dilation));
    at_window = of("sub", int64, at_window, inner);
  }
  const int count = access(phase, item.operands[1], made), zero = number(0);
  int window = at_window;
  const int bits = std::countr_zero(static_cast<std::uint64_t>(stride));
  const bool shifts = stride == Index{1} << bits;  // lanes have no division
  if (stride > 1)
    window = shifts ? of("shr", int64, at_window, number(bits)) : of("floor_div", int64, at_window, number(stride));
  int is_one = of("logical_and", boolean, of("ge", boolean, window, zero), of("lt", boolean, window, count));
  if (stride > 1)
    is_one = of("logical_and", boolean, is_one, of("eq", boolean, at_window, of("mul", int64, window, number(stride))));
  const int near = of("max", int64, of("min", int64, window, of("sub", int64, count, number(1))), zero);
  const int element = at_rows(phase, item, item.operands[0], {.kind = Value::Kind::load, .args = {near}});
  Value none{.kind = Value::Kind::constant, .dtype = item.node.dtype(), .node = item.node};
  return call(phase, item.node, "select", item.node.dtype(), {is_one, element, add(phase, std::move(none), {})});
}

int Memory::compute(Phase& phase, int id, std::unordered_map<int, int>& made) {
  const Item item = items_.list[at(id)];
  std::vector<int> labels = item.labels;
  labels.insert(labels.end(), item.reduced.begin(), item.reduced.end());
  int value = -1;
  const auto args = [&] {
    std::vector<int> r;
    for (const Operand& o : item.operands) r.push_back(access(phase, o, made));
    return r;
  };
  const auto fold = [&](int arg, Monoid monoid) {
    arg = convert(phase, arg, item.node.dtype());
    Value v{.kind = Value::Kind::reduce,
            .dtype = item.node.dtype(),
            .args = {arg},
            .monoid = monoid,
            .over = axes_of(item.reduced),
            .node = item.node};
    return item.reduced.empty() ? arg : add(phase, std::move(v), item.labels);
  };
  if (item.kind == Item::Kind::combine) {
    Value v{.kind = Value::Kind::combine,
            .dtype = item.node.dtype(),
            .buffer = item.partial,
            .monoid = item.monoid,
            .node = item.node};
    value = add(phase, std::move(v), item.labels);
  } else if (item.copy) {
    value = access(phase, item.operands[0], made);
  } else if (const auto* p = meaning<Pointwise>(item.node)) {
    value = call(phase, item.node, p->function, item.node.dtype(), args());
  } else if (meaning<Convert>(item.node)) {
    const Item& from = items_.list[at(item.operands[0].item)];
    const bool counts_short =  // it wraps as the conversion would
        item.node.dtype() == DType::int32 && is_position(from) && !available(item.operands[0].item);
    value = counts_short ? positions(phase, from, DType::int32) : convert(phase, args()[0], item.node.dtype());
  } else if (is_position(item)) {
    value = positions(phase, item, int64);
  } else if (meaning<Gather>(item.node)) {
    value = gather(phase, item, made);
  } else if (is_op(item.node, row_numbers)) {
    value = checked_row(phase, item, item.labels.size(), made);
  } else if (is_op(item.node, read_rows)) {
    const int row = access(phase, item.operands[0], made);
    value = at_rows(phase, item, item.operands[1], {.kind = Value::Kind::load, .args = {row}, .may_be_none = true});
  } else if (is_op(item.node, added_rows)) {
    value = sum_of_rows(phase, item, made);
  } else if (meaning<FoldWindows>(item.node)) {
    value = fold(element_of_windows(phase, item, made), Monoid::sum);
  } else if (meaning<Contract>(item.node)) {
    const std::vector<int> ab = args();
    Value v{.kind = Value::Kind::call, .dtype = item.node.dtype(), .function = "mul", .args = ab, .node = item.node};
    value = fold(add(phase, std::move(v), labels), Monoid::sum);
  } else {
    value = fold(args()[0], item.monoid);
  }
  made[id] = value;
  return value;
}

void Memory::emit(const std::vector<int>& parallel, bool flat, const std::vector<int>& members) {
  const int step = static_cast<int>(program.steps.size());
  Phase phase{.parallel = axes_of(parallel), .flat = flat};
  std::unordered_map<int, int> made;
  std::vector<std::pair<int, int>> partials;  // item, value
  for (const int i : members) {
    const auto it = made.find(i);
    const int value = it != made.end() ? it->second : compute(phase, i, made);
    const Item& item = items_.list[at(i)];
    const bool folds = std::any_of(item.reduced.begin(), item.reduced.end(), [&](int l) {
      return std::find(parallel.begin(), parallel.end(), items_.find(l)) != parallel.end();
    });
    if (folds)
      partials.emplace_back(i, value);
    else
      places_[at(i)] = {step, value, item.row < 0 ? -1 : access(phase, item.operands[at(item.row)], made)};
  }
  for (const auto& [i, value] : partials) {
    Item& item = items_.list[at(i)];
    Buffer b{.kind = Buffer::Kind::partial,
             .node = item.node,
             .unit = item.node.ndim() - 1,
             .made_by = step,
             .parts = item.monoid == Monoid::spread ? spread_parts : 1,
             .partial_dtype = item.node.dtype()};
    for (const bool constants : {true, false})  // unrolled axes outside, so that a row of the free one is contiguous
      for (const int l : item.labels)
        if (l >= 0 && (items_.constant(l) >= 0) == constants) b.axes.push_back(axis(l));
    const int id = static_cast<int>(program.buffers.size());
    program.buffers.push_back(std::move(b));
    phase.stores.push_back({value, id, {}});
    item.kind = Item::Kind::combine;
    item.partial = id;
    item.operands.clear();
    item.reduced.clear();
  }
  program.steps.emplace_back(std::move(phase));
  for (const int i : members)
    if (items_.list[at(i)].into >= 0) write_part(i);
}

// A part is in memory wherever it lies; the whole is with the last of them.
void Memory::write_part(int item) {
  buffer(item);
  const Place done{places_[at(item)].step, -1};
  for (int whole = items_.list[at(item)].into; whole >= 0 && --parts_left_[at(whole)] == 0;
       whole = items_.list[at(whole)].into)
    places_[at(whole)] = done;
}

void Memory::emit_loop(int number) {
  const ItemLoop& loop = items_.loops[at(number)];
  const Recurrence& r = loop.recurrence;
  const std::vector<Operand>& operands = items_.list[at(loop.items[0])].operands;
  const int step = static_cast<int>(program.steps.size());
  Phase phase{.parallel = axes_of(loop.elements),
              .flat = !loop.elements.empty(),
              .serial = axis(loop.steps),
              .backwards = r.form.reverse};
  std::unordered_map<int, int> made;
  std::unordered_map<const Node*, int> values;  // of the step's nodes
  for (std::size_t k = 0; k < r.inputs.size(); ++k) {
    const Tensor& inner = r.inputs[k].inner;
    int value = access(phase, operands[k], made);
    if (r.is_carry(k)) {
      Value carry{
          .kind = Value::Kind::carry, .dtype = inner.dtype(), .axes = {phase.serial}, .args = {value}, .node = inner};
      for (const int a : r.inputs[k].axes)
        if (a >= 0) carry.axes.push_back(phase.parallel[at(a)]);
      std::sort(carry.axes.begin(), carry.axes.end());
      phase.values.push_back(std::move(carry));
      value = static_cast<int>(phase.values.size()) - 1;
      phase.carried.push_back({value, -1});
    }
    values.emplace(inner.node(), value);
  }
  for (const Tensor& t : r.operations) {
    std::vector<int> args;
    for (const Tensor& x : node(t).inputs)
      if (const auto known = values.find(x.node()); known != values.end()) args.push_back(known->second);
    const auto* p = meaning<Pointwise>(t);
    values.emplace(t.node(), p                     ? call(phase, t, p->function, t.dtype(), std::move(args))
                             : meaning<Convert>(t) ? convert(phase, args[0], t.dtype())
                                                   : args[0]);
  }
  const std::vector<Tensor>& outputs = r.part.step.outputs;
  for (std::size_t k = 0; k < phase.carried.size(); ++k) phase.carried[k].next = values.at(outputs[k].node());
  for (const int i : loop.items) {
    const Tensor& t = items_.list[at(i)].node;
    const LoopResult of = r.result(t);
    int value = of.is_last || of.is_before ? phase.carried[of.output].carry : values.at(outputs[of.output].node());
    if (of.is_last) {
      Value last{.kind = Value::Kind::last,
                 .dtype = t.dtype(),
                 .axes = phase.parallel,
                 .args = {value},
                 .over = {phase.serial},
                 .node = t};
      std::sort(last.axes.begin(), last.axes.end());
      phase.values.push_back(std::move(last));
      value = static_cast<int>(phase.values.size()) - 1;
    }
    places_[at(i)] = {step, value};
  }
  program.steps.emplace_back(std::move(phase));
}

void Memory::emit_step(int id) {
  const Item& item = items_.list[at(id)];
  std::vector<int> arguments;
  for (const Operand& o : item.operands) arguments.push_back(buffer(o.item));
  const int step = static_cast<int>(program.steps.size());
  if (item.kind == Item::Kind::host) {
    std::vector<std::optional<std::vector<int>>> axes;
    for (const Tensor& x : node(item.node).inputs) axes.push_back(items_.axes_of_view(x));
    program.steps.emplace_back(HostStep{item.node, std::move(arguments), std::move(axes), -1});
  } else if (!item.views.empty()) {
    program.steps.emplace_back(strided_product(item.node, arguments[0], item.views[0], arguments[1], item.views[1]));
  } else
    program.steps.emplace_back(library_call(item.node, arguments[0], arguments[1]));
  places_[at(id)] = {step, -1};
  const int out = buffer(id);
  std::visit(
      [&](auto& s) {
        if constexpr (requires { s.out; }) s.out = out;
      },
      program.steps.back());
}

}  // namespace croton::tile
