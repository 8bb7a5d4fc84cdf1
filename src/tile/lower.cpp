#include <algorithm>
#include <map>
#include <utility>

#include "base/dtype.h"
#include "expr/functions.h"
#include "tile/chunks.h"
#include "tile/fma.h"
#include "tile/lane_loops.h"
#include "tile/rows.h"
#include "tile/serial.h"

namespace croton::tile {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

// Partials of a row that a thread has on their way at once.
constexpr std::size_t most_together = 16;

// So many that the rows of a thousand chunks are a few turns of each warp.
constexpr int threads_of_columns = 512;

/// A phase without rows: one point, or lanes along the parallel axes themselves.
class Points : private LaneLoops {
 public:
  Points(const Program& program, const Phase& phase, const Target& target, int threads)
      : LaneLoops(program, phase, target), threads_(threads) {}

  Nest run() {
    e_.phase.parallel.empty()                                           ? single()
    : columns_at_once(e_.program, e_.phase, e_.target.device_class) > 0 ? columns()
                                                                        : flat();
    e_.nest.body = std::move(chunk_.body);
    return std::move(e_.nest);
  }

 private:
  // ---- one chunk, no loops
  void single() {
    const auto& values = e_.phase.values;
    const bool combines =
        std::any_of(values.begin(), values.end(), [](const Value& v) { return v.kind == Value::Kind::combine; });
    if (e_.lanes_are_threads() && (threads_ > 0 || !combines)) e_.nest.lanes = std::max(threads_, 1);
    Frame f;
    if (e_.lanes_are_threads() && combines) {
      load_ahead(f);
      combine_by_threads(f);
    }
    store_points(f, chunk_.body);
  }

  // What phases left as partials, in as few waits as can be: each thread adds up its share of the rows, of all that one
  // phase left together; then the shares are folded.
  void combine_by_threads(Frame& f) {
    struct Share {
      const Value* value;
      Indices where;
      int sum;
    };
    std::map<int, std::vector<Share>> left;  // by the step that left them
    for (const Value& v : e_.phase.values)
      if (v.kind == Value::Kind::combine && v.monoid != Monoid::spread)
        for (const Indices& where : e_.combinations(e_.unrolled(v.axes)))
          left[e_.program.buffers[at(v.buffer)].made_by].push_back(
              {&v, where, e_.identity(chunk_.body, v.monoid, v.dtype, true)});
    std::vector<Emitter::Fold> folds;
    for (const auto& [step, shares] : left) {
      for (std::size_t from = 0; from < shares.size(); from += most_together) {
        Statement rows = Emitter::statement(Statement::Kind::lane_loop);
        rows.variable = e_.new_variable();
        rows.to = {{-1, {e_.factor({.kind = Word::Kind::rows, .buffer = shares[from].value->buffer})}}};
        Body updates;
        for (std::size_t k = from; k < std::min(from + most_together, shares.size()); ++k) {
          const auto& [v, where, sum] = shares[k];
          const int x = load_partial(*v, where, 0, f, rows.body, rows.variable);
          reach(rows.body.back(), e_.factor({.kind = Word::Kind::row, .buffer = v->buffer}), false);
          e_.nest.registers[at(x)].lanes = true;
          e_.update(updates, sum, v->monoid, {x});
        }
        append(rows.body, std::move(updates));
        chunk_.body.push_back(std::move(rows));
      }
      for (const Share& s : shares) folds.push_back({s.value->monoid, s.sum});
    }
    const std::vector<int> sums = e_.fold_lanes(chunk_.body, folds);
    std::size_t next = 0;
    for (const auto& [step, shares] : left)
      for (const Share& s : shares) chunk_.made[e_.key(id_of(*s.value), s.where, 0)] = sums[next++];
  }

  // ---- columns of partials: a group's threads have neighbouring ones, and the block's groups share out their rows
  void columns() {
    e_.nest.lanes = threads_of_columns;
    e_.nest.columns = columns_at_once(e_.program, e_.phase, e_.target.device_class);
    Statement loop = Emitter::statement(Statement::Kind::loop);
    loop.variable = e_.new_variable();
    loop.from = variable(first_point);
    loop.to = variable(last_point);
    loop.step = e_.nest.columns;
    Scope scope;
    Frame f;
    f.loop = &scope;
    f.lane = e_.phase.parallel[0];
    Statement own = Emitter::statement(Statement::Kind::let_own);
    own.variable = e_.new_variable();
    own.dealt = true;
    own.from = variable(loop.variable);
    own.to = variable(last_point);
    for (const AxisId a : e_.phase.parallel) f.variables[a] = own.variable;
    f.mask = e_.let(scope.body, std::move(own), DType::boolean, true);
    // what is done with the sums is little, and one group's; what it reads is on its way before the columns are
    Statement s = Emitter::statement(Statement::Kind::let_first);
    s.args = {f.mask};
    const int first = e_.let(scope.body, std::move(s), DType::boolean, true), all = std::exchange(f.mask, first);
    load_ahead(f);
    f.mask = all;
    struct Column {
      std::pair<int, std::vector<Index>> key;
      Statement load;
    };
    std::vector<Column> columns;
    for (const Value& v : e_.phase.values)
      if (v.kind == Value::Kind::combine && e_.has_parallel(v))
        for (const Indices& where : e_.combinations(e_.unrolled(v.axes))) {
          if (v.monoid == Monoid::spread)
            scope.made[e_.key(id_of(v), where, 0)] = spread_of_rows(v, where, f, scope);
          else
            columns.push_back({e_.key(id_of(v), where, 0), column(v, where, f)});
        }
    // together are so many columns as fit, for up to 16 rows of each are in registers, of which a thread has 128 there
    for (std::size_t from = 0; from < columns.size();) {
      const std::size_t size = std::max<std::size_t>(4, size_of(columns[from].load.dtype)),
                        most = bytes_of_columns / size;
      std::size_t to = from;
      for (; to < columns.size() && to - from < most && columns[to].load.dtype == columns[from].load.dtype; ++to) {
        columns[to].load.slot = static_cast<int>(to);
        columns[to].load.kind = Statement::Kind::begin_column;
        scope.body.push_back(columns[to].load);
      }
      std::vector<Emitter::Fold> folds;
      for (std::size_t k = from; k < to; ++k) {
        columns[k].load.kind = Statement::Kind::let_column;
        const DType dtype = columns[k].load.dtype;
        folds.push_back({columns[k].load.monoid, e_.let(scope.body, columns[k].load, dtype, true)});
      }
      const std::vector<int> sums = e_.fold_lanes(scope.body, folds, Across::warps);
      for (std::size_t k = from; k < to; ++k) scope.made[columns[k].key] = sums[k - from];
      from = to;
    }
    f.mask = first;
    store_points(f, scope.body);
    loop.body = std::move(scope.body);
    chunk_.body.push_back(std::move(loop));
  }

  // Three numbers a row that are no monoid's: each warp goes through its rows in loops.
  int spread_of_rows(const Value& v, const Indices& where, Frame& f, Scope& scope) {
    e_.nest.by_warps = true;
    if (e_.nest.warps < 0) e_.nest.warps = e_.word({.kind = Word::Kind::warps});
    return combine_spreads(v, where, 0, f, scope, true);
  }

  // ---- lanes run along the parallel axes themselves
  void flat() {
    struct Sum {
      const Store* store;
      Indices where;
      std::vector<int> registers;
    };
    std::vector<Sum> sums;
    for (const Store* s : partials_) {
      const Value& v = value(s->value);
      for (const Indices& where : e_.combinations(e_.unrolled(v.axes)))
        sums.push_back({s, where, {e_.identity(chunk_.body, v.monoid, v.dtype, true)}});
    }
    const auto points = [&](Frame& f, Scope& scope, std::size_t copy) {
      for (const Sum& s : sums) {
        const Value& v = value(s.store->value);
        for (const Indices& more : e_.combinations(e_.unrolled(v.over))) {
          const Indices here = both(s.where, more);
          e_.update(scope.body, s.registers[copy], v.monoid, lane_arguments(v, here, 0, f, scope));
        }
      }
      store_points(f, scope.body);
    };
    if (sums.empty())
      return lanes_over(chunk_.body, e_.new_variable(), variable(first_point), variable(last_point), {},
                        e_.phase.parallel, 1, points);
    std::vector<Running> running;
    running.reserve(sums.size());
    for (Sum& s : sums) running.push_back({value(s.store->value).monoid, value(s.store->value).dtype, &s.registers});
    lanes_in_blocks(chunk_.body, variable(first_point), variable(last_point), {}, e_.phase.parallel,
                    stages_.vectors_a_step(0, static_cast<Index>(sums.size())), running, points);
    std::vector<Emitter::Fold> folds;
    folds.reserve(sums.size());
    for (const Sum& s : sums) folds.push_back({value(s.store->value).monoid, s.registers[0]});
    const std::vector<int> totals = e_.fold_lanes(chunk_.body, folds);
    for (std::size_t k = 0; k < sums.size(); ++k) store_partial(*sums[k].store, sums[k].where, totals[k]);
  }

  int threads_;
};

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
    find_large_calls(s.several, calls);
    find_large_calls(s.body, calls);
  }
}

}  // namespace

Nest lower(const Program& program, const Phase& phase, const Target& target, int threads) {
  Phase fused = phase;
  form_fma(fused);
  const bool has_rows = !fused.parallel.empty() && !fused.flat;
  Nest nest = fused.serial != no_axis ? lower_serial(program, fused, target)
              : has_rows              ? lower_rows(program, fused, target)
                                      : Points(program, fused, target, threads).run();
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

std::span<const Nest> one_kernel(std::span<const Nest> nests) {
  std::size_t n = 1;
  while (n < nests.size() && nests[n].beside) ++n;
  return nests.first(n);
}

int threads_of_block(const Program& program, const Phase& phase, const Target& target) {
  if (phase.parallel.empty()) return 0;
  return columns_at_once(program, phase, target.device_class) > 0 ? threads_of_columns : target.block_lanes;
}

}  // namespace croton::tile
