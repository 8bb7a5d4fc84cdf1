// The tutorial's network on the emulated GPU: the same losses as on the CPU, the same bits every time, and data that
// stays where it is.
#include <cmath>

#include "array/access.h"
#include "croton/device.h"
#include "croton/gradient.h"
#include "expr/functions.h"
#include "message.h"
#include "runtime/cpu/cpu_target.h"

namespace croton {
namespace {

constexpr int passes = 12;

struct Losses {
  std::vector<double> values;
  Array w1;
  std::uint64_t transfers_in_loop = 0, launches_a_step = 0;
};

Array filled(const Extents& shape, double low, double high, int salt) {
  std::vector<float> values;
  const Index size = Array::zeros(shape).size();
  for (Index i = 0; i < size; ++i)
    values.push_back(
        static_cast<float>(low + (high - low) * (0.5 + 0.5 * std::sin(12.9898 * static_cast<double>(i + salt)))));
  return Array(values.data(), shape);
}

/// Two moons by formula, one hidden layer, full-batch gradient descent; the loss of each pass, read when all are done.
Losses train(const std::string& device, std::size_t hidden = 40) {
  const ScopedConfig scope(device + ",check_ir=True");
  constexpr std::size_t examples = 60;
  std::vector<float> points, classes;
  for (std::size_t i = 0; i < examples; ++i) {
    const std::size_t pair = i / 2;
    const double t = 3.14159 * static_cast<double>(pair) / 30, side = i % 2 == 0 ? 1 : -1;
    points.push_back(static_cast<float>(i % 2 == 0 ? std::cos(t) : 1 - std::cos(t)));
    points.push_back(static_cast<float>(i % 2 == 0 ? std::sin(t) : 0.5 - std::sin(t)));
    classes.push_back(side > 0 ? 1.0f : 0.0f);
    classes.push_back(side > 0 ? 0.0f : 1.0f);
  }
  const Shared x = shared(Array(points.data(), {examples, std::size_t{2}}), "X"),
               y = shared(Array(classes.data(), {examples, std::size_t{2}}), "y"),
               w1 = shared(filled({2, hidden}, -1, 1, 3), "W1"), b1 = shared(Array::zeros({hidden}, float32), "b1"),
               w2 = shared(filled({hidden, 2}, -0.3, 0.3, 7), "W2"), b2 = shared(Array::zeros({2}, float32), "b2");
  const Tensor a1 = tanh(dot(x, w1) + b1);
  const Tensor y_hat = softmax(dot(a1, w2) + b2);
  const Tensor loss = mean(categorical_crossentropy(y_hat, y)) + 0.001f * (sum(square(w1)) + sum(square(w2)));
  const auto [dw1, db1, dw2, db2] = grad(loss, {w1, b1, w2, b2});
  const float rate = 0.5f;
  const Function step =
      function({}, loss, {{w1, w1 - rate * dw1}, {b1, b1 - rate * db1}, {w2, w2 - rate * dw2}, {b2, b2 - rate * db2}});
  std::vector<Array> losses{step()};  // the data has gone to the device
  const DeviceCounters before = device_counters();
  for (int k = 1; k < passes; ++k) losses.push_back(step());
  const DeviceCounters after = device_counters();
  Losses r;
  r.transfers_in_loop = after.transfers_in - before.transfers_in + after.transfers_out - before.transfers_out;
  r.launches_a_step = (after.launches - before.launches) / (passes - 1);
  for (const Array& a : losses) r.values.push_back(a.item<double>());
  r.w1 = w1.get_value();
  return r;
}

}  // namespace

TEST_CASE("the emulated GPU trains the tutorial's network to the losses of the CPU, in few launches", "[emulator]") {
  const Losses cpu = train("device=cpu"), gpu = train(on_gpu());
  REQUIRE(gpu.values.size() == cpu.values.size());
  for (std::size_t k = 0; k < cpu.values.size(); ++k) CHECK(gpu.values[k] == Approx(cpu.values[k]).epsilon(1e-5));
  CHECK(gpu.values.back() < gpu.values.front());
  CHECK(gpu.launches_a_step <= 4);
}

TEST_CASE("a hidden layer of any width trains the same, whether threads keep its units in registers or not",
          "[emulator]") {
  for (const std::size_t hidden : {3u, 256u, 300u, 1000u, 1100u, 2048u, 2100u}) {
    INFO(hidden << " hidden units");
    const Losses cpu = train("device=cpu", hidden), gpu = train(on_gpu(), hidden),
                 checked = train(on_gpu() + ",emulator_check=True", hidden);
    for (std::size_t k = 0; k < cpu.values.size(); ++k) CHECK(gpu.values[k] == Approx(cpu.values[k]).epsilon(1e-5));
    CHECK(checked.values == gpu.values);
    CHECK(printed(checked.w1) == printed(gpu.w1));
  }
}

TEST_CASE("a thread without an element looks nothing up", "[emulator]") {
  const ScopedConfig scope(on_gpu() + ",check_ir=True");
  const Tensor x = tensor("x", float32, {any_extent, 33}), ids = tensor("ids", int64, {33});
  const Shared g = shared(Array::zeros({33}, float32), "g"), table = shared(Array::zeros({10}, float32), "table");
  const Tensor y = tanh(x * g + take(table, ids - 1000));
  const Function f = function({x, ids}, grad(sum(square(sum(y, 1))), g));
  const Array zeros = Array::zeros({9, 33}, float32);
  CHECK(array_equal(f(zeros, Array(std::vector<std::int64_t>(33, 1005))), Array::zeros({33}, float32)));
  CHECK_THROWS_AS(f(zeros, Array(std::vector<std::int64_t>(33, 1010))), IndexError);
}

TEST_CASE("a network in halves, whose rows threads stand for", "[emulator]") {
  for (const DType dtype : {float16, bfloat16}) {
    const Array points = filled({9, 2}, -1, 1, 3).astype(dtype);
    const auto both = [&](const std::string& device) {
      const ScopedConfig scope(device);
      const Tensor x = tensor("x", dtype, {any_extent, 2});
      const Shared w = shared(filled({2, 33}, -1, 1, 1).astype(dtype), "w"),
                   v = shared(filled({33, 2}, -1, 1, 2).astype(dtype), "v");
      const Tensor p = softmax(tanh(x.dot(w)).dot(v));
      return function(x, {p, grad(sum(square(p)), w)})(points);
    };
    const auto cpu = both("device=cpu"), emulated = both(on_gpu() + ",check_ir=True");
    for (std::size_t k = 0; k < 2; ++k)
      for (Index i = 0; i < cpu[k].size(); ++i) CHECK(std::abs(get(emulated[k], i) - get(cpu[k], i)) < 0.02);
  }
}

TEST_CASE("tanh in float32 keeps its bound on the emulated GPU, with the machine's own ex2 and reciprocal",
          "[emulator]") {
  constexpr int many = 400000;
  std::vector<float> values;
  values.reserve(many);
  for (int k = 0; k < many; ++k) values.push_back(static_cast<float>((k % 2 == 0 ? 1e-4 : -1e-4) * (0.125 * k)));
  const ScopedConfig scope(on_gpu());
  const Tensor t = tensor("t", float32, {any_extent});
  const Array found = function(t, tanh(t))(Array(values));
  double worst = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double right = std::tanh(double{values[i]}), got = get(found, static_cast<Index>(i));
    if (right != 0) worst = std::max(worst, std::abs(got - right) / std::ldexp(1.0, std::ilogb(right) - 23));
  }
  CHECK(worst < expr::function("tanh").bound(float32));
  if (gpu_is_emulated()) CHECK(worst > 1);  // it is as inexact as a GPU may be
}

TEST_CASE("losses and weights on the emulated GPU have the same bits from run to run", "[emulator]") {
  const Losses once = train(on_gpu()), again = train(on_gpu());
  CHECK(once.values == again.values);
  CHECK(printed(once.w1) == printed(again.w1));
}

TEST_CASE("a training loop moves nothing between host and device", "[emulator]") {
  CHECK(train(on_gpu()).transfers_in_loop == 0);
}

TEST_CASE("what one function gives stays on the device until the host reads it, and another may take it",
          "[emulator]") {
  const ScopedConfig scope(on_gpu());
  const Tensor x = tensor("x", float32, {any_extent});
  const Function twice = function(x, x * 2.0f), more = function(x, x + 1.0f);
  const Array first{1.f, 2.f};
  (void)more(twice(first));  // plans, constants
  const DeviceCounters before = device_counters();
  const Array a = twice(first), b = more(a);
  const DeviceCounters after = device_counters();
  CHECK(after.transfers_in - before.transfers_in == 1);
  CHECK(after.transfers_out == before.transfers_out);
  CHECK(printed(b) == "[3. 5.]");
  CHECK(printed(a) == "[2. 4.]");
  CHECK(device_counters().transfers_out - after.transfers_out == 2);
}

TEST_CASE("rows too long for shared memory are kept in memory between stages", "[emulator]") {
  std::vector<float> row(20000);
  for (std::size_t i = 0; i < row.size(); ++i) row[i] = static_cast<float>(i % 100) / 50;
  const Array x(row.data(), {2, std::size_t{10000}}), wide(row.data(), {1, std::size_t{20000}});
  const auto softmaxed = [&](const std::string& device, const Array& a) {
    const ScopedConfig scope(device);
    const Tensor t = tensor("t", float32, {any_extent, any_extent});
    return function(t, softmax(t))(a);
  };
  for (const Array& a : {x, wide}) {
    const Array cpu = softmaxed("device=cpu", a), gpu = softmaxed(on_gpu(), a);
    for (const Index i : {0, 1, 99, 9999}) CHECK(gpu[0].at<float>(i) == Approx(cpu[0].at<float>(i)).epsilon(1e-5));
  }
}

TEST_CASE("rows whose length the types give are right, kept in registers of a warp or a block or not", "[emulator]") {
  for (const std::size_t columns : {31u, 300u, 1024u, 1025u})
    for (const std::size_t rows : {1u, 19u}) {
      INFO(rows << " rows of " << columns);
      const auto results = [&](const std::string& way) {
        const ScopedConfig scope(way);
        const Shared x = shared(filled({rows, columns}, -2, 2, 1), "x"), dy = shared(filled({rows, columns}, -1, 1, 5)),
                     gain = shared(filled({columns}, 0.5, 1.5, 2), "gain"), bias = shared(filled({columns}, -1, 1, 3));
        const Tensor centred = x - mean(x, 1, keepdims);
        const Tensor norm = centred * rsqrt(mean(square(centred), 1, keepdims) + 1e-5f) * gain + bias;
        const Tensor loss = sum(norm * dy), entropy = mean(logsumexp(x, 1) - sum(x * dy, 1)),
                     cross = -sum(dy * log_softmax(x));
        std::vector<Array> all;
        for (const std::vector<Tensor>& one : {std::vector<Tensor>{softmax(x)},
                                               {norm},
                                               {entropy, grad(entropy, x)},
                                               {cross, grad(cross, x)},
                                               {grad(loss, x), grad(loss, gain), grad(loss, bias)}})
          for (Array& a : function({}, one)()) all.push_back(std::move(a));
        // in place: a row is read before it is written
        const Procedure step = function({}, {}, {{x, softmax(x) + x}});
        step();
        all.push_back(x.get_value());
        return all;
      };
      const std::vector<Array> cpu = results("device=cpu"),
                               gpu = results(on_gpu() + ",emulator_check=True,check_ir=True");
      for (std::size_t k = 0; k < cpu.size(); ++k)
        for (Index i = 0; i < cpu[k].size(); ++i)
          if (get(gpu[k], i) != Approx(get(cpu[k], i)).epsilon(2e-5).margin(1e-5)) {
            INFO("result " << k << ", element " << i << ": " << get(gpu[k], i) << " instead of " << get(cpu[k], i));
            CHECK(false);
            break;
          }
    }
}

TEST_CASE("columns of every width are added up by warps, however many blocks have left them", "[emulator]") {
  for (const Index rows : {1, 15, 300, 12000}) {
    INFO(rows << " rows");
    const auto results = [&](const std::string& way) {
      const ScopedConfig scope(way);
      const Tensor x = tensor("x", float32, {any_extent, any_extent}), i = round(x * 100).astype(int8),
                   d = x.astype(float64);
      return function(
          x, {sum(x, 0), sum(d, 0), max(i, 0), min(d, 0), all(x > -0.9f, 0), any(x > 0.999f, 0), prod(d, 0), sum(i, 0),
              max(x.astype(float16), 0), mean(x, 0)})(filled({static_cast<std::size_t>(rows), 70}, -1, 1, 1));
    };
    const std::string checked = rows > 1000 ? "" : ",emulator_check=True";
    const auto cpu = results("device=cpu"), gpu = results(on_gpu() + checked + ",check_ir=True");
    for (std::size_t k = 0; k < cpu.size(); ++k)
      for (Index i = 0; i < cpu[k].size(); ++i)
        if (get(gpu[k], i) != Approx(get(cpu[k], i)).epsilon(1e-4).margin(1e-4)) {
          INFO("result " << k << ", element " << i << ": " << get(gpu[k], i) << " instead of " << get(cpu[k], i));
          CHECK(false);
          break;
        }
  }
}

TEST_CASE("under math=exact elementwise functions have the same bits on the CPU and the emulated GPU", "[emulator]") {
  if (!runtime::cpu_target().fma) return;  // without it the CPU rounds a product and a sum
  std::vector<float> values{0.0f,     -0.0f,   1.0f,      -1.0f,     3.0e38f,    -3.0e38f,
                            1.0e-40f, 1.0e10f, 123456.7f, HUGE_VALF, -HUGE_VALF, NAN};
  for (int k = 0; k < 500; ++k)
    values.push_back(std::sin(static_cast<float>(k)) * std::exp2(static_cast<float>(k % 40 - 20)));
  const Array x{values};
  const auto results = [&](const std::string& way) {
    const ScopedConfig scope(way);
    const Tensor t = tensor("t", float32, {any_extent});
    std::vector<Array> all;
    for (const DType d : {DType::float32, DType::float64}) {
      const Tensor v = t.astype(d), w = t * 0.37f + 0.2f;
      const Tensor u = w.astype(d), a = abs(u), b = abs(v), s = sigmoid(v);
      const auto f = function(
          {t}, std::vector<Tensor>{exp(v),         exp2(v),         expm1(v),        log(v),        log2(v),
                                   log10(v),       log1p(v),        tanh(v),         sigmoid(v),    softplus(v),
                                   silu(v),        gelu(v),         sin(v),          cos(v),        tan(v),
                                   arcsin(v),      arccos(v),       arctan(v),       sinh(v),       cosh(v),
                                   arcsinh(v),     arccosh(v),      arctanh(v),      cbrt(v),       erf(v),
                                   erfc(v),        erfinv(v),       rsqrt(v),        sqrt(v),       round(v),
                                   floor(v),       ceil(v),         trunc(v),        pow(v, u),     arctan2(v, u),
                                   hypot(v, u),    gammaln(v),      digamma(v),      v / u + v * u, floor_divide(v, u),
                                   erfcx(v),       i0(v),           i1(v),           i0e(v),        i1e(v),
                                   gammainc(a, b), gammaincc(b, a), betainc(b, a, s)});
      for (Array& a : f(x)) all.push_back(std::move(a));
    }
    return all;
  };
  const std::vector<Array> cpu = results("device=cpu,math=exact"), gpu = results(on_gpu() + ",math=exact");
  REQUIRE(cpu.size() == gpu.size());
  for (std::size_t k = 0; k < cpu.size(); ++k)
    for (Index i = 0; i < cpu[k].size(); ++i) {
      const double a = get(cpu[k], i), b = get(gpu[k], i);
      INFO("function " << k << " of " << values[static_cast<std::size_t>(i)]);
      CHECK(((std::isnan(a) && std::isnan(b)) || (a == b && std::signbit(a) == std::signbit(b))));
    }
}

TEST_CASE("with fastmath float32 functions keep their wider bounds on the emulated GPU, and math=exact overrides it",
          "[emulator]") {
  std::vector<float> values{0.0f, -0.0f, 1.0f, -1.0f, 3.0e38f, -3.0e38f, 1.0e-40f, HUGE_VALF, -HUGE_VALF, NAN};
  for (int k = 0; k < 4000; ++k)
    values.push_back(std::sin(static_cast<float>(k)) * std::exp2(static_cast<float>(k % 120 - 60) / 8));
  const Array x{values};
  const std::string_view names[] = {"reciprocal", "sqrt",  "rsqrt", "exp2",    "exp", "log2",
                                    "log",        "log10", "tanh",  "sigmoid", "silu"};
  const Tensor t = tensor("t", float32, {any_extent});
  const auto make = [&](const std::string& way) {
    const ScopedConfig scope(way);
    return function({t}, std::vector<Tensor>{1.0f / t, sqrt(t), rsqrt(t), exp2(t), exp(t), log2(t), log(t), log10(t),
                                             tanh(t), sigmoid(t), silu(t)});
  };
  const ScopedConfig scope(on_gpu());
  const auto fast = make(on_gpu() + ",nvcc.fastmath=True"), slow = make(on_gpu() + ",math=exact"),
             exact = make(on_gpu() + ",nvcc.fastmath=True,math=exact");
  const std::vector<Array> found = fast(x), usual = slow(x), overridden = exact(x);
  for (std::size_t f = 0; f < std::size(names); ++f) {
    const expr::ScalarFunction& row = expr::function(names[f]);
    REQUIRE(row.has_fast());
    double worst = 0;
    bool differs = false;
    for (Index i = 0; i < found[f].size(); ++i) {
      const long double at = values[static_cast<std::size_t>(i)];
      const double right = static_cast<double>(row.reference(&at)), got = get(found[f], i);
      INFO(names[f] << " of " << static_cast<double>(at) << ": " << got << " for " << right);
      differs = differs || got != get(usual[f], i);
      if (std::isnan(right) || std::isinf(static_cast<float>(right)) || right == 0) {
        CHECK(((std::isnan(right) && std::isnan(got)) || static_cast<float>(right) == static_cast<float>(got)));
        continue;
      }
      const double unit = std::max(std::ldexp(1.0, std::ilogb(right) - 23), std::ldexp(1.0, -149));
      const double error = std::abs(got - right), scale = row.fast.ulp + row.fast.per_unit * std::abs(double(at));
      if (error <= row.fast.absolute) continue;
      worst = std::max(worst, error / unit / scale);
      CHECK(error <= scale * unit);
    }
    CHECK(printed(usual[f]) == printed(overridden[f]));
    INFO(names[f] << " takes " << worst << " of its bound");
    CHECK(differs);
    if (gpu_is_emulated()) CHECK(worst > 0.2);  // it does what a GPU may, and the bound is one of that
  }
}

TEST_CASE("a value that the host has changed goes to the device again", "[emulator]") {
  const ScopedConfig scope(on_gpu());
  const Tensor x = tensor("x", float32, {any_extent});
  const Function twice = function(x, x * 2.0f);
  Array a = twice(Array{1.f, 2.f});
  a.mutable_values<float>()[0] = 5;
  CHECK(printed(twice(a)) == "[10.  8.]");
}

}  // namespace croton
