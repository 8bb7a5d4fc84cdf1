// Plans that serve calls with other integers: their views begin elsewhere.
#include "runtime/views.h"

#include "catch.h"
#include "croton/ops.h"
#include "expr/target.h"
#include "rewrite/passes.h"
#include "tile/build.h"
#include "tile/graphs.h"

namespace croton::runtime {
namespace {

/// A program of x (100 by 3), and its plan for some integers of its leaves.
struct Planned {
  using Values = std::vector<std::pair<Tensor, std::vector<Index>>>;

  tile::Program program;
  std::vector<Tensor> leaves = shape_deciding_leaves(program);
  MovingViews moving{program, leaves};
  Plan plan;

  Planned(const Tensor& x, const Tensor& result, const Values& values)
      : program(tile::build(rewrite::run(std::vector<Tensor>{result}, {}))) {
    std::vector<tile::Nest> nests;
    for (const tile::Step& s : program.steps)
      if (const auto* phase = std::get_if<tile::Phase>(&s)) nests.push_back(tile::lower(program, *phase, Target{}));
    Shapes shapes{{x.node(), {100, 3}}};
    for (const Tensor& t : leaves)
      if (!same(t, x)) shapes[t.node()] = {};
    Integers integers = known(values);
    shapes = infer(program, shapes, integers);
    plan = make_plan(program, nests, shapes, integers, Target{}, {false, std::vector<bool>(program.buffers.size())});
    moving.remember(plan, shapes, integers);
  }

  static Integers known(const Values& values) {
    Integers integers;
    for (const auto& [leaf, held] : values) integers[leaf.node()] = held;
    return integers;
  }
  /// Where its only moving view begins, in rows of three float64.
  std::optional<std::size_t> row(const Values& values) const {
    const auto starts = moving.starts(plan, known(values));
    if (!starts) return std::nullopt;
    std::size_t bytes = 0;
    for (const std::size_t s : *starts) bytes += s;
    return bytes / (3 * sizeof(double));
  }
};

}  // namespace

TEST_CASE("one plan serves every batch of as many rows") {
  const Tensor x = dmatrix("x"), i = lscalar("i");
  const Planned p(x, exp(x[slice(i * 20, i * 20 + 20)]), {{i, {0}}});
  REQUIRE(p.moving.any());
  for (Index k = 0; k < 5; ++k) CHECK(p.row({{i, {k}}}) == static_cast<std::size_t>(k) * 20);
  CHECK(p.row({{i, {-2}}}) == std::size_t{60});
  CHECK_FALSE(p.row({{i, {5}}}));  // no rows: another shape
}

TEST_CASE("bounds of their own: the plan serves as long as they are as far apart") {
  const Tensor x = dmatrix("x"), from = lscalar("from"), to = lscalar("to");
  const Planned p(x, exp(x[slice(from, to)]), {{from, {10}}, {to, {17}}});
  CHECK(p.row({{from, {30}}, {to, {37}}}) == std::size_t{30});
  CHECK_FALSE(p.row({{from, {30}}, {to, {38}}}));
  CHECK_FALSE(p.row({{from, {95}}, {to, {102}}}));
}

TEST_CASE("one plan serves every row, and a row that is none is refused") {
  const Tensor x = dmatrix("x"), i = lscalar("i");
  const Planned p(x, exp(x[i]), {{i, {3}}});
  CHECK(p.row({{i, {99}}}) == std::size_t{99});
  CHECK(p.row({{i, {-1}}}) == std::size_t{99});
  CHECK_THROWS_AS(p.row({{i, {100}}}), IndexError);
}

TEST_CASE("rows that lie further apart are another plan's") {
  const Tensor x = dmatrix("x"), step = lscalar("step");
  const Planned p(x, exp(x[slice(0, step * 5, step)]), {{step, {2}}});
  CHECK(p.row({{step, {2}}}) == std::size_t{0});
  CHECK_FALSE(p.row({{step, {3}}}));
}

TEST_CASE("where integers decide how much is computed, nothing moves") {
  const Tensor x = dmatrix("x"), n = lscalar("n");
  const Planned p(x, sum(x) + arange(n), {{n, {4}}});
  CHECK_FALSE(p.moving.any());
}

}  // namespace croton::runtime
