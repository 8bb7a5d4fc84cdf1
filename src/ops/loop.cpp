#include "ops/loop.h"

#include <algorithm>
#include <cstring>
#include <unordered_set>

#include "array/access.h"
#include "base/error.h"
#include "croton/ops.h"
#include "graph/walk.h"
#include "ops/extents.h"
#include "ops/families.h"
#include "ops/infer.h"
#include "ops/registry.h"

namespace croton::ops {
namespace {

/// The step has the types of the node's inputs: what a variable's type says of its extents is a hint, and givens may
/// know more than before.
Params fitted_step(const Params& p, std::span<const Tensor> x) {
  const LoopForm f = form_of(p);
  std::vector<Type> types;
  for (std::size_t k = 0; k < f.step->inputs.size(); ++k)
    types.push_back(k >= f.row(0) && k < f.capture(0) ? row_type(type(x[k + 1])) : type(x[k + 1]));
  Params made = p;
  made.set("step", with_types(f.step, types));
  return made;
}

Type stacked(const TypeAt& t, const LoopForm& f, const Type& row) {
  const auto& steps = t.values[0];
  Shape shape{!f.until && steps && (*steps)[0] >= 0 ? (*steps)[0] : any_extent};
  shape.insert(shape.end(), row.shape.begin(), row.shape.end());
  return {row.dtype, std::move(shape)};
}

Type carry_type(const TypeAt& t, std::size_t k) { return {t.dtype(k + 1), t.shapes[k + 1]}; }

/// "n, 3", or "3" where the program says so.
std::string length_text(const Tensor& length, Index steps) {
  if (node(length).kind == NodeKind::constant) return fmt::format("{}", steps);
  return fmt::format("{}, {}", formula(length), steps);
}

/// ShapeError unless a loop on such inputs has a row for each of its steps.
void check_rows(const LoopForm& f, std::span<const Tensor> x, Index steps, std::span<const Shape> shapes, Where w) {
  const Tensor& length = x[0];
  if (steps < 0) fail_at<ShapeError>(w, "scan: length is {}; at least 0 is needed", length_text(length, steps));
  const std::span<const Tensor> xs = x.subspan(f.row(0) + 1, f.rows);
  std::vector<Index> rows;
  for (const Shape& shape : shapes.subspan(f.row(0) + 1, f.rows)) rows.push_back(shape[0]);
  const bool is_theirs = meaning<ShapeOf>(length) && std::any_of(xs.begin(), xs.end(), [&](const Tensor& t) {
                           return same(node(length).inputs[0], t);
                         });
  if (std::any_of(rows.begin(), rows.end(), [&](Index r) { return r != steps; }))
    refuse_rows(is_theirs ? "" : length_text(length, steps), steps, xs, rows, w);
}

void check_carry(const Tensor& carry, const Shape& was, const Shape& now, Where w) {
  if (was == now) return;
  const DType d = type(carry).dtype;
  fail_at<ShapeError>(w, "scan: the carry {} is {}, the step makes {} of it: its shape has to stay", describe(carry),
                      type_text(d, Extents(was)), type_text(d, Extents(now)));
}

bool is_known(const Shape& shape) {
  return std::none_of(shape.begin(), shape.end(), [](Index n) { return n < 0; });
}

/// The shapes of what a step gives, from those of what it is given.
std::vector<Shape> shapes_of_step(const TypeAt& t, const LoopForm& f) {
  TrueShapes shapes;
  KnownIntegers known;
  for (std::size_t k = 0; k < f.step->inputs.size(); ++k) {
    const Shape& whole = t.shapes[k + 1];
    const bool row = k >= f.row(0) && k < f.capture(0);
    shapes.emplace(f.step->inputs[k].node(), Shape(whole.begin() + (row ? 1 : 0), whole.end()));
    if (k >= f.capture(0)) known.emplace(f.step->inputs[k].node(), t.values[k + 1]);
  }
  for (const Tensor& n : topological(f.step->outputs)) infer(n, shapes, known, holds_integers(n));
  std::vector<Shape> r;
  for (const Tensor& n : f.step->outputs) r.push_back(shapes.at(n.node()));
  return r;
}

Type loop_type(const TypeAt& t) {
  const LoopForm f = form_of(t.params);
  const auto r = static_cast<std::size_t>(t.params.integer("result"));
  Type y = f.is_y(r) ? type(f.step->outputs[r]) : Type{int64, {}};
  if (std::all_of(t.shapes.begin(), t.shapes.end(), is_known)) {
    if (const auto& steps = t.values[0]; steps && !f.until) check_rows(f, t.x, (*steps)[0], t.shapes, t.where);
    const std::vector<Shape> made = shapes_of_step(t, f);
    for (std::size_t k = 0; k < f.carries; ++k)
      if (is_known(made[k])) check_carry(t.x[k + 1], t.shapes[k + 1], made[k], t.where);
    if (f.is_y(r)) y.shape = made[r];
  }
  if (f.is_last(r)) return carry_type(t, r);
  if (f.is_before(r)) return stacked(t, f, carry_type(t, r - f.before(0)));
  return f.is_y(r) ? stacked(t, f, y) : y;
}

std::vector<Sample> loop_samples() {
  // h' = h * w + x, y = h' - x; until h' > 1
  const auto in = [](const char* name) { return make_input({float64, {2}}, name, {}); };
  const Tensor h = in("h"), x = in("x"), w = in("w");
  const Tensor next = apply(add, {}, {apply(mul, {}, {h, w}, {}), x}, {});
  const Tensor y = apply(sub, {}, {next, x}, {});
  const Tensor is_last = croton::any(next > 1);
  std::vector<Sample> all;
  for (const bool until : {false, true}) {
    const std::vector<Tensor> outputs = until ? std::vector{next, y, is_last} : std::vector{next, y};
    const auto step = std::make_shared<const Subgraph>(Subgraph{{h, x, w}, outputs});
    for (const Index rows : {3, 0})
      for (Index result = 0; result < (until ? 4 : 3); ++result)
        all.push_back({{{int64, {}}, {float64, {2}}, {float64, {rows, 2}}, {float64, {2}}},
                       {{"step", step},
                        {"carries", Index{1}},
                        {"rows", Index{1}},
                        {"reverse", result == 1},
                        {"until", until},
                        {"result", result}},
                       {{static_cast<double>(rows), static_cast<double>(rows)}}});
  }
  return all;
}

}  // namespace

constinit const Op loop{.name = "loop",
                        .doc = "A graph repeated for each row, carrying values from step to step; Theano's scan.",
                        .arity = -1,
                        .type = loop_type,
                        .meaning = Loop{},
                        .no_gradient = "the gradients of all its results are one loop, made by gradient/loop",
                        .samples = loop_samples,
                        .fitted = fitted_step};

Family loop_ops() {
  static constexpr const Op* list[] = {&loop};
  return list;
}

LoopForm form_of(const Params& p) {
  return {p.graph("step"), static_cast<std::size_t>(p.integer("carries")), static_cast<std::size_t>(p.integer("rows")),
          p.flag("reverse"), p.flag("until")};
}

Tensor loop_result(const LoopForm& f, std::size_t result, std::vector<Tensor> inputs, Where w) {
  return apply(loop,
               {{"step", f.step},
                {"carries", static_cast<Index>(f.carries)},
                {"rows", static_cast<Index>(f.rows)},
                {"reverse", f.reverse},
                {"until", f.until},
                {"result", static_cast<Index>(result)}},
               std::move(inputs), w);
}

LoopPart needed_part(const LoopForm& f, std::span<const std::size_t> results) {
  std::vector<bool> output(f.step->outputs.size(), false);
  for (const std::size_t r : results)
    if (r < f.count()) output[r < f.before(0) ? r : r - f.before(0)] = true;
  if (f.until) output.back() = true;
  std::unordered_set<const Node*> read;
  std::vector<Tensor> outputs;
  for (bool more = true; more;) {
    outputs.clear();
    for (std::size_t k = 0; k < output.size(); ++k)
      if (output[k]) outputs.push_back(f.step->outputs[k]);
    for (const Tensor& t : leaves(outputs, NodeKind::input)) read.insert(t.node());
    more = false;
    for (std::size_t k = 0; k < f.carries; ++k)
      if (!output[k] && read.contains(f.step->inputs[k].node())) output[k] = more = true;
  }
  LoopPart part;
  for (std::size_t k = 0; k < f.carries; ++k)
    if (output[k]) part.carries.push_back(k);
  for (std::size_t k = 0; k < f.ys(); ++k)
    if (output[f.y(k)]) part.ys.push_back(k);
  part.inputs = part.carries;
  for (std::size_t k = f.carries; k < f.step->inputs.size(); ++k)
    if (read.contains(f.step->inputs[k].node())) part.inputs.push_back(k);
  for (const std::size_t k : part.inputs) part.step.inputs.push_back(f.step->inputs[k]);
  part.step.outputs = std::move(outputs);
  return part;
}

void refuse_rows(std::string_view length, Index steps, std::span<const Tensor> xs, std::span<const Index> rows,
                 Where w) {
  std::string list;
  for (std::size_t k = 0; k < xs.size(); ++k)
    if (rows[k] >= 0) list += fmt::format("{}{} has {}", list.empty() ? "" : ", ", describe(xs[k]), rows[k]);
  if (length.empty()) fail_at<ShapeError>(w, "scan: what it goes over has different numbers of rows: {}", list);
  fail_at<ShapeError>(w, "scan: length is {}, so what it goes over needs {} {}, one for each step: {}", length, steps,
                      steps == 1 ? "row" : "rows", list);
}

Index steps_of(const Tensor& result, std::span<const Array> arguments) {
  const Node& n = node(result);
  const Index steps = get_index(arguments[0], 0);
  std::vector<Shape> shapes;
  for (const Array& a : arguments) shapes.emplace_back(a.shape().begin(), a.shape().end());
  check_rows(form_of(result), n.inputs, steps, shapes, n.where);
  return steps;
}

void check_carry(const Tensor& result, std::size_t carry, const Extents& was, const Extents& now) {
  const Node& n = node(result);
  check_carry(n.inputs[carry + 1], Shape(was.begin(), was.end()), Shape(now.begin(), now.end()), n.where);
}

Array row_of(const Array& a, Index i) {
  const Extents &shape = a.shape(), &by = strides(a);
  return view(a, Extents(Shape(shape.begin() + 1, shape.end())), Extents(Shape(by.begin() + 1, by.end())), i * by[0]);
}

void RowMemory::move_to_row(Array& row, const Array& all, Index i) const {
  ArrayAccess::Body* const view = ArrayAccess::slot(row);
  const bool is_own = view && view->block == block(all) && view->shape.size() + 1 == all.shape().size() &&
                      view->count.load(std::memory_order_acquire) == 1 && view->gathered.load() == nullptr;
  if (is_own)
    view->offset = ArrayAccess::body(all).offset + i * strides(all)[0];
  else
    row = row_of(all, i);
}

Array no_row(const Array& a) { return Array::zeros(Extents(Shape(a.shape().begin() + 1, a.shape().end())), a.dtype()); }

std::size_t place_in(const std::vector<std::size_t>& list, std::size_t number) {
  return static_cast<std::size_t>(std::find(list.begin(), list.end(), number) - list.begin());
}

Type row_type(const Type& rows) { return {rows.dtype, Shape(rows.shape.begin() + 1, rows.shape.end())}; }

Array row_by_type(const Tensor& result) {
  Shape shape = row_type(type(result)).shape;
  for (Index& n : shape) n = std::max<Index>(n, 0);
  return Array::zeros(Extents(shape), result.dtype());
}

Array RowMemory::make(const Extents& shape, DType d) const { return empty(shape, d); }

void RowMemory::copy(Array& to, std::size_t to_byte, const Array& from, std::size_t from_byte,
                     std::size_t bytes) const {
  std::memcpy(mutable_data(to) + to_byte, data(from) + from_byte, bytes);
}

Stack::Stack(const Tensor& result, Index steps, const RowMemory& memory)
    : result_(result),
      memory_(memory),
      reverse_(form_of(result).reverse),
      until_(form_of(result).until),
      steps_(steps) {}

void Stack::like(const Array& row) {
  constexpr Index first_room = 16;
  row_bytes_ = static_cast<std::size_t>(row.size()) * size_of(row.dtype());
  room_ = until_ ? std::min(steps_, first_room) : steps_;
  Shape shape{room_};
  shape.insert(shape.end(), row.shape().begin(), row.shape().end());
  rows_ = memory_.make(Extents(shape), row.dtype());
  made_ = true;
}

void Stack::put(Index step, const Array& row) {
  if (!made_) like(row);
  if (!std::equal(row.shape().begin(), row.shape().end(), rows_.shape().begin() + 1, rows_.shape().end()))
    fail_at<ShapeError>(node(result_).where, "scan: row {} of an output is {}, others are {}",
                        reverse_ && !until_ ? at(step) : step, type_text(row), type_text(row_of(rows_, 0)));
  if (step == room_) {  // room for twice as many
    const Index room = steps_ / 2 < room_ ? steps_ : 2 * room_;
    Array more = room_for(room);
    copy_all(more, reverse_ ? room - count_ : 0);
    rows_ = std::move(more);
    room_ = room;
  }
  count_ = step + 1;
  if (row_bytes_ > 0)
    memory_.copy(rows_, static_cast<std::size_t>(at(step)) * row_bytes_, contiguous(row), 0, row_bytes_);
}

Array Stack::room_for(Index rows) const {
  Shape shape(rows_.shape().begin(), rows_.shape().end());
  shape[0] = rows;
  return memory_.make(Extents(shape), rows_.dtype());
}

/// The rows that there are, to that row and after it.
void Stack::copy_all(Array& to, Index to_row) const {
  const Index first = reverse_ ? room_ - count_ : 0;
  const auto bytes = [&](Index rows) { return static_cast<std::size_t>(rows) * row_bytes_; };
  if (bytes(count_) > 0) memory_.copy(to, bytes(to_row), rows_, bytes(first), bytes(count_));
}

Array Stack::all() const {
  if (count_ == room_) return rows_;
  Array exact = room_for(count_);
  copy_all(exact, 0);
  return exact;
}

}  // namespace croton::ops
