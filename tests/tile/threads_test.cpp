// What threads of a block may do between barriers where each of its warps has a row in registers: what the check of a
// nest refuses.
#include <functional>

#include "catch.h"
#include "tile/graphs.h"
#include "tile/nest.h"

namespace croton::tile {
namespace {

using Kind = Statement::Kind;

Nest nest(const std::vector<Tensor>& outputs) {
  const Program p = build(outputs);
  Nest n = lower(p, std::get<Phase>(p.steps[0]), graphs::gpu());
  verify(n, graphs::gpu());
  check_threads(n);
  return n;
}

Tensor softmax_of(const Tensor& x) { return exp(x) / sum(exp(x), x.ndim() - 1, keepdims); }
/// Elements and a number a row, each warp at a row.
Nest rows_in_registers() {
  const Tensor x = tensor("x", float32, {any_extent, 100});
  Nest n = nest({softmax_of(x), sum(exp(x), 1)});
  REQUIRE(n.by_warps);
  return n;
}
/// The same of rows along two axes.
Nest rows_of_two_axes() {
  Nest n = nest({softmax_of(tensor("x", float32, {any_extent, any_extent, 100}))});
  REQUIRE(n.by_warps);
  return n;
}

Statement& loop_of_teams(Nest& n) {
  return *std::find_if(n.body.begin(), n.body.end(), [](const Statement& s) { return s.dealt; });
}
Statement& first(Body& body, const std::function<bool(const Statement&)>& wanted) {
  const auto found = std::find_if(body.begin(), body.end(), wanted);
  REQUIRE(found != body.end());
  return *found;
}
Statement& store(Nest& n, Reach reach) {
  return first(loop_of_teams(n).body, [&](const Statement& s) { return s.kind == Kind::store && s.reach == reach; });
}
Statement& load(Nest& n) {
  return first(loop_of_teams(n).body, [](const Statement& s) { return s.kind == Kind::let_load; });
}
/// The address without its terms of that variable.
void leave_out(Statement& s, int variable) {
  const auto end =
      std::remove_if(s.address.begin(), s.address.end(), [&](const Term& t) { return t.variable == variable; });
  REQUIRE(end != s.address.end());
  s.address.erase(end, s.address.end());
}

constexpr const char* one_place = "loop nest: several teams store at one place";
constexpr const char* not_by_one = "loop nest: a scalar is stored by many threads, or lanes by one";
constexpr const char* of_another = "loop nest: one thread reads what another one wrote";

}  // namespace

TEST_CASE("warps with a row each do not store at one place") {
  Nest n = rows_in_registers();
  leave_out(store(n, Reach::lanes), loop_of_teams(n).variable);
  CHECK_THROWS_WITH(check_threads(n), one_place);
  n = rows_in_registers();
  leave_out(store(n, Reach::scalar), loop_of_teams(n).variable);
  CHECK_THROWS_WITH(check_threads(n), one_place);
}

TEST_CASE("a row along two axes is told by both") {
  const Nest right = rows_of_two_axes();
  Nest n = right;
  const Linear address = store(n, Reach::lanes).address;
  REQUIRE(address.size() == 3);
  for (const int k : {0, 1}) {
    n = right;
    leave_out(store(n, Reach::lanes), address[static_cast<std::size_t>(k)].variable);
    CHECK_THROWS_WITH(check_threads(n), one_place);
  }
}

TEST_CASE("what all warps have in common is no element of one thread") {
  Nest n = rows_in_registers();
  Statement common = store(n, Reach::lanes);
  leave_out(common, loop_of_teams(n).variable);
  Statement number = Statement();
  number.kind = Kind::let_number;
  number.result = common.args[0] = static_cast<int>(n.registers.size());
  n.registers.push_back({float32, true});
  n.body.push_back(number);
  n.body.push_back(common);
  CHECK_THROWS_WITH(check_threads(n), not_by_one);
}

TEST_CASE("a warp does not read what another one wrote, and reads what it wrote itself") {
  const Nest right = rows_in_registers();
  Nest n = right;
  const Statement written = store(n, Reach::lanes);
  const auto read_back = [&](Nest& into, Body& body, auto&& breaks) {
    Statement back = load(into);
    back.word = written.word;
    back.address = written.address;
    back.address.back().factors = {};  // the element
    back.mask = written.mask;
    back.result = static_cast<int>(into.registers.size());
    into.registers.push_back({float32, true});
    breaks(back);
    body.push_back(back);
  };
  read_back(n, loop_of_teams(n).body, [](Statement&) {});
  CHECK_NOTHROW(check_threads(n));
  n = right;
  read_back(n, loop_of_teams(n).body, [&](Statement& s) { leave_out(s, loop_of_teams(n).variable); });
  CHECK_THROWS_WITH(check_threads(n), of_another);
  n = right;
  read_back(n, n.body, [&](Statement& s) { leave_out(s, loop_of_teams(n).variable); });
  CHECK_THROWS_WITH(check_threads(n), of_another);
}

TEST_CASE("teams that go through their rows in loops do not store at one place, nor threads of one loop") {
  const Nest right = nest(graphs::softmax_rows());
  REQUIRE_FALSE(right.by_warps);
  Nest n = right;
  const auto last_store = [&]() -> Statement& {
    Statement& loop = *std::find_if(loop_of_teams(n).body.rbegin(), loop_of_teams(n).body.rend(),
                                    [](const Statement& s) { return s.kind == Kind::lane_loop; });
    return first(loop.body, [](const Statement& s) { return s.kind == Kind::store && s.word >= 0; });
  };
  const Linear address = last_store().address;
  REQUIRE(address.size() == 2);
  leave_out(last_store(), address[0].variable);
  CHECK_THROWS_WITH(check_threads(n), one_place);
  n = right;
  leave_out(last_store(), address[1].variable);
  CHECK_THROWS_WITH(check_threads(n), not_by_one);
}

TEST_CASE("groups that add up the rows of a column together store at named rows from one of them") {
  const Program p = build(std::vector<Tensor>{sum(tensor("x", float32, {any_extent, any_extent}), 0)});
  const Nest right = lower(p, std::get<Phase>(p.steps.back()), graphs::gpu());
  Nest n = right;
  const auto store_at_row = [&n](bool from_one) {
    Statement& s = first(n.body.back().body, [](const Statement& t) { return t.kind == Kind::store; });
    leave_out(s, s.address.back().variable);
    s.reach = Reach::listed;
    s.row = static_cast<int>(n.registers.size());
    n.registers.push_back({int64, true});
    if (!from_one) s.mask = -1;
  };
  store_at_row(true);
  CHECK_NOTHROW(check_threads(n));
  n = right;
  store_at_row(false);
  CHECK_THROWS_WITH(check_threads(n), not_by_one);
}

}  // namespace croton::tile
