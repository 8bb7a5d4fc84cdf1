// A graph whose extents depend on data, run as several programs: each computes what the extents of the next ones follow
// from. Takes a rewritten graph, as an Executable does; most graphs are one program.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "runtime/executable.h"

namespace croton::runtime {

class Programs {
 public:
  /// As Executable.
  Programs(const std::vector<Tensor>& results, const std::vector<Tensor>& inputs,
           const std::vector<UpdateTarget>& updates, Device&, const std::string& name);

  void run(std::span<const Array> inputs, std::span<Array> outputs);
  /// Of the first program only: the shapes of the others are not known before it has run.
  void prepare(std::span<const Extents> shapes);
  bool needs_exclusive() const;
  std::string source() const;
  std::string explain() const;
  std::vector<std::string> kernels_to_read() const;
  std::vector<std::string> nests() const;
  void set_profiling(bool on);
  std::vector<Executable::StepTime> step_times() const;

 private:
  /// A program that computes the arguments of `asked`; what those give are further inputs of all later programs.
  struct Part {
    std::vector<Tensor> asked;
    std::unique_ptr<Executable> program;
  };
  template <class F>
  auto joined(F&& f) const;

  std::vector<Part> parts_;  // the last one asks for nothing
};

}  // namespace croton::runtime
