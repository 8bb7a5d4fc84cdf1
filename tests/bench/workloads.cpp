#include "workloads.h"

#include <algorithm>
#include <random>

#include "limits.h"

namespace bench {

using namespace croton;

namespace {

double count(Index n) { return static_cast<double>(n); }
/// Seconds to move so many float32.
double moved(double floats) { return 4 * floats / pass_bandwidth(); }
double read(double floats) { return 4 * floats / read_bandwidth(); }
double called(double results, std::string_view function) { return results / throughput(function); }

Shared leaf(const Extents& shape, const char* name, double scale = 1) { return shared(numbers(shape, scale), name); }

Problem chain(bool full) {
  const Extents n{full ? 10000000 : 10007};
  const Shared a = leaf(n, "a"), b = leaf(n, "b"), c = leaf(n, "c"), d = leaf(n, "d");
  return {{tanh(a * b + c) * exp(-d) + sqrt(abs(a))}, {}};
}
Problem axpb(bool full) { return {{leaf({full ? 10000000 : 10007}, "a") * 2 + 1}, {}}; }
Problem total(bool full) { return {{sum(leaf({full ? 100000000 : 100003}, "a"))}, {}}; }

Shared square_matrix(bool full) { return full ? leaf({4096, 4096}, "a") : leaf({67, 131}, "a"); }
Workload statistic(const std::string& name, int axis, bool variance) {
  return {name,
          [=](bool full) {
            const Shared a = square_matrix(full);
            return Problem{{variance ? var(a, axis) : mean(a, axis)}, {}};
          },
          [] { return read(4096.0 * 4096); }, "reading"};
}

Problem softmax_rows(bool full) { return {{softmax(full ? leaf({4096, 1000}, "z") : leaf({33, 103}, "z"))}, {}}; }
Problem logsumexp_gradient(bool full) {
  const Shared z = full ? leaf({4096, 1000}, "z") : leaf({33, 103}, "z");
  const Tensor l = sum(logsumexp(z, 1));
  return {{l, grad(l, z)}, {}};
}
Problem crossentropy_gradient(bool full) {
  const Index n = full ? 4096 : 33, c = full ? 1000 : 103;
  const Shared z = leaf({n, c}, "z"), y = shared(classes(n, c), "y");
  const Tensor l = -sum(y * log_softmax(z)) / count(n);
  return {{l, grad(l, z)}, {}};
}
Problem layer_norm_gradient(bool full) {
  const Index n = full ? 4096 : 35, c = full ? 1024 : 107;
  const Shared x = leaf({n, c}, "x"), gain = leaf({c}, "gain"), bias = leaf({c}, "bias"),
               seen = leaf({n, c}, "dy", 0.01);
  const Tensor centred = x - mean(x, 1, keepdims);
  const Tensor y = centred * rsqrt(mean(square(centred), 1, keepdims) + 1e-5) * gain + bias;
  const Tensor l = sum(y * seen);
  return {{grad(l, x), grad(l, gain), grad(l, bias)}, {}};
}
Problem wide_network(bool full) {
  const Index n = full ? 5000 : 61, h = full ? 1000 : 37;
  const Shared x = leaf({n, 8}, "x"), y = shared(classes(n, 8), "y");
  const Shared w1 = leaf({8, h}, "w1", 0.3), b1 = leaf({h}, "b1", 0.1), w2 = leaf({h, 8}, "w2", 0.1),
               b2 = leaf({8}, "b2", 0.1);
  const Tensor p = softmax(dot(tanh(dot(x, w1) + b1), w2) + b2);
  const Tensor l = mean(categorical_crossentropy(p, y));
  return {{l, grad(l, w1), grad(l, b1), grad(l, w2), grad(l, b2)}, {}};
}
Problem pairwise(bool full) {
  const Index n = full ? 10000 : 53;
  const Shared x = leaf({n, 3}, "x"), y = leaf({n, 3}, "y");
  return {{sum(exp(-sum(square(expand_dims(x, 1) - expand_dims(y, 0)), 2)), 1)}, {}};
}
Problem gemm(bool full) {
  const Index n = full ? 1024 : 96;
  return {{dot(leaf({n, n}, "a"), leaf({n, n}, "b"))}, {}};
}
Problem gemm_bias_relu(bool full) {
  const Index m = full ? 4096 : 64, n = full ? 1024 : 48;
  return {{relu(dot(leaf({m, n}, "a"), leaf({n, n}, "b")) + leaf({n}, "bias"))}, {}};
}
Problem mlp_adam(bool full) {
  const Index n = full ? 256 : 20, in = full ? 784 : 40, h = full ? 1024 : 36;
  const Shared x = leaf({n, in}, "x"), y = shared(classes(n, 10), "y");
  const Shared w1 = leaf({in, h}, "w1", 0.03), b1 = leaf({h}, "b1", 0.01), w2 = leaf({h, h}, "w2", 0.03),
               b2 = leaf({h}, "b2", 0.01);
  const Shared w3 = leaf({h, 10}, "w3", 0.03), b3 = leaf({10}, "b3", 0.01);
  const Tensor a = relu(dot(x, w1) + b1), c = relu(dot(a, w2) + b2);
  const Tensor l = mean(categorical_crossentropy(softmax(dot(c, w3) + b3), y));
  return {{l}, optimizers::adam(l, {w1, b1, w2, b2, w3, b3})};
}
double mlp_limit() {
  const double n = 256, in = 784, h = 1024;
  const double first = 4 * n * in * h / gemm_rate(256, 1024, 784), second = 6 * n * h * h / gemm_rate(256, 1024, 1024);
  return first + second + 52e6 / pass_bandwidth();
}

Workload step(const std::string& name, Index examples, Index hidden, DType dtype) {
  return {name,
          [=](bool full) { return tutorial(full ? examples : 53, full ? hidden : 37, dtype).problem; },
          {},
          "the floor",
          dtype == DType::float64 ? 1e-9 : 2e-4};
}

}  // namespace

Array numbers(const Extents& shape, double scale, DType dtype) {
  Array a = Array::zeros(shape, DType::float32);
  std::mt19937 bits(static_cast<std::uint32_t>(a.size() + a.ndim()));
  // A long array repeats itself: drawing 10^8 numbers would take longer than every measurement.
  std::normal_distribution<float> normal;
  const auto v = a.mutable_values<float>();
  constexpr std::size_t period = 65521;
  for (std::size_t i = 0; i < v.size(); ++i)
    v[i] = i < period ? static_cast<float>(scale) * normal(bits) : v[i - period];
  return dtype == DType::float32 ? a : a.astype(dtype);
}

Array classes(Index rows, Index n, DType dtype) {
  Array a = Array::zeros({rows, n}, DType::float32);
  const auto v = a.mutable_values<float>();
  for (Index i = 0; i < rows; ++i) v[static_cast<std::size_t>(i * n + i * 7 % n)] = 1;
  return a.astype(dtype);
}

Tutorial tutorial(Index examples, Index hidden, DType dtype) {
  Tutorial t;
  t.x = shared(numbers({examples, 2}, 1, dtype), "X");
  t.y = shared(classes(examples, 2, dtype), "y");
  t.w1 = shared(numbers({2, hidden}, 0.7, dtype), "W1");
  t.b1 = shared(numbers({hidden}, 0.1, dtype), "b1");
  t.w2 = shared(numbers({hidden, 2}, 0.03, dtype), "W2");
  t.b2 = shared(numbers({2}, 0.1, dtype), "b2");
  const Tensor p = softmax(dot(tanh(dot(t.x, t.w1) + t.b1), t.w2) + t.b2);
  const Tensor loss = mean(categorical_crossentropy(p, t.y)) +
                      tutorial_lambda / 2 / count(examples) * (sum(square(t.w1)) + sum(square(t.w2)));
  const auto d = grad(loss, {t.w2, t.b2, t.w1, t.b1});
  t.problem.updates = {{t.w2, t.w2 - tutorial_rate * d[0]},
                       {t.b2, t.b2 - tutorial_rate * d[1]},
                       {t.w1, t.w1 - tutorial_rate * d[2]},
                       {t.b1, t.b1 - tutorial_rate * d[3]}};
  return t;
}

std::vector<Workload> workloads() {
  const double n = 1e7, rows = 4096.0 * 1000;
  return {
      step("tutorial_step", 5000, 1000, DType::float32),
      step("tutorial_step_float64", 5000, 1000, DType::float64),
      step("tutorial_step_hidden_100", 5000, 100, DType::float32),
      step("tutorial_step_hidden_10000", 5000, 10000, DType::float32),
      step("tutorial_step_hidden_100000", 5000, 100000, DType::float32),
      step("tutorial_step_examples_500", 500, 1000, DType::float32),
      step("tutorial_step_examples_50000", 50000, 1000, DType::float32),
      step("tutorial_step_examples_500000", 500000, 1000, DType::float32),
      {"elementwise_chain", chain,
       [=] { return std::max(moved(5 * n), called(n, "tanh") + called(n, "exp") + called(n, "sqrt")); }, "functions"},
      {"axpb", axpb, [=] { return 8 * n / std::max(copy_bandwidth(false), copy_bandwidth(true)); },
       "moving, best stores"},
      {"sum", total, [] { return read(1e8); }, "reading"},
      statistic("mean_axis_0", 0, false),
      statistic("mean_axis_1", 1, false),
      statistic("var_axis_0", 0, true),
      statistic("var_axis_1", 1, true),
      {"softmax", softmax_rows, [=] { return std::max(moved(2 * rows), called(rows, "exp")); }, "moving, exp"},
      {"logsumexp_grad", logsumexp_gradient, [=] { return std::max(moved(2 * rows), called(rows, "exp")); },
       "moving, exp"},
      {"crossentropy_grad", crossentropy_gradient, [=] { return std::max(moved(3 * rows), called(rows, "exp")); },
       "moving, exp"},
      {"layer_norm_grad", layer_norm_gradient, [] { return moved(3 * 4096.0 * 1024); }, "moving x, dy, dx"},
      {"wide_network_grad", wide_network, [] { return called(5e6, "tanh") + 5000.0 * 1000 * 8 * 4 * 2 / fma_peak(); },
       "tanh, FMA"},
      {"pairwise", pairwise, [] { return called(1e8, "exp"); }, "exp"},
      {"gemm_1024", gemm, {}, "bare sgemm", 2e-4, [] { return bare_product(1024, 1024, 1024); }},
      {"gemm_bias_relu", gemm_bias_relu, {}, "bare sgemm", 2e-4, [] { return bare_product(4096, 1024, 1024); }},
      {"mlp_adam", mlp_adam, mlp_limit, "sgemm, 52 MB"},
  };
}

}  // namespace bench
