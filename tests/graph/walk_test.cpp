#include "catch.h"
#include "toy_ops.h"

#include <cmath>

using namespace croton;
using namespace croton::toy;

TEST_CASE("topological lists each node once, inputs before users, by id") {
  const Tensor x = matrix("x"), y = matrix("y");
  const Tensor a = call(add, {x, y}), b = call(mul, {a, a}), c = call(tanh_op, {x});
  const std::vector<Tensor> outputs{b, c, b};
  const auto nodes = croton::topological(outputs);
  REQUIRE(nodes.size() == 5);
  for (std::size_t i = 1; i < nodes.size(); ++i) CHECK(node(nodes[i - 1]).id < node(nodes[i]).id);
  CHECK(leaves(outputs, NodeKind::input).size() == 2);
  CHECK(leaves(outputs, NodeKind::constant).empty());
}

TEST_CASE("users lists each user once") {
  const Tensor x = matrix("x"), twice = call(mul, {x, x}), t = call(tanh_op, {twice});
  const auto u = users(toy::topological(t));
  CHECK(u.at(x.node()) == std::vector<const Node*>{twice.node()});
  CHECK(u.at(twice.node()) == std::vector<const Node*>{t.node()});
  CHECK(u.at(t.node()).empty());
}

TEST_CASE("rebuild makes again what lies downstream, with places, names and types of its own") {
  const Tensor x = tensor("x", float64, {any_extent}), z = tensor("z", float64, {7}), other = scalar("other");
  const Tensor mid = call(tanh_op, {x}).named("mid"), untouched = call(tanh_op, {other});
  const Tensor out = call(neg, {mid});
  const std::vector<Tensor> outputs{out, untouched, x};
  const auto made = rebuild(outputs, {{x.node(), z}});
  CHECK(type(made[0]) == Type{float64, {7}});
  const Tensor& again = node(made[0]).inputs[0];
  CHECK(again.name() == "mid");
  CHECK(node(again).where.line == node(mid).where.line);
  CHECK(same(made[1], untouched));
  CHECK(same(made[2], z));
}

TEST_CASE("a replacement is not itself rebuilt, so that x may become a function of x") {
  const Tensor x = scalar("x"), out = call(tanh_op, {x}), wrapped = call(neg, {x});
  const auto made = rebuild({&out, 1}, {{x.node(), wrapped}});
  CHECK(formula(made[0]) == "tanh(-x)");
}

TEST_CASE("rebuild inside a WhereScope keeps the places of the nodes") {
  const Tensor x = scalar("x"), y = scalar("y"), out = call(tanh_op, {x});
  const WhereScope scope(Where{"other.cpp", 1, ""});
  CHECK(node(rebuild({&out, 1}, {{x.node(), y}})[0]).where.line == node(out).where.line);
}

TEST_CASE("merge makes equal applications one and keeps the first") {
  const Tensor x = matrix("x");
  const Tensor a = call(tanh_op, {x}), b = call(tanh_op, {x});
  const Tensor m = merged(call(mul, {a, b}));
  CHECK(same(node(m).inputs[0], node(m).inputs[1]));
  CHECK(same(node(m).inputs[0], a));
  CHECK(count(m) == 3);
}

TEST_CASE("merge tells params, inputs and dtypes apart") {
  const Tensor x = matrix("x"), y = matrix("x");
  CHECK(count(merged(call(add, {call(tanh_op, {x}), call(tanh_op, {y})}))) == 5);
  const Tensor one = call(scale, {x}, {{"by", Index{1}}}), two = call(scale, {x}, {{"by", Index{2}}});
  CHECK(count(merged(call(add, {one, two}))) == 4);
  CHECK(count(merged(call(add, {Tensor(Array(1.f)), Tensor(Array(1.0))}))) == 3);
}

TEST_CASE("merge compares constants by their bits") {
  const auto both = [](double a, double b) {
    return count(merged(call(add, {constant(Array(a)), constant(Array(b))})));
  };
  CHECK(both(2, 2) == 2);
  CHECK(both(0.0, -0.0) == 3);
  CHECK(both(std::nan("1"), std::nan("1")) == 2);
  CHECK(both(std::nan("1"), std::nan("2")) == 3);
  const Tensor weak = 2.0, strong = constant(Array(2.0));
  CHECK(count(merged(call(add, {weak, strong}))) == 3);
}

TEST_CASE("merge knows a shared variable by its id") {
  const auto value = std::make_shared<SharedValue>();
  value->id = 41;
  const Tensor a = make_shared({float32, {}}, value, "w", {}), b = make_shared({float32, {}}, value, "w", {});
  CHECK(count(merged(call(add, {a, b}))) == 2);
}

TEST_CASE("check_graph names the pass and the node whose type is not its rule's") {
  const Tensor x = matrix("x"), y = call(tanh_op, {x}).named("y"), z = call(neg, {y});
  CHECK_NOTHROW(check_graph({&z, 1}, "merge"));
  y.node()->type.dtype = DType::int8;
  CHECK_THROWS_WITH(check_graph({&z, 1}, "fold"),
                    Catch::Contains("graph after fold: y (tanh, walk_test.cpp") &&
                        Catch::Contains("its type is int8[?, ?], the rule of tanh gives"));
  CHECK_THROWS_AS(check_graph(std::vector<Tensor>{Tensor()}, "fold"), std::logic_error);
}
