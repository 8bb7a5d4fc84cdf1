// Convolutions and pooling by the reference evaluator: values against loops, gradients against differences.
#include "catch.h"
#include "croton/nn.h"
#include "croton/numpy.h"
#include "differences.h"

using namespace croton;
using namespace differences;

namespace {

Array computed(const Tensor& t) { return ops::evaluate({&t, 1}, {})[0]; }

/// A small generator: the same everywhere.
class Random {
 public:
  explicit Random(unsigned seed) : state_(seed) {}
  Index between(Index low, Index high) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return low + static_cast<Index>((state_ >> 33) % static_cast<std::uint64_t>(high - low + 1));
  }

 private:
  std::uint64_t state_;
};

/// One convolution or pooling: everything about each of its spatial axes.
struct Case {
  std::vector<Index> extent, window, stride, dilation, before, after;
  Index images = 2, groups = 1, channels = 2, filters = 2;  // channels and filters of a group

  std::size_t axes() const { return extent.size(); }
  Index outer(std::size_t d) const {
    return (extent[d] + before[d] + after[d] - (window[d] - 1) * dilation[d] - 1) / stride[d] + 1;
  }
  std::vector<std::array<Index, 2>> padding() const {
    std::vector<std::array<Index, 2>> p;
    for (std::size_t d = 0; d < axes(); ++d) p.push_back({before[d], after[d]});
    return p;
  }
  ConvOptions options() const {
    return {.padding = padding(), .stride = Extents(stride), .dilation = Extents(dilation), .groups = groups};
  }
  PoolOptions pool() const { return {.stride = Extents(stride), .padding = padding(), .dilation = Extents(dilation)}; }
  Extents input() const { return with({images, groups * channels}, extent); }
  Extents weights() const { return with({groups * filters, channels}, window); }
  Extents output() const {
    std::vector<Index> m;
    for (std::size_t d = 0; d < axes(); ++d) m.push_back(outer(d));
    return with({images, groups * filters}, m);
  }
  static Extents with(std::vector<Index> first, const std::vector<Index>& more) {
    first.insert(first.end(), more.begin(), more.end());
    return Extents(first);
  }
};

Case random_case(Random& r, std::size_t axes) {
  Case c;
  c.groups = r.between(1, 3), c.channels = r.between(1, 3), c.filters = r.between(1, 3);
  for (std::size_t d = 0; d < axes; ++d) {
    c.window.push_back(r.between(1, 3)), c.stride.push_back(r.between(1, 3)), c.dilation.push_back(r.between(1, 2));
    c.before.push_back(r.between(0, 2)), c.after.push_back(r.between(0, 2));
    c.extent.push_back((c.window[d] - 1) * c.dilation[d] + r.between(1, 4));
  }
  return c;
}

/// Calls f with all indices of a shape.
template <class F>
void each(const std::vector<Index>& shape, F&& f) {
  std::vector<Index> at(shape.size(), 0);
  for (const Index n : shape)
    if (n == 0) return;
  for (;;) {
    f(at);
    std::size_t d = shape.size();
    while (d > 0 && ++at[d - 1] == shape[d - 1]) at[--d] = 0;
    if (d == 0) return;
  }
}

Index place(const Extents& shape, const std::vector<Index>& at) {
  Index n = 0;
  for (std::size_t d = 0; d < at.size(); ++d) n = n * shape[d] + at[d];
  return n;
}

std::vector<Index> joined(std::vector<Index> a, const std::vector<Index>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

/// Where element k of window o lies in the input; empty in the padding.
std::vector<Index> inside(const Case& c, const std::vector<Index>& o, const std::vector<Index>& k) {
  std::vector<Index> at;
  for (std::size_t d = 0; d < c.axes(); ++d) {
    at.push_back(o[d] * c.stride[d] + k[d] * c.dilation[d] - c.before[d]);
    if (at[d] < 0 || at[d] >= c.extent[d]) return {};
  }
  return at;
}

Array convolved_by_loops(const Case& c, const Array& x, const Array& w) {
  Array y = Array::zeros(c.output(), float64);
  each(std::vector<Index>(y.shape().begin(), y.shape().end()), [&](const std::vector<Index>& at) {
    const std::vector<Index> o(at.begin() + 2, at.end());
    double total = 0;
    each(joined({c.channels}, c.window), [&](const std::vector<Index>& ck) {
      const std::vector<Index> k(ck.begin() + 1, ck.end()), from = inside(c, o, k);
      if (from.empty()) return;
      const Index channel = at[1] / c.filters * c.channels + ck[0];
      total += get(x, place(x.shape(), joined({at[0], channel}, from))) *
               get(w, place(w.shape(), joined({at[1], ck[0]}, k)));
    });
    set(y, place(y.shape(), at), total);
  });
  return y;
}

template <class F>
Array pooled_by_loops(const Case& c, const Array& x, double start, F&& f) {
  std::vector<Index> shape{x.shape(0), x.shape(1)};
  for (std::size_t d = 0; d < c.axes(); ++d) shape.push_back(c.outer(d));
  Array y = Array::zeros(Extents(shape), float64);
  each(shape, [&](const std::vector<Index>& at) {
    double total = start;
    each(c.window, [&](const std::vector<Index>& k) {
      const std::vector<Index> from = inside(c, {at.begin() + 2, at.end()}, k);
      if (!from.empty()) total = f(total, get(x, place(x.shape(), joined({at[0], at[1]}, from))));
    });
    set(y, place(y.shape(), at), total);
  });
  return y;
}

Tensor conv(std::size_t axes, const Tensor& x, const Tensor& w, const ConvOptions& o) {
  return axes == 1 ? conv1d(x, w, o) : axes == 2 ? conv2d(x, w, o) : conv3d(x, w, o);
}

bool near(const Array& a, const Array& b) {
  if (a.shape() != b.shape()) return false;
  for (Index i = 0; i < a.size(); ++i)
    if (!(get(a, i) == get(b, i) || std::abs(get(a, i) - get(b, i)) <= 1e-12 * (1 + std::abs(get(b, i))))) return false;
  return true;
}

Tensor unknown(std::string_view name, int rank) {
  return tensor(name, float64, Extents(std::vector<Index>(static_cast<std::size_t>(rank), any_extent)));
}

}  // namespace

TEST_CASE("convolutions of one to three axes are what loops give") {
  Random r(1);
  for (int i = 0; i < 120; ++i) {
    const Case c = random_case(r, static_cast<std::size_t>(1 + i % 3));
    const Array x = numbers(c.input()), w = numbers(c.weights(), -1, 1, 2);
    INFO("input " << text(Shape(x.shape().begin(), x.shape().end())) << ", filters "
                  << text(Shape(w.shape().begin(), w.shape().end())));
    const Tensor of_constants = conv(c.axes(), constant(x), constant(w), c.options());
    const Tensor tx = unknown("x", x.ndim()), tw = unknown("w", w.ndim());
    const Array want = convolved_by_loops(c, x, w);
    CHECK(near(computed(of_constants), want));
    CHECK(near(value(conv(c.axes(), tx, tw, c.options()), {{tx, x}, {tw, w}}), want));
    CHECK(type(of_constants).shape == Shape(want.shape().begin(), want.shape().end()));
  }
}

TEST_CASE("a transposed convolution is the gradient of a convolution along its input") {
  Random r(2);
  for (int i = 0; i < 30; ++i) {
    const Case c = random_case(r, static_cast<std::size_t>(1 + i % 3));
    const Tensor x = unknown("x", static_cast<int>(c.axes()) + 2);
    const Array w = numbers(c.weights()), g = numbers(c.output(), -1, 1, 3);
    const Tensor cost = sum(conv(c.axes(), x, constant(w), c.options()) * constant(g));
    ConvTransposeOptions o{
        .padding = c.padding(), .stride = Extents(c.stride), .dilation = Extents(c.dilation), .groups = c.groups};
    std::vector<Index> more;
    for (std::size_t d = 0; d < c.axes(); ++d)
      more.push_back((c.extent[d] + c.before[d] + c.after[d] - (c.window[d] - 1) * c.dilation[d] - 1) % c.stride[d]);
    o.output_padding = Extents(more);
    const Tensor y = c.axes() == 1   ? conv1d_transpose(constant(g), constant(w), o)
                     : c.axes() == 2 ? conv2d_transpose(constant(g), constant(w), o)
                                     : conv3d_transpose(constant(g), constant(w), o);
    CHECK(near(computed(y), value(grad(cost, x), {{x, numbers(c.input())}})));
  }
}

TEST_CASE("maxima and means of windows are what loops give") {
  Random r(3);
  for (int i = 0; i < 60; ++i) {
    Case c = random_case(r, static_cast<std::size_t>(1 + i % 3));
    const Array x = numbers(c.input());
    const Extents window(c.window);
    Index all = 1;
    for (const Index k : c.window) all *= k;
    const Array total = pooled_by_loops(c, x, 0, [](double a, double b) { return a + b; });
    const Array count = pooled_by_loops(c, x, 0, [](double a, double) { return a + 1; });
    CHECK(near(computed(max_pool(constant(x), window, c.pool())),
               pooled_by_loops(c, x, -HUGE_VAL, [](double a, double b) { return std::max(a, b); })));
    CHECK(
        near(computed(avg_pool(constant(x), window, c.pool())), computed(constant(total) / static_cast<double>(all))));
    const Array own = computed(avg_pool(constant(x), window, c.pool(), false));
    for (Index k = 0; k < own.size(); ++k) {
      if (get(count, k) == 0) continue;
      CHECK(std::abs(get(own, k) - get(total, k) / get(count, k)) < 1e-12);
    }
  }
}

TEST_CASE("convolutions have the gradients that differences show, of both orders") {
  Random r(4);
  for (int i = 0; i < 9; ++i) {
    Case c = random_case(r, static_cast<std::size_t>(1 + i % 2));
    const Tensor x = unknown("x", static_cast<int>(c.axes()) + 2), w = unknown("w", static_cast<int>(c.axes()) + 2);
    const std::vector<Leaf> leaves{{x, numbers(c.input())}, {w, numbers(c.weights(), -1, 1, 2)}};
    const Tensor cost = sum(sqr(conv(c.axes(), x, w, c.options())));
    CHECK(disagreement(cost, leaves, 1e-5) == "");
    CHECK(disagreement(sum(sqr(grad(cost, x))) + sum(sqr(grad(cost, w))), leaves, 1e-4) == "");
  }
}

TEST_CASE("flipped filters and transposed convolutions have the gradients that differences show") {
  const Tensor x = unknown("x", 4), w = unknown("w", 4);
  const std::vector<Leaf> leaves{{x, numbers({2, 2, 4, 5})}, {w, numbers({2, 2, 3, 2}, -1, 1, 2)}};
  CHECK(disagreement(sum(sqr(conv2d(x, w, {.padding = "full", .filter_flip = true}))), leaves) == "");
  CHECK(disagreement(sum(sqr(conv2d_transpose(x, w, {.padding = {1, 0}, .stride = {2}}))), leaves) == "");
}

TEST_CASE("pooling has the gradients that differences show, of both orders") {
  const Tensor x = unknown("x", 4);
  const std::vector<Leaf> leaves{{x, numbers({1, 2, 5, 6})}};
  for (const PoolOptions& o :
       {PoolOptions{}, PoolOptions{.stride = {1, 2}, .padding = {1, 1}}, PoolOptions{.ceil = true}}) {
    const Tensor of_max = sum(pow(max_pool(x, {2, 3}, o), 3)), of_mean = sum(pow(avg_pool(x, {2, 3}, o, false), 3));
    CHECK(disagreement(of_max, leaves) == "");
    CHECK(disagreement(of_mean, leaves) == "");
    CHECK(disagreement(sum(sqr(grad(of_max, x))), leaves, 1e-4) == "");
    CHECK(disagreement(sum(sqr(grad(of_mean, x))), leaves, 1e-4) == "");
  }
}

TEST_CASE("the Hessian of a sum of squares of a convolution is twice the square of its matrix") {
  constexpr Index n = 20;
  const Tensor x = unknown("x", 1), w = constant(numbers({1, 1, 3}));
  const auto filtered = [&](const Tensor& t) { return conv1d(t, w, {.padding = 1, .stride = {2}}); };
  const Tensor cost = sum(sqr(filtered(reshape(x, {1, 1, -1}))));
  const Array columns = computed(reshape(filtered(reshape(eye(n, 0, float64), {n, 1, n})), {n, -1}));
  CHECK(near(value(hessian(cost, x), {{x, numbers({n})}}),
             computed(2.0 * dot(constant(columns), constant(columns).T()))));
}

TEST_CASE("elements that tie for a window's maximum share its gradient") {
  const Tensor x = dvector("x");
  CHECK(array_equal(value(grad(sum(max_pool(x, {3})), x), {{x, Array{2.0, 1.0, 2.0, 5.0, 4.0, 3.0}}}),
                    Array{0.5, 0.0, 0.5, 1.0, 0.0, 0.0}));
}

TEST_CASE("paddings by name") {
  const Tensor x = constant(numbers({1, 1, 7})), w = constant(numbers({1, 1, 3}));
  const auto extent = [&](const Padding& p, Index stride, Index dilation) {
    return computed(conv1d(x, w, {.padding = p, .stride = {stride}, .dilation = {dilation}})).shape(2);
  };
  CHECK(extent("valid", 1, 1) == 5);
  CHECK(extent("half", 1, 2) == 7);
  CHECK(extent("full", 1, 2) == 11);
  CHECK(extent("same", 2, 1) == 4);
  CHECK(extent("same", 1, 3) == 7);
  CHECK(computed(conv1d_transpose(x, w, {.padding = "same", .stride = {3}})).shape(2) == 21);
  CHECK_THROWS_WITH(Padding("some"), Catch::Contains("padding: \"some\" is none of valid, half, full, same"));
}

TEST_CASE("a last window that reaches beyond the end counts where asked") {
  const Tensor x = constant(Array{1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0});
  CHECK(array_equal(computed(max_pool(x, {3})), Array{3.0, 6.0}));
  CHECK(array_equal(computed(max_pool(x, {3}, {.ceil = true})), Array{3.0, 6.0, 8.0}));
  CHECK(array_equal(computed(avg_pool(x, {3}, {.ceil = true})), Array{2.0, 5.0, 7.5}));
  // the window after the last begins in the padding, and so does not count
  CHECK(computed(max_pool(x, {1}, {.stride = {4}, .padding = 1, .ceil = true})).shape() == Extents{3});
}

TEST_CASE("integers are convolved and pooled as they are") {
  const Tensor x = constant(Array(std::vector<Index>{1, 2, 3, 4}, {1, 1, 4})),
               w = constant(Array(std::vector<Index>{1, -1}, {1, 1, 2}));
  CHECK(array_equal(computed(conv1d(x, w, {.padding = 1})), Array(std::vector<Index>{-1, -1, -1, -1, 4}, {1, 1, 5})));
  CHECK(array_equal(computed(max_pool(constant(Array(std::vector<std::int32_t>{-3, -2, -5})), {2}, {.padding = 1})),
                    Array(std::vector<std::int32_t>{-3, -2})));
}

TEST_CASE("what cannot be convolved or pooled is refused by name and shape") {
  const Tensor x = tensor("x", float64, {2, 4, 5, 5}), w = tensor("w", float64, {6, 3, 3, 3});
  const auto says = [](const char* part) { return Catch::Contains(part); };
  CHECK_THROWS_WITH(conv2d(x, w),
                    says("conv2d: x is float64[2, 4, 5, 5], the filters w are float64[6, 3, 3, 3]; a filter sees "
                         "3 channels, the input has 4 in each of 1 group"));
  CHECK_THROWS_WITH(conv2d(x, w, {.groups = 3}), says("4 channels do not make 3 equal groups"));
  CHECK_THROWS_WITH(conv2d(x, w, {.groups = 4}), says("6 filters do not make 4 equal groups"));
  CHECK_THROWS_WITH(conv2d(x, w, {.groups = 0}), says("0 groups; there is at least 1"));
  CHECK_THROWS_WITH(conv1d(x, w),
                    says("conv1d: the input x is float64[2, 4, 5, 5], with 4 axes; it has 3: (N, C, spatial axes)"));
  const Tensor large = tensor("large", float64, {6, 4, 7, 3});
  CHECK_THROWS_WITH(conv2d(x, large), says("a window of 7 elements along axis 2 of x float64[2, 4, 5, 5] needs 7, and "
                                           "there are 5"));
  const Tensor fits = tensor("fits", float64, {6, 4, 3, 3});
  CHECK_THROWS_WITH(conv2d(x, fits, {.stride = {0}}), says("conv2d: a stride of 0; it is at least 1"));
  CHECK_THROWS_WITH(conv2d(x, fits, {.stride = {1, 1, 1}}), says("conv2d: 3 strides for 2 axes"));
  CHECK_THROWS_WITH(conv2d(x, fits, {.padding = {1, 1, 1}}), says("conv2d: 3 paddings for 2 axes"));
  CHECK_THROWS_WITH(conv2d(x, fits, {.padding = -1}), says("conv2d: a padding of -1 and -1; it is not negative"));
  CHECK_THROWS_AS(conv2d(x > 0, fits > 0), DTypeError);
  CHECK_THROWS_WITH(conv2d_transpose(x, fits), says("the input has 4 channels for 6 filters"));
  CHECK_THROWS_WITH(max_pool(x, {6, 2}), says("max_pool: a window of 6 elements along axis 2 of x"));
  CHECK_THROWS_WITH(
      conv2d(x, fits, {.padding = 1, .dilation = {4}}),
      says("a window of 3 elements with dilation 4 along axis 2 of x float64[2, 4, 5, 5] needs 9, and there are 5 "
           "and a padding of 2"));
  CHECK_THROWS_WITH(max_pool(x, {0, 2}), says("max_pool: a window's extent of 0; it is at least 1"));
  CHECK_THROWS_WITH(max_pool(dvector("v"), {2, 2}), says("max_pool: v is float64[?]; a window has one extent"));
}
