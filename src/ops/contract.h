// The contraction of two tensors, for what is made of it.
#pragma once
#include <vector>

#include "croton/tensor.h"

namespace croton::ops {

/// Products of two operands of one dtype, by labels of their axes as params of `contract`, summed over those that `out`
/// does not name. Of bools: whether any product is true.
Tensor contracted(const Tensor& a, const Tensor& b, std::vector<Index> la, std::vector<Index> lb,
                  std::vector<Index> out, Where);

}  // namespace croton::ops
