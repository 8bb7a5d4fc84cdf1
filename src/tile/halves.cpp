#include "tile/halves.h"

#include <algorithm>

#include "ops/pointwise.h"
#include "tile/replace.h"

namespace croton::tile {
namespace {

bool is_half(const Tensor& t) { return t.dtype() == float16 || t.dtype() == bfloat16; }

bool computes_with_halves(const Tensor& t) {
  if (!meaning<Pointwise>(t) && !meaning<Reduce>(t) && !meaning<Contract>(t) && !meaning<FoldWindows>(t)) return false;
  const std::vector<Tensor>& inputs = node(t).inputs;
  return is_half(t) || std::any_of(inputs.begin(), inputs.end(), is_half);
}

}  // namespace

std::vector<Tensor> widen_halves(std::span<const Tensor> outputs) {
  bool any = false;
  const auto make = [&](const Tensor& t, std::vector<Tensor> inputs) {
    any = true;
    const Where where = node(t).where;
    for (Tensor& x : inputs)
      if (is_half(x)) x = ops::converted(x, float32, where);
    return ops::converted(with_inputs(t, std::move(inputs)), t.dtype(), where);
  };
  std::vector<Tensor> wide = replaced(outputs, computes_with_halves, make);
  return any ? merge(wide) : wide;  // several users widen one value once
}

}  // namespace croton::tile
