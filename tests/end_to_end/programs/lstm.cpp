// An LSTM by scan, trained for some steps; its first pass and a gradient against plain C++.
#include <croton.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <vector>

using namespace croton;

constexpr int steps = 5, units = 3, inputs = 2;

/// The same network, one sequence, by hand: the mean square of all hidden states.
double by_hand(const std::vector<double>& xs, const std::vector<double>& w, const std::vector<double>& b) {
  std::vector<double> h(units), c(units);
  double total = 0;
  for (int t = 0; t < steps; ++t) {
    std::vector<double> z(4 * units), in(inputs + units);
    for (int i = 0; i < inputs; ++i) in[static_cast<std::size_t>(i)] = xs[static_cast<std::size_t>(t * inputs + i)];
    for (int i = 0; i < units; ++i) in[static_cast<std::size_t>(inputs + i)] = h[static_cast<std::size_t>(i)];
    for (std::size_t j = 0; j < z.size(); ++j) {
      z[j] = b[j];
      for (std::size_t i = 0; i < in.size(); ++i) z[j] += in[i] * w[i * z.size() + j];
    }
    const auto s = [](double v) { return 1 / (1 + std::exp(-v)); };
    for (std::size_t k = 0; k < units; ++k) {
      c[k] = s(z[k]) * c[k] + s(z[units + k]) * std::tanh(z[2 * units + k]);
      h[k] = s(z[3 * units + k]) * std::tanh(c[k]);
      total += h[k] * h[k];
    }
  }
  return total / (steps * units);
}

int main() {
  const Tensor xs = tensor("xs", float64, {steps, inputs});
  const Shared w = shared(normal({inputs + units, 4 * units}) * 0.5, "w"), b = shared(zeros({4 * units}), "b");
  const auto step = [&](const std::array<Tensor, 2>& state, const Tensor& x) {
    const auto& [h, c] = state;
    const Tensor z = dot(concatenate({x, h}), w) + b;
    const auto gate = [&](int k) { return z[slice(k * units, (k + 1) * units)]; };
    const Tensor cell = sigmoid(gate(0)) * c + sigmoid(gate(1)) * tanh(gate(2));
    const Tensor out = sigmoid(gate(3)) * tanh(cell);
    return std::pair{std::array<Tensor, 2>{out, cell}, out};
  };
  const auto [last, hs] = scan(step, std::array<Tensor, 2>{zeros({units}), zeros({units})}, xs);
  const Tensor loss = mean(square(hs));
  const auto [dw, db] = grad(loss, w, b);
  const auto look = function({xs}, {loss, last[0] - hs[-1], dw, db});
  const Function train = function({xs}, loss, {{w, w - 0.5 * dw}, {b, b - 0.5 * db}});

  std::vector<double> x(steps * inputs);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::sin(static_cast<double>(i));
  const Array w_now = w.get_value(), b_now = b.get_value();
  const auto held = w_now.values<double>();
  std::vector<double> weights(held.begin(), held.end());
  const std::vector<double> bias(4 * units);
  const auto [value, nothing, slope, slope_of_b] = look(Array(x, {steps, inputs}));
  int wrong = 0;
  const auto check = [&](const char* what, double got, double expected, double tolerance) {
    if (std::fabs(got - expected) <= tolerance) return;
    std::printf("%s: %.17g instead of %.17g\n", what, got, expected);
    ++wrong;
  };
  check("loss", value.item<double>(), by_hand(x, weights, bias), 1e-12);
  for (int k = 0; k < units; ++k) check("the last state", nothing.at<double>(k), 0, 0);
  for (const std::size_t i : {0U, 17U, 59U}) {
    const double e = 1e-6, here = weights[i];
    weights[i] = here + e;
    const double up = by_hand(x, weights, bias);
    weights[i] = here - e;
    const double down = by_hand(x, weights, bias);
    weights[i] = here;
    check("dw", slope.at<double>(static_cast<int>(i) / (4 * units), static_cast<int>(i) % (4 * units)), (up - down) / (2 * e), 1e-8);
  }
  double before = value.item<double>();
  for (int i = 0; i < 10; ++i) {
    const double now = train(Array(x, {steps, inputs})).item<double>();
    if (now > before) ++wrong;
    before = now;
  }
  (void)slope_of_b;
  return wrong;
}
