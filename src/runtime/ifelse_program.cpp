#include "runtime/ifelse_program.h"

#include <fmt/format.h>

#include "graph/walk.h"
#include "ops/ifelse.h"
#include "runtime/programs.h"

namespace croton::runtime {

IfElseProgram::IfElseProgram(std::vector<Tensor> results, Device& device, const std::string& name)
    : results_(std::move(results)) {
  const ops::Sides sides = ops::sides_of(results_[0]);
  then_ = side(*sides.then, device, name);
  otherwise_ = side(*sides.otherwise, device, name);
  std::vector<bool> is_wanted(node(results_[0]).inputs.size(), false);
  is_wanted[0] = true;
  for (const Side* s : {&then_, &otherwise_})
    for (const std::size_t k : s->arguments) is_wanted[k] = true;
  want(results_[0], is_wanted);
}

IfElseProgram::~IfElseProgram() = default;

/// What the results need of a side, as a program.
IfElseProgram::Side IfElseProgram::side(const Subgraph& graph, Device& device, const std::string& name) const {
  const std::span<const Tensor> captured = std::span(node(results_[0]).inputs).subspan(1);
  Subgraph part;
  for (const Tensor& t : results_) part.outputs.push_back(graph.outputs[ops::result_of(t)]);
  NodeSet read;
  for (const Tensor& t : leaves(part.outputs, NodeKind::input)) read.insert(t.node());
  std::vector<Tensor> given;
  std::vector<std::size_t> numbers;
  for (std::size_t k = 0; k < captured.size(); ++k) {
    if (!read.contains(graph.inputs[k].node())) continue;
    part.inputs.push_back(graph.inputs[k]);
    given.push_back(captured[k]);
    numbers.push_back(k + 1);
  }
  Placed ready = placed(part, given);
  Side made;
  for (const std::size_t k : ready.numbers) made.arguments.push_back(numbers[k]);
  made.program = std::make_unique<Programs>(std::move(ready.outputs), std::move(ready.inputs),
                                            std::vector<UpdateTarget>(), device, name);
  return made;
}

std::vector<Array> IfElseProgram::run(std::span<const Array> values) {
  const std::vector<Array> arguments = by_input(values);
  const Side& taken = ops::holds(arguments[0]) ? then_ : otherwise_;
  std::vector<Array> in, out(results_.size());
  for (const std::size_t k : taken.arguments) in.push_back(arguments[k]);
  taken.program->run(in, out);
  return out;
}

std::string IfElseProgram::explain() const {
  return fmt::format("if {}:\n{}else:\n{}end of the condition\n", formula(node(results_[0]).inputs[0]),
                     then_.program->explain(), otherwise_.program->explain());
}

std::vector<Programs*> IfElseProgram::programs() const { return {then_.program.get(), otherwise_.program.get()}; }

}  // namespace croton::runtime
