// What the verifier rejects: each of its rules, broken by one change of a program that it accepts.
#include "catch.h"
#include "tile/graphs.h"

namespace croton::tile {
namespace {

std::string complaint(const Program& p) {
  try {
    verify(p);
  } catch (const std::logic_error& e) { return e.what(); }
  return "";
}

void rejects(const Program& p, const std::string& text) {
  INFO(complaint(p));
  CHECK(complaint(p).find(text) != std::string::npos);
}

Program chain() { return build(graphs::chain()); }
/// Phase 0 folds the rows into partials, phase 1 combines them.
Program sums() {
  const Tensor x = fmatrix("x");
  const std::vector<Tensor> out{sum(exp(x), 0)};
  return build(out);
}
Phase& phase(Program& p, std::size_t step) { return std::get<Phase>(p.steps[step]); }
Value& value_of(Phase& p, Value::Kind kind) {
  for (Value& v : p.values)
    if (v.kind == kind) return v;
  throw std::runtime_error("no such value");
}

}  // namespace

TEST_CASE("the verifier accepts what is right") {
  for (const auto& g : {graphs::chain(), graphs::softmax_rows(), graphs::column_variance(), graphs::tutorial_step(),
                        graphs::gemm_with_neighbours(), graphs::skinny_contraction(), graphs::swap()})
    CHECK(complaint(build(g)) == "");
  CHECK(complaint(sums()) == "");
}

TEST_CASE("a buffer is read after it is written, and written once") {
  Program p = sums();
  std::swap(p.steps[0], p.steps[1]);
  rejects(p, "before it is written");
  p = chain();
  p.steps.push_back(p.steps[0]);
  rejects(p, "step 1 writes b2 again");
  p = chain();
  phase(p, 0).stores.push_back(phase(p, 0).stores[0]);
  rejects(p, "writes b2 again");
  p = chain();
  p.steps.clear();
  rejects(p, "reads b2 before it is written");
}

TEST_CASE("buffers, axes and bases are there") {
  Program p = chain();
  value_of(phase(p, 0), Value::Kind::load).buffer = 99;
  rejects(p, "reads a buffer that is not there");
  p = chain();
  p.outputs[0] = -1;
  rejects(p, "reads a buffer that is not there");
  p = chain();
  phase(p, 0).parallel = {77};
  rejects(p, "has an axis that is not there");
  p = chain();
  p.buffers.push_back(p.buffers[0]);
  p.buffers.back().kind = Buffer::Kind::alias;
  p.buffers.back().base = static_cast<int>(p.buffers.size());
  rejects(p, "is a view of nothing before it");
}

TEST_CASE("what steps carry has a next value of its kind, and is left at their end") {
  const auto loop = [] { return build(graphs::moving_average()); };
  Program p = loop();
  CHECK(complaint(p) == "");
  phase(p, 0).carried.clear();
  rejects(p, "has no next value");
  p = loop();
  phase(p, 0).carried[0].next = 99;
  rejects(p, "carries a value that it has not");
  p = loop();
  phase(p, 0).carried[0].carry = 0;
  rejects(p, "does not carry");
  p = loop();
  value_of(phase(p, 0), Value::Kind::last).args = {0};
  rejects(p, "is the last of nothing");
}

TEST_CASE("two outputs are two buffers") {
  Program p = chain();
  p.outputs.push_back(p.outputs[0]);
  rejects(p, "b2 is two outputs");
}

TEST_CASE("a value comes after its arguments and runs along their axes") {
  Program p = chain();
  value_of(phase(p, 0), Value::Kind::call).args[0] = static_cast<int>(phase(p, 0).values.size()) - 1;
  rejects(p, "before it is defined");
  p = chain();
  value_of(phase(p, 0), Value::Kind::call).axes.clear();
  rejects(p, "does not run along");
}

TEST_CASE("a fold leaves its axes, and takes all the parallel ones or none") {
  Program p = sums();
  Value& fold = value_of(phase(p, 0), Value::Kind::reduce);
  fold.axes.push_back(fold.over[0]);
  rejects(p, "runs along an axis that it folds");
  p = chain();
  Phase& flat = phase(p, 0);
  REQUIRE(flat.parallel.size() == 2);
  flat.values.push_back({.kind = Value::Kind::reduce,
                         .dtype = float32,
                         .axes = {flat.parallel[1]},
                         .args = {0},
                         .over = {flat.parallel[0]}});
  rejects(p, "folds some of the parallel axes");
}

TEST_CASE("partials come from folds over the parallel axes, and combines read partials") {
  Program p = sums();
  value_of(phase(p, 1), Value::Kind::combine).buffer = 0;
  rejects(p, "which holds no partials");
  p = sums();
  p.buffers[static_cast<std::size_t>(phase(p, 0).stores[0].buffer)].kind = Buffer::Kind::value;
  rejects(p, "does not hold partials");
  p = chain();
  p.buffers[2].kind = Buffer::Kind::partial;
  rejects(p, "does not fold the parallel axes");
}

TEST_CASE("a store covers the value's axes, and no two chunks write one element") {
  Program p = chain();
  phase(p, 0).stores[0].index.pop_back();
  rejects(p, "runs along an axis that b2 has not");
  p = chain();
  Phase& all = phase(p, 0);
  all.values.push_back({.kind = Value::Kind::constant, .dtype = float32});
  all.stores[0] = {static_cast<int>(all.values.size()) - 1, 2, {}};
  rejects(p, "every chunk writes the same elements");
}

}  // namespace croton::tile
