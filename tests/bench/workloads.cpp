#include "workloads.h"

#include <algorithm>
#include <random>

#include "croton/nn.h"
#include "croton/random.h"
#include "limits.h"

namespace bench {

using namespace croton;

namespace {

double count(Index n) { return static_cast<double>(n); }
/// Seconds to move so many float32.
double read(double floats) { return 4 * floats / read_bandwidth(); }
/// What is read comes no faster than where nothing is written.
double moved(double reads, double writes) { return std::max(read(reads), 4 * (reads + writes) / pass_bandwidth()); }
/// The same on a GPU, whose copies tell what its memory does.
double copied(double floats) { return 4 * floats / device_bandwidth(); }
double called(double results, std::string_view function) { return results / throughput(function); }

Index of(Size size, Index checked, Index cpu, Index gpu) {
  return size == Size::checked ? checked : size == Size::cpu ? cpu : gpu;
}
Shared leaf(const Extents& shape, const char* name, double scale = 1) { return shared(numbers(shape, scale), name); }

Problem chain(Size size) {
  const Extents n{of(size, 10007, 10000000, Index{1} << 26)};
  const Shared a = leaf(n, "a"), b = leaf(n, "b"), c = leaf(n, "c"), d = leaf(n, "d");
  return {{tanh(a * b + c) * exp(-d) + sqrt(abs(a))}, {}};
}
Problem axpb(Size size) { return {{leaf({of(size, 10007, 10000000, Index{1} << 27)}, "a") * 2 + 1}, {}}; }
Problem total(Size size) { return {{sum(leaf({of(size, 100003, 100000000, Index{1} << 28)}, "a"))}, {}}; }

constexpr Index part_rows = 4096, part_columns = 2048;
/// Two matrices beside each other, or one below the other.
Workload joined(const std::string& name, int axis, bool on_gpu = false) {
  return {name,
          [=](Size size) {
            const Extents shape{of(size, 33, part_rows, 8 * part_rows), of(size, 67, part_columns, part_columns)};
            return Problem{{concatenate({leaf(shape, "a"), leaf(shape, "b")}, axis)}, {}};
          },
          [=] {
            const double each = 2.0 * count(part_rows * part_columns);
            return on_gpu ? copied(2 * 8 * each) : moved(each, each);
          },
          "moving"};
}
/// Rows of a variable of any length are replaced where they lie.
constexpr Index written_rows = 16384;
Problem rows_written(Size size) {
  const Index rows = of(size, 50, written_rows, 4 * written_rows), columns = of(size, 67, 1024, 1024);
  const Shared x = leaf({4 * rows, columns}, "x"), v = leaf({rows, columns}, "v");
  return {{}, {{x, set_subtensor(x[slice(rows, 2 * rows)], v)}}};
}

Shared square_matrix(Size size) { return leaf({of(size, 67, 4096, 32768), of(size, 131, 4096, 4096)}, "a"); }
Workload statistic(const std::string& name, int axis, bool variance) {
  return {name,
          [=](Size size) {
            const Shared a = square_matrix(size);
            return Problem{{variance ? var(a, axis) : mean(a, axis)}, {}};
          },
          [] { return read(4096.0 * 4096); }, "reading"};
}

Problem masked_sum(Size size) {
  const Shared x = leaf({of(size, 10007, 10000000, Index{1} << 27)}, "x");
  return {{sum(x[x > 0])}, {}};
}

constexpr Index words = 20000, width = 128, looked_up = 4096;
/// Of a table whose rows are looked up, some of them more than once.
Problem embedding_gradient(Size size) {
  const Index n = of(size, 97, words, words), count = of(size, 50, looked_up, looked_up);
  std::vector<std::int64_t> at;
  for (Index i = 0; i < count; ++i) at.push_back(i * i % n);
  const Shared table = leaf({n, of(size, 13, width, width)}, "table");
  return {{grad(sum(square(table[shared(at, "at")])), table)}, {}};
}

Extents drawn_shape(Size size) { return {of(size, 67, 4096, 32768), of(size, 131, 4096, 4096)}; }
Problem uniform_draw(Size size) { return {{RandomStream(7).uniform(drawn_shape(size), float32)}, {}}; }
Problem normal_draw(Size size) { return {{RandomStream(7).normal(drawn_shape(size), float32)}, {}}; }
/// A half is dropped; the loss's gradient wants to know which.
Problem dropout_gradient(Size size) {
  const Shared x = square_matrix(size);
  const Tensor y = x * RandomStream(7).bernoulli(x.shape(), 0.5) * 2, loss = mean(sqr(y));
  return {{loss, grad(loss, x)}, {}};
}

Shared scores(Size size, Index columns) {
  return leaf({of(size, 33, 4096, 65536), of(size, 103, columns, columns)}, "z");
}
Problem softmax_rows(Size size) { return {{softmax(scores(size, size == Size::gpu ? 1024 : 1000))}, {}}; }
Problem logsumexp_gradient(Size size) {
  const Shared z = scores(size, 1000);
  const Tensor l = sum(logsumexp(z, 1));
  return {{l, grad(l, z)}, {}};
}
Problem crossentropy_gradient(Size size) {
  const Shared z = scores(size, 1000);
  const Index n = z.get_value().shape()[0];
  const Shared y = shared(classes(n, z.get_value().shape()[1]), "y");
  const Tensor l = -sum(y * log_softmax(z)) / count(n);
  return {{l, grad(l, z)}, {}};
}
struct LayerNorm {
  Shared x, gain, bias;
  Tensor y;
  explicit LayerNorm(Size size) {
    const Index n = of(size, 35, 4096, 65536), c = of(size, 107, 1024, 1024);
    x = leaf({n, c}, "x"), gain = leaf({c}, "gain"), bias = leaf({c}, "bias");
    const Tensor centred = x - mean(x, 1, keepdims);
    y = centred * rsqrt(mean(square(centred), 1, keepdims) + 1e-5) * gain + bias;
  }
};
Problem layer_norm(Size size) { return {{LayerNorm(size).y}, {}}; }
Problem layer_norm_gradient(Size size) {
  const LayerNorm norm(size);
  const Tensor l = sum(norm.y * leaf(norm.x.get_value().shape(), "dy", 0.01));
  return {{grad(l, norm.x), grad(l, norm.gain), grad(l, norm.bias)}, {}};
}
Problem wide_network(Size size) {
  const Index n = of(size, 61, 5000, 5000), h = of(size, 37, 1000, 1000);
  const Shared x = leaf({n, 8}, "x"), y = shared(classes(n, 8), "y");
  const Shared w1 = leaf({8, h}, "w1", 0.3), b1 = leaf({h}, "b1", 0.1), w2 = leaf({h, 8}, "w2", 0.1),
               b2 = leaf({8}, "b2", 0.1);
  const Tensor p = softmax(dot(tanh(dot(x, w1) + b1), w2) + b2);
  const Tensor l = mean(categorical_crossentropy(p, y));
  return {{l, grad(l, w1), grad(l, b1), grad(l, w2), grad(l, b2)}, {}};
}
Problem pairwise(Size size) {
  const Index n = of(size, 53, 10000, 10000);
  const Shared x = leaf({n, 3}, "x"), y = leaf({n, 3}, "y");
  return {{sum(exp(-sum(square(expand_dims(x, 1) - expand_dims(y, 0)), 2)), 1)}, {}};
}
Problem gemm(Size size, Index full) {
  const Index n = of(size, 96, full, full);
  return {{dot(leaf({n, n}, "a"), leaf({n, n}, "b"))}, {}};
}
Problem gemm_bias_relu(Size size, Index rows, Index columns) {
  const Index m = of(size, 64, rows, rows), n = of(size, 48, columns, columns);
  return {{relu(dot(leaf({m, n}, "a"), leaf({n, n}, "b")) + leaf({n}, "bias"))}, {}};
}
Workload product(const std::string& name, Index n) {
  return {name, [n](Size size) { return gemm(size, n); }, {}, "bare sgemm",
          2e-4, [n] { return bare_product(n, n, n); }};
}
Workload product_bias_relu(const std::string& name, Index m, Index n) {
  return {name, [=](Size size) { return gemm_bias_relu(size, m, n); },
          {},   "bare sgemm",
          2e-4, [=] { return bare_product(m, n, n); }};
}
Problem mlp_adam(Size size) {
  const Index n = of(size, 20, 256, 256), in = of(size, 40, 784, 784), h = of(size, 36, 1024, 1024);
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

// 64 channels of images before and after, filters of 3 x 3.
constexpr Index images = 32, pixels = 56, channels = 64;
struct Convolution {
  Shared x, w;
  Tensor y;
  explicit Convolution(Size size) {
    const Index n = of(size, 2, images, images), p = of(size, 11, pixels, pixels), c = of(size, 20, channels, channels);
    x = leaf({n, c, p, p}, "x"), w = leaf({c, c, 3, 3}, "w", 0.05);
    y = conv2d(x, w, {.padding = 1});
  }
};
Problem convolution(Size size) { return {{Convolution(size).y}, {}}; }
Problem convolution_gradient(Size size) {
  const Convolution c(size);
  const Tensor l = sum(c.y * leaf(c.x.get_value().shape(), "dy"));
  return {{grad(l, c.x), grad(l, c.w)}, {}};
}
double product_of_windows() { return 2.0 * images * pixels * pixels * channels * channels * 9; }
double convolution_limit() { return product_of_windows() / gemm_rate(channels, pixels * pixels, 9 * channels); }
double convolution_gradient_limit() {
  return product_of_windows() / gemm_rate(9 * channels, pixels * pixels, channels) +
         product_of_windows() / gemm_rate(channels, 9 * channels, 4 * pixels * pixels);
}
Shared pictures(Size size) {
  const Index n = of(size, 2, 32, 32), c = of(size, 3, 64, 64), p = of(size, 26, 112, 112);
  return leaf({n, c, p, p}, "x");
}
constexpr double pixels_of_pictures = 32.0 * 64 * 112 * 112;
Problem pooling(Size size) { return {{max_pool(pictures(size), {2, 2})}, {}}; }
Problem pooling_gradient(Size size) {
  const Shared x = pictures(size);
  const Tensor y = max_pool(x, {2, 2});
  const Extents& s = x.get_value().shape();
  return {{grad(sum(y * leaf({s[0], s[1], s[2] / 2, s[3] / 2}, "dy")), x)}, {}};
}

Workload step(const std::string& name, Index examples, Index hidden, DType dtype) {
  return {name,
          [=](Size size) {
            return tutorial(of(size, 53, examples, examples), of(size, 37, hidden, hidden), dtype).problem;
          },
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
       [=] { return std::max(moved(4 * n, n), called(n, "tanh") + called(n, "exp") + called(n, "sqrt")); },
       "functions"},
      {"axpb", axpb, [=] { return 8 * n / std::max(copy_bandwidth(false), copy_bandwidth(true)); },
       "moving, best stores"},
      {"sum", total, [] { return read(1e8); }, "reading"},
      joined("concatenate_rows", 0),
      joined("concatenate_columns", 1),
      {"write_rows", rows_written, [] { return moved(written_rows * 1024.0, written_rows * 1024.0); }, "moving"},
      statistic("mean_axis_0", 0, false),
      statistic("mean_axis_1", 1, false),
      statistic("var_axis_0", 0, true),
      statistic("var_axis_1", 1, true),
      {"uniform", uniform_draw, [] { return moved(0, 4096.0 * 4096); }, "writing"},
      {"normal", normal_draw, [] { return moved(0, 4096.0 * 4096); }, "writing"},
      {"dropout_grad", dropout_gradient, [] { return moved(4096.0 * 4096, 4096.0 * 4096); }, "moving x, dx"},
      {"masked_sum", masked_sum, [=] { return read(n); }, "reading"},
      {"embedding_grad", embedding_gradient,
       [] { return moved(2.0 * looked_up * width, static_cast<double>((words + looked_up) * width)); }, "moving"},
      {"softmax", softmax_rows, [=] { return std::max(moved(rows, rows), called(rows, "exp")); }, "moving, exp"},
      {"logsumexp_grad", logsumexp_gradient, [=] { return std::max(moved(rows, rows), called(rows, "exp")); },
       "moving, exp"},
      {"crossentropy_grad", crossentropy_gradient, [=] { return std::max(moved(2 * rows, rows), called(rows, "exp")); },
       "moving, exp"},
      {"layer_norm_grad", layer_norm_gradient, [] { return moved(2 * 4096.0 * 1024, 4096.0 * 1024); },
       "moving x, dy, dx"},
      {"wide_network_grad", wide_network, [] { return called(5e6, "tanh") + 5000.0 * 1000 * 8 * 4 * 2 / fma_peak(); },
       "tanh, FMA"},
      {"pairwise", pairwise, [] { return called(1e8, "exp"); }, "exp"},
      product("gemm_1024", 1024),
      product_bias_relu("gemm_bias_relu", 4096, 1024),
      {"mlp_adam", mlp_adam, mlp_limit, "sgemm, 52 MB"},
      {"conv2d", convolution, convolution_limit, "sgemm"},
      {"conv2d_grad", convolution_gradient, convolution_gradient_limit, "two sgemm"},
      {"max_pool", pooling, [] { return moved(pixels_of_pictures, pixels_of_pictures / 4); }, "moving"},
      {"max_pool_grad", pooling_gradient, [] { return moved(1.25 * pixels_of_pictures, pixels_of_pictures); },
       "moving x, dy, dx"},
  };
}

std::vector<Workload> gpu_workloads() {
  const double rows = 65536;
  const auto with_fastmath = [](Workload w) {
    w.name += "_fastmath";
    w.config = "nvcc.fastmath=True";
    return w;
  };
  Workload fast = with_fastmath(step("tutorial_step", 5000, 1000, DType::float32));
  fast.tolerance = 5e-3;
  return {
      step("tutorial_step", 5000, 1000, DType::float32),
      fast,
      step("tutorial_step_float64", 5000, 1000, DType::float64),
      step("tutorial_step_hidden_100", 5000, 100, DType::float32),
      step("tutorial_step_hidden_2000", 5000, 2000, DType::float32),
      step("tutorial_step_hidden_10000", 5000, 10000, DType::float32),
      step("tutorial_step_examples_500", 500, 1000, DType::float32),
      step("tutorial_step_examples_50000", 50000, 1000, DType::float32),
      step("tutorial_step_examples_500000", 500000, 1000, DType::float32),
      {"elementwise_chain", chain, [] { return copied(5.0 * (1 << 26)); }, "moving"},
      {"axpb", axpb, [] { return copied(2.0 * (1 << 27)); }, "moving"},
      {"sum", total, [] { return copied(1 << 28); }, "reading"},
      joined("concatenate_rows", 0, true),
      joined("concatenate_columns", 1, true),
      {"write_rows", rows_written, [] { return copied(8.0 * written_rows * 1024); }, "moving"},
      {"mean_axis_0", statistic("", 0, false).build, [] { return copied(32768.0 * 4096); }, "reading"},
      {"var_axis_1", statistic("", 1, true).build, [] { return copied(32768.0 * 4096); }, "reading"},
      {"uniform", uniform_draw, [] { return copied(32768.0 * 4096); }, "writing"},
      {"normal", normal_draw, [] { return copied(32768.0 * 4096); }, "writing"},
      {"dropout_grad", dropout_gradient, [] { return copied(2 * 32768.0 * 4096); }, "moving x, dx"},
      {"softmax", softmax_rows, [=] { return copied(2 * rows * 1024); }, "moving"},
      {"layer_norm", layer_norm, [=] { return copied(2 * rows * 1024); }, "moving x, y"},
      {"logsumexp_grad", logsumexp_gradient, [=] { return copied(2 * rows * 1000); }, "moving"},
      {"crossentropy_grad", crossentropy_gradient, [=] { return copied(3 * rows * 1000); }, "moving"},
      {"layer_norm_grad", layer_norm_gradient, [=] { return copied(3 * rows * 1024); }, "moving x, dy, dx"},
      {"wide_network_grad", wide_network, {}, ""},
      {"pairwise", pairwise, {}, ""},
      product("gemm_1024", 1024),
      product("gemm_4096", 4096),
      product_bias_relu("gemm_bias_relu_1024", 1024, 1024),
      product_bias_relu("gemm_bias_relu_4096", 4096, 4096),
      with_fastmath(product_bias_relu("gemm_bias_relu_1024", 1024, 1024)),
      with_fastmath(product_bias_relu("gemm_bias_relu_4096", 4096, 4096)),
      {"mlp_adam", mlp_adam, {}, ""},
      {"conv2d", convolution, {}, ""},
      {"conv2d_grad", convolution_gradient, {}, ""},
      {"max_pool", pooling, [] { return copied(1.25 * pixels_of_pictures); }, "moving"},
      {"max_pool_grad", pooling_gradient, [] { return copied(2.25 * pixels_of_pictures); }, "moving x, dy, dx"},
  };
}

}  // namespace bench
