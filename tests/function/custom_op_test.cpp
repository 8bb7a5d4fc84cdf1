// CustomOp: operations of the user's own in functions, gradients and threads.
#include <atomic>
#include <cmath>
#include <thread>

#include "catch.h"
#include "croton.h"
#include "message.h"

using namespace croton;

namespace {

const CustomOp& clipped() {
  static const CustomOp op{
      .name = "clipped",
      .forward =
          [](std::span<const Array> in, std::span<Array> out) {
            const auto x = in[0].values<float>();
            const auto y = out[0].mutable_values<float>();
            for (std::size_t i = 0; i < x.size(); ++i) y[i] = std::fmin(std::fmax(x[i], -1.f), 1.f);
          },
      .pullback = [](std::span<const Tensor> x, std::span<const Tensor>,
                     std::span<const Tensor> y_bar) { return std::vector{y_bar[0] * (abs(x[0]) <= 1)}; }};
  return op;
}

/// Quotient and remainder of float64 vectors, and their outer shape rule left to the default.
const CustomOp& divide() {
  static const CustomOp op{
      .name = "divide",
      .outputs = 2,
      .forward =
          [](std::span<const Array> in, std::span<Array> out) {
            const auto a = in[0].values<double>(), b = in[1].values<double>();
            const auto q = out[0].mutable_values<double>(), r = out[1].mutable_values<double>();
            for (std::size_t i = 0; i < a.size(); ++i) q[i] = std::floor(a[i] / b[i]), r[i] = a[i] - q[i] * b[i];
          },
      .pullback =
          [](std::span<const Tensor>, std::span<const Tensor> y, std::span<const Tensor> y_bar) {
            return std::vector{y_bar[1], -y_bar[1] * y[0]};  // the quotient is constant almost everywhere
          }};
  return op;
}

bool equal(const Array& a, const Array& b) {
  if (a.shape() != b.shape() || a.dtype() != b.dtype()) return false;
  const Array x = a.astype(float64), y = b.astype(float64);
  const auto v = x.values<double>(), w = y.values<double>();
  return std::equal(v.begin(), v.end(), w.begin());
}

}  // namespace

TEST_CASE("a custom op runs between kernels, compiled and in the reference evaluator") {
  const Tensor x = fmatrix("x");
  for (const Mode mode : {Mode::FAST_RUN, Mode::FAST_COMPILE}) {
    const Function f = function(x, apply(clipped(), {x * 2}) + 1, {.mode = mode});
    CHECK(equal(f(Array{{0.25f, 3.f}, {-0.5f, -7.f}}), Array{{1.5f, 2.f}, {0.f, 0.f}}));
  }
}

TEST_CASE("the pullback of a custom op is part of the gradient, in the input's dtype") {
  const Tensor x = fmatrix("x");
  const Tensor g = grad(sum(3 * apply(clipped(), {x})), x);
  CHECK(g.dtype() == float32);
  CHECK(equal(function(x, g)(Array{{0.25f, 3.f}, {-0.5f, -7.f}}), Array{{3.f, 0.f}, {3.f, 0.f}}));
}

TEST_CASE("a custom op with several outputs gives them all, and the gradient of each") {
  const Tensor a = dvector("a"), b = dvector("b");
  const auto [q, r] = apply<2>(divide(), {a, b});
  const auto [qv, rv, ga, gb] =
      function({a, b}, {q, r, grad(sum(r), a), grad(sum(r), b)})(Array{7., -7.}, Array{2., 2.});
  CHECK(equal(qv, Array{3., -4.}));
  CHECK(equal(rv, Array{1., 1.}));
  CHECK(equal(ga, Array{1., 1.}));
  CHECK(equal(gb, Array{-3., 4.}));
  CHECK_THROWS_AS(apply(divide(), {a, b}), GraphError);
}

TEST_CASE("a custom op may have the name of an op, and prints as a call") {
  const Tensor x = fvector("x");
  for (const std::string name : {"slice", "gather", "write", "scatter", "permute", "concatenate", "sum"}) {
    CustomOp op = clipped();
    op.name = name;
    std::ostringstream out;
    out << apply(op, {x});
    CHECK(out.str() == name + "(x) : float32[?]");
  }
}

TEST_CASE("a shape rule decides the shape, of extents known and unknown") {
  static const CustomOp twice{
      .name = "twice",
      .forward =
          [](std::span<const Array> in, std::span<Array> out) {
            const auto x = in[0].values<double>();
            const auto y = out[0].mutable_values<double>();
            for (std::size_t i = 0; i < y.size(); ++i) y[i] = x[i % x.size()];
          },
      .shape = [](std::span<const Extents> in) { return Extents{in[0][0] == any_extent ? any_extent : 2 * in[0][0]}; }};
  const Tensor x = dvector("x");
  CHECK(equal(function(x, apply(twice, {x}) * 2)(Array{1., 2., 3.}), Array{2., 4., 6., 2., 4., 6.}));
  CHECK_THROWS_AS(grad(sum(apply(twice, {x})), x), GraphError);
}

TEST_CASE(
    "a shape rule that leaves an extent open though it knows the inputs' shapes is an error, not memory of no size") {
  static const CustomOp open{.name = "open",
                             .forward = [](std::span<const Array>, std::span<Array>) {},
                             .shape = [](std::span<const Extents>) { return Extents{any_extent}; }};
  const Tensor x = dvector("x");
  for (const Mode mode : {Mode::FAST_RUN, Mode::FAST_COMPILE})
    CHECK_THROWS_AS(function(x, apply(open, {x}), {.mode = mode})(Array{1., 2.}), ShapeError);
  CHECK_THROWS_AS(apply(open, {tensor("x", float64, {2})}), ShapeError);
}

TEST_CASE("an exception of forward reaches the caller as it is, and shared variables keep their values") {
  struct Mine {};
  static const CustomOp refuses{.name = "refuses", .forward = [](std::span<const Array> in, std::span<Array>) {
                                  if (in[0].values<double>()[0] < 0) throw Mine();
                                }};
  const Tensor x = dvector("x");
  const Shared count = shared(0, "count"), total = shared(Array{1., 1.}, "total");
  for (const Mode mode : {Mode::FAST_RUN, Mode::FAST_COMPILE}) {
    count.set_value(0);
    total.set_value(Array{1., 1.});
    const Function f = function(x, apply(refuses, {x}), {{count, count + 1}, {total, total + x}}, {.mode = mode});
    f(Array{1., 2.});
    CHECK_THROWS_AS(f(Array{-1., 2.}), Mine);
    CHECK(count.get_value().item<int>() == 1);
    CHECK(equal(total.get_value(), Array{2., 3.}));
    f(Array{1., 2.});
    CHECK(count.get_value().item<int>() == 2);
  }
}

TEST_CASE("a pullback that gives too little, integers or another rank is named") {
  static const CustomOp none{.name = "none_back",
                             .forward = [](std::span<const Array>, std::span<Array>) {},
                             .pullback = [](std::span<const Tensor>, std::span<const Tensor>,
                                            std::span<const Tensor>) { return std::vector<Tensor>{}; }};
  static const CustomOp integers{
      .name = "integers_back",
      .forward = [](std::span<const Array>, std::span<Array>) {},
      .pullback = [](std::span<const Tensor>, std::span<const Tensor>,
                     std::span<const Tensor> y_bar) { return std::vector{cast(y_bar[0], int32)}; }};
  static const CustomOp number{.name = "number_back",
                               .forward = [](std::span<const Array>, std::span<Array>) {},
                               .pullback = [](std::span<const Tensor>, std::span<const Tensor>,
                                              std::span<const Tensor> y_bar) { return std::vector{sum(y_bar[0])}; }};
  const Tensor x = dvector("x");
  CHECK_THROWS_AS(grad(sum(apply(none, {x})), x), GraphError);
  CHECK_THROWS_AS(grad(sum(apply(integers, {x})), x), DTypeError);
  CHECK_THROWS_AS(grad(sum(apply(number, {x})), x), ShapeError);
}

TEST_CASE("a custom op without a forward or a name is refused") {
  const Tensor x = dvector("x");
  CHECK_THROWS_AS(apply(CustomOp{.name = "empty"}, {x}), GraphError);
  CHECK_THROWS_AS(apply(CustomOp{}, {x}), GraphError);
}

TEST_CASE("forward runs on several threads at once", "[threads]") {
  const Tensor x = fmatrix("x");
  const Function f = function(x, apply(clipped(), {x + 1}));
  std::atomic<int> wrong{0};
  {
    std::vector<std::jthread> pool;
    pool.reserve(4);
    for (int t = 0; t < 4; ++t)
      pool.emplace_back([&, t] {
        const Array in = Array::full({8, 8}, -1.5 + 0.25 * t, float32),
                    out = Array::full({8, 8}, -0.5 + 0.25 * t, float32);
        for (int i = 0; i < 50; ++i)
          if (!equal(f(in), out)) ++wrong;
      });
  }
  CHECK(wrong == 0);
}
