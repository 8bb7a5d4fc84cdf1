#include "tile/stages.h"

#include <algorithm>

#include "expr/functions.h"

namespace croton::tile {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }
// Computing again what costs at most this many operations is cheaper than a trip through scratch (16 bytes there and
// back).
constexpr int cheap = 4;
constexpr Index most_rows = 8;
// Rows about whose mean columns are summed up.
constexpr Index most_rows_of_a_mean = 16;
// Rows of which lanes that lie apart take an element each, side by side: as many as a line of memory holds, at most.
constexpr Index most_rows_of_a_line = 16, bytes_of_a_line = 64;
// Rows that several loops of a tile read stay in the nearest cache (measured on layer norm: 8 streams of 4 KB are 1.4 x
// slower than 2).
constexpr Index most_rows_read_again = 2;
// A kernel's text stays below about this many statements: beyond it the host compiler takes seconds.
constexpr Index most_statements = 1000;
// Where nothing is folded, rows share no more than what none of them changes: more text than this runs slower (measured
// on 40 operations of 12 arrays: 8 rows 135 ms, one 95), and takes as many times as long to compile.
constexpr Index most_statements_without_folds = 160;
// Registers for operands and intermediate values, beside those of the folds.
constexpr Index working_registers = 8;
// Rows of a block of folds: with as many columns as there is room for, neither is loaded much more often than the
// other.
constexpr Index most_rows_a_block = 4;
// Additions in flight that keep two adders busy: each takes four cycles.
constexpr Index independent_folds = 8;
// Steps from which on a fold of every row waits for itself longer than the other rows can fill.
constexpr Index many_steps = 4;
// Checking an index, or reading where each lane has one of its own.
constexpr int cost_of_a_row = 4;
constexpr int most_cost = 1000;
// Of a thread of a GPU, for what it keeps from loop to loop; as many again are for what it works with. (With 256
// threads a block, the machine has 255 for each.)
constexpr Index kept_registers = 160;
// The same where a row wants 512 threads, for each of which the machine has 128; in double precision an elementary
// function alone wants most of them.
constexpr Index kept_registers_of_long_rows = 122;
// Rows that share more go by tiles, which all threads of a block work at.
constexpr Index most_rows_of_a_team = 2;
// Elements of a thread whose text is written out.
constexpr Index most_columns = 4;
// Of a warp that has a row in registers: what it keeps from loop to loop (of a cross-entropy and its gradient 96, for
// which NVRTC takes 166 registers a thread), and how often the text may say what is computed of an element.
constexpr Index kept_registers_of_a_warp = 128, most_values_of_a_warp = 800;

}  // namespace

Stages::Stages(const Emitter& e)
    : e_(e),
      stage_(e.phase.values.size(), 0),
      used_(e.phase.values.size()),
      keep_(e.phase.values.size(), false),
      cost_(e.phase.values.size(), 0),
      apart_(e.phase.values.size(), false) {
  if (e.phase.parallel.empty() || e.phase.flat) return;
  find_costs();
  find_stages();
  find_sinks();
  find_kept();
  find_packed();
  std::set<std::pair<int, AxisId>> all;
  for (const auto& [key, list] : folds_) all.insert(key);
  for (const auto& [key, list] : stores_) all.insert(key);
  for (const auto& [key, list] : kept_) all.insert(key);
  loops_.assign(all.begin(), all.end());
  for (const auto& [stage, lane] : loops_) last_ = std::max(last_, stage + 1);
  find_teams();
  find_columns();
  find_streamed();
  find_long_folds();
  find_row_lanes();
}

void Stages::find_stages() {
  const auto& values = e_.phase.values;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Value& v = values[i];
    for (const int a : v.args) stage_[i] = std::max(stage_[i], stage_[at(a)]);
    if (!is_row_fold(v)) continue;
    apart_[i] = wants_loop_of_its_own(v);
    stage_[i] += apart_[i] ? 2 : 1;
  }
}

Index Stages::unrolled_points(const std::vector<AxisId>& axes) const {
  Index n = 1;
  for (const AxisId a : e_.unrolled(axes)) n *= e_.program.axes[at(a)].constant;
  return n;
}

// Many folds (a contraction with several columns) of what an elementary function gives: function and accumulators want
// the same registers. (Measured on 5000 x 8 -> 1000 tanh -> 8: one loop takes 1.5 times as long as two.)
bool Stages::wants_loop_of_its_own(const Value& v) const {
  if (most_rows * copies(v) <= e_.target.vector_registers || e_.lanes_are_threads()) return false;
  return std::any_of(v.args.begin(), v.args.end(),
                     [&](int a) { return is_dear(a) && cost_[at(a)] >= costs_of_a_function; });
}

// Where the phase's results leave it, and which folds and loops they need.
void Stages::find_sinks() {
  const auto& values = e_.phase.values;
  std::vector<bool> needed(values.size(), false);
  const auto use = [&](int value, int stage) { used_[at(value)].insert(stage), needed[at(value)] = true; };
  for (const Store& s : e_.phase.stores) {
    const Value& v = values[at(s.value)];
    const bool folds_rows = v.kind == Value::Kind::reduce &&
                            std::any_of(v.over.begin(), v.over.end(), [&](AxisId a) { return e_.is_parallel(a); });
    std::vector<AxisId> lanes = e_.inner(folds_rows ? v.axes : s.index);
    if (folds_rows && lanes.empty()) lanes = e_.inner(v.over);
    std::vector<int> wanted = folds_rows ? v.args : std::vector<int>{s.value};
    if (s.row >= 0) wanted.push_back(s.row);
    if (lanes.empty()) {
      row_stores_.push_back(&s);
      for (const int a : wanted) use(a, 1 << 20);
      continue;
    }
    int stage = 0;
    for (const int a : wanted) stage = std::max(stage, stage_[at(a)]);
    stores_[{stage, lanes[0]}].push_back(&s);
    for (const int a : wanted) use(a, stage);
  }
  for (std::size_t i = values.size(); i-- > 0;) {
    const Value& v = values[i];
    if (!needed[i]) continue;
    if (is_row_fold(v)) {
      const int stage = stage_[i] - 1;
      folds_[{stage, e_.inner(v.over)[0]}].push_back(static_cast<int>(i));
      for (const int a : v.args) use(a, stage);
      continue;
    }
    // a value that varies along an inner axis is used in every loop that uses it, unless an earlier one keeps it
    const int first = stage_[i];
    if (is_dear(static_cast<int>(i)) && *used_[i].rbegin() > first) {
      keep_[i] = true;
      for (const int a : v.args) use(a, first);
      if (used_[i].count(first) == 0) used_[i].insert(first);
    } else {
      for (const int a : v.args)
        for (const int s : used_[i]) use(a, s);
    }
  }
  for (auto& [key, list] : folds_) std::reverse(list.begin(), list.end());
}

// Along one axis: what varies along the serial loop of a fold too lives no longer than that, and the fold is kept.
bool Stages::is_dear(int value) const {
  const Value& v = e_.phase.values[at(value)];
  return cost_[at(value)] > cheap && e_.inner(v.axes).size() == 1 && e_.has_parallel(v);
}

void Stages::find_kept() {
  for (std::size_t i = 0; i < keep_.size(); ++i)
    if (keep_[i]) kept_[{stage_[i], e_.inner(e_.phase.values[i].axes)[0]}].push_back(static_cast<int>(i));
}

void Stages::find_long_folds() {
  for (std::size_t i = 0; i < e_.phase.values.size(); ++i) {
    const Value& v = e_.phase.values[i];
    const std::vector<AxisId> lanes = e_.inner(v.axes);
    if (v.kind != Value::Kind::reduce || lanes.empty() || !e_.has_parallel(v) || !e_.inner(v.over).empty()) continue;
    if (steps(v) < many_steps) continue;
    for (const int stage : used_[i])
      if (!is_kept(static_cast<int>(i), stage)) long_folds_[{stage, lanes[0]}].push_back(static_cast<int>(i));
  }
}

bool Stages::is_folded_by_rows(const Value& v) const { return rows_ > 1 && steps(v) >= many_steps; }

bool Stages::is_between_loops(const Value& v) const {
  const bool computed = v.kind == Value::Kind::call || v.kind == Value::Kind::convert || v.kind == Value::Kind::reduce;
  return computed && e_.has_parallel(v) && e_.inner(v.axes).empty() && e_.inner(v.over).empty();
}

// Bringing scalars into lanes and back takes an operation each: it pays where a function is called, or much else is
// done. (Measured on the tutorial's step with 100 hidden units.) The lanes are as many as the loops have: where a
// scalar is wider than what fills those, its rows would not fit a vector, and all stay scalars.
void Stages::find_row_lanes() {
  if (e_.lanes_are_threads() ? columns_.copies == 0 || rows_ == 1 || e_.phase.parallel.size() > 1
                             : 2 * rows_ < e_.nest.lanes)
    return;
  const auto fits = [&](const Value& v) {
    return e_.lanes_are_threads() || !e_.has_parallel(v) ||
           static_cast<int>(size_of(v.dtype)) * e_.nest.lanes <= e_.target.vector_bytes;
  };
  Index operations = 0;  // of one row
  for (std::size_t i = 0; i < e_.phase.values.size(); ++i) {
    const Value& v = e_.phase.values[i];
    if (used_[i].empty() || !is_between_loops(v)) continue;
    const bool all_fit =
        fits(v) && std::all_of(v.args.begin(), v.args.end(), [&](int a) { return fits(e_.phase.values[at(a)]); });
    if (!all_fit) return;
    operations += copies(v) * (v.kind == Value::Kind::call ? expr::function(v.function).cost : steps(v));
  }
  row_lanes_ = operations >= costs_of_a_function;
}

bool Stages::is_kept(int value, int stage) const { return keep_[at(value)] && stage > stage_[at(value)]; }

// Operations of each value from what is in memory, or dear enough to be kept there; folds by unrolled loops count each
// step.
void Stages::find_costs() {
  const auto& values = e_.phase.values;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Value& v = values[i];
    int c = v.kind == Value::Kind::call       ? expr::function(v.function).cost
            : v.kind == Value::Kind::row      ? cost_of_a_row
            : v.kind == Value::Kind::add_rows ? most_cost
            : v.kind == Value::Kind::reduce   ? 1
                                              : 0;
    for (const int a : v.args) {
      const bool in_lanes = !e_.inner(values[at(a)].axes).empty();
      if (in_lanes && !is_dear(a)) c += cost_[at(a)];
      if (in_lanes && v.kind == Value::Kind::load) c += cost_of_a_row;
    }
    cost_[i] = std::min(c, most_cost);
  }
}

// What a spread of columns carries is read and written once a tile, three words an element: where there are registers
// for more rows, that is less of all that is moved. (With AVX-512, 4096 x 4096 take 1000 us by 16 rows, 1240 by 8; a
// plain sum, which carries one word, 720 and 560.)
Index Stages::rows_wanted() const {
  std::set<int> kept;
  for (const Value& v : e_.phase.values)
    if (v.monoid == Monoid::spread && v.kind == Value::Kind::reduce && !e_.inner(v.axes).empty())
      kept.insert(v.args[0]);
  const Index spreads = static_cast<Index>(kept.size());
  const bool fit = spreads * (most_rows_of_a_mean + spread_parts) + working_registers <= e_.target.vector_registers;
  return spreads > 0 && fit && !e_.lanes_are_threads() ? most_rows_of_a_mean : std::max(most_rows, rows_of_a_line());
}

// Of a load whose lanes lie apart, while rows lie side by side (a transposed matrix): a tile of these reads each line
// of memory once, where one row after another reads it for each of its elements again.
Index Stages::rows_of_a_line() const {
  Index rows = 1;
  for (std::size_t i = 0; i < e_.phase.values.size() && !e_.lanes_are_threads(); ++i) {
    const Value& v = e_.phase.values[i];
    const std::vector<AxisId> lanes = e_.inner(v.axes);
    if (v.kind != Value::Kind::load || !v.args.empty() || lanes.size() != 1 || used_[i].empty()) continue;
    if (has_neighbours(v, e_.phase.parallel.back()))
      rows = std::max(rows, std::min(most_rows_of_a_line, bytes_of_a_line / static_cast<Index>(size_of(v.dtype))));
  }
  return rows;
}

// The folds of a loop stay in registers, for every row of the tile. (Measured on the tutorial's step, with 16
// registers: 8 rows of 2 folds, some of them spilled, are 5% faster than 4 rows, for all else is loaded half as often.)
Index Stages::rows_that_fit() const {
  Index folds = 0;
  for (const auto& [loop, list] : folds_) {
    Index here = 0;
    for (const int id : list)
      if (!apart_[at(id)]) here += copies(e_.phase.values[at(id)]);
    folds = std::max(folds, here);
  }
  Index read_again = 0;
  for (std::size_t i = 0; i < e_.phase.values.size(); ++i) {
    const Value& v = e_.phase.values[i];
    read_again += v.kind == Value::Kind::load && e_.has_parallel(v) && !e_.inner(v.axes).empty() && used_[i].size() > 1;
  }
  Index statements = 0;  // of one row
  for (std::size_t i = 0; i < e_.phase.values.size(); ++i) {
    const Value& v = e_.phase.values[i];
    const bool needed =
        !used_[i].empty() || std::any_of(e_.phase.stores.begin(), e_.phase.stores.end(),
                                         [&](const Store& s) { return s.value == static_cast<int>(i); });
    if (needed) statements += copies(v) * steps(v);
  }
  const bool has_folds = std::any_of(e_.phase.values.begin(), e_.phase.values.end(),
                                     [](const Value& v) { return v.kind == Value::Kind::reduce; });
  const Index most = has_folds || e_.lanes_are_threads() ? most_statements : most_statements_without_folds;
  Index rows = rows_wanted();
  while (rows > 1 && (rows * folds > e_.target.vector_registers || rows * read_again > most_rows_read_again ||
                      rows * statements > most))
    rows /= 2;
  return rows;
}

bool Stages::calls_function(int stage) const {
  const auto& values = e_.phase.values;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i].kind != Value::Kind::call || expr::function(values[i].function).cost < costs_of_a_function) continue;
    const bool here =
        e_.phase.flat ? e_.has_parallel(values[i]) : used_[i].count(stage) > 0 && !e_.inner(values[i].axes).empty();
    if (here && !(keep_[i] && stage > stage_[i])) return true;
  }
  return false;
}

std::vector<std::vector<Index>> Stages::blocks(Index copies, Index rows) const {
  const bool fit = copies * rows <= e_.target.vector_registers || e_.lanes_are_threads();
  const Index high = fit ? rows : std::min(rows, most_rows_a_block);
  const Index wide = fit ? copies : std::max<Index>(registers_for_folds() / high, 1);
  std::vector<std::vector<Index>> r;
  for (Index row = 0; row < rows; row += high)
    for (Index copy = 0; r.empty() || copy < copies; copy += wide) {
      r.emplace_back();
      for (Index c = copy; c < std::min(copy + wide, copies); ++c)
        for (Index q = row; q < std::min(row + high, rows); ++q) r.back().push_back(c * rows + q);
    }
  return r;
}

Index Stages::registers_for_folds() const { return e_.target.vector_registers - working_registers; }

Index Stages::vectors_a_step(int stage, Index folds) const {
  if (folds == 0 || e_.lanes_are_threads() || calls_function(stage)) return 1;
  Index vectors = 1;
  while (2 * vectors * folds <= std::min(registers_for_folds(), independent_folds)) vectors *= 2;
  return vectors;
}

// Whether what an axis runs along lies side by side in memory. (Rows of an axis of extent 1 may have no index.)
bool Stages::has_neighbours(const Value& load, AxisId lane) const {
  const int unit = e_.program.buffers[at(load.buffer)].unit;
  return unit >= 0 && !load.index.empty() && load.index[at(unit)] == lane;
}

void Stages::find_packed() {
  bool shares = false;
  for (std::size_t i = 0; i < e_.phase.values.size(); ++i) {
    const Value& v = e_.phase.values[i];
    const std::vector<AxisId> lanes = e_.inner(v.axes);
    if (v.kind == Value::Kind::load && lanes.size() == 1 && !e_.has_parallel(v) && !used_[i].empty()) {
      shares = true;
      if (!has_neighbours(v, lanes[0])) packed_.push_back(static_cast<int>(i));
    }
    const bool folds_rows = v.kind == Value::Kind::reduce &&
                            std::any_of(v.over.begin(), v.over.end(), [&](AxisId a) { return e_.is_parallel(a); });
    if (folds_rows && !lanes.empty()) shares = true;
  }
  if (shares || rows_of_a_line() > 1) rows_ = rows_that_fit();
}

// Registers of 32 bits that a thread keeps: of each of its elements what no row changes, the partials, and what a later
// loop of the tile needs again; of each row its folds and scalars.
Index Stages::registers_with(const Columns& c, Index rows) const {
  Index words = 0;
  const auto add = [&](const Value& v, Index times) { words += times * copies(v) * (size_of(v.dtype) > 4 ? 2 : 1); };
  for (std::size_t i = 0; i < e_.phase.values.size(); ++i) {
    const Value& v = e_.phase.values[i];
    if (used_[i].empty()) continue;
    const bool lanes = !e_.inner(v.axes).empty(),
               again = keep_[i] || (v.kind == Value::Kind::load && used_[i].size() > 1);
    if (lanes && !e_.has_parallel(v) && c.threads != warp_lanes)
      add(v, c.copies);
    else if (lanes && again)
      add(v, c.copies * rows);
    else if (is_row_fold(v) || (!lanes && e_.has_parallel(v) && v.kind == Value::Kind::load))
      add(v, rows);
  }
  for (const Store& s : e_.phase.stores)
    if (e_.program.buffers[at(s.buffer)].kind == Buffer::Kind::partial)
      add(e_.phase.values[at(s.value)], e_.inner(e_.phase.values[at(s.value)].axes).empty() ? 1 : c.copies);
  return words;
}

void Stages::find_teams() {
  const auto open = [&](const Store& s) {
    return e_.program.buffers[at(s.buffer)].kind == Buffer::Kind::partial &&
           !e_.inner(e_.phase.values[at(s.value)].axes).empty();
  };
  teams_ = e_.lanes_are_threads() && rows_ <= most_rows_of_a_team && !loops_.empty() && packed_.empty() &&
           std::none_of(e_.phase.stores.begin(), e_.phase.stores.end(), open);
}

void Stages::find_columns() {
  if (!e_.lanes_are_threads() || loops_.empty()) return;
  Columns c{.lane = loops_[0].second};
  const auto only = [&](const std::vector<AxisId>& axes) {
    const std::vector<AxisId> inner = e_.inner(axes);
    return inner.empty() || (inner.size() == 1 && inner[0] == c.lane);
  };
  for (const Value& v : e_.phase.values) {
    const bool in_loops = !e_.inner(v.axes).empty() && !e_.inner(v.over).empty();
    const bool of_no_row = is_row_fold(v) && !e_.has_parallel(v) && !teams_;
    // (each of a thread's elements would go through the list in a loop of its own)
    if (v.monoid == Monoid::spread || v.kind == Value::Kind::add_rows || in_loops || of_no_row || !only(v.axes) ||
        !only(v.over))
      return;
  }
  if (!std::all_of(e_.phase.stores.begin(), e_.phase.stores.end(), [&](const Store& s) { return only(s.index); }))
    return;
  c.extent = extent_by_type(e_.program.axes[at(c.lane)]);
  if (c.extent < 1) return;
  c.threads = teams_ ? warp_lanes : e_.nest.lanes;
  c.copies = (c.extent + c.threads - 1) / c.threads;
  if (teams_) {
    if (c.extent > longest_row_of_a_warp || c.copies * values_in_lanes(false) > most_values_of_a_warp ||
        c.copies * values_in_lanes(true) > static_cast<Index>(most_bodies_gpu) ||
        registers_with(c, 1) > kept_registers_of_a_warp)
      return;
    rows_ = 1;
    columns_ = c;
    return;
  }
  const auto is_wide = [&](const Value& v) { return !e_.inner(v.axes).empty() && size_of(v.dtype) > 4; };
  const bool is_long = c.copies > most_columns && std::none_of(e_.phase.values.begin(), e_.phase.values.end(), is_wide);
  if (is_long) {
    c.threads *= 2;
    c.copies = (c.extent + c.threads - 1) / c.threads;
  }
  const Index most = is_long ? kept_registers_of_long_rows : kept_registers;
  Index rows = rows_;
  while (rows > 1 && registers_with(c, rows) > most) rows /= 2;
  if (c.copies > most_columns || registers_with(c, rows) > most) return;
  rows_ = rows;
  columns_ = c;
}

// Of one element; or of them the elementary functions alone.
Index Stages::values_in_lanes(bool large) const {
  Index n = 0;
  for (std::size_t i = 0; i < e_.phase.values.size(); ++i) {
    const Value& v = e_.phase.values[i];
    const bool counts = !large || (v.kind == Value::Kind::call && expr::function(v.function).is_large());
    if (counts && !used_[i].empty() && !e_.inner(v.axes).empty()) n += copies(v);
  }
  return n;
}

void Stages::find_streamed() {
  if (loops_.empty()) return;
  const auto [stage, lane] = loops_.front();
  for (std::size_t i = 0; i < e_.phase.values.size(); ++i) {
    const Value& v = e_.phase.values[i];
    const bool neighbours = v.kind == Value::Kind::load && v.args.empty() && has_neighbours(v, lane);
    if (neighbours && e_.has_parallel(v) && e_.inner(v.axes).size() == 1 && e_.unrolled(v.axes).empty() &&
        used_[i].count(stage) > 0)
      streamed_.push_back(static_cast<int>(i));
  }
}

}  // namespace croton::tile
