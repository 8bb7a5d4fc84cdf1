// A loop on one device: takes its nodes, compiles its step, gives their values by running the step once a row.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ops/loop.h"
#include "runtime/device.h"

namespace croton::runtime {

class Programs;

class LoopProgram {
 public:
  /// `results`: nodes of one loop; only what they need of it is computed. `name`: the function's.
  LoopProgram(std::vector<Tensor> results, Device&, const std::string& name);
  ~LoopProgram();
  LoopProgram(const LoopProgram&) = delete;
  LoopProgram& operator=(const LoopProgram&) = delete;

  /// The nodes whose values run() is given. Shared variables and constants that the step captures are none: the step
  /// reads them where they are.
  const std::vector<Tensor>& wanted() const { return wanted_; }
  /// The values of the results. ShapeError where the xs have other numbers of rows than the loop has steps, or a carry
  /// changes its shape. The words of shared variables are held, as for an Executable.
  std::vector<Array> run(std::span<const Array> values);
  /// "loop over the rows of xs, last to first", or "loop of n steps"
  std::string title() const;
  Programs& step() const { return *program_; }

 private:
  struct Running;
  template <class F>
  void for_each_stack(Running&, bool after, F&& f) const;
  void run_step(Running&, Index row);
  void look_at_rows(Running&);

  std::vector<Tensor> results_, wanted_;
  std::vector<std::size_t> numbers_;        // of results_ in the loop
  std::vector<std::size_t> wanted_inputs_;  // of the node, by wanted
  ops::LoopForm form_;
  ops::LoopPart part_;
  std::vector<std::size_t> argument_of_;  // by input of the program: the node's input
  std::vector<bool> is_row_;              // by input of the program
  std::unique_ptr<Programs> program_;
};

}  // namespace croton::runtime
