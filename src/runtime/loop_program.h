// A loop on one device: its step is compiled, and run once a row.
#pragma once
#include <optional>

#include "ops/loop.h"
#include "runtime/nested_program.h"
#include "runtime/result_memory.h"

namespace croton::runtime {

class LoopProgram final : public NestedProgram {
 public:
  LoopProgram(std::vector<Tensor> results, Device&, const std::string& name);
  ~LoopProgram() override;

  /// ShapeError where the xs have other numbers of rows than the loop has steps, or a carry changes its shape.
  std::vector<Array> run(std::span<const Array> values) override;
  std::string explain() const override;
  std::vector<Programs*> programs() const override { return {program_.get()}; }

 private:
  struct Running;
  std::optional<std::vector<Array>> run_series(std::span<const Array> arguments, Index steps);
  bool is_series() const;
  template <class F>
  void for_each_stack(Running&, bool after, F&& f) const;
  void run_step(Running&, Index step, Index row);
  void look_at_rows(Running&);
  std::string title() const;

  std::vector<Tensor> results_;
  std::vector<std::size_t> numbers_;  // of results_ in the loop
  ops::LoopForm form_;
  ops::LoopPart part_;
  std::vector<std::size_t> argument_of_;  // by input of the program: the node's input
  std::vector<bool> is_row_;              // by input of the program
  bool apart_;                            // the device has memory of its own
  bool series_ = false;                   // a step is one call of one program, whose shapes are the same at each
  std::unique_ptr<const ops::RowMemory> memory_;
  std::vector<const ops::RowMemory*> memory_of_;  // by input of the program: the host's where it reads the values
  std::unique_ptr<Programs> program_;
  KeptArrays kept_;  // of a series: the last carries, two by turns, those stacked, the ys
};

}  // namespace croton::runtime
