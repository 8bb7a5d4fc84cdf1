#include "runtime/index_checks.h"

#include "array/access.h"
#include "base/error.h"
#include "ops/evaluate.h"
#include "runtime/storage.h"

namespace croton::runtime {

Array IndexChecks::index_of(const Tensor& gather, std::span<const Array> values) const {
  const Tensor& index = node(gather).inputs[1];
  ops::Values known;
  for (std::size_t k = 0; k < inputs_.size(); ++k) known[inputs_[k].node()] = values[k];
  for (const Tensor& s : leaves({&index, 1}, NodeKind::shared)) known[s.node()] = storage_of(s).get();
  return ops::evaluate({&index, 1}, known)[0];
}

// The reference needs the shape of what rows are taken of, not its elements.
void IndexChecks::check(std::size_t site, const Plan& plan, std::span<const Array> values) const {
  const Tensor& gather = program_.checks[site];
  const Extents shape(plan.checked[site]);
  const Array one = Array::zeros({1}, node(gather).inputs[0].dtype());
  const Array arguments[] = {view(one, shape, Extents(std::vector<Index>(shape.size(), 0)), 0),
                             index_of(gather, values)};
  static_cast<void>(ops::evaluate_node(gather, arguments));
}

void IndexChecks::refuse(const KernelError& e, const Plan& plan, std::span<const Array> values) const {
  check(e.site, plan, values);
  // an index computed from numbers that the reference rounds otherwise
  const Node& n = node(program_.checks[e.site]);
  ops::refuse_values(n, "");
  fail_at<IndexError>(n.where, "element {} of the index {} is out of range for axis 0 of {} {}", e.index,
                      formula(n.inputs[1]), formula(n.inputs[0]), text(plan.checked[e.site]));
}

}  // namespace croton::runtime
