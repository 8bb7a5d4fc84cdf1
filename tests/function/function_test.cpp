// function(): what it computes, in every mode and on a device that works late.
#include "message.h"
#include "values.h"

#include <array>
#include <cmath>

namespace croton {
namespace {

const std::string ways[] = {"mode=FAST_RUN", "mode=FAST_COMPILE", "device=queued", on_gpu()};

}  // namespace

TEST_CASE("a function of a scalar") {
  for (const std::string& way : ways) {
    const ScopedConfig scope{way};
    const Tensor x = scalar("x");
    const Function square = function(x, x * x);
    REQUIRE(square(3.0).item<double>() == 9);
    REQUIRE(square(3).item<double>() == 9);
    REQUIRE(square(Array(1.5)).item<double>() == 2.25);
  }
}

TEST_CASE("how many results a function has follows from the braces") {
  for (const std::string& way : ways) {
    const ScopedConfig scope{way};
    const Tensor x = vector("x");
    const auto both = function(x, {x + 1, sum(x)});
    const auto [plus, total] = both(std::vector{1.0, 2.0});
    REQUIRE(plus.at<double>(1) == 3);
    REQUIRE(total.item<double>() == 3);
    const std::vector<Array> list = function({x}, std::vector<Tensor>{x, x * 2, x})(std::vector{4.0});
    REQUIRE(list.size() == 3);
    REQUIRE(list[0].at<double>(0) == 4);
    REQUIRE(list[1].at<double>(0) == 8);
    REQUIRE(list[2].at<double>(0) == 4);
  }
}

TEST_CASE("updates take effect together, after the outputs") {
  for (const std::string& way : ways) {
    const ScopedConfig scope{way};
    const Shared a = shared(1.0, "a"), b = shared(2.0, "b");
    const Function swap = function({}, a + b, {{a, b}, {b, a * 10}});
    REQUIRE(swap().item<double>() == 3);
    REQUIRE(a.get_value().item<double>() == 2);
    REQUIRE(b.get_value().item<double>() == 10);
    const Tensor x = vector("x");
    const Shared v = shared(std::vector{1.0, 2.0, 3.0}, "v");
    const Procedure turn = function({}, {.updates = {{v, v(slice(none, none, -1)) + v}}});
    turn();
    REQUIRE(printed(v.get_value()) == "[4. 4. 4.]");
  }
}

TEST_CASE("one expression may be an output and the new value of several variables") {
  for (const std::string& way : ways) {
    const ScopedConfig scope{way};
    const Shared a = shared(std::vector{1.0, 2.0}, "a"), b = shared(std::vector{0.0, 0.0}, "b"),
                 c = shared(std::vector{0.0, 0.0}, "c");
    const Tensor x = vector("x"), next = a + x;
    const auto f = function(x, {next, next}, {{a, next}, {b, next}, {c, x}});
    const auto [p, q] = f(std::vector{1.0, 1.0});
    REQUIRE(printed(p) == "[2. 3.]");
    REQUIRE(printed(q) == "[2. 3.]");
    REQUIRE(printed(a.get_value()) == "[2. 3.]");
    REQUIRE(printed(b.get_value()) == "[2. 3.]");
    REQUIRE(printed(c.get_value()) == "[1. 1.]");
    (void)f(std::vector{1.0, 1.0});
    REQUIRE(printed(p) == "[2. 3.]");
    REQUIRE(printed(b.get_value()) == "[3. 4.]");
    const Procedure constant_value = function({}, {.updates = {{b, constant(Array{7.0, 8.0})}, {c, a}}});
    constant_value();
    constant_value();
    REQUIRE(printed(b.get_value()) == "[7. 8.]");
    REQUIRE(printed(c.get_value()) == "[3. 4.]");
  }
}

TEST_CASE("a bare number in an update fills the variable") {
  for (const std::string& way : ways) {
    const ScopedConfig scope{way};
    const Shared w = shared(Array::zeros({2, 2}, float32), "w"), b = shared(Array::zeros({2}, int32), "b");
    const Procedure fill = function({}, {.updates = {{w, 1.5}, {b, 7}}});
    fill();
    REQUIRE(printed(w.get_value()) == "[[1.5 1.5]\n [1.5 1.5]]");
    REQUIRE(printed(b.get_value()) == "[7 7]");
    REQUIRE(w.get_value().dtype() == float32);
  }
}

TEST_CASE("givens put any expression in the place of any other") {
  for (const std::string& way : ways) {
    const ScopedConfig scope{way};
    const Shared data = shared(Array{{1.0, 2.0}, {3.0, 4.0}, {5.0, 6.0}}, "data");
    const Tensor x = matrix("x"), i = lscalar("i"), y = x * 2, z = sum(y, 1);
    const Function rows = function(i, z, {.givens = {{x, data[slice(i, i + 2)]}}});
    REQUIRE(printed(rows(1)) == "[14. 22.]");
    REQUIRE(printed(function(x, z, {.givens = {{y, x + 1}}})(Array{{1.0, 2.0}})) == "[5.]");
    const Tensor grid = matrix("grid");
    const Function other = function(grid, dot(data, constant(Array{{1.0}, {1.0}})), {.givens = {{data, grid}}});
    REQUIRE(printed(other(Array{{10.0, 20.0}})) == "[[30.]]");  // one row, where data has three
  }
}

TEST_CASE("inputs with a default may be left out") {
  for (const std::string& way : ways) {
    const ScopedConfig scope{way};
    const Tensor x = fvector("x"), rate = fscalar("rate");
    const Function f = function({x, In(rate, 0.5)}, x * rate);
    REQUIRE(printed(f(std::vector{2.f, 4.f})) == "[1. 2.]");
    REQUIRE(printed(f(std::vector{2.f, 4.f}, 2)) == "[4. 8.]");
  }
}

TEST_CASE("vectors and spans are arguments") {
  for (const std::string& way : ways) {
    const ScopedConfig scope{way};
    const Tensor x = dvector("x");
    const Function same_values = function(x, x + 0.0), itself = function(x, x);
    std::vector<double> values{1, 2, 3};
    const Array kept = itself(values);
    values[0] = 100;
    REQUIRE(printed(kept) == "[1. 2. 3.]");  // results never hold the caller's memory
    REQUIRE(printed(same_values(std::span<const double>(values).subspan(1))) == "[2. 3.]");
  }
}

TEST_CASE("an output array that nobody shares is used again") {
  const ScopedConfig scope("device=cpu");  // whose memory the host sees
  const Tensor x = dvector("x");
  const Function f = function(x, x * 2);
  const std::vector<double> values(1000, 1.0);
  const Argument in[] = {values};
  Array out[1];
  f.run(in, out);
  const double* const first = out[0].values<double>().data();
  f.run(in, out);
  REQUIRE(out[0].values<double>().data() == first);
  const Array held = out[0];
  const std::vector<double> more(1000, 5.0);
  const Argument other[] = {more};
  f.run(other, out);
  REQUIRE(held.at<double>(7) == 2);
  REQUIRE(out[0].at<double>(7) == 10);
}

TEST_CASE("arguments may come as a list") {
  const Tensor x = vector("x"), y = scalar("y");
  const std::vector<Array> arguments{Array{1.0, 2.0}, Array(3.0)};
  CHECK(printed(function({x, y}, x * y)(arguments)) == "[3. 6.]");
  CHECK(printed(function({x, y}, {x * y, x + y})(arguments)[1]) == "[4. 5.]");
  CHECK(function({x, y}, std::vector<Tensor>{x, y})(arguments).size() == 2);
  const Shared total = shared(0.0, "total");
  const Procedure add = function({x, y}, {}, {{total, total + sum(x) + y}});
  add(arguments);
  CHECK(total.get_value().item<double>() == 6);
  CHECK_THROWS_AS(add(std::vector<Array>{}), GraphError);
}

TEST_CASE("functions are made again when set_value changes a shape") {
  for (const std::string& way : ways) {
    const ScopedConfig scope{way};
    const Shared data = shared(Array::full({3, 2}, 1.0), "data");
    const Function total = function({}, sum(data * 2, 0), {.name = "total"});
    REQUIRE(printed(total()) == "[6. 6.]");
    data.set_value(Array::full({5, 2}, 1.0));
    REQUIRE(printed(total()) == "[10. 10.]");
    data.set_value(Array::full({0, 2}, 1.0));
    REQUIRE(printed(total()) == "[0. 0.]");
    data.set_value(Array::full({1, 2}, 1.0));
    REQUIRE(printed(total()) == "[2. 2.]");
    data.set_value(Array::full({3, 2}, 3.0));
    REQUIRE(printed(total()) == "[18. 18.]");
    REQUIRE(says(total.explain(), "made again for data (shared, "));
    REQUIRE(says(total.explain(), "float64[?, 2]: set_value or an update changed the shape"));
  }
}

TEST_CASE("an update may change an extent that is not 1") {
  for (const std::string& way : ways) {
    const ScopedConfig scope{way};
    const Shared queue = shared(std::vector{1.0, 2.0}, "queue");
    const Tensor x = vector("x");
    const Function push = function(x, sum(queue), {{queue, concatenate({queue, x})}});
    REQUIRE(push(std::vector{3.0}).item<double>() == 3);
    REQUIRE(push(std::vector{4.0, 5.0}).item<double>() == 6);
    REQUIRE(printed(queue.get_value()) == "[1. 2. 3. 4. 5.]");
  }
}

TEST_CASE("a failing call leaves every shared variable as it was") {
  for (const std::string& way : ways) {
    const ScopedConfig scope{way};
    const Shared count = shared(0, "count"), table = shared(std::vector{1.0, 2.0}, "table");
    const Tensor t = lvector("t"), x = vector("x");
    const Function look = function(t, table[t], {{count, count + 1}});
    REQUIRE_THROWS_AS(look(std::vector<Index>{0, 7}), IndexError);
    REQUIRE(count.get_value().item<Index>() == 0);
    const Function add = function(x, table + x, {{count, count + 1}, {table, table + x}});
    REQUIRE_THROWS_AS(add(std::vector{1.0, 2.0, 3.0}), ShapeError);
    REQUIRE(count.get_value().item<Index>() == 0);
    REQUIRE(printed(table.get_value()) == "[1. 2.]");
    (void)look(std::vector<Index>{1});
    REQUIRE(count.get_value().item<Index>() == 1);
  }
}

TEST_CASE("saturated logits keep a finite loss and gradient in every mode") {
  for (const std::string& way : ways) {
    const ScopedConfig scope{way};
    const Shared logits = shared(Array{{1000.0, 0.0}}, "logits");
    const Tensor loss = categorical_crossentropy(softmax(logits), constant(Array{std::int64_t{1}})).mean();
    const auto [l, g] = function({}, {loss, grad(loss, logits)})();
    REQUIRE(l.item<double>() == Approx(1000));
    REQUIRE(g.at<double>(0, 0) == Approx(1));
    REQUIRE(eval(loss).item<double>() == Approx(1000));
  }
}

TEST_CASE("check_nan names the first node that makes a NaN, and lets those from outside through") {
  const ScopedConfig scope{"check_nan=True"};
  const Tensor x = vector("x");
  const Shared count = shared(0, "count");
  const Function f = function(x, sum(log(x) * 2), {{count, count + 1}});
  REQUIRE(f(std::vector{1.0, 1.0}).item<double>() == 0);
  REQUIRE(message<Error>([&] {
            (void)f(std::vector{1.0, -1.0});
          }) == "HERE: check_nan: log at HERE makes nan at element [1] of float64[2], from finite arguments: log(x)");
  REQUIRE(std::isnan(f(std::vector{1.0, std::nan("")}).item<double>()));
  REQUIRE(count.get_value().item<int>() == 2);
}

TEST_CASE("check_nan names the node within the step of a loop and the side of an ifelse") {
  const ScopedConfig scope{"check_nan=True"};
  const Tensor x = vector("x");
  const auto [last, ys] = scan(
      [](const Tensor& c, const Tensor& r) {
        return std::pair{c + r, log(c) * r};
      },
      Tensor(1.0), x);
  // what the step hides from its results is found too
  const Tensor hidden = scan([](const Tensor& c) { return where(c < 0, sqrt(c - 3), c + 1); }, sum(x), {.length = 20});
  const Tensor side = ifelse(sum(x) > 2, 1 / (x - 1), x);
  const Function f = function(x, ys), g = function(x, hidden), h = function(x, side);
  CHECK(array_equal(f(std::vector{2.0, 3.0}), Array{0.0, std::log(3.0) * 3}));
  CHECK(message<Error>([&] {
          (void)f(std::vector{1.0, -3.0, 5.0});
        }) == "HERE: check_nan: log at HERE makes nan at element [] of float64[], from finite arguments: log(carry)");
  CHECK(message<Error>([&] { (void)g(std::vector{1.0}); }).find("check_nan: sqrt at HERE makes nan") !=
        std::string::npos);
  CHECK(message<Error>([&] {
          (void)h(std::vector{1.0, 2.0});
        }).find("check_nan: div at HERE makes inf") != std::string::npos);
  CHECK(array_equal(h(std::vector{1.0, 0.0}), Array{1.0, 0.0}));
  CHECK(f(Array::zeros({0})).shape() == Extents{0});
}

TEST_CASE("a function is a value: copies share it, an empty one says so") {
  Function f;
  REQUIRE(message<GraphError>([&] { f(1.0); }) ==
          "an empty Function (declared, never assigned) was used: assign what function(...) returns");
  {
    const Tensor x = scalar("x");
    const Function g = function(x, x + 1, {.name = "next"});
    f = g;
  }
  REQUIRE(f.name() == "next");
  REQUIRE(f(1.0).item<double>() == 2);
}

TEST_CASE("a function shows its source, its program and its times") {
  const Tensor x = vector("x");
  const Function f = function(x, exp(x) * 2, {.name = "doubled_exp", .profile = true});
  f.compile(std::array{Extents{4}});
  for (int i = 0; i < 3; ++i) (void)f(std::vector{1.0, 2.0});
  REQUIRE(says(f.source(), "exp"));
  REQUIRE_FALSE(f.explain().empty());
  REQUIRE(says(f.profile(), "doubled_exp: 3 calls, "));
  REQUIRE(says(f.profile(), "kernel"));
  REQUIRE(says(f.profile(), "arguments, locks, memory"));
  REQUIRE(says(function(x, x + 1)(std::vector{1.0}).ndim() == 1 ? function(x, x + 1).profile() : "", "not measured"));
}

TEST_CASE("equal rows have equal results, wherever they stand: in a tile of rows, or left over") {
  for (const std::string& way : ways) {
    const ScopedConfig scope{way};
    for (const Index inputs : {2, 3, 8}) {
      const Tensor x = tensor("x", float32, {any_extent, inputs});
      const Shared w = shared(normal({inputs, 24}, float32), "w"), b = shared(normal({24}, float32), "b");
      const Function f = function(x, sum(tanh(dot(x, w) + b), 1));
      const Array one = Array(std::vector{0.1f, 0.7f, -0.3f, 0.9f, 0.33f, -0.77f, 1.1f, -0.2f});
      Array rows = Array::zeros({13, inputs}, float32);
      for (Index r = 0; r < 13; ++r)
        for (Index k = 0; k < inputs; ++k)
          rows.mutable_values<float>()[static_cast<std::size_t>(r * inputs + k)] = one.at<float>(k);
      const Array y = f(rows);
      INFO(way << ", " << inputs << " inputs");
      for (Index r = 1; r < 13; ++r) CHECK(y.at<float>(r) == y.at<float>(0));
    }
  }
}

TEST_CASE("a shared variable lives on one device until it is set again") {
  const Shared w = shared(std::vector{1.0, 2.0}, "w");
  const ScopedConfig first{"device=cpu"};
  const Function here = function({}, sum(w));
  REQUIRE(here().item<double>() == 3);
  const ScopedConfig scope{"device=queued"};
  const Function there = function({}, sum(w) * 10);
  const std::string text = message<DeviceError>([&] { (void)there(); });
  REQUIRE(says(text, "cpu"));
  REQUIRE(says(text, "queued"));
  w.set_value(w.get_value());
  REQUIRE(there().item<double>() == 30);
}

}  // namespace croton
