// Indices that kernels take rows by: what a kernel found out of range is said as the reference evaluator says it.
#pragma once
#include <span>
#include <vector>

#include "runtime/plan.h"

namespace croton::runtime {

class IndexChecks {
 public:
  /// Both outlive it. `inputs`: the leaves that calls bring, in their order.
  IndexChecks(const tile::Program& program, const std::vector<Tensor>& inputs) : program_(program), inputs_(inputs) {}

  /// Takes the rows of `site` by the reference, which throws IndexError where one is out of range.
  void check(std::size_t site, const Plan&, std::span<const Array> values) const;
  /// Throws the IndexError of what a kernel has reported.
  [[noreturn]] void refuse(const KernelError&, const Plan&, std::span<const Array> values) const;

 private:
  Array index_of(const Tensor& gather, std::span<const Array> values) const;

  const tile::Program& program_;
  const std::vector<Tensor>& inputs_;
};

}  // namespace croton::runtime
