// Every pullback against central differences, in float64.
#include "catch.h"
#include "croton.h"
#include "sweep.h"

using namespace croton;

namespace {

/// sum(y_bar * y) of the sampled node at these values, in more digits than y itself has.
long double weighed(const Sampled& s, const std::vector<Array>& values, const Array& y_bar) {
  const Array y = contiguous(ops::evaluate_node(s.node, values));
  long double total = 0;
  for (Index i = 0; i < y.size(); ++i) total += static_cast<long double>(get(y, i)) * get(y_bar, i);
  return total;
}

/// Central differences of fourth order.
double difference(const Sampled& s, std::size_t input, Index element, const Array& y_bar) {
  constexpr double h = 1e-3;
  const double at = get(s.values[input], element);
  const auto there = [&](double x) {
    std::vector<Array> values = s.values;
    set(values[input], element, x);
    return weighed(s, values, y_bar);
  };
  const long double near = there(at + h) - there(at - h), far = there(at + 2 * h) - there(at - 2 * h);
  return static_cast<double>((8 * near - far) / (12 * h));
}

/// The pullback's gradients, evaluated.
std::vector<Array> gradients(const Sampled& s, const Array& y_bar) {
  const Tensor bar = make_input(type(s.node), "y_bar", {});
  const std::vector<Tensor> g = s.op->pullback({node(s.node).params, s.inputs, s.node, bar});
  REQUIRE(g.size() == s.inputs.size());
  ops::Values given{{bar.node(), y_bar}};
  for (std::size_t i = 0; i < s.inputs.size(); ++i) given.emplace(s.inputs[i].node(), s.values[i]);
  std::vector<Array> out;
  for (std::size_t i = 0; i < g.size(); ++i) {
    if (!g[i].node()) {
      out.emplace_back();
      continue;
    }
    const Tensor to_x = ops::sum_to(g[i], s.inputs[i]);
    CHECK(to_x.dtype() == s.inputs[i].dtype());
    out.push_back(ops::evaluate({&to_x, 1}, given)[0]);
    CHECK(out.back().shape() == s.values[i].shape());
  }
  return out;
}

bool is_differentiable(const Sampled& s) {
  return s.op->pullback && is_float(type(s.node).dtype) && s.op->name != "zero_grad";
}

}  // namespace

TEST_CASE("every pullback agrees with central differences") {
  int compared = 0;
  for_each_sample([&](const Sampled& s) {
    if (!is_differentiable(s) || type(s.node).dtype != DType::float64) return;
    INFO(s.title);
    Draw draw(5);
    const Array y = s.evaluate();
    const Array y_bar = drawn({DType::float64, Shape(y.shape().begin(), y.shape().end())}, {0.5, 2}, draw);
    const std::vector<Array> g = gradients(s, y_bar);
    for (auto i = static_cast<std::size_t>(s.op->parameters); i < g.size(); ++i) {
      if (s.inputs[i].dtype() != DType::float64) continue;
      INFO("input " << i);
      REQUIRE(g[i].size() == s.values[i].size());
      for (Index j = 0; j < g[i].size(); ++j) {
        const double got = get(g[i], j), expected = difference(s, i, j, y_bar);
        INFO("element " << j << ": " << got << " is not " << expected);
        CHECK(std::fabs(got - expected) <= 1e-6 * std::max(1.0, std::fabs(expected)));
        ++compared;
      }
    }
  });
  CHECK(compared > 1000);
}

TEST_CASE("pullbacks of float32 and half samples give gradients of the input's dtype and shape") {
  for_each_sample([](const Sampled& s) {
    if (!is_differentiable(s) || type(s.node).dtype == DType::float64) return;
    INFO(s.title);
    const Array y = s.evaluate();
    static_cast<void>(gradients(s, Array::full(y.shape(), 1.0, y.dtype())));
  });
}
