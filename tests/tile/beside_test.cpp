// Which phases of a GPU's program share a kernel.
#include "tile/beside.h"

#include "catch.h"
#include "tile/graphs.h"
#include "tile/nest.h"

namespace croton::tile {
namespace {

// "gemm phase [phase phase]", what shares a kernel in brackets.
std::string steps(const std::vector<Tensor>& outputs, const Target& target = graphs::gpu()) {
  const Program p = build(rewrite::run(outputs, {}));
  std::string r;
  const std::vector<Beside> found = side_by_side(p, {}, target);
  for (std::size_t s = 0; s < p.steps.size(); ++s) {
    const auto begins = [&](const Beside& x) { return x.first == s; };
    const auto ends = [&](const Beside& x) { return x.end == s + 1; };
    r += s > 0 ? " " : "";
    r += std::any_of(found.begin(), found.end(), begins) ? "[" : "";
    r += std::holds_alternative<Phase>(p.steps[s]) ? "phase" : "gemm";
    r += std::any_of(found.begin(), found.end(), ends) ? "]" : "";
  }
  return r;
}

}  // namespace

TEST_CASE("phases that have nothing to do with each other share a kernel") {
  const Tensor x = fvector("x"), y = fvector("y"), m = fmatrix("m");
  CHECK(steps({exp(x), exp(y)}) == "[phase phase]");
  CHECK(steps({exp(x), exp(y), m * 2.0f}) == "[phase phase phase]");
  CHECK(steps({exp(x), x[0] + 1.0f}) == "[phase phase]");
  CHECK(steps({exp(x), exp(y)}, Target{}) == "phase phase");
  std::vector<Tensor> five;
  for (const char* name : {"a", "b", "c", "d", "e"}) five.push_back(exp(fvector(name)));
  CHECK(steps(five) == "[phase phase phase phase] phase");
}

TEST_CASE("what one leaves for the other keeps them apart") {
  const Tensor x = fvector("x"), y = fvector("y"), m = fmatrix("m"), i = lvector("i");
  const Tensor s = sum(x);
  CHECK(steps({y * s, s}) == "phase phase phase");  // partials, their sum, the products
  CHECK(steps({x[i], exp(y)}) == "phase phase");    // an index may be wrong
  CHECK(steps({softmax(m), exp(y)}) == "phase phase");
}

TEST_CASE("all phases of a kernel have its threads - also single points beside sums of what others left") {
  const Tensor x = fvector("x"), s = make_shared({float64, {2}}, std::make_shared<SharedValue>(), "s", Where::here());
  const Program p = build(rewrite::run(std::vector<Tensor>{all(x > 0.0f), set_subtensor(s[0], 3.0)}, {}));
  INFO(text(p));
  const std::vector<Beside> groups = side_by_side(p, {}, graphs::gpu());
  REQUIRE(groups.size() == 1);
  for (std::size_t k = groups[0].first; k < groups[0].end; ++k)
    CHECK(lower(p, std::get<Phase>(p.steps[k]), graphs::gpu(), groups[0].threads).lanes == graphs::gpu().block_lanes);
}

TEST_CASE("the model task is one kernel for its examples and one for its updates") {
  CHECK(steps(graphs::tutorial_step()) == "phase [phase phase]");
}

}  // namespace croton::tile
