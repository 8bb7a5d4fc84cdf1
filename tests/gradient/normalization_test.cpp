// Batch normalization by the reference evaluator.
#include "catch.h"
#include "croton/nn.h"
#include "croton/numpy.h"
#include "differences.h"

using namespace croton;
using namespace differences;

namespace {

struct Batch {
  Tensor x = tensor("x", float64, {any_extent, any_extent, any_extent});
  Tensor gamma = dvector("gamma"), beta = dvector("beta"), mean = dvector("mean"), variance = dvector("variance");
  std::vector<Leaf> leaves{{x, numbers({4, 3, 5})},
                           {gamma, numbers({3}, 0.5, 2, 2)},
                           {beta, numbers({3}, -1, 1, 3)},
                           {mean, numbers({3}, -1, 1, 4)},
                           {variance, numbers({3}, 0.5, 2, 5)}};
};

bool near(const Array& a, const Array& b) {
  if (a.shape() != b.shape()) return false;
  for (Index i = 0; i < a.size(); ++i)
    if (!(std::abs(get(a, i) - get(b, i)) <= 1e-12)) return false;
  return true;
}

}  // namespace

TEST_CASE("each channel of a normalized batch has mean beta and deviation gamma") {
  const Batch b;
  const BatchNormalized n = batch_normalization_train(b.x, b.gamma, b.beta, b.mean, b.variance, {.epsilon = 0});
  CHECK(near(value(mean(n.y, {0, 2}), b.leaves), b.leaves[2].value));
  CHECK(near(value(stddev(n.y, {0, 2}), b.leaves), b.leaves[1].value));
}

TEST_CASE("running averages move towards the batch's mean and unbiased variance") {
  const Batch b;
  const BatchNormalized n =
      batch_normalization_train(b.x, b.gamma, b.beta, b.mean, b.variance, {.running_average_factor = 0.25});
  const auto mixed = [](const Tensor& old, const Tensor& now) { return 0.75 * old + 0.25 * now; };
  CHECK(near(value(n.running_mean, b.leaves), value(mixed(b.mean, mean(b.x, {0, 2})), b.leaves)));
  CHECK(near(value(n.running_variance, b.leaves), value(mixed(b.variance, var(b.x, {0, 2}, {.ddof = 1})), b.leaves)));
}

TEST_CASE("a batch is normalized by averages as by its own") {
  const Batch b;
  const Tensor trained = batch_normalization_train(b.x, b.gamma, b.beta, b.mean, b.variance).y;
  const Tensor tested = batch_normalization_test(b.x, b.gamma, b.beta, mean(b.x, {0, 2}), var(b.x, {0, 2}));
  CHECK(near(value(trained, b.leaves), value(tested, b.leaves)));
}

TEST_CASE("batch normalization has the gradients that differences show") {
  const Batch b;
  const Tensor y = batch_normalization_train(b.x, b.gamma, b.beta, b.mean, b.variance).y;
  CHECK(disagreement(sum(pow(y, 3)), b.leaves, 1e-5) == "");
}

TEST_CASE("axes that are taken together may be named, and parameters have the others") {
  const Tensor x = constant(numbers({6, 4, 2})), one = constant(Array::full({4, 2}, 1.0)),
               none = zeros({4, 2}, float64);
  const Tensor y = batch_normalization_train(x, one, none, none, one, {.axes = 0, .epsilon = 0}).y;
  CHECK(near(value(var(y, 0), {}), Array::full({4, 2}, 1.0)));
  CHECK_THROWS_WITH(batch_normalization_test(x, one, none, none, one),
                    Catch::Contains("batch_normalization_test: the ") &&
                        Catch::Contains("is float64[6, 4, 2], and leaves it 1 axis"));
  const Tensor five = constant(Array::full({5}, 1.0));
  CHECK_THROWS_WITH(batch_normalization_test(x, five, five, five, five),
                    Catch::StartsWith("normalization_test.cpp:") && Catch::Contains("is float64[5]; ") &&
                        Catch::EndsWith("is float64[6, 4, 2], with 4 along axis 1"));
  CHECK_THROWS_WITH(batch_normalization_test(dvector("v"), one, one, one, one), Catch::Contains("has no channels"));
}
