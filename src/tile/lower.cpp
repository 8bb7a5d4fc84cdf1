#include <algorithm>
#include <array>
#include <utility>

#include "expr/functions.h"
#include "tile/fma.h"
#include "tile/point_writer.h"

namespace croton::tile {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }
Linear variable(int v) { return {{v, {}}}; }

constexpr int first_point = 0, last_point = 1, chunk_number = 2;
// A fold along lanes is cut into blocks of this many elements, so that its error grows with the number of blocks only.
constexpr Index block_elements = 8192;

class Lowering : private PointWriter {
 public:
  Lowering(const Program& program, const Phase& phase, const Target& target) : PointWriter(program, phase, target) {}

  Nest run() {
    for (const Store& s : e_.phase.stores)
      if (e_.program.buffers[at(s.buffer)].kind == Buffer::Kind::partial) partials_.push_back(&s);
    if (!e_.phase.parallel.empty()) {
      e_.word({.kind = Word::Kind::parallel});
      e_.word({.kind = Word::Kind::chunk_points});
    }
    if (e_.phase.parallel.empty())
      single();
    else if (e_.phase.flat)
      flat();
    else
      rows();
    e_.nest.body = std::move(chunk_.body);
    return std::move(e_.nest);
  }

 private:
  // ---- loops over lanes
  // `write(frame, scope, copy)` writes one vector; where a step takes several, the copies 0, 1, ... of a fold's
  // register are different ones.
  template <class F>
  void lanes_over(Body& out, int var, Linear from, Linear to, Frame f, const std::vector<AxisId>& lanes, Index vectors,
                  F&& write) {
    Statement loop = Emitter::statement(Statement::Kind::lane_loop);
    loop.variable = var;
    loop.from = std::move(from);
    loop.to = std::move(to);
    loop.vectors = vectors;
    f.lane = lanes[0];
    const auto vector = [&](int at, bool partial, std::size_t copy) {
      Scope scope;
      f.loop = &scope;
      f.partial = partial;
      for (const AxisId a : lanes) f.variables[a] = at;
      write(f, scope, copy);
      return std::move(scope.body);
    };
    for (Index k = 0; vectors > 1 && k < vectors; ++k) {
      int at = var;
      if (k > 0) {
        Statement next = Emitter::statement(Statement::Kind::index);
        next.variable = at = e_.new_variable();
        next.address = {{var, {}}, {-1, {{k * e_.nest.lanes, -1}}}};
        loop.several.push_back(std::move(next));
      }
      append(loop.several, vector(at, false, static_cast<std::size_t>(k)));
    }
    loop.body = vector(var, false, 0);
    if (!e_.lanes_are_threads()) loop.tail = vector(var, true, 0);
    if (vectors == 1) keep_one_body(loop);
    out.push_back(std::move(loop));
  }

  // Where the rest of a loop needs no mask, the body does for it; in rows that a tile leaves over, the rest does for
  // all.
  void keep_one_body(Statement& loop) const {
    if (!has_parts(loop.tail))
      loop.tail.clear();
    else if (left_over_ && masks_are_cheap(loop.tail))
      loop.body.clear();
  }

  // Whether some statement treats a vector's lanes beyond the last element in another way.
  static bool has_parts(const Body& tail) {
    return std::any_of(tail.begin(), tail.end(), [](const Statement& s) {
      return s.partial || s.kind == Statement::Kind::let_masked || has_parts(s.body);
    });
  }

  // A masked load takes little more than another one; a masked store ten times as long.
  bool masks_are_cheap(const Body& tail) const {
    return e_.target.vector_bytes > 16 && std::none_of(tail.begin(), tail.end(), [](const Statement& s) {
             return s.partial && (s.kind != Statement::Kind::let_load || s.reach != Reach::lanes);
           });
  }

  static void append(Body& to, Body more) { std::move(more.begin(), more.end(), std::back_inserter(to)); }

  // The registers of a fold over lanes, one for each vector of a step, and their sum by halves.
  std::vector<int> accumulators(Body& body, const Value& v, Index vectors) {
    std::vector<int> r;
    for (Index k = 0; k < vectors; ++k) r.push_back(e_.identity(body, v.monoid, v.dtype, true));
    return r;
  }
  int folded(Body& body, const Value& v, const std::vector<int>& registers) {
    for (std::size_t half = registers.size() / 2; half > 0; half /= 2)
      for (std::size_t k = 0; k < half; ++k) e_.update(body, registers[k], v.monoid, {registers[k + half]});
    return registers[0];
  }

  // ---- one chunk, no loops
  void single() {
    const auto& values = e_.phase.values;
    const bool combines =
        std::any_of(values.begin(), values.end(), [](const Value& v) { return v.kind == Value::Kind::combine; });
    if (e_.lanes_are_threads() && !combines) e_.nest.lanes = 1;
    Frame f;
    store_points(f, chunk_.body);
  }

  // Everything is read and computed before anything is written: a result may lie where an operand lay.
  void store_points(Frame& f, Body& body) {
    for (const bool write : {false, true}) {
      // what all threads have read, one of them writes
      if (write && e_.lanes_are_threads() && e_.phase.parallel.empty() && e_.nest.lanes > 1)
        body.push_back(Emitter::statement(Statement::Kind::barrier));
      for (const Store& s : e_.phase.stores)
        if (!is_partial(s))
          for (const Indices& where : e_.combinations(e_.unrolled(s.index)))
            write ? store(s, where, 0, f, body) : static_cast<void>(get(s.value, where, 0, f));
    }
  }

  // ---- lanes run along the parallel axes themselves
  void flat() {
    struct Sum {
      const Store* store;
      Indices where;
      int total;
      std::vector<int> block;
    };
    std::vector<Sum> sums;
    for (const Store* s : partials_) {
      const Value& v = value(s->value);
      for (const Indices& where : e_.combinations(e_.unrolled(v.axes)))
        sums.push_back({s, where, e_.identity(chunk_.body, v.monoid, v.dtype, true), {}});
    }
    const auto points = [&](Frame& f, Scope& scope, std::size_t copy) {
      for (Sum& s : sums) {
        const Value& v = value(s.store->value);
        for (const Indices& more : e_.combinations(e_.unrolled(v.over))) {
          const Indices here = both(s.where, more);
          e_.update(scope.body, s.block[copy], v.monoid, lane_arguments(v, here, 0, f, scope));
        }
      }
      store_points(f, scope.body);
    };
    const int var = e_.new_variable();
    if (sums.empty())
      return lanes_over(chunk_.body, var, variable(first_point), variable(last_point), {}, e_.phase.parallel, 1,
                        points);
    const Index vectors = stages_.vectors_a_step(0, static_cast<Index>(sums.size()));
    Statement blocks = Emitter::statement(Statement::Kind::loop);
    blocks.variable = e_.new_variable();
    blocks.from = variable(first_point);
    blocks.to = variable(last_point);
    blocks.step = block_elements;
    for (Sum& s : sums) s.block = accumulators(blocks.body, value(s.store->value), vectors);
    const int end = e_.new_variable();
    Statement limit = Emitter::statement(Statement::Kind::index);  // the block's end, or the chunk's
    limit.variable = end;
    limit.address = {{blocks.variable, {}}, {-1, {{block_elements, -1}}}};
    limit.bounded = true;
    blocks.body.push_back(std::move(limit));
    lanes_over(blocks.body, var, variable(blocks.variable), variable(end), {}, e_.phase.parallel, vectors, points);
    for (const Sum& s : sums) {
      const Value& v = value(s.store->value);
      e_.update(blocks.body, s.total, v.monoid, {folded(blocks.body, v, s.block)});
    }
    chunk_.body.push_back(std::move(blocks));
    std::vector<Emitter::Fold> folds;
    folds.reserve(sums.size());
    for (const Sum& s : sums) folds.push_back({value(s.store->value).monoid, s.total});
    const std::vector<int> totals = e_.fold_lanes(chunk_.body, folds);
    for (std::size_t k = 0; k < sums.size(); ++k) store_partial(*sums[k].store, sums[k].where, totals[k]);
  }

  void store_partial(const Store& s, const Indices& where, int reg) {
    Statement t = Emitter::statement(Statement::Kind::store);
    t.word = e_.word({.kind = Word::Kind::pointer, .buffer = s.buffer});
    t.dtype = value(s.value).dtype;
    t.address = e_.partial_address(s.buffer, where, -1, chunk_number);
    t.args = {reg};
    chunk_.body.push_back(std::move(t));
  }

  // ---- rows, with loops of their own inside
  struct ChunkSum {
    const Store* store;
    Indices where;
    int total;
    bool lanes;
    int of_rows = -1;  // where threads stand for a tile's rows: what each has of its row
  };

  void rows() {
    hold_columns();
    for (const Store* s : partials_) {
      const Value& v = value(s->value);
      const std::vector<AxisId> open = e_.inner(v.axes);
      if (!open.empty()) {
        is_held() ? hold_partial(*s) : clear_partial(*s, open[0]);
        continue;
      }
      const bool lanes = !e_.inner(v.over).empty();
      for (const Indices& where : e_.combinations(e_.unrolled(v.axes)))
        sums_.push_back({s, where, e_.identity(chunk_.body, v.monoid, v.dtype, lanes), lanes});
      if (!lanes && e_.lanes_are_threads() && stages_.has_row_lanes())
        for (ChunkSum& c : sums_)
          if (c.store == s) c.of_rows = e_.identity(chunk_.body, v.monoid, v.dtype, true);
    }
    if (!is_held()) pack();
    if (stages_.has_teams()) e_.nest.warps = e_.word({.kind = Word::Kind::warps});
    Body loops;
    const int row = e_.new_variable();
    const Index many = stages_.rows_a_tile();
    std::vector<Index> heights{many};
    if (many > 1) heights.push_back(1);
    for (const Index height : heights) {
      Statement loop = Emitter::statement(Statement::Kind::loop);
      loop.variable = row;
      // the second loop goes on where the first stopped: its variable is not set again
      loop.resume = height != many;
      loop.from = variable(first_point);
      loop.to = variable(last_point);
      loop.step = height;
      loop.whole_steps = height > 1;
      loop.alone = is_dealt() && height > 1;
      loop.dealt = is_dealt() && height == 1;
      left_over_ = height != many;
      loop.body = tile(row, height);
      loops.push_back(std::move(loop));
    }
    for (Column& c : columns_) append(chunk_.body, std::move(c.of_chunk.body));
    append(chunk_.body, std::move(loops));
    store_held_partials();
    add_sums_of_rows();
    fold_sums(true, Across::block);
    if (is_dealt()) fold_sums(false, Across::teams);
    for (const ChunkSum& s : sums_) store_partial(*s.store, s.where, s.total);
  }

  void add_sums_of_rows() {
    for (const ChunkSum& c : sums_)
      for (Index q = 0; c.of_rows >= 0 && q < stages_.rows_a_tile(); ++q) {
        Statement s = Emitter::statement(Statement::Kind::let_lane);
        s.args = {c.of_rows};
        s.integer = q;
        s.rows = stages_.rows_a_tile();
        const Value& v = value(c.store->value);
        e_.update(chunk_.body, c.total, v.monoid, {e_.let(chunk_.body, std::move(s), v.dtype, false)});
      }
  }

  // The chunk's sums that each thread has its share of, or that each team has its own of, become those of the block.
  void fold_sums(bool lanes, Across across) {
    std::vector<Emitter::Fold> folds;
    for (const ChunkSum& s : sums_)
      if (s.lanes == lanes) folds.push_back({value(s.store->value).monoid, s.total});
    const std::vector<int> totals = e_.fold_lanes(chunk_.body, folds, across);
    std::size_t next = 0;
    for (ChunkSum& s : sums_)
      if (s.lanes == lanes) s.total = totals[next++];
  }

  bool is_dealt() const { return e_.nest.warps >= 0; }

  // ---- elements that a thread keeps in registers, from loop to loop and from tile to tile
  struct Column {
    int variable;
    int mask = -1;   // where some threads have no such element
    Scope of_chunk;  // what no row changes
    Scope of_tile;
  };
  struct HeldPartial {
    const Store* store;
    Indices where;
    std::size_t column;
    int total;
  };
  bool is_held() const { return !columns_.empty(); }

  void hold_columns() {
    const Stages::Columns& c = stages_.columns();
    for (Index k = 0; k < c.copies; ++k) {
      Statement s = Emitter::statement(Statement::Kind::let_own);
      s.variable = e_.new_variable();
      s.integer = k;
      s.to = e_.extent(c.lane);
      columns_.push_back({s.variable, -1, {}, {}});
      const int mask = e_.let(chunk_.body, std::move(s), DType::boolean, true);
      if ((k + 1) * e_.nest.lanes > c.extent) columns_.back().mask = mask;
    }
  }

  void hold_partial(const Store& s) {
    const Value& v = value(s.value);
    for (const Indices& where : e_.combinations(e_.unrolled(v.axes)))
      for (std::size_t k = 0; k < columns_.size(); ++k)
        held_partials_.push_back({&s, where, k, e_.identity(chunk_.body, v.monoid, v.dtype, true)});
  }

  void store_held_partials() {
    for (const HeldPartial& p : held_partials_) {
      Frame f;
      f.mask = columns_[p.column].mask;
      store_partial_lanes(*p.store, p.where, columns_[p.column].variable, f, chunk_.body, p.total);
    }
  }

  int held_partial(const Store& s, const Indices& where, const Frame& f) const {
    for (const HeldPartial& p : held_partials_)
      if (p.store == &s && p.where == where && columns_[p.column].variable == f.variables.at(f.lane)) return p.total;
    throw std::logic_error("tile: a partial that no thread keeps");
  }

  // As lanes_over, once for each of a thread's elements, with no loop.
  template <class F>
  void over_columns(Body& out, const Frame& tile, F&& write) {
    for (Column& c : columns_) {
      Frame f = tile;
      f.held = &c.of_chunk;
      f.loop = &c.of_tile;
      f.mask = c.mask;
      f.lane = stages_.columns().lane;
      f.variables[f.lane] = c.variable;
      write(f, c.of_tile, 0);
      append(out, std::exchange(c.of_tile.body, {}));
    }
  }

  void clear_partial(const Store& s, AxisId open) {
    const Value& v = value(s.value);
    const int nothing = e_.identity(chunk_.body, v.monoid, v.dtype, true);
    if (e_.in_lines(s.buffer)) return clear_row(s, nothing);
    for (const Indices& where : e_.combinations(e_.unrolled(v.axes))) {
      const int var = e_.new_variable();
      lanes_over(chunk_.body, var, {}, e_.extent(open), {}, {open}, 1, [&](Frame& f, Scope& scope, std::size_t) {
        for (int part = 0; part < e_.program.buffers[at(s.buffer)].parts; ++part)
          store_partial_lanes(s, where, var, f, scope.body, nothing, part);
      });
    }
  }

  // All of the chunk's row, with what fills up its lines.
  void clear_row(const Store& s, int nothing) {
    Statement loop = Emitter::statement(Statement::Kind::lane_loop);
    loop.variable = e_.new_variable();
    loop.to = {{-1, {e_.factor({.kind = Word::Kind::row, .buffer = s.buffer})}}};
    Statement clear = Emitter::statement(Statement::Kind::store);
    clear.word = e_.word({.kind = Word::Kind::pointer, .buffer = s.buffer});
    clear.dtype = value(s.value).dtype;
    clear.address = e_.partial_address(s.buffer, first_indices(s), loop.variable, chunk_number);
    reach(clear, {1, -1}, false);
    clear.args = {nothing};
    loop.body = {std::move(clear)};
    chunk_.body.push_back(std::move(loop));
  }

  Indices first_indices(const Store& s) const {
    Indices r;
    for (const AxisId a : e_.unrolled(value(s.value).axes)) r[a] = 0;
    return r;
  }

  int load_partial_lanes(const Store& s, const Indices& where, const Frame& f, Body& body, int part = 0) {
    Statement old = Emitter::statement(Statement::Kind::let_load);
    old.word = e_.word({.kind = Word::Kind::pointer, .buffer = s.buffer});
    old.dtype = value(s.value).dtype;
    old.address = e_.partial_address(s.buffer, where, f.variables.at(f.lane), chunk_number, part);
    reach(old, {1, -1}, f.partial && !e_.in_lines(s.buffer));
    return e_.let(body, std::move(old), value(s.value).dtype, true);
  }

  void store_partial_lanes(const Store& s, const Indices& where, int var, const Frame& f, Body& body, int reg,
                           int part = 0) {
    Statement t = Emitter::statement(Statement::Kind::store);
    t.word = e_.word({.kind = Word::Kind::pointer, .buffer = s.buffer});
    t.dtype = value(s.value).dtype;
    t.address = e_.partial_address(s.buffer, where, var, chunk_number, part);
    reach(t, {1, -1}, f.partial && !e_.in_lines(s.buffer), f.mask);
    t.args = {reg};
    body.push_back(std::move(t));
  }

  // Operands that every row reads with a stride are laid out anew once a chunk.
  void pack() {
    for (const int id : stages_.packed()) {
      const Value& v = value(id);
      const AxisId lane = e_.inner(v.axes)[0];
      const std::vector<Indices> all = e_.combinations(e_.unrolled(v.axes));
      const int offset = e_.scratch({v.dtype, static_cast<Index>(all.size()), lane});
      const Factor apart = e_.apart(lane, v.dtype);
      for (std::size_t k = 0; k < all.size(); ++k) {
        const int var = e_.new_variable();
        lanes_over(chunk_.body, var, {}, e_.extent(lane), {}, {lane}, 1, [&](Frame& f, Scope& scope, std::size_t) {
          const int x = get(id, all[k], 0, f);
          Statement t = Emitter::statement(Statement::Kind::store);
          t.scratch = offset;
          t.dtype = v.dtype;
          t.address = {{var, {}}, {-1, {{static_cast<Index>(k), -1}, apart}}};
          reach(t, {1, -1}, false);
          t.args = {x};
          scope.body.push_back(std::move(t));
        });
      }
      packing_.push_back({id, {offset, apart}});
    }
    packed_.insert(packing_.begin(), packing_.end());
  }

  Body tile(int row, Index height) {
    first_row_ = -1;
    for (Column& c : columns_) c.of_tile = {};
    Scope scope;
    Frame f;
    f.tile = &scope;
    for (Index q = 0; q < height; ++q) f.rows.push_back(decode(scope.body, row, q));
    const auto& loops = stages_.loops();
    for (std::size_t k = 0; k < loops.size(); ++k) {
      const auto [stage, lane] = loops[k];
      f.stage = stage;
      // while the second loop works on what lies in the nearest cache, the first one's next rows come from memory
      if (k == 1 && lane == loops[0].second && e_.phase.parallel.size() == 1 && !e_.lanes_are_threads())
        next_rows(scope.body, row, height);
      stage_loop(scope, f, stage, lane, height);
      next_rows_.clear();
    }
    f.stage = stages_.last();
    row_sinks(scope, f, height);
    return std::move(scope.body);
  }

  // The index of each parallel axis at point row + q of the chunk.
  std::map<AxisId, int> decode(Body& body, int row, Index q) {
    std::map<AxisId, int> r;
    const auto& axes = e_.phase.parallel;
    int rest = row;
    if (q > 0) {
      Statement s = Emitter::statement(Statement::Kind::index);
      s.variable = rest = e_.new_variable();
      s.address = {{row, {}}, {-1, {{q, -1}}}};
      body.push_back(std::move(s));
    }
    for (std::size_t k = axes.size(); k-- > 1;) {
      const Factor n = e_.extent(axes[k])[0].factors[0];
      Statement index = Emitter::statement(Statement::Kind::index);
      index.variable = r[axes[k]] = e_.new_variable();
      index.address = variable(rest);
      index.modulus = n;
      body.push_back(std::move(index));
      Statement quotient = Emitter::statement(Statement::Kind::index);
      quotient.variable = e_.new_variable();
      quotient.address = variable(rest);
      quotient.divisor = n;
      rest = quotient.variable;
      body.push_back(std::move(quotient));
    }
    r[axes[0]] = rest;
    return r;
  }

  void next_rows(Body& body, int row, Index height) {
    for (Index q = 0; q < height; ++q) {
      Statement next = Emitter::statement(Statement::Kind::index);
      next.variable = e_.new_variable();
      next.address = {{row, {}}, {-1, {{height + q, -1}}}};
      next_rows_.push_back(next.variable);
      body.push_back(std::move(next));
    }
  }

  void prefetch(const Frame& f, Scope& scope) {
    for (const int next : next_rows_)
      for (const int id : stages_.streamed()) {
        const Value& v = value(id);
        std::map<AxisId, int> at_next = f.variables;
        at_next[e_.phase.parallel[0]] = next;
        Statement s = Emitter::statement(Statement::Kind::prefetch);
        s.word = e_.word({.kind = Word::Kind::pointer, .buffer = v.buffer});
        s.dtype = v.dtype;
        s.address = e_.locate(v.buffer, v.index, {}, at_next, f.lane).address;
        scope.body.push_back(std::move(s));
      }
  }

  struct RowFold {
    int value;
    Indices where;
    Index row;
    std::vector<int> totals = {};
  };

  void stage_loop(Scope& tile, Frame& f, int stage, AxisId lane, Index height) {
    std::vector<RowFold> folds;
    for (const int id : stages_.folds(stage, lane))
      for (const Indices& where : e_.combinations(e_.unrolled(value(id).axes)))
        for (Index q = 0; q < height; ++q) folds.push_back({id, where, q});
    bool first = true;
    for (const std::vector<Index>& numbers : stages_.blocks(static_cast<Index>(folds.size()) / height, height)) {
      std::vector<RowFold> block;
      block.reserve(numbers.size());
      for (const Index k : numbers) block.push_back(folds[static_cast<std::size_t>(k)]);
      const Index vectors = stages_.vectors_a_step(stage, static_cast<Index>(block.size()));
      for (RowFold& r : block) r.totals = accumulators(tile.body, value(r.value), vectors);
      Body loops;
      const auto write = [&](Frame& g, Scope& scope, std::size_t copy) {
        if (first) {
          prefetch(g, scope);
          fold_all_rows(stage, lane, height, g, scope);
          keep_all(stage, lane, height, g, scope);
        }
        for (const RowFold& r : block) add_to_fold(r, copy, g, scope);
        if (first) store_all(stage, lane, height, g, scope);
      };
      if (is_held())
        over_columns(loops, f, write);
      else
        lanes_over(loops, e_.new_variable(), {}, e_.extent(lane), f, {lane}, vectors, write);
      append(tile.body, std::move(loops));
      first = false;
      if (stages_.has_row_lanes() && height > 1 && has_whole_columns(block, height)) {
        e_.lanes_are_threads() ? fold_rows_by_threads(tile, block, height) : fold_rows(tile, block, height);
        continue;
      }
      std::vector<Emitter::Fold> across;
      across.reserve(block.size());
      for (const RowFold& r : block)
        across.push_back({value(r.value).monoid, folded(tile.body, value(r.value), r.totals)});
      const std::vector<int> totals = e_.fold_lanes(tile.body, across, is_dealt() ? Across::team : Across::block);
      for (std::size_t k = 0; k < block.size(); ++k)
        tile.made[e_.key(block[k].value, block[k].where, block[k].row)] = totals[k];
    }
  }

  // Whether all rows of each fold stand one after another.
  bool has_whole_columns(const std::vector<RowFold>& block, Index height) const {
    for (std::size_t k = 0; k < block.size(); ++k)
      if (block[k].row != static_cast<Index>(k) % height || value(block[k].value).dtype == boolean) return false;
    return static_cast<Index>(block.size()) % height == 0;
  }

  // The folds of a tile's rows, one a lane. A block has all rows of a fold one after another.
  void fold_rows(Scope& tile, const std::vector<RowFold>& block, Index height) {
    const Index lanes = e_.nest.lanes;
    for (std::size_t first = 0; first < block.size(); first += static_cast<std::size_t>(height))
      for (Index group = 0; group * lanes < height; ++group) {
        const Value& v = value(block[first].value);
        Statement s = Emitter::statement(Statement::Kind::let_fold);
        s.monoid = v.monoid;
        for (Index q = group * lanes; q < std::min((group + 1) * lanes, height); ++q)
          s.args.push_back(folded(tile.body, v, block[first + static_cast<std::size_t>(q)].totals));
        tile.rows[e_.key(block[first].value, block[first].where, group)] =
            e_.let(tile.body, std::move(s), v.dtype, true);
      }
  }

  // The same of threads, as many at once as there are slots.
  void fold_rows_by_threads(Scope& tile, const std::vector<RowFold>& block, Index height) {
    const std::size_t rows = static_cast<std::size_t>(height), at_once = fold_slots / rows * rows;
    for (std::size_t start = 0; start < block.size(); start += at_once) {
      const std::size_t end = std::min(block.size(), start + at_once);
      const auto each = [&](Statement::Kind kind, auto&& take) {
        for (std::size_t k = start; k < end; k += rows) {
          Statement s = Emitter::statement(kind);
          s.monoid = value(block[k].value).monoid;
          s.slot = static_cast<int>(k - start);
          s.rows = height;
          take(std::move(s), k);
        }
      };
      tile.body.push_back(Emitter::statement(Statement::Kind::barrier));
      each(Statement::Kind::put_fold, [&](Statement s, std::size_t k) {
        for (std::size_t q = k; q < k + rows; ++q) s.args.push_back(block[q].totals[0]);
        tile.body.push_back(std::move(s));
      });
      tile.body.push_back(Emitter::statement(Statement::Kind::barrier));
      each(Statement::Kind::let_fold, [&](Statement s, std::size_t k) {
        const Value& v = value(block[k].value);
        tile.rows[e_.key(block[k].value, block[k].where, 0)] = e_.let(tile.body, std::move(s), v.dtype, true);
      });
    }
  }

  void fold_all_rows(int stage, AxisId lane, Index height, Frame& f, Scope& scope) {
    if (height == 1) return;
    for (const int id : stages_.long_folds(stage, lane))
      for (const Indices& where : e_.combinations(e_.unrolled(value(id).axes)))
        fold_of_rows(id, where, height, f, scope);
  }

  void keep_all(int stage, AxisId lane, Index height, Frame& f, Scope& scope) {
    for (const int id : stages_.kept(stage, lane))
      for (const Indices& where : e_.combinations(e_.unrolled(value(id).axes)))
        for (Index q = 0; q < height; ++q) keep(id, where, q, f, scope);
  }

  void add_to_fold(const RowFold& r, std::size_t copy, Frame& f, Scope& scope) {
    const Value& v = value(r.value);
    for (const Indices& more : e_.combinations(e_.unrolled(v.over))) {
      const Indices here = both(r.where, more);
      e_.update(scope.body, r.totals[copy], v.monoid, lane_arguments(v, here, r.row, f, scope));
    }
  }

  void store_all(int stage, AxisId lane, Index height, Frame& f, Scope& scope) {
    for (const Store* s : stages_.stores(stage, lane)) {
      if (is_partial(*s)) {
        add_to_partial(*s, height, f, scope);
        continue;
      }
      for (const Indices& where : e_.combinations(e_.unrolled(s->index)))
        for (Index q = 0; q < height; ++q) store(*s, where, q, f, scope.body);
    }
  }

  // A fold over the rows: those of the tile in registers, then into the chunk's partials (a row of them, or a sum).
  void add_to_partial(const Store& s, Index height, Frame& f, Scope& scope) {
    const Value& v = value(s.value);
    if (v.monoid == Monoid::spread) return add_to_spread(s, height, f, scope);
    const bool row_of_lanes = !e_.inner(v.axes).empty();
    for (const Indices& where : e_.combinations(e_.unrolled(v.axes))) {
      int total = -1;
      if (row_of_lanes)
        total = is_held() ? held_partial(s, where, f) : load_partial_lanes(s, where, f, scope.body);
      else
        total = chunk_sum(s, where).total;
      for (Index q = 0; q < height; ++q)
        for (const Indices& more : e_.combinations(e_.unrolled(v.over))) {
          const Indices here = both(where, more);
          e_.update(scope.body, total, v.monoid,
                    row_of_lanes ? in_lanes(v, here, q, f, scope) : lane_arguments(v, here, q, f, scope));
        }
      if (row_of_lanes && !is_held()) store_partial_lanes(s, where, f.variables.at(f.lane), f, scope.body, total);
    }
  }

  // The shift of a spread is the mean of the chunk's first tile: one row that lies apart does not spoil it.
  void add_to_spread(const Store& s, Index height, Frame& f, Scope& scope) {
    const Value& v = value(s.value);
    const auto call = [&](std::string_view function, std::vector<int> args) {
      return e_.call(scope.body, function, std::move(args), v.dtype, true);
    };
    for (const Indices& where : e_.combinations(e_.unrolled(v.axes))) {
      std::array<int, spread_parts> parts;
      for (int k = 0; k < spread_parts; ++k)
        parts[static_cast<std::size_t>(k)] = load_partial_lanes(s, where, f, scope.body, k);
      std::vector<int> x;
      for (Index q = 0; q < height; ++q) x.push_back(e_.splat(scope, arguments(v, where, q, f)[0]));
      int mean = x[0];
      for (Index q = 1; q < height; ++q) mean = call("add", {mean, x[static_cast<std::size_t>(q)]});
      Statement share = Emitter::statement(Statement::Kind::let_number);
      share.number = 1.0 / static_cast<double>(height);
      const int each = e_.splat(scope.body, e_.let(scope.body, std::move(share), v.dtype, false));
      if (height > 1) mean = call("mul", {mean, each});
      const int shift = call("select", {e_.splat(scope, at_first_row(f)), mean, parts[spread_shift]});
      for (const int one : x) {
        const int rest = call("sub", {one, shift});
        e_.update(scope.body, parts[spread_sum], Monoid::sum, {rest});
        e_.update(scope.body, parts[spread_squares], Monoid::sum, {rest, rest});
      }
      parts[spread_shift] = shift;
      for (int k = 0; k < spread_parts; ++k)
        store_partial_lanes(s, where, f.variables.at(f.lane), f, scope.body, parts[static_cast<std::size_t>(k)], k);
    }
  }

  // Whether the tile begins with the chunk's first row.
  int at_first_row(const Frame& f) {
    if (first_row_ >= 0) return first_row_;
    Body& body = f.tile->body;
    const int here = e_.whole(body, variable(f.rows[0].at(e_.phase.parallel[0])));
    return first_row_ = e_.call(body, "eq", {here, e_.whole(body, variable(first_point))}, DType::boolean, false);
  }

  const ChunkSum& chunk_sum(const Store& s, const Indices& where) const {
    for (const ChunkSum& c : sums_)
      if (c.store == &s && c.where == where) return c;
    throw std::logic_error("tile: a partial without a sum");
  }

  // What is left when all loops of the tile have run: stores of one element a row, sums over the rows.
  void row_sinks(Scope& tile, Frame& f, Index height) {
    for (const Store* s : stages_.row_stores()) {
      const Value& v = value(s->value);
      if (!is_partial(*s)) {
        for (const Indices& where : e_.combinations(e_.unrolled(s->index)))
          for (Index q = 0; q < height; ++q) store(*s, where, q, f, tile.body);
        continue;
      }
      for (const Indices& where : e_.combinations(e_.unrolled(v.axes))) {
        const ChunkSum& sum = chunk_sum(*s, where);
        const bool by_rows = sum.of_rows >= 0 && height > 1;
        for (Index q = 0; q < (by_rows ? 1 : height); ++q)
          for (const Indices& more : e_.combinations(e_.unrolled(v.over))) {
            const Indices here = both(where, more);
            e_.update(tile.body, by_rows ? sum.of_rows : sum.total, v.monoid,
                      by_rows ? row_arguments(v, here, 0, f) : arguments(v, here, q, f));
          }
      }
    }
  }

  std::vector<const Store*> partials_;
  std::vector<ChunkSum> sums_;
  std::vector<Column> columns_;
  std::vector<HeldPartial> held_partials_;
  bool left_over_ = false;      // in the rows that a tile leaves over: their text is short, not fast
  int first_row_ = -1;          // a register of the tile being written
  std::vector<int> next_rows_;  // variables, while the second loop of a tile is written
  std::vector<std::pair<int, std::pair<int, Factor>>> packing_;
};

// Elementary functions whose bodies stand in the text of a kernel, at most: each is some fifty instructions, and a call
// is small beside what the host compiler would take for a hundred of them. On a GPU a call makes room for itself among
// the registers, so it comes only where NVRTC would take more than some seconds.
constexpr std::size_t most_bodies = 16, most_bodies_gpu = 64;

// The calls that a loop over whole vectors makes for every row: a body in the loop keeps its constants in registers and
// mixes with its neighbours. Tails, and the rows that a tile leaves over, call.
void find_hot_calls(Body& body, bool hot, const Nest& nest, std::vector<Statement*>& calls) {
  for (Statement& s : body) {
    if (hot && s.kind == Statement::Kind::let_call && nest.registers[at(s.result)].lanes &&
        expr::function(s.function).has_body())
      calls.push_back(&s);
    const bool lanes = s.kind == Statement::Kind::lane_loop;
    if (!s.resume) find_hot_calls(s.body, hot || lanes, nest, calls);
    find_hot_calls(s.several, hot || lanes, nest, calls);
  }
}

void find_large_calls(Body& body, std::vector<Statement*>& calls) {
  for (Statement& s : body) {
    if (s.kind == Statement::Kind::let_call && expr::function(s.function).is_large()) calls.push_back(&s);
    find_large_calls(s.body, calls);
  }
}

}  // namespace

Nest lower(const Program& program, const Phase& phase, const Target& target) {
  Phase fused = phase;
  form_fma(fused);
  Nest nest = Lowering(program, fused, target).run();
  std::vector<Statement*> calls;
  const bool gpu = target.device_class == DeviceClass::gpu;
  if (gpu) {
    check_threads(nest);
    find_large_calls(nest.body, calls);
  } else
    find_hot_calls(nest.body, false, nest, calls);
  for (Statement* s : calls) s->in_line = calls.size() <= (gpu ? most_bodies_gpu : most_bodies);
  return nest;
}

}  // namespace croton::tile
