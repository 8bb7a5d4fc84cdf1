#include "tile/lane_loops.h"

#include <algorithm>

#include "base/dtype.h"
#include "expr/functions.h"
#include "tile/chunks.h"
#include "tile/in_flight.h"

namespace croton::tile {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

// Of memory; of how many the processor puts together what is written at once, at least (measured with AVX2: rows that
// are stored past the caches by halves of lines take 4 times as long from 7 on); and what is written out for them at
// most.
constexpr Index bytes_of_a_line = 64, most_lines_at_once = 4, most_vectors_of_a_line = 4;
// Of steps' folds and functions, in one loop.
constexpr Index most_folds_together = 8;
// Steps of a loop that adds up one block: so many that ending a block costs little beside them, and on a GPU, where the
// lanes of a block are many threads, fewer.
constexpr Index steps_of_a_block = 256, steps_of_threads = 32;

void keep_in_caches(Statement& loop) {
  for (Body* body : {&loop.body, &loop.tail})
    for (Statement& s : *body) s.stream = -1;
}

Index functions_called(const Body& body) {
  return std::count_if(body.begin(), body.end(), [](const Statement& s) {
    return s.kind == Statement::Kind::let_call && expr::function(s.function).cost >= costs_of_a_function;
  });
}

// Whether some statement treats a vector's lanes beyond the last element in another way.
bool has_parts(const Body& tail) {
  return std::any_of(tail.begin(), tail.end(), [](const Statement& s) {
    return s.partial || s.kind == Statement::Kind::let_masked || has_parts(s.body);
  });
}

}  // namespace

LaneLoops::LaneLoops(const Program& program, const Phase& phase, const Target& target)
    : PointWriter(program, phase, target) {
  for (const Store& s : e_.phase.stores)
    if (is_partial(s)) partials_.push_back(&s);
  if (!e_.phase.parallel.empty()) {
    e_.word({.kind = Word::Kind::parallel});
    e_.word({.kind = Word::Kind::chunk_points});
  }
  cut_ = axis_to_cut(program, phase);
  if (cut_ != no_axis) find_piece();
}

void LaneLoops::find_piece() {
  const Factor pieces = e_.factor({.kind = Word::Kind::pieces}), piece = e_.factor({.kind = Word::Kind::piece});
  const auto index = [&](Linear address, Factor divisor, Factor modulus, Linear most) {
    Statement s = Emitter::statement(Statement::Kind::index);
    s.variable = e_.new_variable();
    s.address = std::move(address);
    s.divisor = divisor;
    s.modulus = modulus;
    s.to = std::move(most);
    chunk_.body.push_back(std::move(s));
    return chunk_.body.back().variable;
  };
  const Factor one = {}, none = {0, -1};
  row_number_ = index(variable(chunk_number), pieces, none, {});
  const int number = index(variable(chunk_number), one, pieces, {});
  e_.nest.first_lane = index({{number, {piece}}}, one, none, {});
  last_lane_ = index({{e_.nest.first_lane, {}}, {-1, {piece}}}, one, none, e_.extent(cut_));
}

void LaneLoops::lanes_over(Body& out, int var, Linear from, Linear to, Frame f, const std::vector<AxisId>& lanes,
                           Index vectors, const Write& write) {
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
  if (e_.lanes_are_threads()) {
    loop.body = vector(var, false, 0);
    loop.vectors = vectors_in_flight(loop.body, e_.nest.registers, e_.phase.flat);
    std::vector<Body> copies;
    for (Index k = 0; loop.vectors > 1 && k < loop.vectors; ++k) copies.push_back(vector(ahead(loop, k), false, 0));
    append(loop.several, loads_first(std::move(copies)));
  } else {
    for (Index k = 0; vectors > 1 && k < vectors; ++k)
      append(loop.several, vector(ahead(loop, k), false, static_cast<std::size_t>(k)));
    loop.body = vector(var, false, 0);
    loop.tail = vector(var, true, 0);
    if (vectors == 1 && e_.phase.serial == no_axis) {
      const Index of_lines = left_over_ ? 1 : vectors_of_lines(loop.body);
      if (of_lines > 1 && functions_called(loop.body) > 0)  // their text is too long for several
        keep_in_caches(loop);
      else
        loop.vectors = std::max(of_lines, vectors_of_steps(loop.body));
      std::vector<Body> copies;
      for (Index k = 0; loop.vectors > 1 && k < loop.vectors; ++k) copies.push_back(vector(ahead(loop, k), false, 0));
      append(loop.several, side_by_side(std::move(copies)));
    }
    if (loop.vectors == 1) keep_one_body(loop);
  }
  out.push_back(std::move(loop));
}

// How many vectors of a loop that stores to many rows, perhaps past the caches, are a whole line of each: the processor
// puts together what is written of a few lines at once, and begins anew where there are more.
Index LaneLoops::vectors_of_lines(const Body& body) const {
  Index stores = 0, vectors = 1;
  for (const Statement& s : body) {
    if (s.kind == Statement::Kind::loop) return 1;
    if (s.kind != Statement::Kind::store || s.stream < 0 || s.reach != Reach::lanes) continue;
    ++stores;
    vectors = std::max(vectors, bytes_of_a_line / (static_cast<Index>(size_of(s.dtype)) * e_.nest.lanes));
  }
  return stores > most_lines_at_once ? std::min(vectors, most_vectors_of_a_line) : 1;
}

// Of a loop inside which folds go from step to step: as many as are whole lines of memory of each step's row, so that
// none is read twice, and keep additions from waiting for each other.
Index LaneLoops::vectors_of_steps(const Body& body) const {
  Index folds = 0, calls = 0;
  for (const Statement& s : body) {
    if (s.kind != Statement::Kind::loop) continue;
    if (!is_of_fold(s)) return 1;
    ++folds;
    calls += functions_called(s.body);
  }
  Index vectors = folds > 0 ? most_vectors_of_a_line : 1;
  while (vectors > 1 && vectors * (folds + calls) > most_folds_together) vectors /= 2;
  return vectors;
}

Index LaneLoops::elements_of_a_block(Index vectors) const {
  return (e_.lanes_are_threads() ? steps_of_threads : steps_of_a_block) * e_.nest.lanes * vectors;
}

void LaneLoops::lanes_in_blocks(Body& out, Linear from, Linear to, const Frame& f, const std::vector<AxisId>& lanes,
                                Index vectors, const std::vector<Running>& folds, const Write& write) {
  Statement blocks = Emitter::statement(Statement::Kind::loop);
  blocks.variable = e_.new_variable();
  blocks.from = std::move(from);
  blocks.to = to;
  blocks.step = elements_of_a_block(vectors);
  std::vector<int> totals;
  for (const Running& r : folds) {
    totals.push_back((*r.registers)[0]);
    *r.registers = accumulators(blocks.body, r.monoid, r.dtype, vectors);
  }
  Statement end = Emitter::statement(Statement::Kind::index);
  const int last = end.variable = e_.new_variable();
  end.address = {{blocks.variable, {}}, {-1, {{blocks.step, -1}}}};
  end.to = std::move(to);
  blocks.body.push_back(std::move(end));
  lanes_over(blocks.body, e_.new_variable(), variable(blocks.variable), variable(last), f, lanes, vectors, write);
  for (std::size_t k = 0; k < folds.size(); ++k) {
    const auto& [monoid, dtype, registers] = folds[k];
    e_.update(blocks.body, totals[k], monoid, {folded(blocks.body, monoid, *registers)});
    *registers = {totals[k]};
  }
  out.push_back(std::move(blocks));
}

int LaneLoops::ahead(Statement& loop, Index k) {
  if (k == 0) return loop.variable;
  Statement s = Emitter::statement(Statement::Kind::ahead);
  s.variable = e_.new_variable();
  s.address = variable(loop.variable);
  s.integer = k;
  loop.several.push_back(std::move(s));
  return loop.several.back().variable;
}

// Where the rest of a loop needs no mask, the body does for it; in rows that a tile leaves over, the rest does for
// all.
void LaneLoops::keep_one_body(Statement& loop) const {
  if (!has_parts(loop.tail))
    loop.tail.clear();
  else if (left_over_ && masks_are_cheap(loop.tail))
    loop.body.clear();
}

// A masked load takes little more than another one; a masked store ten times as long.
bool LaneLoops::masks_are_cheap(const Body& tail) const {
  return e_.target.vector_bytes > 16 && std::none_of(tail.begin(), tail.end(), [](const Statement& s) {
           return s.partial && (s.kind != Statement::Kind::let_load || s.reach != Reach::lanes);
         });
}

std::vector<int> LaneLoops::accumulators(Body& body, Monoid monoid, DType dtype, Index vectors) {
  std::vector<int> r;
  for (Index k = 0; k < vectors; ++k) r.push_back(e_.identity(body, monoid, dtype, true));
  return r;
}
int LaneLoops::folded(Body& body, Monoid monoid, const std::vector<int>& registers) {
  for (std::size_t half = registers.size() / 2; half > 0; half /= 2)
    for (std::size_t k = 0; k < half; ++k) e_.update(body, registers[k], monoid, {registers[k + half]});
  return registers[0];
}

void LaneLoops::store_points(Frame& f, Body& body) {
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

void LaneLoops::pack() {
  std::map<int, std::pair<int, Factor>> packing;  // none is read from its new place before all have been laid out
  for (const int id : stages_.packed()) {
    const Value& v = value(id);
    const AxisId lane = e_.inner(v.axes)[0];
    const std::vector<Indices> all = e_.combinations(e_.unrolled(v.axes));
    const int offset = e_.scratch({v.dtype, static_cast<Index>(all.size()), lane});
    const Factor apart = e_.apart(lane, v.dtype);
    for (std::size_t k = 0; k < all.size(); ++k) {
      const int var = e_.new_variable();
      lanes_over(chunk_.body, var, first_lane(lane), last_lane(lane), {}, {lane}, 1,
                 [&](Frame& f, Scope& scope, std::size_t) {
                   const int x = get(id, all[k], 0, f);
                   Statement t = Emitter::statement(Statement::Kind::store);
                   t.scratch = offset;
                   t.dtype = v.dtype;
                   t.address = {{f.variables.at(lane), {}}, {-1, {{static_cast<Index>(k), -1}, apart}}};
                   reach(t, {1, -1}, false);
                   t.args = {x};
                   scope.body.push_back(std::move(t));
                 });
    }
    packing.insert({id, {offset, apart}});
  }
  packed_ = std::move(packing);
}

void LaneLoops::store_partial(const Store& s, const Indices& where, int reg) {
  Statement t = Emitter::statement(Statement::Kind::store);
  t.word = e_.word({.kind = Word::Kind::pointer, .buffer = s.buffer});
  t.dtype = value(s.value).dtype;
  t.address = e_.partial_address(s.buffer, where, -1, row_number_);
  t.args = {reg};
  chunk_.body.push_back(std::move(t));
}

void LaneLoops::clear_partial(const Store& s, AxisId open) {
  const Value& v = value(s.value);
  const int nothing = e_.identity(chunk_.body, v.monoid, v.dtype, true);
  if (e_.in_lines(s.buffer) && cut_ == no_axis) return clear_row(s, nothing);
  for (const Indices& where : e_.combinations(e_.unrolled(v.axes))) {
    const int var = e_.new_variable();
    lanes_over(chunk_.body, var, first_lane(open), last_lane(open), {}, {open}, 1,
               [&](Frame& f, Scope& scope, std::size_t) {
                 for (int part = 0; part < e_.program.buffers[at(s.buffer)].parts; ++part)
                   store_partial_lanes(s, where, f.variables.at(open), f, scope.body, nothing, part);
               });
  }
}

// All of the chunk's row, with what fills up its lines.
void LaneLoops::clear_row(const Store& s, int nothing) {
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

Indices LaneLoops::first_indices(const Store& s) const {
  Indices r;
  for (const AxisId a : e_.unrolled(value(s.value).axes)) r[a] = 0;
  return r;
}

int LaneLoops::load_partial_lanes(const Store& s, const Indices& where, const Frame& f, Body& body, int part) {
  Statement old = Emitter::statement(Statement::Kind::let_load);
  old.word = e_.word({.kind = Word::Kind::pointer, .buffer = s.buffer});
  old.dtype = value(s.value).dtype;
  old.address = e_.partial_address(s.buffer, where, f.variables.at(f.lane), row_number_, part);
  reach(old, {1, -1}, f.partial && !e_.in_lines(s.buffer));
  return e_.let(body, std::move(old), value(s.value).dtype, true);
}

void LaneLoops::store_partial_lanes(const Store& s, const Indices& where, int var, const Frame& f, Body& body, int reg,
                                    int part) {
  Statement t = Emitter::statement(Statement::Kind::store);
  t.word = e_.word({.kind = Word::Kind::pointer, .buffer = s.buffer});
  t.dtype = value(s.value).dtype;
  t.address = e_.partial_address(s.buffer, where, var, row_number_, part);
  reach(t, {1, -1}, f.partial && !e_.in_lines(s.buffer), f.mask);
  t.args = {reg};
  body.push_back(std::move(t));
}

}  // namespace croton::tile
