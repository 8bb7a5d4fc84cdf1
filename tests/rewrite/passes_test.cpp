#include <algorithm>
#include <cmath>

#include "base/log.h"
#include "catch.h"
#include "croton/gradient.h"
#include "rewriting.h"

using namespace croton;
using namespace croton::rewrite;

namespace {
Tensor a_shared(const Type& t, std::string_view name) {
  const auto value = std::make_shared<SharedValue>();
  static std::uint64_t last = 1000;
  value->id = ++last;
  return make_shared(t, value, name, Where::here());
}
}  // namespace

TEST_CASE("the passes run in their order and show the graph after each") {
  const Tensor x = vector("x", float64), y = log(softmax(x)).sum();
  std::vector<std::string> names;
  Options o{.check = true};
  o.observe = [&](std::string_view pass, std::span<const Tensor> g) {
    names.emplace_back(pass);
    CHECK(g.size() == 1);
  };
  (void)run(y, o);
  CHECK(names == std::vector<std::string>{"merge", "fold", "canonicalize", "stabilize", "expand", "push_out", "fold",
                                          "specialize", "merge"});
  names.clear();
  o.stabilize_only = true;
  (void)run(y, o);
  CHECK(names == std::vector<std::string>{"merge", "stabilize", "expand", "merge"});
}

TEST_CASE("what comes back holds primitives only") {
  const Tensor x = matrix("x", float32), t = matrix("t", float32), k = lvector("k");
  for (const Tensor& y :
       {softmax(x), log_softmax(x, 0), mean(categorical_crossentropy(softmax(x), t)), categorical_crossentropy(x, k),
        binary_crossentropy(sigmoid(x), t), var(x, 0), stddev(x), logsumexp(x, 1, keepdims)})
    for (const bool quick : {false, true}) {
      const Tensor made = run(y, {.stabilize_only = quick, .check = true});
      CHECK_FALSE(holds_composite(made));
      CHECK(type(made).dtype == type(y).dtype);
      CHECK(type(made).rank() == type(y).rank());
    }
}

TEST_CASE("expressions of constants become constants, with their name and place") {
  const Tensor x = vector("x", float32);
  const Tensor half = (exp(Tensor(constant(Array(0.f)))) / 2).named("half");
  const Tensor y = run(x * half);
  REQUIRE(count(y) <= 4);
  bool found = false;
  for (const Tensor& n : topological({&y, 1}))
    if (node(n).kind == NodeKind::constant) {
      found = true;
      CHECK(get(node(n).value, 0) == 0.5);
      CHECK(n.dtype() == float32);
    }
  CHECK(found);
}

TEST_CASE("a number spread over a shape stays a number") {
  const Tensor y = run(zeros({1000, 1000}) + vector("x", float64));
  for (const Tensor& n : topological({&y, 1})) CHECK((node(n).kind != NodeKind::constant || node(n).value.size() <= 1));
}

TEST_CASE("extents of inputs are certain, those of shared variables are questions") {
  const Tensor x = tensor("x", float64, {5, 2}), w = a_shared({float64, {5, 2}}, "w");
  const Tensor of_input = run(x.shape(0) * 2), of_shared = run(w.shape(0) * 2), product = run((w * x).shape(0));
  CHECK(node(of_input).kind == NodeKind::constant);
  CHECK(node(of_input).value.item<int>() == 10);
  CHECK(node(of_shared).kind == NodeKind::apply);
  CHECK(node(product).kind == NodeKind::apply);
  const Tensor m = run(mean(w));  // set_value may change how many there are
  CHECK(get(ops::evaluate({&m, 1}, {{w.node(), Array::full({7, 3}, 2.0)}})[0], 0) == 2);
}

TEST_CASE("an extent is asked of the smallest part that has it") {
  const Tensor x = matrix("x", float64), y = matrix("y", float64);
  const Tensor n = run(exp(tanh(x) + 1).shape(1));
  CHECK(same(node(n).inputs[0], x));
  CHECK(same(run(Tensor(row("r", float64) * y).shape(0)).node()->inputs[0], y));
  const Tensor of_fold = run(sum(tensor4("t", float64), {0, 2}).shape(1));
  CHECK(node(node(of_fold).inputs[0]).kind == NodeKind::input);
  CHECK(node(of_fold).params.integer("axis") == 3);
}

TEST_CASE("the mean of means is one fold, scaled once; not of halves, whose sum could overflow") {
  const auto sums = [](const Tensor& t) {
    const std::vector<Tensor> nodes = topological({&t, 1});
    return std::count_if(nodes.begin(), nodes.end(), [](const Tensor& n) { return is_op(n, ops::sum); });
  };
  const Tensor x = tensor3("x", float64), h = tensor3("h", float16), c = scalar("c", float64);
  CHECK(sums(run(mean(mean(x, 2), 1))) == 1);
  CHECK(sums(run(sum(mean(mean(h, 2), 1)))) == 3);
  CHECK(sums(run(mean(c * sum(x, 0)))) == 1);
  CHECK(sums(run(sum(sum(x, 0) / c, 1))) == 1);
  CHECK(sums(run(sum(c / sum(x, 0), 1))) == 2);
  CHECK(sums(run(sum(sum(x, 0) * sum(x, {0, 1}), 1))) == 3);  // a number for each column
  Array in = Array::zeros({3, 4, 5}, float64);
  for (Index i = 0; i < in.size(); ++i) set(in, i, static_cast<double>(i * i % 37));
  for (const Tensor& t : {mean(mean(x, 2), 1), mean(mean(x, 0), 0), mean(c * sum(x, 1), 0), sum(sum(x, 0) / c, 1)}) {
    const Array got = evaluate(run(t), {{x, in}, {c, Array(0.3)}}), want = evaluate(t, {{x, in}, {c, Array(0.3)}});
    REQUIRE(got.shape() == want.shape());
    for (Index i = 0; i < got.size(); ++i) CHECK(get(got, i) == Approx(get(want, i)).epsilon(1e-14));
  }
}

TEST_CASE("views, folds and conversions that do nothing go, chains become one") {
  const Tensor x = matrix("x", float32), v = vector("v", float32);
  CHECK(same(run(x.T().T()), x));
  CHECK(same(run(x(all, all)), x));
  CHECK(same(run(reshape(v, {-1})), v));
  CHECK(same(run(x.astype(float64).astype(float32)), x));
  CHECK_FALSE(same(run(x.astype(float16).astype(float32)), x));
  CHECK(count(run(reshape(reshape(x, {-1}), {2, -1}))) == 2);
  CHECK(count(run(sum(sum(x, 0)))) == 2);
  CHECK(count(run(sum(sum(tensor3("t", float32), 1), 1))) == 2);
  CHECK(node(run(sum(sum(tensor3("t", float32), 1), 1))).params.list("axes") == std::vector<Index>{1, 2});
  CHECK(count(run(dot(x.T(), v))) == 3);
  const Tensor r = row("r", float32);
  CHECK(same(run(expand_dims(sum(r, 0), 0)), r));
  CHECK(same(run(where(v > 0, v, v)), v));
}

TEST_CASE("a number spread over a shape meets what has that shape as the number it is") {
  const Tensor x = matrix("x", float64), s = scalar("s", float64);
  const Tensor ones_here = ones_like(x);
  CHECK(count(run(ones_here * 2 * x)) == 3);
  CHECK(count(run(-(s * ones_here) + x)) == 4);  // x, s, s with two axes, x - s
  const Tensor spread = run(exp(ones_like(x)));
  CHECK(is_op(spread, ops::broadcast));
  const Tensor column = broadcast_to(expand_dims(vector("v", float64), -1), {x.shape(0), 7});
  CHECK(type(run(column + 1)) == Type{float64, {-1, 7}});
  const Tensor c = col("c", float64), turned = (broadcast_to(c, {c.shape(0), 5}).T() * 3).T();
  CHECK(type(run(turned)) == Type{float64, {-1, 5}});
  CHECK(is_op(run(turned), ops::broadcast));
  const Tensor checked = (broadcast_to(c, {x.shape(0), 5}).T() * 3).T();  // the error is to name c
  CHECK_FALSE(is_op(run(checked), ops::broadcast));
  // what is as long by what it is made of needs no check
  const auto checks = [](const Tensor& t) {
    const Tensor made = run(t);
    const std::vector<Tensor> nodes = topological({&made, 1});
    return std::count_if(nodes.begin(), nodes.end(), [](const Tensor& n) { return is_op(n, ops::broadcast); });
  };
  const Tensor k = lvector("k");
  CHECK(checks(exp(ones_like(x) * x + x)) == 0);
  CHECK(checks(sum(x, 1) * ones_like(sum(square(x), 1))) == 0);
  CHECK(checks(x[k] * ones_like(exp(x[k]))) == 0);
  CHECK(checks(sum(x, 1) * ones_like(vector("v", float64))) == 1);
  CHECK(checks(where(constant(Array(true)), x, matrix("y", float64))) == 2);
}

TEST_CASE("dot of a transpose reads the matrix the other way round") {
  const Tensor x = matrix("x", float64), y = matrix("y", float64);
  const Array a = Array{{1.0, 2.0}, {3.0, 4.0}, {5.0, 6.0}}, b = Array{{1.0, 0.0}, {2.0, 1.0}, {0.0, 3.0}};
  const Tensor d = dot(x.T(), y), made = run(d);
  CHECK(count(made) == 3);
  CHECK(array_equal(evaluate(made, {{x, a}, {y, b}}), evaluate(d, {{x, a}, {y, b}})));
  const Tensor d2 = dot(x, y.T()), made2 = run(d2);
  CHECK(count(made2) == 3);
  CHECK(array_equal(evaluate(made2, {{x, a}, {y, b}}), evaluate(d2, {{x, a}, {y, b}})));
}

TEST_CASE("what stands for x but for its gradient is gone once gradients are taken") {
  const Tensor x = vector("x", float64);
  for (const Tensor& t : {zero_grad(x), disconnected_grad(x), grad_clip(x, -1, 1), grad_scale(x, 2)})
    CHECK(same(run(t), x));
}

TEST_CASE("softmax and its logarithm share the exponentials of the same logits") {
  const Tensor z = matrix("z", float32);
  const std::vector<Tensor> outputs{softmax(z), log(softmax(z))};
  const auto made = run(outputs, {.check = true});
  std::size_t exponentials = 0;
  for (const Tensor& n : topological(made))
    if (const auto* p = meaning<Pointwise>(n)) exponentials += p->function == "exp";
  CHECK(exponentials == 1);
}

TEST_CASE("values do not change: a training step's graph evaluates as before") {
  const Tensor x = matrix("x", float64), w = matrix("w", float64), b = vector("b", float64), t = matrix("t", float64);
  const Tensor p = softmax(dot(tanh(dot(x, w) + b), w.T()));
  const Tensor loss = mean(categorical_crossentropy(p, t)) + 0.01 * (sum(square(w)) + sum(pow(b, 2)));
  const std::initializer_list<Value> values{{x, Array{{0.1, -0.2}, {0.3, 0.5}, {1.0, -1.0}}},
                                            {w, Array{{0.3, -0.1, 0.2}, {0.5, 0.4, -0.6}}},
                                            {b, Array{0.1, 0.0, -0.1}},
                                            {t, Array{{1.0, 0.0}, {0.0, 1.0}, {0.5, 0.5}}}};
  CHECK(number(run(loss), values) == Approx(number(loss, values)).epsilon(1e-14));
  CHECK(number(run(loss, {.stabilize_only = true}), values) == Approx(number(loss, values)).epsilon(1e-14));
}

TEST_CASE("passes take time linear in the graph: 10,000 nodes that every rule looks at") {
  const Tensor x = vector("x", float64);
  Tensor t = x;
  for (int i = 0; i < 2000; ++i) t = -(-(t * 1)) + log(1 + exp(t)) + 0;
  const std::size_t before = count(t);
  CHECK(before > 10'000);
  std::unordered_map<std::string_view, std::size_t> fired;
  const Tensor c = rewritten({&t, 1}, canonical_rules(), {}, &fired)[0];
  CHECK(fired["neg_neg"] == 2000);
  CHECK(fired["plus_zero"] == 2000);
  CHECK(count(run(t)) == 1 + 2 * 2000);
}

TEST_CASE("the extents of each step of a recurrence are one replacement each") {
  const Tensor x = vector("x"), y = vector("y");
  Tensor t = x, total = scalar("c");
  constexpr int steps = 500;
  for (int i = 0; i < steps; ++i) {
    t = tanh(t * y) + x;
    total = total + t.shape(0) * (i + 2.0);
  }
  std::unordered_map<std::string_view, std::size_t> fired;
  const WarningsHeard heard;
  const Tensor c = rewritten({&total, 1}, canonical_rules(), {}, &fired)[0];
  CHECK(fired["shape_of_elementwise"] == steps);
  CHECK(heard.texts.empty());
  const std::vector<Tensor> nodes = topological({&c, 1});
  CHECK(std::none_of(nodes.begin(), nodes.end(), [&](const Tensor& n) { return n.ndim() == 1 && !same(n, x); }));
}

TEST_CASE("a chain of composites expands once each") {
  Tensor t = vector("x", float64);
  for (int i = 0; i < 1000; ++i) t = softmax(t);
  const Tensor made = run(t);
  CHECK_FALSE(holds_composite(made));
  CHECK(count(made) <= 1000 * 9 + 1);
}

TEST_CASE("an index that is out of range stays an error of the call") {
  const Tensor c = constant(Array{1.0, 2.0, 3.0}), i = constant(Array{Index{7}});
  CHECK(count(run(c[i])) == 3);
}
