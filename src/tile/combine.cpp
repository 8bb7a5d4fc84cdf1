// What an earlier phase left as partials, brought together.
#include "tile/point_writer.h"

namespace croton::tile {
namespace {

// Of a thread of a GPU, which waits half a microsecond for memory.
constexpr Index loads_in_flight = 16;
// Of one value: where it has more copies, NVRTC would take seconds for the text of all of them.
constexpr std::size_t most_long_loops = 16;

}  // namespace

Statement PointWriter::partial_load(const Value& v, const Indices& where, Index row, const Frame& f, int from,
                                    int part) {
  Statement s = Emitter::statement(Statement::Kind::let_load);
  s.word = e_.word({.kind = Word::Kind::pointer, .buffer = v.buffer});
  s.dtype = v.dtype;
  const auto at_row = variables(f, row);
  int open = -1;  // the variable of the axis that is no constant
  for (const AxisId a : v.axes)
    if (!e_.is_unrolled(a)) open = at_row.at(a);
  s.address = e_.partial_address(v.buffer, where, open, from, part);
  if (is_lanes(v, f)) reach(s, {1, -1}, f.partial && !e_.in_lines(v.buffer), f.mask);
  return s;
}

int PointWriter::load_partial(const Value& v, const Indices& where, Index row, const Frame& f, Body& body, int from,
                              int part) {
  return e_.let(body, partial_load(v, where, row, f, from, part), v.dtype, is_lanes(v, f));
}

// Row r stands for n elements: shift s, their sum without it, and the squares. With the first row's shift s0 for all,
// m = sum over rows of n (s - s0) + sum, divided by all points, is the mean without s0; a row's own mean is
// e = (s - s0) - m + sum / n away from it, which counts n times. What is subtracted is small where the elements are
// close to each other, however large they are. Where a block's warps share out the rows, their sums are folded.
int PointWriter::combine_spreads(const Value& v, const Indices& where, Index row, Frame& f, Scope& scope,
                                 bool by_warps) {
  const bool lanes = is_lanes(v, f);
  const auto call = [&](Body& body, std::string_view function, std::vector<int> args) {
    return e_.call(body, function, std::move(args), v.dtype, lanes);
  };
  const auto count = [&](Body& body, int whole) {
    Statement s = Emitter::statement(Statement::Kind::let_convert);
    s.args = {whole};
    const int n = e_.let(body, std::move(s), v.dtype, false);
    return lanes ? e_.splat(body, n) : n;
  };
  const Factor all = e_.factor({.kind = Word::Kind::all_points, .buffer = v.buffer}),
               of_row = e_.factor({.kind = Word::Kind::row_points, .buffer = v.buffer});
  struct Row {
    int variable, count, shift;
  };
  const auto over_rows = [&](auto&& write) {
    Statement loop = Emitter::statement(Statement::Kind::loop);
    loop.variable = e_.new_variable();
    loop.to = {{-1, {e_.factor({.kind = Word::Kind::rows, .buffer = v.buffer})}}};
    loop.dealt = by_warps;
    const int left = e_.whole(loop.body, {{-1, {all}}, {loop.variable, {{-1, -1}, of_row}}});
    const int most = e_.whole(loop.body, {{-1, {of_row}}});
    const int n = count(loop.body, e_.call(loop.body, "min", {left, most}, DType::int64, false));
    const int own = load_partial(v, where, row, f, loop.body, loop.variable, spread_shift);
    const int first = load_partial(v, where, row, f, loop.body, -1, spread_shift);
    write(loop.body, Row{loop.variable, n, call(loop.body, "sub", {own, first})});
    scope.body.push_back(std::move(loop));
  };
  const auto of_all_rows = [&](int s) {
    return by_warps ? e_.fold_lanes(scope.body, {{Monoid::sum, s}}, Across::warps)[0] : s;
  };
  const int sum = e_.identity(scope.body, Monoid::sum, v.dtype, lanes);
  over_rows([&](Body& body, const Row& r) {
    e_.update(body, sum, Monoid::sum, {r.count, r.shift});
    e_.update(body, sum, Monoid::sum, {load_partial(v, where, row, f, body, r.variable, spread_sum)});
  });
  const int mean = call(scope.body, "div", {of_all_rows(sum), count(scope.body, e_.whole(scope.body, {{-1, {all}}}))});
  const int squares = e_.identity(scope.body, Monoid::sum, v.dtype, lanes);
  over_rows([&](Body& body, const Row& r) {
    const int rest = load_partial(v, where, row, f, body, r.variable, spread_sum);
    const int own = call(body, "div", {rest, r.count});
    const int off = call(body, "add", {call(body, "sub", {r.shift, mean}), own});
    e_.update(body, squares, Monoid::sum, {load_partial(v, where, row, f, body, r.variable, spread_squares)});
    e_.update(body, squares, Monoid::sum, {call(body, "neg", {rest}), own});
    e_.update(body, squares, Monoid::sum, {call(body, "mul", {r.count, off}), off});
  });
  return of_all_rows(squares);
}

// The partials of an earlier phase, row after row: the order is the same for any number of threads.
int PointWriter::combine(const Value& v, const Indices& where, Index row, Frame& f, Scope& scope) {
  if (v.monoid == Monoid::spread) return combine_spreads(v, where, row, f, scope);
  const bool lanes = is_lanes(v, f);
  const int sum = e_.identity(scope.body, v.monoid, v.dtype, lanes);
  const Linear rows = {{-1, {e_.factor({.kind = Word::Kind::rows, .buffer = v.buffer})}}};
  Linear left = {};
  if (e_.lanes_are_threads() && e_.combinations(e_.unrolled(v.axes)).size() <= most_long_loops) {
    Statement rest = Emitter::statement(Statement::Kind::index);
    rest.variable = e_.new_variable();
    rest.address = rows;
    rest.modulus = {loads_in_flight, -1};
    left = {rows[0], {rest.variable, {{-1, -1}}}};
    scope.body.push_back(std::move(rest));
    add_rows(v, where, row, f, scope.body, sum, {}, rows, loads_in_flight);
  }
  add_rows(v, where, row, f, scope.body, sum, left, rows, 1);
  return sum;
}

// Rows of partials one after another; `at_once` of them are on their way together.
void PointWriter::add_rows(const Value& v, const Indices& where, Index row, Frame& f, Body& body, int sum, Linear from,
                           Linear to, Index at_once) {
  Statement loop = Emitter::statement(Statement::Kind::loop);
  loop.variable = e_.new_variable();
  loop.from = std::move(from);
  loop.to = std::move(to);
  loop.step = at_once;
  loop.whole_steps = at_once > 1;
  std::vector<int> loaded;
  for (Index k = 0; k < at_once; ++k) {
    int at_row = loop.variable;
    if (k > 0) {
      Statement next = Emitter::statement(Statement::Kind::index);
      next.variable = at_row = e_.new_variable();
      next.address = {{loop.variable, {}}, {-1, {{k, -1}}}};
      loop.body.push_back(std::move(next));
    }
    loaded.push_back(load_partial(v, where, row, f, loop.body, at_row));
  }
  for (const int x : loaded) e_.update(loop.body, sum, v.monoid, {x});
  body.push_back(std::move(loop));
}

Statement PointWriter::column(const Value& v, const Indices& where, const Frame& f) {
  Statement s = partial_load(v, where, 0, f, -1);
  s.monoid = v.monoid;
  s.mask = f.mask;
  s.stride = e_.factor({.kind = Word::Kind::row, .buffer = v.buffer});
  s.to = {{-1, {e_.factor({.kind = Word::Kind::rows, .buffer = v.buffer})}}};
  return s;
}

}  // namespace croton::tile
