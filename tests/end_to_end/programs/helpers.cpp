// A program with helpers of its own, named as people name them: names that Croton has beyond its promise must not clash.
#include <croton.h>

#include <cmath>
#include <cstdio>

using namespace croton;

Tensor softplus(const Tensor& x) { return maximum(x, 0) + log1p(exp(-abs(x))); }
Tensor gelu(const Tensor& x) { return 0.5 * x * (1 + tanh(0.7978845608 * (x + 0.044715 * pow(x, 3)))); }
Tensor silu(const Tensor& x) { return x * sigmoid(x); }
Tensor erf(const Tensor& x) { return tanh(1.2 * x); }
Tensor sign(const Tensor& x) { return where(x > 0, 1., where(x < 0, -1., 0.)); }
Tensor tan(const Tensor& x) { return sin(x) / cos(x); }
Tensor ceil(Tensor x) { return -floor(-x); }
Tensor log2(const Tensor& x) { return log(x) / std::log(2.); }
Tensor reciprocal(const Tensor& x) { return 1 / x; }
Tensor stddev(const Tensor& x) { return sqrt(var(x)); }
Tensor flatten(const Tensor& x) { return reshape(x, {-1}); }
Tensor outer(const Tensor& a, const Tensor& b) { return a(all, newaxis) * b(newaxis, all); }
Tensor expand_dims(const Tensor& x, int) { return x(newaxis); }
Tensor squeeze(const Tensor& x, int) { return x[0]; }
Tensor flip(const Tensor& x, int) { return x[slice(none, none, -1)]; }
Tensor take(const Tensor& x, const Tensor& i) { return x[i]; }
Tensor full(const Dims& shape, double v) { return zeros(shape) + v; }
Tensor eye(Index n) { return cast(arange(n)(all, newaxis) == arange(n)(newaxis, all), floatX()); }
Tensor trace(const Tensor& x) { return sum(x * eye(3)); }
Updates sgd(const Tensor& loss, const std::vector<Shared>& parameters, double rate) {
  Updates updates;
  const std::vector<Tensor> g = grad(loss, parameters);
  for (std::size_t i = 0; i < parameters.size(); ++i) updates.add(parameters[i], parameters[i] - rate * g[i]);
  return updates;
}

int main() {
  const Tensor x = vector("x");
  const Tensor each = softplus(x) + gelu(x) + silu(x) + erf(x) + sign(x) + tan(x) + ceil(x) + log2(x) + reciprocal(x);
  const Tensor square_of = outer(x, flatten(expand_dims(x, 0)));
  const Shared w = shared(3., "w");
  const auto f = function({x}, {each, trace(square_of), take(flip(x, 0), arange(1)) + full({1}, 2.), stddev(x), squeeze(square_of, 0)},
                          sgd(square(w), {w}, 0.25));
  const std::vector<double> values{0.5, 1., 2.};
  const auto [e, t, last, s, row] = f(values);

  int wrong = 0;
  const auto check = [&](const char* what, double got, double expected) {
    if (std::fabs(got - expected) <= 1e-9 * (1 + std::fabs(expected))) return;
    std::printf("%s: %.17g instead of %.17g\n", what, got, expected);
    ++wrong;
  };
  double mean_of = 0, squares = 0;
  for (int i = 0; i < 3; ++i) {
    const double v = values[static_cast<std::size_t>(i)];
    check("each", e.at<double>(i),
          std::log1p(std::exp(v)) + 0.5 * v * (1 + std::tanh(0.7978845608 * (v + 0.044715 * v * v * v))) + v / (1 + std::exp(-v)) +
              std::tanh(1.2 * v) + 1 + std::tan(v) + std::ceil(v) + std::log2(v) + 1 / v);
    check("row", row.at<double>(i), 0.5 * v);
    mean_of += v / 3, squares += v * v;
  }
  check("trace", t.item<double>(), squares);
  check("last", last.item<double>(), 4);
  check("stddev", s.item<double>(), std::sqrt(squares / 3 - mean_of * mean_of));
  check("w", w.get_value().item<double>(), 1.5);
  return wrong;
}
