// Gradients of what was computed from neighbours: of slices of one tensor, shifted against each other.
#include "catch.h"
#include "croton.h"
#include "gpu.h"
#include "message.h"

using namespace croton;

namespace {

Array numbers(const Extents& shape) {
  Array a = Array::zeros(shape, float64);
  int k = 0;
  for (double& v : a.mutable_values<double>()) v = 0.1 * ((k += 7) % 31) - 1.2;
  return a;
}

Tensor part(const Tensor& x, Index top, Index below, Index left, Index right) {
  const auto cut = [](Index before, Index behind) { return behind > 0 ? slice(before, -behind) : slice(before, none); };
  return x(cut(top, below), cut(left, right));
}

using Of = Tensor (*)(const Tensor&);

Tensor laplacian(const Tensor& x) {
  return sum(sqr(part(x, 2, 0, 1, 1) + part(x, 0, 2, 1, 1) + part(x, 1, 1, 2, 0) + part(x, 1, 1, 0, 2) -
                 4 * part(x, 1, 1, 1, 1)));
}
Tensor variation(const Tensor& x) {
  return sum(abs(part(x, 1, 0, 0, 0) - part(x, 0, 1, 0, 0))) + sum(abs(part(x, 0, 0, 1, 0) - part(x, 0, 0, 0, 1)));
}
Tensor smooth_variation(const Tensor& x) {
  const Tensor here = part(x, 0, 1, 0, 1);
  return sum(sqrt(sqr(part(x, 1, 0, 0, 1) - here) + sqr(part(x, 0, 1, 1, 0) - here) + 1e-3));
}
Tensor burgers(const Tensor& x) {
  const Tensor u = part(x, 0, 0, 1, 1), right = part(x, 0, 0, 2, 0), left = part(x, 0, 0, 0, 2);
  return sum(sqr(u - 0.1 * u * (right - left) + 0.01 * (right - 2 * u + left)));
}
Tensor far(const Tensor& x) { return sum(sin(part(x, 0, 0, 5, 0) * 3 - part(x, 0, 0, 0, 5) * part(x, 0, 0, 2, 3))); }
Tensor of_computed(const Tensor& x) { return laplacian(exp(x * 0.3)); }

}  // namespace

TEST_CASE("gradients of stencils are those of the reference evaluator, for every extent") {
  const std::string device = GENERATE(std::string("device=cpu"), on_gpu());
  const Of cost = GENERATE(laplacian, variation, smooth_variation, burgers, far, of_computed);
  const Tensor x = dmatrix("x"), g = grad(cost(x), x);
  const Function reference = function(x, g, {.mode = Mode::FAST_COMPILE});
  const ScopedConfig scope(device);
  const Function f = function(x, g);
  for (const Extents& shape : {Extents{9, 11}, {70, 65}, {2, 2}, {1, 7}, {5, 1}, {3, 0}, {6, 3}, {1, 1}}) {
    const Array at = numbers(shape);
    INFO(device << " " << shape[0] << " x " << shape[1]);
    CHECK(all_close(f(at), reference(at)));
  }
}

TEST_CASE("the gradient of a stencil reads neighbours from one value among zeros") {
  const ScopedConfig scope("device=cpu");
  const Tensor x = dmatrix("x");
  for (const Of cost : {laplacian, variation, smooth_variation, burgers})
    CHECK_FALSE(says(function(x, grad(cost(x), x)).explain(), "index ["));
  // rows alone are read as vectors where they lie; a column is no copy of all
  for (const Tensor& rows : {sum(sqr(x(slice(1, none)))), sum(sqr(x(all, 2)))})
    CHECK_FALSE(says(function(x, grad(rows, x)).explain(), "region"));
}
