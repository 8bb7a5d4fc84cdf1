#include "tile/serial.h"

#include <algorithm>

#include "expr/functions.h"
#include "tile/lane_loops.h"

namespace croton::tile {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

// Vectors that go through the steps side by side: a step of one waits for its last one.
constexpr Index most_vectors = 4;
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
  /// One vector, or one point: what is computed before its steps, and in each of them.
  struct Copy {
    Frame frame;
    Scope* outer;
    Scope step = {};
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
    Statement loop = Emitter::statement(Statement::Kind::loop);
    loop.variable = e_.new_variable();
    loop.to = e_.extent(e_.phase.serial);
    int row = loop.variable;
    if (e_.phase.backwards) {
      Statement s = Emitter::statement(Statement::Kind::index);
      row = s.variable = e_.new_variable();
      s.address = e_.extent(e_.phase.serial);
      s.address.push_back({-1, {{-1, -1}}});
      s.address.push_back({loop.variable, {{-1, -1}}});
      loop.body.push_back(std::move(s));
    }
    for (Copy& c : copies) {
      begin(c);
      c.frame.step = &c.step;
      c.frame.variables[e_.phase.serial] = row;
      step(c);
    }
    for (Copy& c : copies) {
      if (c.outer != &chunk_) append(out, std::move(c.outer->body));
      append(loop.body, std::move(c.step.body));
    }
    out.push_back(std::move(loop));
    for (Copy& c : copies) end(c, out);
  }

  void begin(Copy& c) {
    for (const Phase::Carried& carried : e_.phase.carried) {
      const Value& v = value(carried.carry);
      const bool in_lanes = is_lanes(v, c.frame);
      const int start = get(v.args[0], {}, 0, c.frame);
      const int reg = in_lanes ? e_.splat(*c.outer, start) : start;
      c.carried.push_back(variable_of(c.outer->body, reg));
      c.step.made[e_.key(carried.carry, {}, 0)] = c.carried.back();
    }
  }

  /// Everything is read and computed before anything is written.
  void step(Copy& c) {
    for (const Store& s : e_.phase.stores)
      if (is_of_step(s)) get(s.value, {}, 0, c.frame);
    std::vector<int> next;
    for (std::size_t k = 0; k < c.carried.size(); ++k) {
      int reg = get(e_.phase.carried[k].next, {}, 0, c.frame);
      if (e_.nest.registers[at(c.carried[k])].lanes) reg = e_.splat(c.step, reg);
      next.push_back(reg);
    }
    for (const Store& s : e_.phase.stores)
      if (is_of_step(s)) store(s, {}, 0, c.frame, c.step.body);
    // states that change places
    for (std::size_t k = 0; k < next.size(); ++k)
      if (next[k] != c.carried[k] && std::find(c.carried.begin(), c.carried.end(), next[k]) != c.carried.end())
        next[k] = variable_of(c.step.body, next[k]);
    for (std::size_t k = 0; k < next.size(); ++k) {
      if (next[k] == c.carried[k]) continue;
      Statement s = Emitter::statement(Statement::Kind::assign);
      s.result = c.carried[k];
      s.args = {next[k]};
      c.step.body.push_back(std::move(s));
    }
  }

  void end(Copy& c, Body& out) {
    c.frame.step = nullptr;
    for (const Store& s : e_.phase.stores) {
      if (is_of_step(s)) continue;
      const int carry = value(s.value).args[0];
      c.outer->made[e_.key(s.value, {}, 0)] = c.step.made.at(e_.key(carry, {}, 0));
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
