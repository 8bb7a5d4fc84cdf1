// Loops over any number of rows: a recurrent network that learns from sequences of different lengths, a power iteration, a
// cumulative product; each against plain C++.
#include <croton.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <vector>

using namespace croton;

int wrong = 0;

void check(const char* what, double got, double expected, double tolerance) {
  if (std::fabs(got - expected) <= tolerance) return;
  std::printf("%s: %.17g instead of %.17g\n", what, got, expected);
  ++wrong;
}

std::vector<double> sequence(int length) {
  std::vector<double> x;
  x.reserve(static_cast<std::size_t>(length));
  for (int i = 0; i < length; ++i) x.push_back(std::sin(0.7 * i + length));
  return x;
}

void cumulative_product() {
  const Tensor xs = vector("xs", float64);
  const auto [last, products] = scan(
      [](const Tensor& product, const Tensor& x) {
        const Tensor next = product * x;
        return std::pair{next, next};
      },
      Tensor(1.0), xs);
  const auto f = function({xs}, {products, grad(last, xs)});
  for (const int length : {1, 4, 100}) {
    std::vector<double> x = sequence(length);
    for (double& v : x) v = 1 + 0.1 * v;
    const auto [p, slope] = f(Array(x, {length}));
    double product = 1;
    for (int i = 0; i < length; ++i) check("a product", p.at<double>(i), product *= x[static_cast<std::size_t>(i)], 1e-12);
    for (int i = 0; i < length; ++i) check("its slope", slope.at<double>(i), product / x[static_cast<std::size_t>(i)], 1e-11);
  }
}

void power_iteration() {
  const Tensor A = matrix("A", float64), times = lscalar("times");
  const auto [v, values] = scan(
      [&](const Tensor& u) {
        const Tensor w = dot(A, u), length = sqrt(sum(w * w));
        return std::pair{w / length, length};
      },
      Tensor(Array{1., 0.}), {.length = times});
  const auto f = function({A, times}, {v, values});
  const auto [u, lengths] = f(Array{{2., 1.}, {1., 2.}}, 60);
  check("the eigenvalue", lengths.at<double>(59), 3, 1e-12);
  check("the eigenvector", u.at<double>(0), std::sqrt(0.5), 1e-12);
  check("no iteration", f(Array{{2., 1.}, {1., 2.}}, 0)[0].at<double>(0), 1, 0);
}

void network() {
  constexpr int units = 8;
  const Shared W = shared(normal({units, units}) * 0.3, "W"), U = shared(normal({units}), "U"), v = shared(normal({units}) * 0.3, "v");
  const Tensor xs = vector("xs", float64), first = scalar("first", float64);
  const auto [h, hs] = scan(
      [&](const Tensor& state, const Tensor& x) {
        const Tensor next = tanh(dot(W, state) + U * x);
        return std::pair{next, next};
      },
      zeros({units}), xs);
  const Tensor loss = square(dot(h, v) - first);  // remember what came first
  const auto [dW, dU, dv] = grad(loss, W, U, v);
  const auto look = function({xs}, {h, hs});
  const Function train = function({xs, first}, loss, {{W, W - 0.05 * dW}, {U, U - 0.05 * dU}, {v, v - 0.05 * dv}});

  const std::vector<double> x = sequence(30);
  const auto [last, all_states] = look(Array(x, {30}));
  const Array w = W.get_value(), u = U.get_value();
  std::vector<double> state(units);
  for (int t = 0; t < 30; ++t) {
    std::vector<double> z(units);
    for (int i = 0; i < units; ++i) {
      double& s = z[static_cast<std::size_t>(i)];
      for (int j = 0; j < units; ++j) s += w.at<double>(i, j) * state[static_cast<std::size_t>(j)];
      s = std::tanh(s + u.at<double>(i) * x[static_cast<std::size_t>(t)]);
      check("a state", all_states.at<double>(t, i), s, 1e-12);
    }
    state = z;
  }
  double before = 0, after = 0;
  for (int pass = 0; pass < 100; ++pass) {
    double total = 0;
    for (const int length : {2, 3, 7, 4}) {
      const std::vector<double> s = sequence(length);
      total += train(Array(s, {length}), s[0]).item<double>();
    }
    (pass == 0 ? before : after) = total;
  }
  if (!(after < before / 3)) {
    std::printf("the losses of the first pass are %g, of the last %g\n", before, after);
    ++wrong;
  }
}

int main() {
  cumulative_product();
  power_iteration();
  network();
  return wrong;
}
