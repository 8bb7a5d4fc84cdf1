#include "tile/serial.h"

#include <algorithm>

#include "expr/functions.h"
#include "tile/lane_loops.h"

namespace croton::tile {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

// Vectors that go through the steps side by side: a step of one waits for its last one.
constexpr Index most_vectors = 4;
// Steps of a turn on a GPU: a thread waits for memory once for all of them, some 700 ns.
constexpr Index most_steps = 4;
// Registers for intermediate values of a step.
constexpr Index working_registers = 6;

class Serial : private LaneLoops {
 public:
  Serial(const Program& program, const Phase& phase, const Target& target) : LaneLoops(program, phase, target) {}

  Nest run() {
    if (e_.phase.parallel.empty()) {
      e_.nest.lanes = e_.lanes_are_threads() ? 1 : e_.nest.lanes;
      steps({{.frame = {}, .outer = &chunk_}}, chunk_.body);
    } else {
      lanes();
    }
    e_.nest.body = std::move(chunk_.body);
    return std::move(e_.nest);
  }

 private:
  /// One vector, or one point.
  struct Copy {
    Frame frame;
    Scope* outer;                   // what is computed before its steps
    std::vector<int> carried = {};  // registers
  };

  void lanes() {
    const int var = e_.new_variable();
    const std::vector<AxisId>& points = e_.phase.parallel;
    lanes_over(chunk_.body, var, variable(first_point), variable(last_point), {}, points, 1,
               [&](Frame& f, Scope& scope, std::size_t) {
                 Body body;
                 steps({{.frame = f, .outer = &scope}}, body);
                 scope.body = std::move(body);
               });
    const Index vectors = vectors_together();
    if (vectors == 1) return;
    Statement& loop = chunk_.body.back();
    loop.vectors = vectors;
    std::vector<Scope> scopes(static_cast<std::size_t>(vectors));
    std::vector<Copy> copies;
    for (Index k = 0; k < vectors; ++k) {
      Copy c{.frame = {}, .outer = &scopes[static_cast<std::size_t>(k)]};
      c.frame.loop = c.outer;
      c.frame.lane = points[0];
      const int here = ahead(loop, k);
      for (const AxisId a : points) c.frame.variables[a] = here;
      copies.push_back(std::move(c));
    }
    Body body;
    steps(std::move(copies), body);
    append(loop.several, std::move(body));
  }

  Index vectors_together() const {
    if (e_.lanes_are_threads()) return 1;
    Index kept = 0, bodies = 0;
    for (const Value& v : e_.phase.values) {
      if (!e_.has_parallel(v)) continue;
      kept += v.kind == Value::Kind::carry || (v.kind == Value::Kind::load && !e_.is_serial(v)) ? 1 : 0;
      bodies += v.kind == Value::Kind::call && expr::function(v.function).has_body() ? 1 : 0;
    }
    const auto fits = [&](Index n) {
      return n * kept + working_registers <= e_.target.vector_registers &&
             (n + 1) * bodies <= static_cast<Index>(most_bodies);
    };
    Index n = most_vectors;
    while (n > 1 && !fits(n)) n /= 2;
    return n;
  }

  /// All steps of these copies, side by side.
  void steps(std::vector<Copy> copies, Body& out) {
    for (Copy& c : copies) begin(c);
    std::vector<Statement> loops;
    const Index together = steps_together();
    Linear rest = {};
    if (together > 1) {
      Statement turns = Emitter::statement(Statement::Kind::index);
      turns.variable = e_.new_variable();
      turns.address = e_.extent(e_.phase.serial);
      turns.divisor = {together, -1};
      rest = {{turns.variable, {{together, -1}}}};
      loops.push_back(std::move(turns));
      loops.push_back(loop(copies, {}, rest, together));
    }
    loops.push_back(loop(copies, rest, e_.extent(e_.phase.serial), 1));
    for (const Copy& c : copies)
      if (c.outer != &chunk_) append(out, std::move(c.outer->body));
    append(out, std::move(loops));
    for (Copy& c : copies) end(c, out);
  }

  /// On a GPU what several steps read is on its way together.
  Index steps_together() const {
    const auto waits = [&](const Value& v) { return v.kind == Value::Kind::load && e_.is_serial(v); };
    const bool any = std::any_of(e_.phase.values.begin(), e_.phase.values.end(), waits);
    return e_.lanes_are_threads() && any ? most_steps : 1;
  }

  Statement loop(std::vector<Copy>& copies, Linear from, Linear to, Index together) {
    Statement loop = Emitter::statement(Statement::Kind::loop);
    loop.variable = e_.new_variable();
    loop.from = std::move(from);
    loop.to = std::move(to);
    loop.step = together;
    Body read, rest;
    std::vector<std::vector<int>> carried(copies.size());
    std::transform(copies.begin(), copies.end(), carried.begin(), [](const Copy& c) { return c.carried; });
    for (Index k = 0; k < together; ++k) {
      const int row = row_of(loop.variable, k, read);
      for (std::size_t c = 0; c < copies.size(); ++c) {
        Scope scope;
        copies[c].frame.variables[e_.phase.serial] = row;
        step(copies[c], scope, carried[c]);
        std::vector<int> set;  // by what is computed
        for (Statement& s : scope.body) {
          if (s.kind == Statement::Kind::index) set.push_back(s.variable);
          const bool first = together > 1 && waits_for_nothing(s, set);
          (first ? read : rest).push_back(std::move(s));
        }
      }
    }
    for (std::size_t c = 0; c < copies.size(); ++c) hand_on(copies[c], std::move(carried[c]), rest);
    append(read, std::move(rest));
    loop.body = std::move(read);
    return loop;
  }

  static bool waits_for_nothing(const Statement& s, const std::vector<int>& set) {
    const auto is_set = [&](const Term& t) { return std::find(set.begin(), set.end(), t.variable) != set.end(); };
    return s.kind == Statement::Kind::let_load && s.args.empty() && s.row < 0 &&
           std::none_of(s.address.begin(), s.address.end(), is_set);
  }

  /// The variable of the k-th row from there.
  int row_of(int variable, Index k, Body& body) {
    if (k == 0 && !e_.phase.backwards) return variable;
    Statement s = Emitter::statement(Statement::Kind::index);
    s.variable = e_.new_variable();
    if (e_.phase.backwards) {
      s.address = e_.extent(e_.phase.serial);
      s.address.push_back({variable, {{-1, -1}}});
      s.address.push_back({-1, {{-1 - k, -1}}});
    } else {
      s.address = {{variable, {}}, {-1, {{k, -1}}}};
    }
    body.push_back(std::move(s));
    return body.back().variable;
  }

  void begin(Copy& c) {
    for (const Phase::Carried& carried : e_.phase.carried) {
      const Value& v = value(carried.carry);
      const bool in_lanes = is_lanes(v, c.frame);
      const int start = get(v.args[0], {}, 0, c.frame);
      const int reg = in_lanes ? e_.splat(*c.outer, start) : start;
      c.carried.push_back(variable_of(c.outer->body, reg));
    }
  }

  /// From the registers of what is carried to those of what is handed on. Everything is read and computed before
  /// anything is written.
  void step(Copy& c, Scope& scope, std::vector<int>& carried) {
    c.frame.step = &scope;
    for (std::size_t k = 0; k < carried.size(); ++k) scope.made[e_.key(e_.phase.carried[k].carry, {}, 0)] = carried[k];
    for (const Store& s : e_.phase.stores)
      if (is_of_step(s)) get(s.value, {}, 0, c.frame);
    std::vector<int> next;
    for (std::size_t k = 0; k < carried.size(); ++k) {
      const int reg = get(e_.phase.carried[k].next, {}, 0, c.frame);
      next.push_back(e_.nest.registers[at(carried[k])].lanes ? e_.splat(scope, reg) : reg);
    }
    for (const Store& s : e_.phase.stores)
      if (is_of_step(s)) store(s, {}, 0, c.frame, scope.body);
    c.frame.step = nullptr;
    carried = std::move(next);
  }

  /// What the steps of a turn leave, in place of what they began with.
  void hand_on(const Copy& c, std::vector<int> next, Body& body) {
    const auto is_carried = [&](int reg) {
      return std::find(c.carried.begin(), c.carried.end(), reg) != c.carried.end();
    };
    for (std::size_t k = 0; k < next.size(); ++k)  // states that change places
      if (next[k] != c.carried[k] && is_carried(next[k])) next[k] = variable_of(body, next[k]);
    for (std::size_t k = 0; k < next.size(); ++k) {
      if (next[k] == c.carried[k]) continue;
      Statement s = Emitter::statement(Statement::Kind::assign);
      s.result = c.carried[k];
      s.args = {next[k]};
      body.push_back(std::move(s));
    }
  }

  void end(Copy& c, Body& out) {
    for (const Store& s : e_.phase.stores) {
      if (is_of_step(s)) continue;
      const int carry = value(s.value).args[0];
      const auto of = std::find_if(e_.phase.carried.begin(), e_.phase.carried.end(),
                                   [&](const Phase::Carried& x) { return x.carry == carry; });
      c.outer->made[e_.key(s.value, {}, 0)] = c.carried[static_cast<std::size_t>(of - e_.phase.carried.begin())];
      store(s, {}, 0, c.frame, out);
    }
  }

  bool is_of_step(const Store& s) const {
    return std::find(s.index.begin(), s.index.end(), e_.phase.serial) != s.index.end();
  }

  /// A register that begins with the value of another.
  int variable_of(Body& body, int reg) {
    Statement s = Emitter::statement(Statement::Kind::let_identity);
    s.args = {reg};
    const Register r = e_.nest.registers[at(reg)];
    return e_.let(body, std::move(s), r.dtype, r.lanes);
  }
};

}  // namespace

Nest lower_serial(const Program& program, const Phase& phase, const Target& target) {
  return Serial(program, phase, target).run();
}

}  // namespace croton::tile
