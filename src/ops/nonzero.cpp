// The elements that a mask selects: the one op whose result is as long as the data say.
#include "array/access.h"
#include "base/dtype.h"
#include "base/error.h"
#include "graph/walk.h"
#include "ops/families.h"
#include "ops/pointwise.h"
#include "ops/registry.h"

namespace croton::ops {
namespace {

[[noreturn]] void refuse_mask(Where w, const Tensor& mask, const Shape& shape, std::size_t axis, Index wanted) {
  fail_at<IndexError>(w, "the mask {} is {}, but the axis that its axis {} selects from has {} elements", formula(mask),
                      text(Type{boolean, shape}), axis, wanted);
}

Type nonzero_type(const TypeAt& t) {
  if (t.dtype(0) != boolean)
    fail_at<DTypeError>(t.where, "{}: a mask is boolean, {} is {}", t.name(), formula(t.x[0]), text(type(t.x[0])));
  for (std::size_t i = 0; i < t.shapes[0].size(); ++i) {
    const Index n = t.shapes[0][i];
    const auto& wanted = t.values[i + 1];
    if (n >= 0 && wanted && (*wanted)[0] != n) refuse_mask(t.where, t.x[0], t.shapes[0], i, (*wanted)[0]);
  }
  return {int64, {-1}};
}

void run_nonzero(const Node&, std::span<const Array> in, Array& out, const Host&) {
  const Array mask = contiguous(in[0]);
  const auto* p = data_as<bool>(mask);
  std::vector<Index> at;
  for (Index i = 0; i < mask.size(); ++i)
    if (p[i]) at.push_back(i);
  out = Array(at);
}

std::vector<Sample> nonzero_samples() {
  return {{{{boolean, {5}}, {int64, {}}}, {}, {{0, 1}, {5, 5}}},
          {{{boolean, {2, 3}}, {int64, {}}, {int64, {}}}, {}, {{0, 1}, {2, 2}, {3, 3}}},
          {{{boolean, {0}}, {int64, {}}}, {}, {{0, 1}, {0, 0}}}};
}

}  // namespace

constinit const Op nonzero{
    .name = "nonzero",
    .doc =
        "The row-major numbers of a mask's true elements; inputs: the mask, then the extents that "
        "it must have. NumPy's flatnonzero.",
    .arity = -1,
    .type = nonzero_type,
    .meaning = HostCall{.run = run_nonzero, .sizes_itself = true},
    .no_gradient = discrete,
    .samples = nonzero_samples};

Family nonzero_ops() {
  static constexpr const Op* list[] = {&nonzero};
  return list;
}

}  // namespace croton::ops
