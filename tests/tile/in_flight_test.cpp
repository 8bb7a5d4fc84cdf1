// How many of a thread's elements a turn of a GPU's loop over lanes takes, and in which order.
#include <algorithm>

#include "catch.h"
#include "tile/graphs.h"
#include "tile/in_flight.h"
#include "tile/nest.h"

namespace croton::tile {
namespace {

using Kind = Statement::Kind;

Nest nest(const std::vector<Tensor>& outputs) {
  const Program p = build(outputs);
  Nest n = lower(p, std::get<Phase>(p.steps[0]), graphs::gpu());
  verify(n, graphs::gpu());
  return n;
}

void find_lane_loops(const Body& body, std::vector<const Statement*>& loops) {
  for (const Statement& s : body) {
    if (s.kind == Kind::lane_loop) loops.push_back(&s);
    find_lane_loops(s.body, loops);
  }
}

/// Of each loop over lanes.
std::vector<Index> vectors(const std::vector<Tensor>& outputs) {
  const Nest n = nest(outputs);
  std::vector<const Statement*> loops;
  find_lane_loops(n.body, loops);
  std::vector<Index> r;
  r.reserve(loops.size());
  for (const Statement* s : loops) r.push_back(s->vectors);
  return r;
}

Tensor many_tanhs(int count) {
  Tensor t = fvector("x");
  for (int k = 0; k < count; ++k) t = tanh(t * static_cast<float>(k + 3));
  return t;
}

using Vectors = std::vector<Index>;

}  // namespace

TEST_CASE("a turn takes as many elements as bring 32 to 48 bytes of a thread under way") {
  const Tensor a = fvector("a"), b = fvector("b"), c = fvector("c"), d = dvector("d"), e = dvector("e");
  CHECK(vectors({a * 2}) == Vectors{8});
  CHECK(vectors({a + b}) == Vectors{4});
  CHECK(vectors({a * b + c}) == Vectors{4});
  CHECK(vectors({d * 2}) == Vectors{4});
  CHECK(vectors({d + e}) == Vectors{2});
  CHECK(vectors({sum(a)}) == Vectors{8});
}

TEST_CASE("a turn of a row takes at most four elements") {
  const Tensor x = fmatrix("x");
  CHECK(vectors({sum(x, 1)}) == Vectors{4});
  CHECK(vectors({max(x, 1) + sum(exp(x), 1)}) == Vectors{4});
  CHECK(vectors(graphs::softmax_rows()) == Vectors{4, 4, 4});
}

TEST_CASE("a turn that calls many functions, or loads nothing, takes one element") {
  CHECK(vectors(graphs::chain()) == Vectors{2});
  CHECK(vectors({many_tanhs(4)}) == Vectors{2});
  CHECK(vectors({many_tanhs(6)}) == Vectors{1});
  CHECK(vectors({arange(lscalar("n"))}) == Vectors{1});
}

TEST_CASE("what a turn must load after it stored it leaves one element a turn") {
  Statement load, store;
  load.kind = Kind::let_load;
  load.result = 0;
  load.word = 1;
  load.address = {{3, {}}};
  store = load;
  store.kind = Kind::store;
  const std::vector<Register> registers(1);
  CHECK(vectors_in_flight({load, store}, registers, true) == 4);
  CHECK(vectors_in_flight({store, load}, registers, true) == 1);
  load.address.push_back({-1, {{1, -1}}});
  CHECK(vectors_in_flight({store, load}, registers, true) == 4);
}

TEST_CASE("copies go statement by statement, and their stores come last") {
  const auto body = [](int copy) {
    Body b(4);
    const Kind kinds[] = {Kind::let_load, Kind::store, Kind::let_call, Kind::store};
    for (std::size_t k = 0; k < 4; ++k) b[k].kind = kinds[k], b[k].result = 10 * copy + static_cast<int>(k);
    return b;
  };
  std::vector<int> order;
  for (const Statement& s : loads_first({body(0), body(1)})) order.push_back(s.result);
  CHECK(order == std::vector<int>{0, 10, 2, 12, 1, 11, 3, 13});
}

TEST_CASE("several vectors of a turn are refused where one waits for another, or takes another's place") {
  const Nest right = nest(graphs::softmax_rows());
  check_threads(right);
  const auto broken = [&](auto&& breaks) {
    Nest n = right;
    std::vector<const Statement*> loops;
    find_lane_loops(n.body, loops);
    breaks(const_cast<Statement*>(loops[1])->several);  // keeps the exponentials in scratch
    return n;
  };
  const auto last = [](Body& several, Kind kind) -> Statement& {
    return *std::find_if(several.rbegin(), several.rend(), [&](const Statement& s) { return s.kind == kind; });
  };
  const Nest late = broken([&](Body& b) {
    Statement load = last(b, Kind::let_load);
    b.push_back(load);
  });
  CHECK_THROWS_WITH(check_threads(late), "loop nest: a vector's load waits for another one's store");
  const Nest twice = broken([&](Body& b) { b.push_back(last(b, Kind::store)); });
  CHECK_THROWS_WITH(check_threads(twice), "loop nest: two vectors are stored at one place");
  const Nest apart = broken([&](Body& b) { last(b, Kind::store).address[0].factors.push_back({2, -1}); });
  CHECK_THROWS_WITH(check_threads(apart), "loop nest: one thread reads what another one wrote");
  const Nest beyond = broken([&](Body& b) { last(b, Kind::ahead).integer = 4; });
  CHECK_THROWS_WITH(verify(beyond, graphs::gpu()), Catch::Contains("4 of 4 vectors ahead"));
  const Nest other = broken([&](Body& b) { last(b, Kind::ahead).address[0].variable = 3; });
  CHECK_THROWS_WITH(verify(other, graphs::gpu()), Catch::Contains("is ahead of no loop over lanes"));
}

}  // namespace croton::tile
