// An ifelse on one device: both sides are compiled, one is run.
#pragma once
#include "runtime/nested_program.h"

namespace croton::runtime {

class IfElseProgram final : public NestedProgram {
 public:
  IfElseProgram(std::vector<Tensor> results, Device&, const std::string& name);
  ~IfElseProgram() override;

  /// The host reads the condition.
  std::vector<Array> run(std::span<const Array> values) override;
  std::string explain() const override;
  std::vector<Programs*> programs() const override;

 private:
  struct Side {
    std::unique_ptr<Programs> program;
    std::vector<std::size_t> arguments;  // by input of the program: the node's input
  };
  Side side(const Subgraph&, Device&, const std::string& name) const;

  std::vector<Tensor> results_;
  Side then_, otherwise_;
};

}  // namespace croton::runtime
