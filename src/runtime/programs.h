// A graph whose extents depend on data, or that holds loops and conditions, run as several programs: each computes what
// the next ones ask for. Takes a rewritten graph, as an Executable does; most graphs are one program.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "runtime/executable.h"
#include "runtime/nested_program.h"

namespace croton::runtime {

class Programs {
 public:
  /// As Executable.
  Programs(const std::vector<Tensor>& results, const std::vector<Tensor>& inputs,
           const std::vector<UpdateTarget>& updates, Device&, const std::string& name);

  void run(std::span<const Array> inputs, std::span<Array> outputs);
  void load();
  /// Of the first program only: the shapes of the others are not known before it has run.
  void prepare(std::span<const Array> inputs);
  /// The program where it is one alone; else null.
  Executable* only() const { return parts_.size() == 1 ? parts_[0].program.get() : nullptr; }
  /// Whether plans depend on the values of an input, which the host reads then.
  bool decides_shapes(const Tensor& input) const;
  std::vector<SharedStorage*> shared_variables() const;
  std::string source() const;
  std::string explain() const;
  std::vector<std::string> kernels_to_read() const;
  std::vector<std::string> nests() const;
  void set_profiling(bool on);
  std::vector<Executable::StepTime> step_times() const;

 private:
  /// What has to be known before the next program is planned: a node alone, or the results of one run together.
  struct Question {
    std::vector<Tensor> nodes, wanted;  // what is asked, and what the answer is made of
    std::unique_ptr<NestedProgram> nested = nullptr;
  };
  /// Where a value that is wanted comes from.
  struct Source {
    int given = -1;   // an input, or an answer before
    int extent = -1;  // of it: not its value, but this axis's extent
    int result = -1;  // of the part's program
    Array constant = {};
  };
  /// A program, and questions that are answered after it; the answers are further inputs of all later programs.
  struct Part {
    std::vector<Question> questions;
    std::vector<Source> sources;          // of all that is wanted, in order
    std::unique_ptr<Executable> program;  // null where nothing has to be computed
    std::size_t results = 0;              // of the program
  };
  Question question(std::vector<Tensor> nodes, Device&, const std::string& name) const;
  Part part(std::vector<Question>, const std::vector<Tensor>& given, Device&, const std::string& name) const;
  static Array value(const Source&, std::span<const Array> given, std::span<const Array> made);
  static std::vector<Array> answers(const Question&, std::span<const Array> values);
  template <class F>
  void for_each_program(F&& f) const;
  template <class F>
  auto joined(F&& f) const;

  std::vector<Part> parts_;  // the last one asks for nothing
};

}  // namespace croton::runtime
