// Gradients against central differences.
#include <cmath>
#include <random>

#include "array/access.h"
#include "base/dtype.h"
#include "base/error.h"
#include "base/float_control.h"
#include "croton/gradient.h"
#include "function/words.h"
#include "ops/evaluate.h"

namespace croton {
namespace {

/// Numbers in [-1, 1), the same on every machine.
Array direction(const Array& like, std::mt19937_64& generator) {
  Array d = Array::zeros(like.shape(), float64);
  for (double& x : d.mutable_values<double>()) x = std::ldexp(static_cast<double>(generator() >> 11), -52) - 1;
  return d.astype(like.dtype());
}

Array moved(const Array& from, const Array& along, double by) {
  Array to = from.copy();
  for (Index i = 0; i < to.size(); ++i) set(to, i, get(from, i) + by * get(along, i));
  return to;
}

double projection(const Array& gradient, const Array& along) {
  double sum = 0;
  for (Index i = 0; i < along.size(); ++i) sum += get(gradient, i) * get(along, i);
  return sum;
}

/// The step that was taken along the direction: less than asked for where the input's dtype rounds.
double step_taken(const Array& from, const Array& to, const Array& along) {
  double sum = 0, norm = 0;
  for (Index i = 0; i < along.size(); ++i) {
    sum += (get(to, i) - get(from, i)) * get(along, i);
    norm += get(along, i) * get(along, i);
  }
  return norm > 0 ? sum / norm : 0;
}

ops::Values leaf_values(std::span<const Tensor> graph, const std::vector<Tensor>& inputs,
                        const std::vector<Array>& values) {
  ops::Values out;
  const std::vector<SharedUse> uses = shared_uses(leaves(graph, NodeKind::shared), {});
  {
    const Words words(uses);
    for (const SharedUse& u : uses) out.emplace(u.leaf.node(), u.storage->get());
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) out[inputs[i].node()] = values[i];
  return out;
}

}  // namespace

void verify_grad(const Tensor& cost, const std::vector<Tensor>& inputs, const std::vector<Array>& values,
                 const VerifyGradOptions& o) {
  const FloatControl control;
  if (inputs.size() != values.size())
    fail<GraphError>("verify_grad: {} values were given for {} inputs", values.size(), inputs.size());
  std::vector<Tensor> wrt;
  for (const Tensor& t : inputs)
    if (is_float(t.dtype())) wrt.push_back(t);
  std::vector<Tensor> graph = grad(Cost(cost, Where{}), wrt);
  graph.push_back(cost);
  ops::Values leaf = leaf_values(graph, inputs, values);
  const std::vector<Array> analytic = ops::evaluate(graph, leaf);
  const double here = std::abs(get(analytic.back(), 0));
  std::mt19937_64 generator(o.seed);
  for (std::size_t k = 0; k < wrt.size(); ++k) {
    const Array at = leaf.at(wrt[k].node());
    const bool wide = wrt[k].dtype() == float64 && cost.dtype() == float64;
    const double epsilon = o.epsilon > 0 ? o.epsilon : wide ? 1e-6 : 3e-4;
    const double tolerance = o.tolerance > 0 ? o.tolerance : wide ? 1e-6 : 1e-2;
    const Array along = direction(at, generator);
    double sides[2] = {}, span = 0;
    for (const int side : {0, 1}) {
      const Array there = moved(at, along, side == 0 ? -epsilon : epsilon);
      leaf[wrt[k].node()] = there;
      sides[side] = get(ops::evaluate({&cost, 1}, leaf)[0], 0);
      span += std::abs(step_taken(at, there, along));
    }
    leaf[wrt[k].node()] = at;
    const double numeric = span > 0 ? (sides[1] - sides[0]) / span : 0;
    const double symbolic = projection(analytic[k], along);
    const double rounding = (wide ? 4e-16 : 2e-7) * here / epsilon;  // of the two costs, as the quotient shows it
    if (std::abs(symbolic - numeric) <= tolerance * std::max(std::abs(symbolic), std::abs(numeric)) + rounding)
      continue;
    fail<GraphError>(
        "verify_grad: the gradient with respect to {} is wrong: along a random direction grad gives {:.9g}, "
        "central differences with step {:g} give {:.9g} (allowed relative error {:g})",
        describe(wrt[k]), symbolic, epsilon, numeric, tolerance);
  }
}

}  // namespace croton
