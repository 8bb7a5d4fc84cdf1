// The graphs inside nodes, on one device: takes the nodes of one run, compiles their graphs, gives the nodes' values.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "graph/subgraph.h"
#include "runtime/device.h"

namespace croton::runtime {

class Programs;

class NestedProgram {
 public:
  NestedProgram() = default;
  virtual ~NestedProgram() = default;
  NestedProgram(const NestedProgram&) = delete;
  NestedProgram& operator=(const NestedProgram&) = delete;

  /// The nodes whose values run() is given. Shared variables and constants that a graph captures are none: it reads
  /// them where they are.
  const std::vector<Tensor>& wanted() const { return wanted_; }
  /// The values of the nodes. The words of shared variables are held, as for an Executable.
  virtual std::vector<Array> run(std::span<const Array> values) = 0;
  /// The graphs' programs, each under a title.
  virtual std::string explain() const = 0;
  virtual std::vector<Programs*> programs() const = 0;

 protected:
  /// Makes these inputs of a node the wanted ones.
  void want(const Tensor& result, const std::vector<bool>& is_wanted);
  /// Values of the wanted nodes by the node's inputs; the others are empty.
  std::vector<Array> by_input(std::span<const Array> values) const;

 private:
  std::vector<Tensor> wanted_;
  std::vector<std::size_t> numbers_;  // of the node's inputs, by wanted
  std::size_t inputs_ = 0;
};

/// `results`: nodes of one run; only what they need is computed. `name`: the function's.
std::unique_ptr<NestedProgram> make_nested_program(std::vector<Tensor> results, Device&, const std::string& name);

/// A graph whose inputs are given by nodes around it, made ready to be a program.
struct Placed {
  std::vector<Tensor> outputs, inputs;
  std::vector<std::size_t> numbers;  // of the graph's inputs, by `inputs`
};
/// Captured shared variables and constants take the place of inputs. `given`: by the graph's inputs; an empty handle
/// where the input takes another value at each run.
Placed placed(const Subgraph&, std::span<const Tensor> given);

}  // namespace croton::runtime
