#include "tile/point_writer.h"

#include <algorithm>
#include <array>

#include "base/dtype.h"

namespace croton::tile {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

// They stay in registers until they are used.
constexpr Index most_loads_ahead = 8;

}  // namespace

Indices both(const Indices& outer, const Indices& inner) {
  Indices r = outer;
  for (const auto& [axis, k] : inner) r[axis] = k;
  return r;
}

const Value& PointWriter::value(int v) const { return e_.phase.values[at(v)]; }

bool PointWriter::is_partial(const Store& s) const {
  return e_.program.buffers[at(s.buffer)].kind == Buffer::Kind::partial;
}

bool PointWriter::folds_parallel(const Value& v) const {
  return v.kind == Value::Kind::reduce &&
         std::any_of(v.over.begin(), v.over.end(), [&](AxisId a) { return e_.is_parallel(a); });
}

Scope& PointWriter::scope_of(const Value& v, Frame& f) {
  if (e_.is_serial(v)) return *f.step;
  if (f.fold != nullptr && std::find(v.axes.begin(), v.axes.end(), f.folded) != v.axes.end()) return *f.fold;
  Scope* scope = f.rows.empty() ? f.loop : f.tile;
  if (!e_.inner(v.axes).empty())
    scope = f.held && !e_.has_parallel(v) ? f.held : f.loop;
  else if (!e_.has_parallel(v))
    scope = &chunk_;
  // NOLINTNEXTLINE(clang-analyzer-core.uninitialized.UndefReturn): what runs along an axis is asked for inside its loop
  return *scope;
}

int PointWriter::get(int id, const Indices& where, Index row, Frame& f) {
  const Value& v = value(id);
  Scope& scope = scope_of(v, f);
  const auto key = e_.key(id, where, row);
  if (const auto it = scope.made.find(key); it != scope.made.end()) return it->second;
  const bool in_rows = is_row_lane(v, f) || is_loaded_by_rows(v, f) ||
                       (&scope == f.tile && scope.rows.count(e_.key(id, where, row / e_.nest.lanes)) > 0);
  const int reg = in_rows ? row_lane(id, where, row, f) : make(id, where, row, f, scope);
  scope.made[key] = reg;
  return reg;
}

bool PointWriter::is_row_lane(const Value& v, const Frame& f) const {
  return f.rows.size() > 1 && stages_.has_row_lanes() && stages_.is_between_loops(v);
}

// Threads load one each and send it: two operations instead of an address of 64 bits for each row.
bool PointWriter::is_loaded_by_rows(const Value& v, const Frame& f) const {
  return e_.lanes_are_threads() && f.rows.size() > 1 && stages_.has_row_lanes() && v.kind == Value::Kind::load &&
         v.args.empty() && e_.has_parallel(v) && e_.inner(v.axes).empty();
}

int PointWriter::row_lane(int id, const Indices& where, Index row, Frame& f) {
  Statement s = Emitter::statement(Statement::Kind::let_lane);
  s.args = {rows_of(id, where, row / e_.nest.lanes, f)};
  s.integer = row % e_.nest.lanes;
  s.rows = thread_rows(f);
  return e_.let(f.tile->body, std::move(s), value(id).dtype, false);
}

int PointWriter::rows_of(int id, const Indices& where, Index group, Frame& f) {
  const auto key = e_.key(id, where, group);
  if (const auto it = f.tile->rows.find(key); it != f.tile->rows.end()) return it->second;
  const int reg = make_rows(id, where, group, f);
  return f.tile->rows[key] = reg;
}

int PointWriter::make_rows(int id, const Indices& where, Index group, Frame& f) {
  const Value& v = value(id);
  Body& body = f.tile->body;
  if (!is_row_lane(v, f)) return packed_rows(id, where, group, f);
  if (v.kind == Value::Kind::reduce) {
    const int sum = e_.identity(body, v.monoid, v.dtype, true);
    for (const Indices& more : e_.combinations(e_.unrolled(v.over)))
      e_.update(body, sum, v.monoid, row_arguments(v, both(where, more), group, f));
    return sum;
  }
  Statement s =
      Emitter::statement(v.kind == Value::Kind::call ? Statement::Kind::let_call : Statement::Kind::let_convert);
  s.function = v.function;
  s.args = row_arguments(v, where, group, f);
  return e_.let(body, std::move(s), v.dtype, true);
}

std::vector<int> PointWriter::row_arguments(const Value& v, const Indices& where, Index group, Frame& f) {
  std::vector<int> r;
  for (const int a : v.args)
    r.push_back(e_.has_parallel(value(a)) ? rows_of(a, where, group, f) : e_.splat(*f.tile, get(a, where, 0, f)));
  return r;
}

Index PointWriter::thread_rows(const Frame& f) const {
  return e_.lanes_are_threads() ? static_cast<Index>(f.rows.size()) : 0;
}

// Of threads, each loads that of its row.
int PointWriter::loaded_rows(const Value& v, const Indices& where, Frame& f) {
  const AxisId row = e_.phase.parallel[0];
  const auto place = e_.locate(v.buffer, v.index, where, variables(f, 0), row);
  Statement s = Emitter::statement(Statement::Kind::let_load);
  s.word = e_.word({.kind = Word::Kind::pointer, .buffer = v.buffer});
  s.dtype = v.dtype;
  s.address = place.address;
  s.reach = Reach::strided;
  s.stride = place.lane_stride;
  s.rows = thread_rows(f);
  return e_.let(f.tile->body, std::move(s), v.dtype, true);
}

int PointWriter::packed_rows(int id, const Indices& where, Index group, Frame& f) {
  const Value& v = value(id);
  if (is_loaded_by_rows(v, f)) return loaded_rows(v, where, f);
  const Index first = group * e_.nest.lanes, rows = static_cast<Index>(f.rows.size());
  Statement s = Emitter::statement(Statement::Kind::let_pack);
  for (Index q = first; q < std::min(first + e_.nest.lanes, rows); ++q) s.args.push_back(get(id, where, q, f));
  s.rows = thread_rows(f);
  return e_.let(f.tile->body, std::move(s), v.dtype, true);
}

bool PointWriter::is_lanes(const Value& v, const Frame& f) const {
  return f.lane != no_axis && std::find(v.axes.begin(), v.axes.end(), f.lane) != v.axes.end()
             ? true
             : e_.phase.flat && f.loop && e_.has_parallel(v);
}

int PointWriter::make(int id, const Indices& where, Index row, Frame& f, Scope& scope) {
  const Value& v = value(id);
  if (f.loop == &scope && !f.held && stages_.is_kept(id, f.stage)) return load_kept(id, where, row, f, scope);
  switch (v.kind) {
    case Value::Kind::constant: return number(v, scope.body);
    case Value::Kind::load: return load(v, where, row, f, scope);
    case Value::Kind::iota: return iota(v, where, row, f, scope);
    case Value::Kind::row: return checked_row(v, where, row, f, scope);
    case Value::Kind::add_rows: return added_rows(v, where, row, f, scope);
    case Value::Kind::combine: return combine(v, where, row, f, scope);
    case Value::Kind::reduce: return fold(v, where, row, f, scope);
    case Value::Kind::carry:
    case Value::Kind::last: throw std::logic_error("tile: a value that steps carry is used outside of them");
    case Value::Kind::call:
    case Value::Kind::convert: break;
  }
  const bool lanes = is_lanes(v, f);
  if (const int k = begun_fold(v, where, row, f); k >= 0) {
    int start = get(v.args[at(1 - k)], where, row, f);
    if (lanes) start = e_.splat(scope, start);
    const Value& folded = value(v.args[at(k)]);
    const int sum = e_.identity(scope.body, folded.monoid, folded.dtype, lanes);
    scope.body.back().args = {start};
    fold_unrolled(folded, where, row, f, scope.body, sum, lanes);
    return sum;
  }
  const auto is_place = [&](int a) { return lanes && e_.is_place(a); };
  if (const auto place = std::find_if(v.args.begin(), v.args.end(), is_place); place != v.args.end())
    return compared_place(v, static_cast<int>(place - v.args.begin()), where, row, f, scope);
  Statement s =
      Emitter::statement(v.kind == Value::Kind::call ? Statement::Kind::let_call : Statement::Kind::let_convert);
  s.function = v.function;
  for (const int a : v.args) {
    const int reg = get(a, where, row, f);
    s.args.push_back(lanes ? e_.splat(scope, reg) : reg);
  }
  return e_.let(scope.body, std::move(s), v.dtype, lanes);
}

int PointWriter::begun_fold(const Value& v, const Indices& where, Index row, Frame& f) {
  if (v.kind != Value::Kind::call || v.function != "add" || !is_float(v.dtype)) return -1;
  for (int k = 1; k >= 0; --k) {
    const int id = v.args[at(k)];
    const Value& r = value(id);
    if (r.kind == Value::Kind::reduce && r.monoid == Monoid::sum && r.dtype == v.dtype && uses_[id] == 1 &&
        e_.inner(r.over).empty() && !folds_parallel(r) && is_lanes(r, f) == is_lanes(v, f) &&
        !stages_.is_folded_by_rows(r) && scope_of(r, f).made.count(e_.key(id, where, row)) == 0)
      return k;
  }
  return -1;
}

int PointWriter::number(const Value& v, Body& body) {
  const double x = v.number;
  const bool in_text =
      is_float(v.dtype) ? x == 0 || x == 1 || x == -1 || x == 2 || x == 0.5 : v.integer >= -1 && v.integer <= 2;
  if (in_text) {
    Statement s = Emitter::statement(Statement::Kind::let_number);
    s.number = v.number;
    s.integer = v.integer;
    return e_.let(body, std::move(s), v.dtype, false);
  }
  Statement s = Emitter::statement(Statement::Kind::let_word);
  s.word = e_.word({.kind = Word::Kind::scalar, .dtype = v.dtype, .number = v.number, .integer = v.integer});
  return e_.let(body, std::move(s), v.dtype, false);
}

std::map<AxisId, int> PointWriter::variables(const Frame& f, Index row) const {
  std::map<AxisId, int> r = f.variables;
  if (!f.rows.empty())
    r.insert(f.rows[static_cast<std::size_t>(row)].begin(), f.rows[static_cast<std::size_t>(row)].end());
  return r;
}

int PointWriter::load(const Value& v, const Indices& where, Index row, Frame& f, Scope& scope) {
  if (const auto packed = packed_.find(id_of(v));
      packed != packed_.end() && &scope == f.loop && e_.inner(v.axes)[0] == f.lane)
    return load_packed(v, packed->second, where, f, scope);
  const auto place = e_.locate(v.buffer, v.index, where, variables(f, row), f.lane);
  Statement s = Emitter::statement(Statement::Kind::let_load);
  s.word = e_.word({.kind = Word::Kind::pointer, .buffer = v.buffer});
  s.dtype = v.dtype;
  s.address = place.address;
  if (is_lanes(v, f) && place.lanes) reach(s, place.lane_stride, f.partial, f.mask);
  if (!v.args.empty()) {
    const int at_row = get(v.args[0], where, row, f);
    if (v.may_be_none)
      go_to_row_if_any(s, at_row, v.buffer, v.row_dim, f);
    else
      go_to_row(s, v, at_row, f, scope.body);
  }
  const bool lanes = s.reach != Reach::scalar;
  const int reg = e_.let(scope.body, std::move(s), v.dtype, lanes);
  return is_lanes(v, f) ? e_.splat(scope, reg) : reg;
}

void PointWriter::load_ahead(Frame& f) {
  Index left = most_loads_ahead;
  for (const Value& v : e_.phase.values) {
    const bool of_point = e_.has_parallel(v) || e_.phase.parallel.empty();
    if (v.kind != Value::Kind::load || !v.args.empty() || !of_point || !e_.inner(v.axes).empty()) continue;
    const Index rows = std::max<Index>(1, static_cast<Index>(f.rows.size()));
    for (const Indices& where : e_.combinations(e_.unrolled(v.axes))) {
      if (is_loaded_by_rows(v, f)) {
        if (left-- > 0) rows_of(id_of(v), where, 0, f);
        continue;
      }
      for (Index q = 0; q < rows; ++q)
        if (left-- > 0) get(id_of(v), where, q, f);
    }
  }
}

void PointWriter::go_to_row(Statement& load, const Value& v, int at_row, const Frame& f, Body& body) {
  if (v.row_dim < 0) return;  // every row is the same
  const Factor stride = e_.stride(v.buffer, static_cast<std::size_t>(v.row_dim));
  if (e_.nest.registers[at(at_row)].lanes) {
    load.reach = Reach::listed;
    load.mask = f.mask;
    load.args = {at_row};
    load.stride = stride;
    return;
  }
  Statement s = Emitter::statement(Statement::Kind::index);
  s.variable = e_.new_variable();
  s.args = {at_row};
  load.address.push_back({s.variable, {stride}});
  body.push_back(std::move(s));
}

void PointWriter::go_to_row_if_any(Statement& s, int at_row, int buffer, int row_dim, const Frame& f) {
  s.row = at_row;
  s.row_stride = row_dim < 0 ? Factor{0, -1} : e_.stride(buffer, static_cast<std::size_t>(row_dim));
  if (!e_.nest.registers[at(at_row)].lanes) return;
  s.reach = Reach::listed;
  s.mask = f.mask;
}

// One after another, in the order of the list. The loop is a scalar's, or each thread's own.
int PointWriter::added_rows(const Value& v, const Indices& where, Index row, Frame& f, Scope& scope) {
  const bool lanes = is_lanes(v, f);
  const std::vector<int> args = arguments(v, where, row, f);
  const int start = lanes ? e_.splat(scope, args[0]) : args[0];
  const int sum = e_.identity(scope.body, v.monoid, v.dtype, lanes);
  scope.body.back().args = {start};
  Statement loop = Emitter::statement(Statement::Kind::loop);
  loop.variable = e_.new_variable();
  loop.args = {args[1], args[2]};
  const bool apart = e_.nest.registers[at(args[1])].lanes;
  Statement element = Emitter::statement(Statement::Kind::let_load);
  element.word = e_.word({.kind = Word::Kind::pointer, .buffer = v.list});
  element.dtype = int64;
  element.address = {{loop.variable, {}}};
  if (apart) element.reach = Reach::own;
  const int at_row = e_.let(loop.body, std::move(element), int64, apart);
  const auto place = e_.locate(v.buffer, v.index, where, variables(f, row), f.lane);
  Statement s = Emitter::statement(Statement::Kind::let_load);
  s.word = e_.word({.kind = Word::Kind::pointer, .buffer = v.buffer});
  s.dtype = v.dtype;
  s.address = place.address;
  if (lanes && place.lanes) reach(s, place.lane_stride, f.partial, f.mask);
  go_to_row(s, v, at_row, f, loop.body);
  const bool of_lanes = s.reach != Reach::scalar;
  const int x = e_.let(loop.body, std::move(s), v.dtype, of_lanes);
  e_.update(loop.body, sum, v.monoid, {lanes ? e_.splat(loop.body, x) : x});
  scope.body.push_back(std::move(loop));
  return sum;
}

int PointWriter::checked_row(const Value& v, const Indices& where, Index row, Frame& f, Scope& scope) {
  const bool lanes = is_lanes(v, f);
  const int index = get(v.args[0], where, row, f);
  Emitter::Number number = e_.number(v, where, variables(f, row), f.lane);
  Statement s = Emitter::statement(Statement::Kind::let_row);
  s.args = {lanes ? e_.splat(scope, index) : index};
  s.word = e_.word({.kind = Word::Kind::errors});
  s.integer = v.site;
  s.to = v.rows == no_axis ? Linear{{-1, {{1, -1}}}} : e_.extent(v.rows);
  s.address = std::move(number.first);
  s.from = std::move(number.lane_step);
  s.partial = lanes && f.partial;
  if (lanes) s.mask = f.mask;
  return e_.let(scope.body, std::move(s), v.dtype, lanes);
}

void PointWriter::reach(Statement& s, const Factor& stride, bool partial, int mask) {
  s.mask = mask;
  s.reach = stride.word < 0 ? Reach::lanes : Reach::strided;
  s.stride = stride;
  s.partial = partial;
}

int PointWriter::id_of(const Value& v) const { return static_cast<int>(&v - e_.phase.values.data()); }

int PointWriter::iota(const Value& v, const Indices& where, Index row, Frame& f, Scope& scope) {
  Statement s = Emitter::statement(Statement::Kind::let_iota);
  const bool lanes = is_lanes(v, f);
  Emitter::Number number = e_.number(v, where, variables(f, row), f.lane);
  s.address = std::move(number.first);
  s.from = std::move(number.lane_step);
  return e_.let(scope.body, std::move(s), v.dtype, lanes);
}

// The lanes' numbers, argument `of_lanes`, against one that is the same in all lanes: both counted from the first lane.
int PointWriter::compared_place(const Value& v, int of_lanes, const Indices& where, Index row, Frame& f, Scope& scope) {
  Statement place = Emitter::statement(Statement::Kind::let_place),
            lanes = Emitter::statement(Statement::Kind::let_iota);
  place.args = {get(v.args[at(1 - of_lanes)], where, row, f)};
  place.address = e_.number(value(v.args[at(of_lanes)]), where, variables(f, row), f.lane).first;
  lanes.from = {{-1, {{1, -1}}}};
  std::array<int, 2> args;
  args[at(1 - of_lanes)] = e_.splat(scope, e_.let(scope.body, std::move(place), DType::int32, false));
  args[at(of_lanes)] = e_.let(scope.body, std::move(lanes), DType::int32, true);
  return e_.call(scope.body, v.function, {args[0], args[1]}, v.dtype, true);
}

std::vector<int> PointWriter::arguments(const Value& v, const Indices& where, Index row, Frame& f) {
  std::vector<int> r;
  for (const int a : v.args) r.push_back(get(a, where, row, f));
  return r;
}

// A fold whose loops are all unrolled, or that has a serial loop of its own inside the lanes'.
int PointWriter::fold(const Value& v, const Indices& where, Index row, Frame& f, Scope& scope) {
  const std::vector<AxisId> serial = e_.inner(v.over);
  if (!serial.empty() && &scope != f.loop) throw std::logic_error("tile: a fold is used before its loop");
  const bool lanes = is_lanes(v, f);
  const int sum = e_.identity(scope.body, v.monoid, v.dtype, lanes);
  if (serial.empty()) {
    fold_unrolled(v, where, row, f, scope.body, sum, lanes);
    return sum;
  }
  Statement loop = Emitter::statement(Statement::Kind::loop);
  const auto [known, is_first] = fold_variables_.try_emplace(&v, -1);
  if (is_first) known->second = e_.new_variable();
  loop.variable = known->second;
  loop.to = e_.extent(serial[0]);
  Scope inside;
  Frame g = f;
  g.fold = &inside;
  g.folded = serial[0];
  g.variables[serial[0]] = loop.variable;
  fold_unrolled(v, where, row, g, inside.body, sum, lanes);
  loop.body = std::move(inside.body);
  scope.body.push_back(std::move(loop));
  return sum;
}

bool PointWriter::is_of_fold(const Statement& loop) const {
  return std::any_of(fold_variables_.begin(), fold_variables_.end(),
                     [&](const auto& fold) { return fold.second == loop.variable; });
}

void PointWriter::fold_of_rows(int id, const Indices& where, Index rows, Frame& f, Scope& scope) {
  const Value& v = value(id);
  std::vector<int> sums;
  for (Index q = 0; q < rows; ++q) sums.push_back(e_.identity(scope.body, v.monoid, v.dtype, true));
  for (const Indices& step : e_.combinations(e_.unrolled(v.over)))
    for (Index q = 0; q < rows; ++q) {
      std::vector<int> args = arguments(v, both(where, step), q, f);
      for (int& a : args) a = e_.splat(scope, a);
      e_.update(scope.body, sums[static_cast<std::size_t>(q)], v.monoid, std::move(args));
    }
  for (Index q = 0; q < rows; ++q) scope.made[e_.key(id, where, q)] = sums[static_cast<std::size_t>(q)];
}

void PointWriter::fold_unrolled(const Value& v, const Indices& where, Index row, Frame& f, Body& body, int sum,
                                bool lanes) {
  for (const Indices& more : e_.combinations(e_.unrolled(v.over))) {
    const Indices here = both(where, more);
    std::vector<int> args = arguments(v, here, row, f);
    if (lanes)
      for (int& a : args) a = e_.splat(body, a);
    e_.update(body, sum, v.monoid, std::move(args));
  }
}

void PointWriter::store(const Store& s, const Indices& where, Index row, Frame& f, Body& body) {
  int reg = get(s.value, where, row, f);
  std::vector<AxisId> index = s.index;
  if (s.row >= 0) index[at(s.row_dim)] = no_axis;
  const auto place = e_.locate(s.buffer, index, where, variables(f, row), f.lane);
  Statement t = Emitter::statement(Statement::Kind::store);
  t.word = e_.word({.kind = Word::Kind::pointer, .buffer = s.buffer});
  t.dtype = value(s.value).dtype;
  t.address = place.address;
  if (place.lanes && f.loop) {
    reg = e_.splat(body, reg);
    reach(t, place.lane_stride, f.partial, f.mask);
    if (t.reach == Reach::lanes && !e_.lanes_are_threads())
      t.stream = e_.word({.kind = Word::Kind::stream, .buffer = s.buffer});
  }
  if (s.row >= 0) {
    go_to_row_if_any(t, get(s.row, where, row, f), s.buffer, s.row_dim, f);
    if (t.reach == Reach::listed) reg = e_.splat(body, reg);
  }
  t.args = {reg};
  body.push_back(std::move(t));
}

int PointWriter::masked(const Frame& f, Scope& scope, int reg, Monoid monoid) {
  const auto [known, fresh] = scope.masked.try_emplace({reg, monoid}, -1);
  if (!fresh) return known->second;
  Statement s = Emitter::statement(Statement::Kind::let_masked);
  s.monoid = monoid;
  s.args = {reg};
  s.mask = f.mask;
  return known->second = e_.let(scope.body, std::move(s), e_.nest.registers[at(reg)].dtype, true);
}

std::vector<int> PointWriter::in_lanes(const Value& v, const Indices& where, Index row, Frame& f, Scope& scope) {
  std::vector<int> args = arguments(v, where, row, f);
  for (int& a : args) a = e_.splat(scope, a);
  return args;
}

std::vector<int> PointWriter::lane_arguments(const Value& v, const Indices& where, Index row, Frame& f, Scope& scope) {
  std::vector<int> args = in_lanes(v, where, row, f, scope);
  if (f.partial || f.mask >= 0)
    for (int& a : args) a = masked(f, scope, a, v.monoid);
  return args;
}

int PointWriter::load_packed(const Value& v, const std::pair<int, Factor>& where_from, const Indices& where, Frame& f,
                             Scope& scope) {
  Index number = 0;
  for (const AxisId a : e_.unrolled(v.axes)) number = number * e_.program.axes[at(a)].constant + where.at(a);
  Statement s = Emitter::statement(Statement::Kind::let_load);
  s.scratch = where_from.first;
  s.dtype = v.dtype;
  s.address = {{f.variables.at(f.lane), {}}, {-1, {{number, -1}, where_from.second}}};
  reach(s, {1, -1}, false);
  return e_.let(scope.body, std::move(s), v.dtype, true);
}

Linear PointWriter::kept_address(int id, const Indices& where, Index row, const Frame& f) {
  const Value& v = value(id);
  Index number = 0;
  for (const AxisId a : e_.unrolled(v.axes)) number = number * e_.program.axes[at(a)].constant + where.at(a);
  number = number * stages_.rows_a_tile() + row;
  return {{f.variables.at(f.lane), {}}, {-1, {{number, -1}, e_.apart(e_.inner(v.axes)[0], v.dtype)}}};
}

int PointWriter::kept_offset(int id) {
  const auto it = kept_.find(id);
  if (it != kept_.end()) return it->second;
  const Value& v = value(id);
  const Index copies = static_cast<Index>(e_.combinations(e_.unrolled(v.axes)).size()) * stages_.rows_a_tile();
  return kept_[id] = e_.scratch({v.dtype, copies, e_.inner(v.axes)[0]});
}

void PointWriter::keep(int id, const Indices& where, Index row, Frame& f, Scope& scope) {
  const int x = get(id, where, row, f);
  if (f.held) return;
  Statement t = Emitter::statement(Statement::Kind::store);
  t.scratch = kept_offset(id);
  t.dtype = value(id).dtype;
  t.address = kept_address(id, where, row, f);
  reach(t, {1, -1}, false);
  t.args = {x};
  scope.body.push_back(std::move(t));
}

int PointWriter::load_kept(int id, const Indices& where, Index row, Frame& f, Scope& scope) {
  Statement s = Emitter::statement(Statement::Kind::let_load);
  s.scratch = kept_offset(id);
  s.dtype = value(id).dtype;
  s.address = kept_address(id, where, row, f);
  reach(s, {1, -1}, false);
  return e_.let(scope.body, std::move(s), value(id).dtype, true);
}

}  // namespace croton::tile
