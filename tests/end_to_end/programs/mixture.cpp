// A mixture of two Gaussians fitted by expectation and maximization, once as a function with updates and once by hand.
#include <croton.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <vector>

using namespace croton;

int main() {
  const Tensor x = vector("x");
  const Shared mu = shared(Array{-1., 1.}, "mu"), log_sigma = shared(zeros({2}), "log_sigma"), pi = shared(Array{0.5, 0.5}, "pi");
  const Tensor distance = x(all, newaxis) - mu;
  const Tensor joint = log(pi) - 0.5 * square(distance / exp(log_sigma)) - log_sigma - 0.5 * std::log(2 * 3.14159265358979323846);
  const Tensor evidence = logsumexp(joint, 1, keepdims);
  const Tensor share = exp(joint - evidence), count = sum(share, 0);
  const Tensor next_mu = dot(x, share) / count;
  const Tensor next_sigma = sqrt(sum(share * square(x(all, newaxis) - next_mu), 0) / count);
  const Function step = function({x}, sum(evidence), {{mu, next_mu}, {log_sigma, log(next_sigma)}, {pi, count / x.size()}}, {.name = "em"});

  const std::vector<double> data{-2, -2.1, -1.9, 3, 3.2, 2.9, 3.1};
  std::array<double, 2> m{-1, 1}, s{1, 1}, p{0.5, 0.5};
  double before = -1e300;
  for (int i = 0; i < 8; ++i) {
    double likelihood = 0;
    std::array<double, 2> n{}, total{}, spread{};
    std::vector<std::array<double, 2>> r;
    for (const double v : data) {
      std::array<double, 2> q{};
      for (std::size_t k = 0; k < 2; ++k)
        q[k] = p[k] * std::exp(-0.5 * (v - m[k]) * (v - m[k]) / s[k] / s[k]) / s[k] / std::sqrt(2 * 3.14159265358979323846);
      likelihood += std::log(q[0] + q[1]);
      r.push_back({q[0] / (q[0] + q[1]), q[1] / (q[0] + q[1])});
      for (std::size_t k = 0; k < 2; ++k) n[k] += r.back()[k], total[k] += r.back()[k] * v;
    }
    for (std::size_t k = 0; k < 2; ++k) {
      m[k] = total[k] / n[k], p[k] = n[k] / static_cast<double>(data.size());
      for (std::size_t j = 0; j < data.size(); ++j) spread[k] += r[j][k] * (data[j] - m[k]) * (data[j] - m[k]);
      s[k] = std::sqrt(spread[k] / n[k]);
    }
    const double got = step(data).item<double>();
    if (std::fabs(got - likelihood) > 1e-9 * std::fabs(likelihood) || got < before - 1e-9) {
      std::printf("step %d: %.17g instead of %.17g\n", i, got, likelihood);
      return 1;
    }
    before = got;
  }
  const Array found = mu.get_value();
  return std::fabs(found.at<double>(0) + 2) < 1e-6 && std::fabs(found.at<double>(1) - 3.05) < 1e-6 ? 0 : 2;
}
