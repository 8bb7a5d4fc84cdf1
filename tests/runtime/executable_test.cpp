// Programs against the reference evaluator: the same graph, the same leaves, generated code.
#include "runtime/executable.h"

#include <cmath>
#include <random>

#include "array/access.h"
#include "base/dtype.h"
#include "catch.h"
#include "croton/config.h"
#include "croton/ops.h"
#include "ops/evaluate.h"
#include "tile/build.h"

namespace croton {
namespace {

Array random(const Extents& shape, DType dtype, unsigned seed = 1) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<double> in(is_float(dtype) ? -2.0 : -5.0, is_float(dtype) ? 2.0 : 5.0);
  Array a = Array::zeros(shape, float64);
  for (double& x : a.mutable_values<double>()) x = in(generator);
  return a.astype(dtype);
}

void require_close(const Array& got, const Array& want, double tolerance) {
  REQUIRE(got.dtype() == want.dtype());
  REQUIRE(got.shape() == want.shape());
  for (Index i = 0; i < got.size(); ++i) {
    const double x = get(got, i), y = get(want, i);
    if (std::isnan(x) && std::isnan(y)) continue;
    if (!(std::abs(x - y) <= tolerance * (1 + std::abs(y)))) FAIL("element " << i << ": " << x << " instead of " << y);
  }
}

// Runs on the cpu and compares with the reference, element by element.
void check(const std::vector<Tensor>& outputs, const std::vector<Tensor>& inputs, const std::vector<Array>& values,
           double tolerance = 1e-12) {
  ops::Values leaves;
  for (std::size_t k = 0; k < inputs.size(); ++k) leaves[inputs[k].node()] = values[k];
  const std::vector<Array> want = ops::evaluate(outputs, leaves);
  const ScopedConfig scope("check_ir=True");
  runtime::Executable program(outputs, inputs, {}, runtime::device("cpu"), "test");
  INFO(program.explain());
  std::vector<Array> got(outputs.size());
  program.run(values, got);
  for (std::size_t k = 0; k < outputs.size(); ++k) require_close(got[k], want[k], tolerance);
}

}  // namespace

TEST_CASE("an elementwise chain is one kernel") {
  const Tensor a = matrix("a", float64), b = matrix("b", float64);
  const Tensor y = tanh(a * b + 0.3) * exp(-a) + sqrt(abs(b));
  for (const Extents& shape : {Extents{3, 5}, Extents{1, 1}, Extents{0, 4}, Extents{100, 33}})
    check({y}, {a, b}, {random(shape, float64), random(shape, float64, 2)});
  runtime::Executable program({y}, {a, b}, {}, runtime::device("cpu"), "test");
  REQUIRE(program.launches_per_run() == 1);
}

TEST_CASE(
    "what shares nothing is several kernels where there is much of it, and those that are alike are compiled once") {
  const auto count = [](const std::string& text, std::string_view what) {
    std::size_t n = 0;
    for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; ++at) ++n;
    return n;
  };
  // 40 vectors of one length, which a row of a matrix has too
  Tensor rows = matrix("rows", float64);
  const Tensor rate = scalar("rate", float64), half = 0.5 * rate;
  std::vector<Tensor> inputs{rows, rate}, results;
  std::vector<Array> values{random({3, 50}, float64), Array(0.25)};
  for (unsigned k = 0; k < 40; ++k) {
    inputs.push_back(vector("v", float64));
    values.push_back(random({50}, float64, k + 2));
    rows = rows + inputs.back();
    const Tensor& v = inputs.back();
    results.push_back(tanh(v) * half + square(v) / (1.0 + exp(v)) - sqrt(abs(v)));
  }
  results.push_back(sum(rows, 1));
  check(results, inputs, values);
  runtime::Executable program(results, inputs, {}, runtime::device("cpu"), "test");
  CHECK(program.nests().size() == 5);  // the rows, and ten vectors each
  CHECK(count(program.source(), "extern \"C\" void kernel") == 2);
}

TEST_CASE("an extent that depends on data is refused before any memory is taken for it (Programs cuts there)") {
  const Tensor x = vector("x", float64);
  runtime::Executable program({zeros({cast(sum(x), int64)}) + 1.0}, {x}, {}, runtime::device("cpu"), "test");
  const Array values[] = {random({5}, float64)};
  std::vector<Array> got(1);
  REQUIRE_THROWS_WITH(program.run(values, got), Catch::Contains("depends on data"));
}

TEST_CASE("float32, integers and bools go through generated code") {
  const Tensor a = fmatrix("a");
  check({where(a > 0, a * 2, exp(a)), cast(a > 0.5, float32) + a}, {a}, {random({17, 9}, float32)}, 1e-6);
  const Tensor i = lmatrix("i"), j = lmatrix("j");
  check({i + j * 3, floor_divide(i, j), i % j, i & j, maximum(i, j), i < j, cast(i, float64) / 4}, {i, j},
        {random({7, 5}, int64), random({7, 5}, int64, 2)});
}

TEST_CASE("sums over every axis and over one") {
  const Tensor a = tensor3("a", float64);
  check({sum(a), sum(a, 0), sum(a, 1), sum(a, 2), sum(a, {0, 1}), sum(a, {1, 2}), sum(a, {0, 2}), max(a, 1), min(a),
         prod(a, 2), mean(a, 0).named("m")},
        {a}, {random({6, 5, 40}, float64)});
  check({any(a > 1.9, 2), all(a > -1.9, 0), sum(cast(a > 0, int64), 1)}, {a}, {random({6, 5, 40}, float64)});
}

TEST_CASE("argmax and argmin over one axis and over all, ties and NaN included") {
  const Tensor a = matrix("a", float64), i = lmatrix("i");
  Array x = random({9, 40}, float64);
  x.mutable_values<double>()[45] = NAN;
  check({argmax(a, 0), argmax(a, 1), argmin(a, 1), argmax(a), argmax(i, 1), argmin(i, 0), argmin(i)}, {a, i},
        {x, random({9, 40}, int64)});
  const Tensor p = tensor("p", float32, {any_extent, 3});
  check({argmax(p * 2, 1), max(p, 1)}, {p}, {random({70, 3}, float32)});
  const Tensor s = scalar("s", float64);
  check({argmax(s), argmin(s)}, {s}, {random({}, float64)});
}

TEST_CASE("rows with a fold inside: softmax of a matrix by hand") {
  const Tensor x = matrix("x", float64);
  const Tensor e = exp(x - max(x, 1, keepdims));
  const Tensor p = e / sum(e, 1, keepdims);
  check({p, sum(p * log(p), 1), sum(p, 0)}, {x}, {random({37, 45}, float64)});
  runtime::Executable program({p}, {x}, {}, runtime::device("cpu"), "test");
  REQUIRE(program.launches_per_run() == 1);
}

TEST_CASE("columns: mean and variance over the first axis, then used again") {
  const Tensor x = matrix("x", float64);
  const Tensor centred = x - sum(x, 0, keepdims) / 50;
  check({centred * rsqrt(sum(centred * centred, 0, keepdims) + 1)}, {x}, {random({50, 70}, float64)});
}

TEST_CASE("products: skinny ones in kernels, large ones by the library") {
  const Tensor a = matrix("a", float64), b = matrix("b", float64), v = vector("v", float64);
  check({dot(a, b), dot(a, v), dot(v, v), dot(tanh(a), b.T().T()), dot(b.T(), a.T())}, {a, b, v},
        {random({20, 30}, float64), random({30, 25}, float64, 2), random({30}, float64, 3)});
  const Tensor x = tensor("x", float64, {any_extent, 2}), w = tensor("w", float64, {2, any_extent}),
               u = tensor("u", float64, {any_extent, 2});
  check({dot(tanh(dot(x, w)), u)}, {x, w, u},
        {random({40, 2}, float64), random({2, 33}, float64, 2), random({33, 2}, float64, 3)});
  const Tensor s = tensor3("s", float64), t = tensor3("t", float64);
  check({matmul(s, t)}, {s, t}, {random({3, 20, 17}, float64), random({3, 17, 19}, float64, 2)});
}

TEST_CASE("views: transposes, slices, reshapes and broadcasts") {
  const Tensor a = matrix("a", float64);
  check({a.T() + 1, a[slice(1, 4)] * 2, a(all, slice(none, none, -1)) + a, reshape(a, {-1}) + 1, a(2, all),
         sum(a[slice(1, none)] - a[slice(none, -1)])},
        {a}, {random({6, 8}, float64)});
  check({a, a.T(), a.T()}, {a}, {random({6, 8}, float64)});
  const Tensor b = vector("b", float64);
  check({a + b, outer(b, b) + 1, zeros_like(a), a.shape(0) * 2}, {a, b},
        {random({6, 8}, float64), random({8}, float64)});
}

TEST_CASE("a cheap value read along other axes than its own is not computed along the user's") {
  const Tensor a = matrix("a", float64), b = a * 2;
  check({b.T() + b, tanh(b), b.T() - exp(b)}, {a}, {random({20, 20}, float64)});
  const Tensor s = tensor("s", float64, {1, 4, 4}), t = s(all, all, slice(none, none, -1)) + 1;
  check({transpose(t, {2, 1, 0}) - t}, {s}, {random({1, 4, 4}, float64)});
}

TEST_CASE("partials of several constant axes are combined as one run") {
  const Tensor a = tensor("a", float64, {4, 4, 5}), b = tensor("b", float64, {5, 5});
  check({dot(a, b)}, {a, b}, {random({4, 4, 5}, float64), random({5, 5}, float64, 2)});
}

TEST_CASE("a fold inside a loop over lanes reads what lies a stride apart") {
  const Tensor a = tensor("a", float32, {17, any_extent, 17}), b = tensor("b", float32, {17, 2});
  check({argmin(dot(a, b), 0)}, {a, b}, {random({17, 2, 17}, float32), random({17, 2}, float32, 2)});
}

TEST_CASE("the tutorial's step, forward and backward by hand, is few launches") {
  const Tensor x = tensor("x", float64, {any_extent, 2}), y = tensor("y", float64, {any_extent, 2});
  const Tensor w1 = tensor("w1", float64, {2, any_extent}), b1 = vector("b1", float64),
               w2 = tensor("w2", float64, {any_extent, 2}), b2 = tensor("b2", float64, {2});
  const Tensor a = tanh(dot(x, w1) + b1), z = dot(a, w2) + b2;
  const Tensor e = exp(z - max(z, 1, keepdims)), p = e / sum(e, 1, keepdims);
  const Tensor d = (p - y) / 300.0;
  const Tensor g = dot(d, w2.T()) * (1 - a * a);
  const std::vector<Tensor> out{w2 - 0.01 * (dot(a.T(), d) + 0.1 * w2), b2 - 0.01 * sum(d, 0),
                                w1 - 0.01 * (dot(x.T(), g) + 0.1 * w1), b1 - 0.01 * sum(g, 0)};
  check(out, {x, y, w1, b1, w2, b2},
        {random({300, 2}, float64), random({300, 2}, float64, 2), random({2, 101}, float64, 3),
         random({101}, float64, 4), random({101, 2}, float64, 5), random({2}, float64, 6)});
  runtime::Executable program(out, {x, y, w1, b1, w2, b2}, {}, runtime::device("cpu"), "test");
  INFO(program.explain());
  REQUIRE(program.launches_per_run() <= 3);
}

TEST_CASE("rows of an axis of extent 1, which a kernel's memory does not have") {
  const Tensor x = vector("x", float64), ids = lvector("ids");
  const Tensor one = sum(square(x), 0, keepdims);
  for (const Index n : {1, 3, 40})
    check({minimum(expand_dims(x, 1), one[ids])}, {x, ids}, {random({7}, float64), Array::zeros({n}, int64)});
}

namespace {

// Where the last run of `remembering` wrote.
const void* written = nullptr;
const Op remembering{.name = "remembering",
                     .doc = "x, on the host.",
                     .type =
                         [](const TypeAt& t) {
                           return Type{t.dtype(0), t.shapes[0]};
                         },
                     .meaning = HostCall{[](const Node&, std::span<const Array> in, Array& out, const Host&) {
                       const Array x = contiguous(in[0]);
                       std::copy_n(data_as<double>(x), x.size(), mutable_data_as<double>(out));
                       written = data(out);
                     }}};

}  // namespace

TEST_CASE("a step on the host writes where its result lies") {
  const Tensor x = matrix("x", float64);
  runtime::Executable program({apply(remembering, {}, {x}, Where::here())}, {x}, {}, runtime::device("cpu"), "test");
  for (const Index rows : {1, 3, 1000}) {
    const Array a = random({rows, 4}, float64);
    std::array<Array, 1> y;
    program.run({&a, 1}, y);
    CHECK(written == data(y[0]));
    require_close(y[0], a, 0);
  }
}

TEST_CASE("parts that follow each other on the host are written where their result lies") {
  const Tensor x = matrix("x", float64), y = matrix("y", float64);
  for (const int axis : {0, 1})
    check({concatenate({x, y, x}, axis)}, {x, y}, {random({4, 4}, float64), random({4, 4}, float64, 2)}, 0);
  check({concatenate({x, y})}, {x, y}, {random({0, 3}, float64), random({2, 3}, float64, 2)}, 0);
}

}  // namespace croton
