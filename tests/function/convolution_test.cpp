// Convolutions and pooling in generated code: the same as the reference in every way to run, and what is launched.
#include <cmath>

#include "array/access.h"
#include "croton/gradient.h"
#include "croton/nn.h"
#include "message.h"

namespace croton {
namespace {

const std::string ways[] = {"mode=FAST_RUN", "device=queued", on_gpu() + ",emulator_check=True"};

Array numbers(const Extents& shape, int salt) {
  Array a = Array::zeros(shape, float64);
  for (Index i = 0; i < a.size(); ++i) set(a, i, std::sin(1.7 * static_cast<double>(i + Index{31} * salt)));
  return a;
}

std::vector<Array> results(const std::string& way, const std::vector<Tensor>& inputs,
                           const std::vector<Tensor>& outputs, const std::vector<Array>& arguments) {
  const ScopedConfig scope{way + ",check_ir=True"};
  const auto f = function(inputs, outputs);
  std::vector<Array> r(outputs.size());
  f.run(std::vector<Argument>(arguments.begin(), arguments.end()), r);
  for (Array& a : r) a = a.copy();
  return r;
}

/// Each element within the tolerance of what is wanted, of 1 more than its size.
void agree(const std::vector<Array>& got, const std::vector<Array>& want, double tolerance) {
  for (std::size_t k = 0; k < want.size(); ++k) {
    INFO("output " << k);
    REQUIRE(got[k].shape() == want[k].shape());
    for (Index i = 0; i < want[k].size(); ++i)
      if (!(std::abs(get(got[k], i) - get(want[k], i)) <= tolerance * (1 + std::abs(get(want[k], i)))))
        FAIL("element " << i << ": " << get(got[k], i) << " is not " << get(want[k], i));
  }
}

/// Results of every way against the reference's.
void same_everywhere(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs,
                     const std::vector<Array>& arguments) {
  const std::vector<Array> want = results("mode=FAST_COMPILE", inputs, outputs, arguments);
  for (const std::string& way : ways) {
    INFO(way);
    agree(results(way, inputs, outputs, arguments), want, 1e-11);
  }
}

/// A convolution, its gradients, and the gradient of these.
void check(const Extents& input, const Extents& filters, const ConvOptions& options, bool known) {
  const auto open = [&](const Extents& shape) {
    return known ? shape : Extents(std::vector<Index>(shape.size(), any_extent));
  };
  const Tensor x = tensor("x", float64, open(input)), w = tensor("w", float64, open(filters));
  const Tensor y = input.size() == 3 ? conv1d(x, w, options) : conv2d(x, w, options);
  const auto [dx, dw] = grad(sum(sqr(y)), {x, w});
  const Tensor second = grad(sum(sqr(dx)), w);
  same_everywhere({x, w}, {y, dx, dw, second}, {numbers(input, 1), numbers(filters, 2)});
}

}  // namespace

TEST_CASE("windows and their folds are the same in every way to run") {
  for (const bool known : {false, true}) {
    const Tensor x = tensor("x", float64, known ? Extents{3, 40} : Extents{any_extent, any_extent});
    const Tensor windows = sliding_window_view(x, {2, 5}, {0, 1}, {.stride = {1, 3}, .dilation = {1, 2}});
    same_everywhere({x},
                    {windows, sum(windows, -1),
                     fold_windows(sqr(windows), {3, 40}, {0, 1}, {.stride = {1, 3}, .dilation = {1, 2}})},
                    {numbers({3, 40}, 1)});
  }
  const Tensor v = dvector("v");
  same_everywhere({v}, {fold_windows(sqr(sliding_window_view(v, 20)), v.shape(), 0)}, {numbers({100}, 1)});
}

TEST_CASE("convolutions and their gradients are the same in every way to run") {
  check({2, 3, 9, 11}, {4, 3, 3, 2}, {.padding = "same", .stride = {2}}, false);
  check({2, 3, 9, 11}, {4, 3, 3, 3}, {.padding = 1}, true);
  check({3, 20, 12, 17}, {18, 20, 3, 3}, {.padding = {{1, 0}, {0, 2}}, .dilation = {1, 2}}, false);
  check({2, 24, 20}, {20, 24, 1}, {}, false);
  check({2, 6, 30}, {6, 1, 5}, {.padding = "half", .groups = 6, .filter_flip = true}, false);
  check({2, 6, 8, 20}, {4, 3, 3, 3}, {.padding = "full", .groups = 2}, true);
}

TEST_CASE("products of windows are right for every length of a row, number of rows and dtype") {
  const Extents open(std::vector<Index>(4, any_extent));
  struct Sizes {
    Index images, channels, filters, height, width;
  };
  for (const auto& [dtype, tolerance] : {std::pair{float64, 1e-11}, std::pair{float32, 1e-4}})
    for (const Index stride : {1, 2}) {
      const Tensor x = tensor("x", dtype, open), w = tensor("w", dtype, {any_extent, any_extent, 3, 2});
      const Tensor y = conv2d(x, w, {.padding = 1, .stride = {stride}});
      const std::vector<Tensor> inputs{x, w};
      const auto [dx, dw] = grad(sum(sqr(y)), {x, w});
      const std::vector<Tensor> outputs{y, dx, dw};
      for (const Sizes& s :
           {Sizes{1, 1, 1, 3, 1}, Sizes{2, 3, 5, 4, 6}, Sizes{1, 2, 9, 5, 7}, Sizes{3, 4, 8, 3, 14},
            Sizes{2, 2, 17, 4, 15}, Sizes{1, 5, 3, 6, 16}, Sizes{2, 3, 4, 3, 31}, Sizes{1, 2, 6, 3, 33},
            Sizes{2, 3, 7, 5, 47}, Sizes{1, 1, 8, 4, 50}, Sizes{1, 9, 2, 3, 96}, Sizes{9, 60, 4, 5, 5},
            Sizes{5, 3, 2, 40, 90}, Sizes{0, 2, 3, 4, 20}, Sizes{2, 0, 3, 4, 20}, Sizes{2, 3, 0, 4, 20}}) {
        INFO(name_of(dtype) << ", stride " << stride << ": " << s.images << " x " << s.channels << " x " << s.height
                            << " x " << s.width << ", " << s.filters << " filters");
        const Array a = numbers({s.images, s.channels, s.height, s.width}, 1).astype(dtype),
                    b = numbers({s.filters, s.channels, 3, 2}, 2).astype(dtype);
        agree(results("mode=FAST_RUN", inputs, outputs, {a, b}), results("mode=FAST_COMPILE", inputs, outputs, {a, b}),
              tolerance);
      }
    }
}

TEST_CASE("a product reads windows where they lie, whichever operand has them and whatever has a batch") {
  const Tensor x = tensor("x", float64, {any_extent, any_extent, any_extent}),
               w = tensor("w", float64, {7, any_extent, 5}),
               each = tensor("each", float64, {any_extent, 7, any_extent, 5});
  const Tensor windows = sliding_window_view(x, {5}, {2});  // n c o k
  const std::vector<Tensor> products{
      einsum("ncok,fck->nfo", {windows, w}),       einsum("fck,ncok->nfo", {w, windows}),
      einsum("ncok,fck->ofn", {windows, w}),       einsum("ncok,nfck->nfo", {windows, each}),
      einsum("nfck,ncok->onf", {each, windows}),   einsum("ncok,nfck->fo", {windows, each}),
      einsum("ncok,ncpk->nop", {windows, windows})};
  same_everywhere({x, w, each}, products, {numbers({6, 9, 30}, 1), numbers({7, 9, 5}, 2), numbers({6, 7, 9, 5}, 3)});
  CHECK(says(function({x, w, each}, products).explain(), "product of views"));
}

TEST_CASE("neither a convolution nor its gradients have windows in memory") {
  const Tensor x = tensor("x", float32, {any_extent, 64, 40, 30}), w = tensor("w", float32, {32, 64, 3, 3});
  const Tensor dy = tensor("dy", float32, {any_extent, 32, 40, 30});
  const Tensor y = conv2d(x, w, {.padding = 1});
  const auto [dx, dw] = grad(sum(y * dy), {x, w});
  const std::string text = function({x, w, dy}, {y, dx, dw}).explain();
  std::size_t products = 0;
  for (std::size_t at = 0; (at = text.find("product of views", at)) != std::string::npos; ++at) ++products;
  CHECK(products == 3);
  CHECK(!says(text, "gemm"));
}

TEST_CASE("a layer of a convolution and a bias and relu is one product and has the same gradients everywhere") {
  const Tensor x = tensor("x", float64, {any_extent, 8, 12, 9}), w = tensor("w", float64, {16, 8, 3, 3}),
               b = tensor("b", float64, {16});
  const Tensor y = relu(conv2d(x, w, {.padding = 1}) + dimshuffle(b, {-1, 0, -1, -1}));
  CHECK(says(function({x, w, b}, y).explain(), ", relu\n"));
  const auto [dw, db] = grad(sum(y * y), {w, b});
  same_everywhere({x, w, b}, {y, dw, db}, {numbers({3, 8, 12, 9}, 1), numbers({16, 8, 3, 3}, 2), numbers({16}, 3)});
}

TEST_CASE("filters of one element are multiplied with the input where it lies") {
  const Tensor x = tensor("x", float32, {any_extent, 64, 40, 30}), w = tensor("w", float32, {32, 64, 1, 1});
  const Function f = function({x, w}, conv2d(x, w));
  const std::string text = f.explain();
  CHECK(says(text, "b2 leaf float32[?, 64, 40, 30]  x"));
  CHECK(says(text, "step 1: gemm b3 := b1 b2, b1 for each of a batch"));
}

TEST_CASE("a window and its fold are one phase") {
  const Tensor x = tensor("x", float32, {any_extent, any_extent, any_extent, any_extent});
  const std::string text = function({x}, max_pool(x, {2, 2})).explain();
  CHECK(says(text, "phase 0:"));
  CHECK(!says(text, "phase 1:"));
}

TEST_CASE("a convolution of halves is computed in float32 and rounded once") {
  const Tensor x = tensor("x", float16, {2, 3, 20}), w = tensor("w", float16, {2, 3, 3});
  const Tensor y = cast(conv1d(x, w, {.padding = 1}), float64);
  const Function f = function({x, w}, y);
  const Array a = numbers({2, 3, 20}, 1).astype(float16), b = numbers({2, 3, 3}, 2).astype(float16);
  const Array want = eval(conv1d(constant(a.astype(float64)), constant(b.astype(float64)), {.padding = 1}));
  const Array got = f(a, b);
  for (Index i = 0; i < got.size(); ++i)
    CHECK(std::abs(get(got, i) - get(want, i)) <= 0x1p-10 * (1 + std::abs(get(want, i))));
}

TEST_CASE("the gradient of pooling is written where it belongs and nothing is added up") {
  const Tensor x = tensor("x", float64, {any_extent, 3, 8, 6}), odd = tensor("odd", float64, {any_extent, 9, 7});
  const Tensor largest = max_pool(x, {2, 3}), means = avg_pool(x, {4, 2});
  const std::vector<Tensor> outputs = {grad(sum(largest * largest), x), grad(sum(means * means), x)};
  const std::string text = function(x, outputs).explain();
  CHECK(!says(text, "shr("));  // elements do not look for their windows
  CHECK(!says(text, "floor_divide("));
  same_everywhere({x}, outputs, {numbers({2, 3, 8, 6}, 1)});
  same_everywhere({odd}, {grad(sum(sqr(max_pool(odd, {2, 2}))), odd)}, {numbers({2, 9, 7}, 1)});  // they do not fill it
}

TEST_CASE("the gradient along the input of a convolution with a stride is a product of views") {
  for (const Index size : {3, 4, 5}) {
    INFO(size);
    const Tensor x = tensor("x", float64, {any_extent, 18, 12, 10}), w = tensor("w", float64, {20, 18, size, size});
    const Tensor y = conv2d(x, w, {.padding = 1, .stride = {2, 2}}), dx = grad(sum(y * y), x);
    CHECK(!says(function({x, w}, dx).explain(), "gemm"));
    same_everywhere({x, w}, {dx}, {numbers({2, 18, 12, 10}, 1), numbers({20, 18, size, size}, 2)});
  }
}

TEST_CASE("pooling and its gradients are the same in every way to run") {
  for (const bool known : {false, true}) {
    const Tensor x =
        tensor("x", float64, known ? Extents{2, 3, 13, 18} : Extents{any_extent, any_extent, any_extent, any_extent});
    for (const PoolOptions& o : {PoolOptions{}, PoolOptions{.stride = {1, 2}, .padding = 1, .ceil = true}}) {
      const Tensor a = max_pool(x, {2, 3}, o), b = avg_pool(x, {2, 3}, o, false);
      same_everywhere({x}, {a, b, grad(sum(sqr(a)), x), grad(sum(sqr(b)), x)}, {numbers({2, 3, 13, 18}, 1)});
    }
  }
}

TEST_CASE("a fold of long windows that several loops of a row use is kept for them") {
  const Tensor y = tensor("y", float64, {any_extent, any_extent, 17});
  const Tensor f = fold_windows(y, {72}, 1, {.dilation = {2}});
  same_everywhere({y}, {f - max(f, 1, keepdims), cast(argmin(f, 1), float64), softmax(f), var(f, 1)},
                  {numbers({3, 20, 17}, 1)});
}

}  // namespace croton
