#include "catch.h"
#include "toy_ops.h"

#include <cmath>
#include <sstream>

#include "array/access.h"
#include "graph/parse.h"

using namespace croton;
using namespace croton::toy;

namespace {
Where at(int line) { return {"/home/me/fit.cpp", line, "main"}; }
std::string printed(const Tensor& t, bool places = true) { return print_graph({&t, 1}, places); }
std::string again(const std::string& text) { return print_graph(parse_graph(text, find)); }
}  // namespace

TEST_CASE("the notation has one node a line, with its type, name and place") {
  const Tensor x = tensor("x", float32, {any_extent, 4}, at(3));
  const Tensor two = constant(Array{1.5f, -2.f, 3.f, 4.f}.reshape({1, 4}), "", at(4));
  const Tensor y = call(scale, {call(add, {x, two}, {}, at(5))}, {{"by", std::vector<Index>{2, 3}}}, at(6)).named("y");
  CHECK(printed(y) ==
        "%0 = input() : float32[?, 4]  # x, fit.cpp:3\n"
        "%1 = constant([1.5, -2.0, 3.0, 4.0]) : float32[1, 4]  # fit.cpp:4\n"
        "%2 = add(%0, %1) : float32[?, 4]  # fit.cpp:5\n"
        "%3 = scale(%2) {by=[2, 3]} : float32[?, 4]  # y, fit.cpp:6\n"
        "return %3\n");
  CHECK(printed(y, false).find("fit.cpp") == std::string::npos);
}

TEST_CASE("the notation reads back: places, names, parameters, leaves and bits") {
  const auto value = std::make_shared<SharedValue>();
  value->id = 12;
  const Tensor w = make_shared({float64, {3}}, value, "w", at(1));
  const Tensor odd = constant(Array{std::nan("7"), -0.0, HUGE_VAL}, "odd", at(2));
  const Tensor y =
      call(scale, {call(add, {w, odd}, {}, at(3))},
           {{"real", 0.1}, {"whole", 2.0}, {"yes", true}, {"as", float16}, {"text", std::string("a \"b\", c")}}, at(4));
  const Tensor z = call(ramp, {Tensor(4, at(5))}, {}, at(6)).named("a ramp");
  const std::string text = print_graph(std::vector<Tensor>{y, z});
  CHECK(again(text) == text);
  const auto outputs = parse_graph(text, find);
  const Node& parsed = node(outputs[0]);
  CHECK(parsed.params == node(y).params);
  CHECK(bits_equal(node(node(parsed.inputs[0]).inputs[1]).value, odd.node()->value));
  CHECK(node(node(parsed.inputs[0]).inputs[0]).shared->id == 12);
  CHECK(node(node(outputs[1]).inputs[0]).weak);
  CHECK(outputs[1].name() == "a ramp");
}

TEST_CASE("constants of every dtype read back with the same bits") {
  for (const DType d : {boolean, DType::int8, DType::uint64, float16, bfloat16, float32, float64}) {
    const Array a = Array{0.0, 1.0, 0.1, -3.0, 1e-40}.astype(d);
    const Tensor c = constant(a);
    CHECK(bits_equal(node(parse_graph(printed(c), find)[0]).value, a));
  }
}

TEST_CASE("the parser refuses with the line and the reason") {
  const auto refusal = [](const std::string& text) {
    try {
      parse_graph(text, find);
    } catch (const GraphError& e) { return std::string(e.what()); }
    return std::string("read");
  };
  CHECK(refusal("%0 = input() : float33[]\nreturn %0\n") == "graph text, line 1: \"float33\" is not a dtype");
  CHECK(refusal("%0 = input() : float32[]\n%1 = wave(%0) : float32[]\nreturn %1") ==
        "graph text, line 2: there is no op \"wave\"");
  CHECK(refusal("%1 = tanh(%0) : float32[]") == "graph text, line 1: %0 is used before it is made");
  CHECK(refusal("%0 = input() : float32[]\n%1 = tanh(%0) : float64[]\n") ==
        "graph text, line 2: the type is written float64[], the rule gives float32[]");
  CHECK(refusal("%0 = constant([1.0]) : float32[2]\n") ==
        "graph text, line 1: the constant has 1 elements, its type 2");
  CHECK(refusal("%0 = input() : float32[]\n") == "graph text, line 2: no line says what to return");
}

TEST_CASE("describe calls a node by its name, else by its op, with its place") {
  const Tensor x = matrix("x", float64, at(3));
  CHECK(describe(x) == "x (matrix, fit.cpp:3)");
  CHECK(describe(call(mul, {x, x}, {}, at(8))) == "mul at fit.cpp:8");
  CHECK(describe(call(tanh_op, {x}, {}, at(9)).named("a1")) == "a1 (tanh, fit.cpp:9)");
  CHECK(describe(make_shared({float32, {2}}, nullptr, "W1", at(17))) == "W1 (shared, fit.cpp:17)");
  CHECK(describe(Tensor(2, at(4))) == "constant 2 at fit.cpp:4");
  CHECK(describe(matrix("x", float64, Where{})) == "x (matrix)");
}

TEST_CASE("formula writes what the user wrote, with brackets only where they are needed") {
  const Tensor x = matrix("X"), w = matrix("W1"), b = matrix("b1");
  CHECK(formula(call(tanh_op, {call(add, {call(dot, {x, w}), b})})) == "tanh(dot(X, W1) + b1)");
  CHECK(formula(call(mul, {call(add, {x, w}), b})) == "(X + W1) * b1");
  CHECK(formula(call(add, {call(mul, {x, w}), b})) == "X * W1 + b1");
  CHECK(formula(call(add, {x, call(add, {w, b})})) == "X + (W1 + b1)");
  CHECK(formula(call(neg, {call(add, {x, w})})) == "-(X + W1)");
  CHECK(formula(call(mul, {scalar("lr"), Tensor(Array(0.5f))})) == "lr * 0.5");
  CHECK(formula(call(tanh_op, {call(tanh_op, {x}).named("a1")})) == "tanh(a1)");
}

TEST_CASE("formula is cut at its limit, between characters") {
  Tensor t = scalar("x");
  for (int i = 0; i < 100; ++i) t = call(tanh_op, {t});
  CHECK(formula(t).size() == 60);
  CHECK(formula(t, 12) == "tanh(tanh...");
  CHECK(formula(scalar("\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4"), 8) == "\u00e4\u00e4...");
}

TEST_CASE("a tensor prints as its formula and type") {
  std::ostringstream out;
  out << call(tanh_op, {fmatrix("x")}) << '\n' << Tensor();
  CHECK(out.str() == "tanh(x) : float32[?, ?]\nempty Tensor");
}

TEST_CASE("debugprint shows a tree with shared parts once") {
  const Tensor x = fmatrix("x"), a = call(tanh_op, {x}).named("a");
  CHECK(debugprint(call(mul, {a, call(neg, {a})})) ==
        "mul : float32[?, ?]\n"
        "  [1] tanh : float32[?, ?]  a\n"
        "    input : float32[?, ?]  x\n"
        "  neg : float32[?, ?]\n"
        "    [1] (above)\n");
}
