#include "gradient/ifelse.h"

#include "ops/extents.h"
#include "ops/ifelse.h"
#include "rewrite/passes.h"

namespace croton::gradient {
namespace {

/// One side, and how its inputs' gradients follow from those of its outputs.
class BackwardSide {
 public:
  BackwardSide(const Subgraph& side, const std::vector<Tensor>& bars, const std::vector<bool>& needed, Where w)
      : inputs_(side.inputs), hidden_(side.hidden), outer_(side.inputs.size()), flow_(run(side, bars, needed, w)) {}

  bool reaches(std::size_t k) const { return flow_.reaches(inputs_[k]); }
  bool gives(std::size_t k) const { return flow_.of(inputs_[k]).node() != nullptr; }
  /// The gradients of such inputs as a graph over the side's inputs and the gradients given.
  SubgraphHandle graph(const std::vector<std::size_t>& of, Where w) const {
    std::vector<Tensor> outputs;
    outputs.reserve(of.size());
    for (const std::size_t k : of) outputs.push_back(gives(k) ? flow_.of(inputs_[k]) : ops::zeros_of(inputs_[k], w));
    return std::make_shared<const Subgraph>(Subgraph{inputs_, std::move(outputs), hidden_});
  }

 private:
  Flow run(const Subgraph& side, const std::vector<Tensor>& bars, const std::vector<bool>& needed, Where w) {
    const std::vector<Tensor> outputs = rewrite::stabilize(side.outputs);
    for (std::size_t r = 0; r < bars.size(); ++r) {
      if (!bars[r].node()) continue;
      inputs_.push_back(make_input(type(bars[r]), "", w));
      seeds_.add(outputs[r], inputs_.back(), w);
    }
    std::vector<Tensor> wanted;
    for (std::size_t k = 0; k < outer_; ++k)
      if (needed[k + 1]) wanted.push_back(inputs_[k]);
    return Flow(seeds_.gradients, seeds_.roots, wanted, {});
  }

  std::vector<Tensor> inputs_;
  std::vector<std::uint64_t> hidden_;
  std::size_t outer_;
  Seeds seeds_;
  Flow flow_;
};

}  // namespace

InputGradients ifelse_gradients(const Tensor& result, const std::vector<Tensor>& bars,
                                const std::vector<bool>& needed) {
  const Node& n = node(result);
  const ops::Sides sides = ops::sides_of(result);
  const BackwardSide then(*sides.then, bars, needed, n.where), otherwise(*sides.otherwise, bars, needed, n.where);
  InputGradients g{std::vector<Tensor>(n.inputs.size()), std::vector<bool>(n.inputs.size(), false)};
  std::vector<std::size_t> given;
  for (std::size_t k = 0; k + 1 < n.inputs.size(); ++k) {
    g.reached[k + 1] = then.reaches(k) || otherwise.reaches(k);
    if (then.gives(k) || otherwise.gives(k)) given.push_back(k);
  }
  if (given.empty()) return g;
  const ops::Sides backward{then.graph(given, n.where), otherwise.graph(given, n.where)};
  std::vector<Tensor> inputs = n.inputs;
  for (const Tensor& bar : bars)
    if (bar.node()) inputs.push_back(bar);
  for (std::size_t j = 0; j < given.size(); ++j) g.of[given[j] + 1] = ops::ifelse_result(backward, j, inputs, n.where);
  return g;
}

}  // namespace croton::gradient
