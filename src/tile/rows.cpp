#include "tile/rows.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/dtype.h"
#include "tile/lane_loops.h"

namespace croton::tile {
namespace {

class Rows : private LaneLoops {
 public:
  Rows(const Program& program, const Phase& phase, const Target& target) : LaneLoops(program, phase, target) {}

  Nest run() {
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
        sums_.push_back({s, where, {e_.identity(chunk_.body, v.monoid, v.dtype, lanes)}, lanes});
      if (!lanes && e_.lanes_are_threads() && stages_.has_row_lanes())
        for (ChunkSum& c : sums_)
          for (const Index height : heights())
            if (c.store == s && height > 1) c.of_rows[height] = e_.identity(chunk_.body, v.monoid, v.dtype, true);
    }
    if (!is_held()) pack();
    if (stages_.has_teams()) e_.nest.warps = e_.word({.kind = Word::Kind::warps});
    Body loops;
    const int row = e_.new_variable();
    const Index many = stages_.rows_a_tile();
    for (const Index height : heights()) {
      Statement loop = Emitter::statement(Statement::Kind::loop);
      loop.variable = row;
      // a loop goes on where the one before stopped: its variable is not set again
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
    for (const ChunkSum& s : sums_) store_partial(*s.store, s.where, s.registers[0]);
    e_.nest.body = std::move(chunk_.body);
    return std::move(e_.nest);
  }

 private:
  struct ChunkSum {
    const Store* store;
    Indices where;
    std::vector<int> registers;  // one; while a loop that goes in blocks is written, those of a block
    bool lanes;
    std::map<Index, int> of_rows = {};  // where threads stand for a tile's rows: what each has of its row, by height
  };

  // Of the tiles one after another. Where threads stand for rows, or a tile has more rows than a chunk's are a multiple
  // of, single rows are dear, and half a tile is worth its text.
  std::vector<Index> heights() const {
    const Index many = stages_.rows_a_tile();
    if (many == 1) return {1};
    if (many > 8 || (e_.lanes_are_threads() && stages_.has_row_lanes() && many == 8)) return {many, many / 2, 1};
    return {many, 1};
  }

  void add_sums_of_rows() {
    for (const ChunkSum& c : sums_)
      for (const auto& [height, reg] : c.of_rows)
        for (Index q = 0; q < height; ++q) {
          Statement s = Emitter::statement(Statement::Kind::let_lane);
          s.args = {reg};
          s.integer = q;
          s.rows = height;
          const Value& v = value(c.store->value);
          e_.update(chunk_.body, c.registers[0], v.monoid, {e_.let(chunk_.body, std::move(s), v.dtype, false)});
        }
  }

  // The chunk's sums that each thread has its share of, or that each team has its own of, become those of the block.
  void fold_sums(bool lanes, Across across) {
    std::vector<Emitter::Fold> folds;
    for (const ChunkSum& s : sums_)
      if (s.lanes == lanes) folds.push_back({value(s.store->value).monoid, s.registers[0]});
    const std::vector<int> totals = e_.fold_lanes(chunk_.body, folds, across);
    std::size_t next = 0;
    for (ChunkSum& s : sums_)
      if (s.lanes == lanes) s.registers = {totals[next++]};
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
    e_.nest.by_warps = c.copies > 0 && stages_.has_teams();
    if (c.copies > 0 && !e_.nest.by_warps) e_.nest.lanes = static_cast<int>(c.threads);
    for (Index k = 0; k < c.copies; ++k) {
      Statement s = Emitter::statement(Statement::Kind::let_own);
      s.variable = e_.new_variable();
      s.integer = k;
      s.to = e_.extent(c.lane);
      columns_.push_back({s.variable, -1, {}, {}});
      const int mask = e_.let(chunk_.body, std::move(s), DType::boolean, true);
      if ((k + 1) * c.threads > c.extent) columns_.back().mask = mask;
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
  void over_columns(Body& out, const Frame& tile, const Write& write) {
    for (Column& c : columns_) {
      Frame f = tile;
      f.held = e_.nest.by_warps ? &c.of_tile : &c.of_chunk;  // a warp has too many elements to keep what no row changes
      f.loop = &c.of_tile;
      f.mask = c.mask;
      f.lane = stages_.columns().lane;
      f.variables[f.lane] = c.variable;
      write(f, c.of_tile, 0);
      append(out, std::exchange(c.of_tile.body, {}));
    }
  }

  // ---- tiles
  Body tile(int row, Index height) {
    first_row_ = -1;
    for (Column& c : columns_) c.of_tile = {};
    Scope scope;
    Frame f;
    f.tile = &scope;
    for (Index q = 0; q < height; ++q) f.rows.push_back(decode(scope.body, row, q));
    if (e_.lanes_are_threads()) load_ahead(f);
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

  // Whether an axis may be so long that a fold along it has to go in blocks. (Threads share it out among many folds.)
  bool may_be_long(AxisId a, Index vectors) const {
    const Index n = extent_by_type(e_.program.axes[static_cast<std::size_t>(a)]);
    return !e_.lanes_are_threads() && (n < 0 || n > elements_of_a_block(vectors));
  }

  // The folds of a loop that goes in blocks: those of rows, and the chunk's sums that it adds to. None where none of
  // them rounds.
  std::vector<Running> in_blocks(Body& before, std::vector<RowFold>& folds, int stage, AxisId lane, bool chunk_too) {
    std::vector<Running> r;
    const auto add = [&](int id, std::vector<int>* registers) {
      r.push_back({value(id).monoid, value(id).dtype, registers});
    };
    for (RowFold& f : folds) add(f.value, &f.totals);
    if (chunk_too)
      for (const Store* s : stages_.stores(stage, lane))
        for (ChunkSum& c : sums_)
          if (c.store == s) add(s->value, &c.registers);
    const auto rounds = [](const Running& f) {
      return is_float(f.dtype) && (f.monoid == Monoid::sum || f.monoid == Monoid::prod);
    };
    if (std::none_of(r.begin(), r.end(), rounds)) return {};
    for (RowFold& f : folds) f.totals = accumulators(before, value(f.value).monoid, value(f.value).dtype, 1);
    return r;
  }

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
      std::vector<Running> running;
      if (may_be_long(lane, vectors)) running = in_blocks(tile.body, block, stage, lane, first);
      if (running.empty())
        for (RowFold& r : block)
          r.totals = accumulators(tile.body, value(r.value).monoid, value(r.value).dtype, vectors);
      Body loops;
      const auto write = [&](Frame& g, Scope& scope, std::size_t copy) {
        if (first) {
          prefetch(g, scope);
          fold_all_rows(stage, lane, height, g, scope);
          keep_all(stage, lane, height, g, scope);
        }
        for (const RowFold& r : block) add_to_fold(r, copy, g, scope);
        if (first) store_all(stage, lane, height, copy, g, scope);
      };
      if (is_held())
        over_columns(loops, f, write);
      else if (!running.empty())
        lanes_in_blocks(loops, first_lane(lane), last_lane(lane), f, {lane}, vectors, running, write);
      else
        lanes_over(loops, e_.new_variable(), first_lane(lane), last_lane(lane), f, {lane}, vectors, write);
      append(tile.body, std::move(loops));
      first = false;
      if (stages_.has_row_lanes() && height > 1 && has_whole_columns(block, height)) {
        e_.lanes_are_threads() ? fold_rows_by_threads(tile, block, height) : fold_rows(tile, block, height);
        continue;
      }
      std::vector<Emitter::Fold> across;
      across.reserve(block.size());
      for (const RowFold& r : block)
        across.push_back({value(r.value).monoid, folded(tile.body, value(r.value).monoid, r.totals)});
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
          s.args.push_back(folded(tile.body, v.monoid, block[first + static_cast<std::size_t>(q)].totals));
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

  void store_all(int stage, AxisId lane, Index height, std::size_t copy, Frame& f, Scope& scope) {
    for (const Store* s : stages_.stores(stage, lane)) {
      if (is_partial(*s)) {
        add_to_partial(*s, height, copy, f, scope);
        continue;
      }
      for (const Indices& where : e_.combinations(e_.unrolled(s->index)))
        for (Index q = 0; q < height; ++q) store(*s, where, q, f, scope.body);
    }
  }

  // A fold over the rows: those of the tile in registers, then into the chunk's partials (a row of them, or a sum).
  void add_to_partial(const Store& s, Index height, std::size_t copy, Frame& f, Scope& scope) {
    const Value& v = value(s.value);
    if (v.monoid == Monoid::spread) return add_to_spread(s, height, f, scope);
    const bool row_of_lanes = !e_.inner(v.axes).empty();
    for (const Indices& where : e_.combinations(e_.unrolled(v.axes))) {
      int total = -1;
      if (row_of_lanes) {
        total = is_held() ? held_partial(s, where, f) : load_partial_lanes(s, where, f, scope.body);
      } else {
        const std::vector<int>& registers = chunk_sum(s, where).registers;
        total = registers[copy % registers.size()];
      }
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
        const auto of_rows = sum.of_rows.find(height);
        const bool by_rows = of_rows != sum.of_rows.end();
        for (Index q = 0; q < (by_rows ? 1 : height); ++q)
          for (const Indices& more : e_.combinations(e_.unrolled(v.over))) {
            const Indices here = both(where, more);
            e_.update(tile.body, by_rows ? of_rows->second : sum.registers[0], v.monoid,
                      by_rows ? row_arguments(v, here, 0, f) : arguments(v, here, q, f));
          }
      }
    }
  }

  std::vector<ChunkSum> sums_;
  std::vector<Column> columns_;
  std::vector<HeldPartial> held_partials_;
  int first_row_ = -1;          // a register of the tile being written
  std::vector<int> next_rows_;  // variables, while the second loop of a tile is written
};

}  // namespace

Nest lower_rows(const Program& program, const Phase& phase, const Target& target) {
  return Rows(program, phase, target).run();
}

}  // namespace croton::tile
