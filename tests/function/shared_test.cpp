// Shared variables: values in, values out, and what is refused.
#include <memory>
#include <thread>

#include "message.h"

namespace croton {

TEST_CASE("a bare number is weak, arrays keep their dtype") {
  REQUIRE(shared(0.1).dtype() == float64);
  REQUIRE(shared(3).dtype() == int64);
  REQUIRE(shared(std::vector{1.f}).dtype() == float32);
  REQUIRE(shared(Array{{1, 2}}).ndim() == 2);
  const ScopedConfig scope{"floatX=float32"};
  REQUIRE(shared(0.1, "rate").dtype() == float32);
  REQUIRE(shared(0.1, "rate").name() == "rate");
}

TEST_CASE("a shared variable owns its value") {
  std::vector<double> mine{1, 2};
  const Shared w = shared(Array::borrow(mine.data(), {2}), "w");
  mine[0] = 9;
  REQUIRE(printed(w.get_value()) == "[1. 2.]");
  Array out = w.get_value();
  out.mutable_values<double>()[0] = 7;
  REQUIRE(printed(w.get_value()) == "[1. 2.]");
}

TEST_CASE("shared and set_value evaluate expressions once") {
  const Shared w = shared(zeros({2, 3}) + 1, "w");
  REQUIRE(printed(w.get_value()) == "[[1. 1. 1.]\n [1. 1. 1.]]");
  w.set_value(w * 2);
  REQUIRE(printed(w.get_value()) == "[[2. 2. 2.]\n [2. 2. 2.]]");
  w.set_value(0.5);
  REQUIRE(printed(w.get_value()) == "[[0.5 0.5 0.5]\n [0.5 0.5 0.5]]");
  const Tensor x = scalar("x");
  REQUIRE(message<GraphError>([&] { (void)shared(x + 1); }) ==
          "HERE: shared: x (scalar, HERE) is an input, which has no value yet; shared takes an array, a number, or an "
          "expression without inputs");
  REQUIRE(message<GraphError>([&] { w.set_value(x); }) ==
          "HERE: w.set_value: x (scalar, HERE) is an input, which has no value yet; w.set_value takes an array, a "
          "number, or an expression without inputs");
}

TEST_CASE("set_value refuses another rank, a broadcasting axis and lost digits") {
  const Shared w = shared(Array::zeros({2, 1000}, float32), "W1"), b = shared(Array::zeros({1, 4}), "b"),
               n = shared(1, "n");
  REQUIRE(message<ShapeError>([&] { w.set_value(Array::zeros({7})); }) ==
          "HERE: W1.set_value: W1 has 2 axes [2, 1000], the value has 1 [7]");
  REQUIRE(message<ShapeError>([&] {
            b.set_value(Array::zeros({2, 4}));
          }) ==
          "HERE: b.set_value: b is float64[1, 4] and broadcasts along axis 0, whose extent stays 1; the value is "
          "float64[2, 4]");
  REQUIRE(message<DTypeError>([&] {
            w.set_value(Array::zeros({2, 1000}));
          }) ==
          "HERE: W1.set_value: W1 is float32, the value is float64[2, 1000]. Converting would lose digits: pass "
          "a.astype(float32)");
  REQUIRE(message<DTypeError>([&] { n.set_value(2.5); }) ==
          "HERE: n.set_value: n is int64 and cannot hold 2.5 exactly");
  REQUIRE(message<ShapeError>([&] { shared(0.0).set_value(Array{1.0}); }) ==
          "HERE: set_value: shared at HERE has 0 axes [], the value has 1 [1]");
  w.set_value(Array::full({3, 5}, 2, int32));  // exact, and other extents
  REQUIRE(w.get_value().dtype() == float32);
  REQUIRE(w.get_value().shape() == Extents{3, 5});
}

TEST_CASE(
    "with borrow a shared variable keeps foreign memory until a function moves it; get_value copies unless it "
    "borrows") {
  std::vector<double> mine{1, 2};
  const Shared w = shared(std::vector{0.0, 0.0}, "w");
  w.set_value(Array::borrow(mine.data(), {2}), true);
  const Array copy = w.get_value(), same_memory = w.get_value(true), evaluated = eval(w);
  mine[0] = 9;
  REQUIRE(printed(copy) == "[1. 2.]");
  REQUIRE(printed(evaluated) == "[1. 2.]");
  REQUIRE(printed(same_memory) == "[9. 2.]");
  const Procedure step = function({}, {}, {{w, w + 1}});
  step();
  mine[0] = 0;
  REQUIRE(printed(w.get_value()) == "[10.  3.]");
  w.set_value(Array::borrow(mine.data(), {2}));
  mine[0] = 5;
  REQUIRE(printed(w.get_value()) == "[0. 2.]");
}

TEST_CASE("a default update is made by every function that uses the variable, and by no other") {
  const Shared calls = shared(0, "calls"), w = shared(1.0, "w");
  const Function before = function({}, w * calls);
  calls.set_default_update(calls + 1);
  const Function counted = function({}, w * calls), other = function({}, w + 1);
  const Function still = function({}, w * calls, {.no_default_updates = true}),
                 ten = function({}, w * calls, {{calls, calls + 10}});
  before(), other(), still();
  REQUIRE(calls.get_value().item<int>() == 0);
  counted(), counted();
  REQUIRE(calls.get_value().item<int>() == 2);
  ten();
  REQUIRE(calls.get_value().item<int>() == 12);
  calls.set_default_update(Tensor());
  function({}, w * calls)();
  REQUIRE(calls.get_value().item<int>() == 12);
  REQUIRE(
      says(message<ShapeError>([&] {
             calls.set_default_update(Array{1, 2});
           }),
           "HERE: set_default_update: calls (shared, HERE) is int64[], its new value constant at HERE is int32[2]"));
}

TEST_CASE("a variable whose default update names it dies with its last handle") {
  struct Owner {
    bool* alive;
    ~Owner() { *alive = false; }
  };
  bool alive = true;
  {
    double one = 1;
    const Shared w = shared(0.0, "w");
    w.set_value(Array::borrow(&one, {}, {}, std::shared_ptr<Owner>(new Owner{&alive})), true);
    w.set_default_update(w * 2);
    REQUIRE(alive);
  }
  REQUIRE_FALSE(alive);
}

TEST_CASE("functions see values that were set before, between and after calls") {
  const Shared w = shared(std::vector{1.0, 2.0}, "w");
  const Function total = function({}, sum(w));
  REQUIRE(total().item<double>() == 3);
  w.set_value(std::vector{10.0, 20.0});
  REQUIRE(total().item<double>() == 30);
  w.set_value(1);
  REQUIRE(total().item<double>() == 2);
}

TEST_CASE("results do not change when a shared variable does") {
  const Shared w = shared(std::vector{1.0, 2.0}, "w");
  const Function itself = function({}, w);
  const Array before = itself(), borrowed = w.get_value(true);
  const Procedure add = function({}, {.updates = {{w, w + 1}}});
  add();
  REQUIRE(printed(before) == "[1. 2.]");
  REQUIRE(printed(itself()) == "[2. 3.]");
  const Tensor x = vector("x");
  const Procedure overlap = function(x, {.updates = {{w, w + x}}});
  overlap(w.get_value(true));  // an argument that may be the variable's own memory
  REQUIRE(printed(w.get_value()) == "[4. 6.]");
}

TEST_CASE("eval takes givens and reads shared variables") {
  const Tensor x = vector("x");
  const Shared w = shared(2.0, "w");
  const Tensor y = sum(x * w);
  REQUIRE(eval(y, {{x, Array{1.0, 2.0}}}).item<double>() == 6);
  REQUIRE(y.eval({{x, Array{1.0, 2.0}}}).item<double>() == 6);
  REQUIRE((w + 1).eval().item<double>() == 3);
  REQUIRE(says(message<GraphError>([&] { (void)eval(y); }),
               "eval: x (vector, HERE) has no value; give it one: eval(y, {{x, value}})"));
  const Tensor z = scalar("z");
  REQUIRE(message<GraphError>([&] { (void)eval(x * z); }) ==
          "HERE: eval: x (vector, HERE), z (scalar, HERE) have no values; give them some: eval(y, {{x, value}, {z, "
          "value}})");
  REQUIRE(says(message<GraphError>([&] { (void)eval(Tensor()); }), "eval: the expression is an empty Tensor"));
}

TEST_CASE("eval sees the shape of now, not that of the first value") {
  const Shared w = shared(Array::zeros({2, 3}), "w");
  const Tensor rows = w.shape(0), total = sum(ones_like(w) + w);
  w.set_value(Array::full({5, 3}, 1.0));
  REQUIRE(eval(rows).item<Index>() == 5);
  REQUIRE(eval(total).item<double>() == 30);
  REQUIRE(function({}, rows)().item<Index>() == 5);
}

TEST_CASE("threads see all of the old or all of the new value", "[threads]") {
  const Shared w = shared(Array::zeros({1000}), "w"), count = shared(0, "count");
  const Function spread = function({}, max(w) - min(w));
  const Procedure step = function({}, {.updates = {{w, w + 1}, {count, count + 1}}});
  std::vector<double> worst(4, 0);
  {
    std::vector<std::jthread> pool;
    for (std::size_t t = 0; t < worst.size(); ++t) {
      pool.emplace_back([&, t] {
        for (int i = 0; i < 50; ++i) {
          if (t % 2 == 0) step();
          if (i % 10 == 9) w.set_value(static_cast<double>(i));
          worst[t] = std::max(worst[t], spread().item<double>());
        }
      });
    }
  }
  for (const double each : worst) REQUIRE(each == 0);
  REQUIRE(count.get_value().item<Index>() == 100);
}

TEST_CASE("one function is called from many threads", "[threads]") {
  const Tensor x = vector("x");
  const Shared w = shared(3.0, "w");
  const Function f = function(x, x * w);
  std::vector<int> wrong(4, 0);
  {
    std::vector<std::jthread> pool;
    for (std::size_t t = 0; t < wrong.size(); ++t) {
      pool.emplace_back([&, t] {
        for (int i = 0; i < 100; ++i) {
          const std::vector<double> mine(static_cast<std::size_t>(1 + i % 3), static_cast<double>(t));
          const Array r = f(mine);
          for (const double v : r.values<double>()) wrong[t] += v != 3.0 * static_cast<double>(t);
        }
      });
    }
  }
  for (const int each : wrong) REQUIRE(each == 0);
}

}  // namespace croton
