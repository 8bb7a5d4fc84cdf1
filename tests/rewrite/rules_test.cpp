// Every rule is enlisted: both sides agree on samples, and rewriting the left side gives the right one.
#include <cmath>
#include <random>

#include "base/dtype.h"
#include "base/log.h"
#include "catch.h"
#include "rewriting.h"

using namespace croton;
using namespace croton::rewrite;

namespace {

struct Case {
  const Rule& rule;
  const RuleBook& book;
};

std::vector<Case> equations() {
  std::vector<Case> out;
  for (const RuleBook* book : {&canonical_rules(), &stabilizing_rules(), &specializing_rules(), &unsafe_rules()})
    for (const Rule& r : book->all())
      if (r.equation) out.push_back({r, *book});
  return out;
}

/// An instance of a rule on inputs of a type; where the guard refuses inputs, on exp of them.
struct Instance {
  std::vector<Tensor> inputs;
  Equation sides;
};
Instance instance(const Rule& r, const Type& t) {
  Instance made;
  std::vector<Tensor> operands;
  for (std::size_t i = 0; i < r.wildcards.size(); ++i) {
    made.inputs.push_back(tensor("", t.dtype, Extents(t.shape)));
    operands.push_back(made.inputs.back());
  }
  if (r.guard && !r.guard(operands))
    for (Tensor& x : operands) x = exp(x);
  made.sides = r.equation(operands, {t.rank() - 1});
  return made;
}

Array sampled(const Interval& i, const Type& t, std::mt19937& random) {
  Array a = Array::zeros(Extents(t.shape), t.dtype);
  std::uniform_real_distribution<double> between(i.low, i.high);
  for (Index k = 0; k < a.size(); ++k) set(a, k, between(random));
  return a;
}

}  // namespace

TEST_CASE("both sides of every equation agree within their bounds on sampled inputs") {
  std::mt19937 random(4);
  std::size_t compared = 0, doubtful = 0;
  for (const Case& c : equations())
    for (const DType d : {float64, float32}) {
      const Type t{d, {5, 40}};
      const Instance made = instance(c.rule, t);
      ops::Values leaves;
      for (const Tensor& x : made.inputs) leaves.emplace(x.node(), sampled(c.rule.domain, t, random));
      const Tensor sides[] = {made.sides.left, made.sides.right};
      const auto values = ops::evaluate_bounded(sides, leaves);
      INFO(c.rule.name << ": " << formula(sides[0]) << " = " << formula(sides[1]));
      REQUIRE(values[0].value.size() == values[1].value.size());
      CHECK(values[0].value.dtype() == values[1].value.dtype());
      for (Index i = 0; i < values[0].value.size(); ++i) {
        const double l = get(values[0].value, i), r = get(values[1].value, i);
        const bool skip = get(values[0].doubtful, i) != 0 || get(values[1].doubtful, i) != 0;
        ++(skip ? doubtful : compared);
        // half a unit each: the sides are rounded after they are compared
        const double slack = std::ldexp(std::fabs(l) + std::fabs(r), d == float64 ? -53 : -24);
        const bool equal = (std::isnan(l) && std::isnan(r)) || l == r ||
                           std::fabs(l - r) <= get(values[0].bound, i) + get(values[1].bound, i) + slack;
        if (skip || equal) continue;
        FAIL_CHECK(l << " and " << r << " at " << i << " " << name_of(d));
        break;
      }
    }
  CHECK(compared > 20 * doubtful);
}

TEST_CASE("integers that wrap are the same before and after each rule that takes them") {
  std::size_t rewritten_sides = 0;
  for (const Case& c : equations())
    for (const DType d : {DType::int8, DType::uint8, DType::int16}) {
      Instance made;
      try {
        made = instance(c.rule, {d, {256}});
      } catch (const Error&) { continue; }  // only of floats, or of what exp gives
      if (is_float(made.sides.left.dtype())) continue;
      const Tensor after = rewritten({&made.sides.left, 1}, c.book)[0];
      if (same(after, made.sides.left)) continue;
      ops::Values leaves;
      for (std::size_t k = 0; k < made.inputs.size(); ++k) {
        Array a = Array::zeros({256}, d);  // all that 8 bits hold, and more of 16
        for (Index i = 0; i < 256; ++i)
          set(a, i, static_cast<double>(static_cast<std::int8_t>(i * (k ? 7 : 1))) * (d == DType::int16 ? 256 : 1));
        leaves.emplace(made.inputs[k].node(), std::move(a));
      }
      INFO(c.rule.name << " of " << name_of(d));
      const Tensor sides[] = {made.sides.left, after};
      const std::vector<Array> values = ops::evaluate(sides, leaves);
      CHECK(array_equal(values[0], values[1]));
      ++rewritten_sides;
    }
  CHECK(rewritten_sides > 20);
}

TEST_CASE("rewriting the left side of every equation gives the right side") {
  for (const Case& c : equations())
    for (const Type& t : {Type{float64, {-1}}, Type{float32, {-1, 4}}}) {
      const Instance made = instance(c.rule, t);
      INFO(c.rule.name);
      const Tensor left = rewritten({&made.sides.left, 1}, c.book)[0];
      const Tensor right = rewritten({&made.sides.right, 1}, c.book)[0];
      CHECK(spelled(left) == spelled(right));
      CHECK(type(left) == type(made.sides.left));
    }
}

TEST_CASE("every rule is reached: it fires on its own left side before the others of its book") {
  for (const Case& c : equations()) {
    const Instance made = instance(c.rule, {float64, {-1, 4}});
    std::unordered_map<std::string_view, std::size_t> fired;
    (void)rewritten({&made.sides.left, 1}, c.book, {}, &fired);
    INFO(c.rule.name);
    CHECK_FALSE(fired.empty());
    // a part of the left side may become what another rule then looks for: log(1 - exp(x)) is log(-expm1(x)) first
    const bool by_parts = c.rule.name == "log_one_minus_exp" || c.rule.name == "log_one_minus_erf";
    if (!by_parts) CHECK(fired.contains(c.rule.name));
  }
}

TEST_CASE("names of rules are their own within a book") {
  for (const RuleBook* book : {&canonical_rules(), &stabilizing_rules(), &unsafe_rules()}) {
    std::unordered_map<std::string, const Op*> seen;
    for (const Rule& r : book->all()) {
      INFO(r.name);
      const auto [it, is_new] = seen.emplace(std::string(r.name) + std::string(r.root->name), r.root);
      CHECK(is_new);
    }
  }
}

TEST_CASE("sums and products match in both orders") {
  const Tensor x = vector("x", float32);
  CHECK(same(canonical(1 * x), x));
  CHECK(same(canonical(x * 1), x));
  CHECK(same(canonical(0 + x), x));
  CHECK(is_op(stable(log(exp(x) + 1)), *node(softplus(x)).op));
}

TEST_CASE("a number that spreads over a shape is no neutral element: the shape would be lost") {
  const Tensor x = scalar("x", float64), one = ones({3});
  const Tensor y = x * one;
  CHECK(array_equal(evaluate(canonical(y), {{x, Array(2.0)}}), Array{2.0, 2.0, 2.0}));
  const Tensor column = col("c", float64) * constant(Array{1.0, 1.0}.reshape({1, 2}));
  CHECK(same(canonical(column), column));
}

TEST_CASE("a sum of what is the same all along is a product, and 0 of nothing") {
  const Tensor x = tensor("x", float32, {1, any_extent}), n = lscalar("n");
  const Tensor spread = broadcast_to(x, {n, x.shape(1)}), both = sum(spread, {0, 1}), one = sum(spread, 0);
  const auto sums = [](const Tensor& t) {
    const std::vector<Tensor> nodes = topological(std::vector{canonical(t)});
    return std::ranges::count_if(nodes, [](const Tensor& s) { return is_op(s, ops::sum); });
  };
  CHECK(sums(one) == 0);
  CHECK(sums(both) == 1);
  const Array row = Array{0.1, 0.7, -3.0}.astype(DType::float32).reshape({1, 3});
  for (const Index count : {Index{0}, Index{1}, Index{100000}}) {
    const auto value = [&](const Tensor& t) { return evaluate(canonical(t), {{x, row}, {n, Array::scalar(count)}}); };
    CHECK(value(one).at<float>(0) == 0.1F * static_cast<float>(count));
    CHECK(value(both).item<float>() == Approx(-2.2 * static_cast<double>(count)));
  }
  const Array infinite = Array{HUGE_VAL}.astype(DType::float32).reshape({1, 1});
  CHECK(evaluate(canonical(one), {{x, infinite}, {n, Array::scalar(Index{0})}}).at<float>(0) == 0);
  const Tensor half = tensor("half", float16, {1, 1});  // which has no count above 65504
  CHECK(sums(sum(broadcast_to(half, {n, 1}), 0)) == 1);
}

TEST_CASE("no rule hides NaN or infinity unless that is asked for") {
  const Tensor x = vector("x", float64);
  for (const Tensor& y : {x / x, x * 0, x - x}) {
    const double bad = std::isnan(number(run(y), {{x, Array{0.0}}})) ? 0.0 : INFINITY;
    CHECK(std::isnan(number(run(y), {{x, Array{bad}}})));
    CHECK(std::isnan(number(run(y), {{x, Array{std::nan("")}}})));
  }
  CHECK(number(run(x * 0, {.unsafe = true}), {{x, Array{std::nan("")}}}) == 0);
  CHECK(number(run(x / x, {.unsafe = true}), {{x, Array{0.0}}}) == 1);
}

TEST_CASE("rules keep the type, the place and the name") {
  const Tensor x = vector("x", float32);
  const Tensor y = log(1 + x).named("y");
  const Tensor made = stable(y);
  CHECK(made.name() == "y");
  CHECK(node(made).where.line == node(y).where.line);
  CHECK(type(made) == type(y));
  const Tensor twice = -(-x);
  CHECK(canonical(twice).name() == "x");
}

TEST_CASE("rules that undo each other end, after work linear in the graph, with a warning") {
  RuleBook circle;
  circle += rule("there", [](const Tensor& x) { return Equation{sin(x), cos(x)}; });
  circle += rule("back", [](const Tensor& x) { return Equation{cos(x), sin(x)}; });
  circle += rule("growing", [](const Tensor& x) { return Equation{tan(x), tan(tan(x))}; });
  std::unordered_map<std::string_view, std::size_t> fired;
  const Tensor x = vector("x", float64), y = sin(tan(x));
  const WarningsHeard heard;
  (void)rewritten({&y, 1}, circle, {}, &fired);
  std::size_t total = 0;
  for (const auto& [name, times] : fired) total += times;
  CHECK(total == 1000 + 20 * 3);
  REQUIRE(heard.texts.size() == 1);
  CHECK(heard.texts[0].find("rewriting a graph of 3 nodes stopped after 1060 replacements") == 0);
}

TEST_CASE("no rule replaces or looks through a node that is kept") {
  const Tensor x = vector("x", float64), p = softmax(x), y = log(p);
  CHECK(is_op(stable(y), *node(log_softmax(x)).op));
  CHECK(same(stabilize({&y, 1}, {p.node()})[0], y));
  CHECK(same(stabilize({&y, 1}, {y.node()})[0], y));
  const Tensor part = log(p[slice(2)]);
  CHECK(same(stabilize({&part, 1}, {p.node()})[0], part));
  CHECK(same(stabilize({&part, 1}, {node(part).inputs[0].node()})[0], part));
}
