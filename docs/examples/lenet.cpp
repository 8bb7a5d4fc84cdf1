// A small LeNet learns to tell bars that lie, bars that stand, and crosses, in noisy images drawn for it: two layers of
// convolution and max pooling, and one that is dense.
#include <croton.h>

#include <cstdio>
#include <vector>

#include "datasets.h"

using namespace croton;

namespace {

constexpr std::size_t images = 300, size = 16, classes = 3;

struct Samples {
  Array x, y;  // [images, 1, size, size] and [images]
};

// A bar of 9 pixels, or two that cross, somewhere in each image.
Samples draw(std::uint32_t seed) {
  datasets::LegacyRandom random(seed);
  std::vector<double> x = random.randn(images * size * size);
  std::vector<std::int64_t> y(images);
  for (std::size_t i = 0; i < images; ++i) {
    y[i] = static_cast<std::int64_t>(random.interval(classes - 1));
    const std::size_t row = 4 + random.interval(7), column = 4 + random.interval(7);
    double* image = x.data() + i * size * size;
    for (std::size_t k = 0; k < size * size; ++k) image[k] *= 0.3;
    for (std::size_t k = 0; k < 9; ++k) {
      if (y[i] != 1) image[row * size + column - 4 + k] += 1;
      if (y[i] != 0) image[(row - 4 + k) * size + column] += 1;
    }
  }
  return {Array(x.data(), {images, std::size_t{1}, size, size}).astype(floatX()), Array(y)};
}

// relu(convolution + bias), then the largest of each 2 x 2 pixels.
Tensor layer(const Tensor& x, const Shared& filters, const Shared& bias) {
  const Tensor y = conv2d(x, filters, {.padding = "same"}) + dimshuffle(bias, {-1, 0, -1, -1});
  return max_pool(relu(y), {2, 2});
}

}  // namespace

int main() {
  const Samples train = draw(1), test = draw(2);
  const Shared f1 = shared(normal({8, 1, 5, 5}) * 0.2, "filters1"), b1 = shared(zeros({8}), "bias1");
  const Shared f2 = shared(normal({16, 8, 3, 3}) * 0.1, "filters2"), b2 = shared(zeros({16}), "bias2");
  const Shared w = shared(initializers::glorot({16 * 4 * 4, classes}), "w"), b = shared(zeros({classes}), "b");

  const Tensor x = tensor("x", floatX(), {any_extent, 1, size, size}), y = lvector("y");
  const Tensor hidden = layer(layer(x, f1, b1), f2, b2);  // [?, 16, 4, 4]
  const Tensor p = softmax(dot(reshape(hidden, {-1, 16 * 4 * 4}), w) + b);
  const Tensor loss = mean(categorical_crossentropy(p, y));

  const Function step = function({x, y}, loss, optimizers::adam(loss, {f1, b1, f2, b2, w, b}, {.rate = 0.005}));
  const Function accuracy = function({x, y}, mean(argmax(p, 1) == y));
  for (int epoch = 0; epoch <= 80; ++epoch) {
    const Array before = step(train.x, train.y);
    if (epoch % 20 == 0) std::printf("epoch %2d: loss %.4f\n", epoch, before.item<double>());
  }
  const double right = accuracy(test.x, test.y).item<double>();
  std::printf("of images that it has not seen it tells %.1f%%\n", 100 * right);
  return right > 0.95 ? 0 : 1;
}
