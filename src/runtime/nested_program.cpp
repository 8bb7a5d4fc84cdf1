#include "runtime/nested_program.h"

#include "graph/walk.h"
#include "runtime/ifelse_program.h"
#include "runtime/loop_program.h"

namespace croton::runtime {

void NestedProgram::want(const Tensor& result, const std::vector<bool>& is_wanted) {
  inputs_ = is_wanted.size();
  for (std::size_t k = 0; k < inputs_; ++k)
    if (is_wanted[k]) {
      wanted_.push_back(node(result).inputs[k]);
      numbers_.push_back(k);
    }
}

std::vector<Array> NestedProgram::by_input(std::span<const Array> values) const {
  std::vector<Array> all(inputs_);
  for (std::size_t k = 0; k < values.size(); ++k) all[numbers_[k]] = values[k];
  return all;
}

std::unique_ptr<NestedProgram> make_nested_program(std::vector<Tensor> results, Device& device,
                                                   const std::string& name) {
  if (meaning<Loop>(results[0])) return std::make_unique<LoopProgram>(std::move(results), device, name);
  return std::make_unique<IfElseProgram>(std::move(results), device, name);
}

Placed placed(const Subgraph& g, std::span<const Tensor> given) {
  const auto stays_where_it_is = [](const Tensor& t) {
    return t.node() && (node(t).kind == NodeKind::shared || node(t).kind == NodeKind::constant);
  };
  Placed p;
  Replacements in_place;
  for (std::size_t k = 0; k < g.inputs.size(); ++k) {
    if (stays_where_it_is(given[k])) {
      in_place.emplace(g.inputs[k].node(), given[k]);
      continue;
    }
    p.inputs.push_back(g.inputs[k]);
    p.numbers.push_back(k);
  }
  p.outputs = rebuild(g.outputs, in_place);
  return p;
}

}  // namespace croton::runtime
