// Updates that read what they replace: which are written where the old value lies, and that all give what the reference
// gives.
#include "runtime/inplace.h"
#include "runtime/executable.h"

#include "array/access.h"
#include "catch.h"
#include "croton/ops.h"
#include "ops/evaluate.h"
#include "runtime/storage.h"

namespace croton::runtime {
namespace {

Array numbers(const Extents& shape, double scale = 1) {
  Array a = Array::zeros(shape, float64);
  for (Index i = 0; i < a.size(); ++i) set(a, i, scale * (0.5 + static_cast<double>(i)));
  return a;
}

struct Variable {
  Tensor leaf;
  Array initial;
  SharedStorage& storage() const { return static_cast<SharedStorage&>(*leaf.node()->shared); }
};
Variable variable(std::string_view name, const Array& initial) {
  Shape shape(initial.shape().size(), any_extent);
  return {make_shared({float64, shape}, std::make_shared<SharedStorage>(initial), name, Where::here()), initial};
}

// Runs twice against the reference; says for each update whether it was written in place.
std::vector<bool> check(const std::vector<Variable>& variables, const std::vector<Tensor>& news,
                        const std::vector<Tensor>& outputs = {}) {
  std::vector<Tensor> results = outputs;
  std::vector<UpdateTarget> updates;
  for (std::size_t k = 0; k < news.size(); ++k) {
    updates.push_back({variables[k].leaf, results.size()});
    results.push_back(news[k]);
  }
  Executable program(results, {}, updates, device("cpu"), "updates");
  INFO(program.explain());
  ops::Values leaves;
  for (const Variable& v : variables) {
    leaves[v.leaf.node()] = v.initial;
    v.storage().set(v.initial);
  }
  for (int run = 0; run < 2; ++run) {
    const std::vector<Array> want = ops::evaluate(results, leaves);
    std::vector<Array> got(outputs.size());
    program.run({}, got);
    for (std::size_t k = 0; k < outputs.size(); ++k) REQUIRE(array_equal(got[k], want[k]));
    for (std::size_t k = 0; k < news.size(); ++k) {
      leaves[variables[k].leaf.node()] = want[outputs.size() + k];
      REQUIRE(array_equal(variables[k].storage().get(), want[outputs.size() + k]));
    }
  }
  std::vector<bool> r;
  r.reserve(updates.size());
  const std::string text = program.explain();
  for (const UpdateTarget& u : updates)
    r.push_back(text.find("update of " + u.shared.name() + ": in place") != std::string::npos);
  return r;
}

using Places = std::vector<bool>;

}  // namespace

TEST_CASE("an update that reads its own element alone is written in place") {
  const Variable x = variable("x", numbers({1000})), m = variable("m", numbers({30, 40})),
                 c = variable("c", numbers({}));
  CHECK(check({x}, {x.leaf + 1}) == Places{true});
  CHECK(check({m}, {m.leaf * 2 - 3}) == Places{true});
  CHECK(check({c}, {c.leaf + 1}, {c.leaf * 2}) == Places{true});
}

TEST_CASE("an update that reads other elements of the old value is not") {
  const Variable x = variable("x", numbers({1000})), m = variable("m", numbers({40, 40}));
  CHECK(check({x}, {flip(x.leaf, 0) + x.leaf}) == Places{false});
  CHECK(check({m}, {m.leaf.T() + m.leaf}) == Places{false});
  CHECK(check({m}, {m.leaf.T()}) == Places{false});
  CHECK(check({m}, {m.leaf + m.leaf(0, all)}) == Places{false});
}

TEST_CASE("variables that change places, or read each other, get the old values") {
  const Variable a = variable("a", numbers({500})), b = variable("b", numbers({500}, -3));
  check({a, b}, {b.leaf, a.leaf});
  check({a, b}, {a.leaf + b.leaf, a.leaf - b.leaf});
  check({a, b}, {b.leaf * 0.5, flip(a.leaf, 0)});
  const Variable c = variable("c", numbers({500}, 7));
  check({a, b, c}, {b.leaf, c.leaf, a.leaf});
}

TEST_CASE("a later step that reads the old value gets it") {
  const Variable x = variable("x", numbers({16, 16})), s = variable("s", numbers({}));
  check({x, s}, {x.leaf + 1, s.leaf + max(x.leaf)}, {sum(x.leaf, 0), x.leaf.T(), x.leaf});
  check({x}, {x.leaf - max(x.leaf)});
  check({x}, {x.leaf - sum(x.leaf, 1, keepdims)});
  check({x}, {x.leaf - sum(x.leaf, 0)});
  check({x}, {dot(x.leaf, x.leaf) / 1024});
}

TEST_CASE("the same value may be an output and the update, of two variables too") {
  const Variable a = variable("a", numbers({70})), b = variable("b", numbers({70}, 2));
  const Tensor sum = a.leaf + b.leaf;
  check({a, b}, {sum, sum}, {sum, a.leaf});
}

TEST_CASE("elements of a variable are set or added to where it lies, unless by its own") {
  const Variable t = variable("t", numbers({6, 3})), v = variable("v", numbers({50}));
  const Tensor row = constant(numbers({3}, 10)), rows = constant(numbers({3, 3}, 20)),
               index = constant(Array{Index{5}, Index{0}, Index{5}});
  CHECK(check({t}, {set_subtensor(t.leaf[2], row)}) == Places{true});
  CHECK(check({t}, {inc_subtensor(t.leaf[slice(1, 4)], rows)}) == Places{true});
  CHECK(check({t}, {inc_subtensor(t.leaf[index], rows)}) == Places{true});
  CHECK(check({t}, {set_subtensor(t.leaf(index, 1), constant(numbers({3}, 30)))}) == Places{true});
  CHECK(check({t}, {inc_subtensor(t.leaf[2], t.leaf[3] * 2)}, {sum(t.leaf), t.leaf}) == Places{true});
  CHECK(check({v}, {set_subtensor(v.leaf[slice(1, none)], v.leaf[slice(none, -1)])}) == Places{false});
  CHECK(check({t, v}, {set_subtensor(t.leaf[2], row), set_subtensor(v.leaf[4], 5)}).back());
  const Tensor changed = set_subtensor(v.leaf[7], 5);
  const Variable other = variable("other", numbers({50}, 2));
  check({v, other}, {changed, changed}, {changed, v.leaf});
  check({v, other}, {changed, changed * 2}, {max(changed)});
  check({v}, {set_subtensor(changed[8], 6)}, {changed});
}

TEST_CASE("regions of a variable are written where it lies, one after another too") {
  const Variable t = variable("t", numbers({40, 30})), v = variable("v", numbers({30})), s = variable("s", numbers({}));
  const Tensor once = set_subtensor(t.leaf[3], v.leaf * 2), twice = inc_subtensor(once(all, 5), s.leaf);
  const std::vector<Tensor> others{v.leaf + 1, s.leaf * 2};
  const auto first = [&](const Tensor& next, const std::vector<Tensor>& outputs = {}) -> bool {
    return check({t, v, s}, {next, others[0], others[1]}, outputs).front();
  };
  CHECK(first(once));
  CHECK(first(twice));
  CHECK(first(twice, {sum(t.leaf, 0), t.leaf[3], t.leaf * 3}));
  CHECK(first(set_subtensor(t.leaf(slice(2, 9), slice(1, 4)), t.leaf(slice(3, 10), slice(2, 5)) * 2)));
  CHECK(first(inc_subtensor(t.leaf(slice(none, none, -3), all), v.leaf)));
  CHECK_FALSE(first(inc_subtensor(t.leaf(slice(none, none, -3), all), t.leaf[0])));
  first(once, {twice});
  first(once, {once + 1});
  first(inc_subtensor(t.leaf[2], s.leaf), {dot(t.leaf, t.leaf.T())});
  CHECK(check({s}, {inc_subtensor(s.leaf[ellipsis], 2.0)}) == Places{true});
  const Variable u = variable("u", numbers({40, 30}, 5));
  check({t, u}, {set_subtensor(t.leaf[2], u.leaf[3]), set_subtensor(u.leaf[3], t.leaf[2])});
  check({t, u}, {set_subtensor(u.leaf[1], t.leaf[0]), set_subtensor(t.leaf[1], t.leaf[0])});
}

TEST_CASE("a concatenation becomes a variable in its place where its old value is done with") {
  const Variable x = variable("x", numbers({500})), y = variable("y", numbers({200}, 2)),
                 z = variable("z", numbers({300}, 4));
  const std::vector<Tensor> others{y.leaf + 1, z.leaf * 2};
  const auto first = [&](const Tensor& next) -> bool { return check({x, y, z}, {next, others[0], others[1]}).front(); };
  CHECK(first(concatenate({y.leaf * 2, z.leaf})));
  CHECK_FALSE(first(concatenate({x.leaf[slice(100, none)], y.leaf[slice(0, 100)]})));
  first(concatenate({y.leaf, z.leaf + max(x.leaf)}));
  check({x, y, z}, {concatenate({y.leaf, z.leaf}), x.leaf[slice(0, 200)], x.leaf[slice(200, none)]});
}

}  // namespace croton::runtime
