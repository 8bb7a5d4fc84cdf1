// Linear regression with Adam: fit, save, load into fresh parameters, predict. Minibatches come in as arguments.
#include <croton.h>

#include <cmath>
#include <cstdio>
#include <vector>

#include "datasets.h"

using namespace croton;

namespace {

constexpr std::size_t rows = 256, features = 3;

struct Regression {
  Tensor x = matrix("x"), y = vector("y");
  Shared w = shared(zeros({features}), "w");
  Shared b = shared(0.0, "b");
  Tensor predicted = dot(x, w) + b;
  Tensor loss = mean(sqr(predicted - y));
};

struct Samples {
  Array x, y;
};

// y = 2 x0 - x1 + 0.5 x2 + 3, with a little noise.
Samples draw() {
  datasets::LegacyRandom random(1);
  const std::vector<double> x = random.randn(rows * features);
  std::vector<double> y(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    y[i] = 2 * x[3 * i] - x[3 * i + 1] + 0.5 * x[3 * i + 2] + 3 + 0.01 * random.randn();
  }
  return {Array(x.data(), {rows, features}).astype(floatX()), Array(y).astype(floatX())};
}

}  // namespace

int main(int argc, char** argv) {
  const char* path = argc > 1 ? argv[1] : "linear.npz";
  const Samples samples = draw();

  const Regression model;
  const Function step =
      function({model.x, model.y}, model.loss, optimizers::adam(model.loss, {model.w, model.b}, {.rate = 0.05}));
  double loss = 0;
  for (int i = 0; i < 1000; ++i) loss = step(samples.x, samples.y).item<double>();
  save_npz(path, {model.w, model.b});

  const Regression restored;
  load_into({restored.w, restored.b}, path);
  const Array w = restored.w.get_value();
  std::printf("loss %.6f, w = [%.3f %.3f %.3f], b = %.3f\n", loss, w.at<double>(0), w.at<double>(1), w.at<double>(2),
              restored.b.get_value().item<double>());
  return loss < 1e-3 && std::abs(w.at<double>(0) - 2) < 0.01 ? 0 : 1;
}
