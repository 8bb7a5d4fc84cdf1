// The texts of what function() and a call refuse.
#include <fmt/format.h>

#include "message.h"

namespace croton {

TEST_CASE("a missing input is named, with who needs it and the way out") {
  const Tensor x = matrix("x"), y = matrix("y");
  const Tensor z = x + y;
  const std::string text = message<GraphError>([&] { (void)function({x}, z); });
  REQUIRE(text ==
          "HERE: function: y (matrix, HERE) is needed by add at HERE but is neither an input, a shared, nor in givens. "
          "inputs: {x}. Add it: function({x, y}, ...)");
  REQUIRE(says(message<GraphError>([&] { (void)function({x}, y); }), "y (matrix, HERE) is an output, but is"));
}

TEST_CASE("missing inputs are named together") {
  const Tensor x = matrix("x"), y = matrix("y"), z = matrix("z");
  REQUIRE(message<GraphError>([&] {
            (void)function({x}, {x * y, z});
          }) ==
          "HERE: function: y (matrix, HERE) is needed by mul at HERE; z (matrix, HERE) is an output, but they are "
          "neither inputs, shared, nor in givens. inputs: {x}. Add them: function({x, y, z}, ...)");
}

TEST_CASE("a missing input is needed by what the user wrote, not by the views that broadcasting makes") {
  const Tensor x = matrix("x"), y = vector("y", float32);
  REQUIRE(
      says(message<GraphError>([&] { (void)function({x}, x + y); }), "y (vector, HERE) is needed by add at HERE but"));
}

TEST_CASE("errors name the lines of the user's program, those of a call the line that made the function") {
  const int line = __LINE__ + 1;
  const Tensor x = scalar("x"), y = scalar("y");
  const Function f = function(x, x);
  std::string text;
  try {
    f();
  } catch (const GraphError& e) { text = e.what(); }
  REQUIRE(text == fmt::format("function_errors_test.cpp:{}: function takes 1 argument (x float64[]), got 0", line + 1));
  const int asked = __LINE__ + 2;
  try {
    (void)function(x, x + y);
  } catch (const GraphError& e) { text = e.what(); }
  REQUIRE(text.rfind(fmt::format("function_errors_test.cpp:{}: function: y (scalar, function_errors_test.cpp:{})",
                                 asked, line),
                     0) == 0);
}

TEST_CASE("inputs that cannot be inputs") {
  const Tensor x = scalar("x"), y = scalar("y"), empty;
  const auto refused = [](auto&& f) { return message<GraphError>(f); };
  REQUIRE(refused([&] { (void)function({x, x}, x); }) == "HERE: function: x (scalar, HERE) is an input twice");
  REQUIRE(refused([&] {
            (void)function({x, empty}, x);
          }) == "HERE: function: input 2 is an empty Tensor (declared, never assigned)");
  REQUIRE(says(refused([&] { (void)function(Tensor(x + 1), x); }), "is computed from other tensors"));
  REQUIRE(says(refused([&] { (void)function({Tensor(shared(1.0, "w"))}, x); }),
               "is a shared variable: the function knows it already"));
  REQUIRE(says(refused([&] { (void)function({In(x, 1.0), y}, x + y); }), "inputs with defaults come last"));
  REQUIRE(refused([&] { (void)function({x}, empty); }) ==
          "HERE: function: output 1 is an empty Tensor (declared, never assigned)");
}

TEST_CASE("an input that nobody needs") {
  const Tensor x = scalar("x"), t = lvector("t");
  const std::string text =
      "HERE: function: input 2, t (vector, HERE), is not needed by any output or update. Leave it out, or pass "
      "{.on_unused_input = Report::ignore}";
  REQUIRE(message<GraphError>([&] { (void)function({x, t}, x); }) == text);
  WarningsHeard heard;
  (void)function({x, t}, x, {.on_unused_input = Report::warn});
  REQUIRE(heard.texts.size() == 1);
  REQUIRE(without_lines(heard.texts[0]) == text);
  const ScopedConfig scope{"on_unused_input=ignore"};
  REQUIRE(function({x, t}, x)(2.0, std::vector<Index>{}).item<double>() == 2);
  REQUIRE(heard.texts.size() == 1);
}

TEST_CASE("updates that cannot be") {
  const Shared w = shared(Array::zeros({2, 3}, float32), "w"), n = shared(1, "n");
  const Tensor x = dmatrix("x");
  const auto update = [&](const Shared& s, const Tensor& v) { return [&, s, v] { (void)function({x}, x, {{s, v}}); }; };
  REQUIRE(says(message<GraphError>([&] {
                 (void)function({}, {.updates = {{w, w}, {w, w * 2}}});
               }),
               "function: updates: w (shared, HERE) is updated twice"));
  REQUIRE(says(message<DTypeError>(update(w, x)),
               "w (shared, HERE) is float32[2, 3], its new value x (matrix, HERE) is float64[?, ?]. Converting would "
               "lose digits: write .astype(float32)"));
  REQUIRE(says(message<ShapeError>(update(w, sum(w, 0))), "they need the same number of axes"));
  REQUIRE(says(message<ShapeError>(update(w, w.T())), "axis 0 would become 3 from 2"));
  REQUIRE(says(message<DTypeError>(update(n, 2.5)), "n (shared, HERE) is int64[] and cannot hold 2.5 exactly"));
}

TEST_CASE("givens that do not fit") {
  const Tensor x = fmatrix("x"), wide = dmatrix("wide"), v = fvector("v"), r = row("r", float32), y = sum(x),
               s = sum(r);
  REQUIRE(message<DTypeError>([&] {
            (void)function(wide, y, {.givens = {{x, wide}}});
          }) ==
          "HERE: function: givens: x (matrix, HERE) is float32[?, ?], its value wide (matrix, HERE) is float64[?, ?]. "
          "Converting would lose digits: write wide.astype(float32)");
  REQUIRE(says(message<ShapeError>([&] {
                 (void)function(v, y, {.givens = {{x, v}}});
               }),
               "they need the same number of axes"));
  REQUIRE(says(message<ShapeError>([&] {
                 (void)function(x, s, {.givens = {{r, x}}});
               }),
               "say so: broadcastable(x, 0)"));
  REQUIRE(says(message<GraphError>([&] { (void)function({}, y, {.givens = {{x, x}, {x, x}}}); }), "is given twice"));
}

TEST_CASE("the number of arguments") {
  const Tensor x = tensor("x", float32, {any_extent, 784}), y = lvector("y"), k = dscalar("k");
  const auto train = function({x, y}, sum(x) + sum(y), {.name = "train"});
  REQUIRE(message<GraphError>([&] {
            train(Array::zeros({1, 784}, float32));
          }) == "HERE: train takes 2 arguments (x float32[?, 784], y int64[?]), got 1");
  const auto with_default = function({y, In(k, 1.0)}, sum(y) * k);
  REQUIRE(message<GraphError>([&] { with_default(); }) ==
          "HERE: function takes 1 to 2 arguments (y int64[?], k float64[] with a default), got 0");
}

TEST_CASE("arguments of a dtype that would lose digits") {
  const Tensor x = tensor("x", float32, {any_extent, 784}), y = lvector("y"), i = iscalar("i");
  const Function train = function({x, y}, sum(x) + sum(y), {.name = "train"});
  const std::vector<Index> labels(32, 1);
  REQUIRE(message<DTypeError>([&] {
            train(Array::zeros({32, 784}), labels);
          }) ==
          "HERE: train(x, y): argument 1 'x' is float64[32, 784], the input is float32. Converting would lose digits: "
          "pass a.astype(float32), set floatX=float64, or compile with {.allow_input_downcast = true}");
  REQUIRE(message<DTypeError>([&] {
            train(Array::zeros({32, 784}, float32), std::vector{1.0});
          }) ==
          "HERE: train(x, y): argument 2 'y' is float64[1], the input is int64. Converting would lose digits: pass "
          "a.astype(int64), or compile with {.allow_input_downcast = true}");
  const Function next = function(i, i + 1);
  REQUIRE(message<DTypeError>([&] { next(2.5); }) ==
          "HERE: function(i): argument 1 'i' is 2.5, the input is int32, which cannot hold it exactly");
  REQUIRE(says(message<DTypeError>([&] { next(Index{1} << 40); }), "is 1099511627776, the input is int32"));
  REQUIRE(next(2.0).item<int>() == 3);  // exact
  REQUIRE(next(Array(Index{4})).item<int>() == 5);
}

TEST_CASE("integers go where each is exact, floats where the type is wider, literals into any float") {
  const Tensor f = fvector("f"), d = dvector("d"), s = fscalar("s");
  const Function narrow = function(f, f), wide = function(d, d), one = function(s, s);
  REQUIRE(narrow(std::vector{1, 2}).dtype() == float32);
  REQUIRE(says(message<DTypeError>([&] { narrow(std::vector{16777217}); }), "is int32[1], the input is float32"));
  REQUIRE(wide(std::vector{0.5f}).at<double>(0) == 0.5);
  REQUIRE(one(0.1).item<float>() == 0.1f);
  REQUIRE(one(true).item<float>() == 1);
}

TEST_CASE("arguments may lose digits where the function or the configuration allows it") {
  const Tensor f = fvector("f");
  REQUIRE(function(f, f, {.allow_input_downcast = true})(std::vector{0.1}).at<float>(0) == 0.1f);
  const ScopedConfig scope{"allow_input_downcast=True"};
  REQUIRE(function(f, f)(std::vector{0.1}).at<float>(0) == 0.1f);
}

TEST_CASE("arguments of another shape") {
  const Tensor x = tensor("x", float32, {any_extent, 784});
  const Function f = function(x, sum(x), {.name = "f"});
  REQUIRE(
      message<ShapeError>([&] { f(Array::zeros({784}, float32)); }) ==
      "HERE: f(x): argument 1 'x' is float32[784], the input is float32[?, 784]: the input has 2 axes, the argument 1");
  REQUIRE(message<ShapeError>([&] {
            f(Array::zeros({2, 3}, float32));
          }) ==
          "HERE: f(x): argument 1 'x' is float32[2, 3], the input is float32[?, 784]: axis 1 needs 784, the argument "
          "has 3");
  REQUIRE(says(message<ShapeError>([&] { f(3); }), "the input has 2 axes, the argument 0"));
}

TEST_CASE("modes that do not exist yet") {
  const Tensor x = scalar("x");
  REQUIRE(message<ConfigError>([&] { (void)function(x, x, {.mode = Mode::DebugMode}); }) ==
          "HERE: function: mode DebugMode does not exist yet; the modes are FAST_RUN and FAST_COMPILE");
}

}  // namespace croton
