// Truth values and bits of each element.
#include "croton/ops.h"
#include "ops/elementwise.h"
#include "ops/families.h"
#include "ops/pointwise.h"

namespace croton {
namespace ops {

constinit const Op logical_and{.name = "logical_and",
                               .doc = "a && b of truth values; other types count as x != 0 (NumPy's logical_and).",
                               .arity = 2,
                               .type = pointwise_type,
                               .meaning = Pointwise{"logical_and"},
                               .no_gradient = discrete,
                               .samples = [] { return bool_samples(2); }};

constinit const Op logical_or{.name = "logical_or",
                              .doc = "a || b of truth values; other types count as x != 0 (NumPy's logical_or).",
                              .arity = 2,
                              .type = pointwise_type,
                              .meaning = Pointwise{"logical_or"},
                              .no_gradient = discrete,
                              .samples = [] { return bool_samples(2); }};

constinit const Op logical_xor{.name = "logical_xor",
                               .doc = "Whether exactly one is true; other types count as x != 0 (NumPy's logical_xor).",
                               .arity = 2,
                               .type = pointwise_type,
                               .meaning = Pointwise{"logical_xor"},
                               .no_gradient = discrete,
                               .samples = [] { return bool_samples(2); }};

constinit const Op logical_not{.name = "logical_not",
                               .doc = "Whether x is false; other types count as x != 0 (NumPy's logical_not).",
                               .type = pointwise_type,
                               .meaning = Pointwise{"logical_not"},
                               .no_gradient = discrete,
                               .samples = [] { return bool_samples(1); }};

constinit const Op bitwise_and{.name = "bitwise_and",
                               .doc = "a & b of integers or bools (NumPy's bitwise_and).",
                               .arity = 2,
                               .type = pointwise_type,
                               .meaning = Pointwise{"and"},
                               .no_gradient = discrete,
                               .samples = [] {
                                 return join(int_samples({{-9, 9}, {-9, 9}}), bool_samples(2));
                               }};

constinit const Op bitwise_or{.name = "bitwise_or",
                              .doc = "a | b of integers or bools (NumPy's bitwise_or).",
                              .arity = 2,
                              .type = pointwise_type,
                              .meaning = Pointwise{"or"},
                              .no_gradient = discrete,
                              .samples = [] {
                                return join(int_samples({{-9, 9}, {-9, 9}}), bool_samples(2));
                              }};

constinit const Op bitwise_xor{.name = "bitwise_xor",
                               .doc = "a ^ b of integers or bools (NumPy's bitwise_xor).",
                               .arity = 2,
                               .type = pointwise_type,
                               .meaning = Pointwise{"xor"},
                               .no_gradient = discrete,
                               .samples = [] {
                                 return join(int_samples({{-9, 9}, {-9, 9}}), bool_samples(2));
                               }};

constinit const Op bitwise_not{.name = "bitwise_not",
                               .doc = "~x of integers or bools (NumPy's invert).",
                               .type = pointwise_type,
                               .meaning = Pointwise{"not"},
                               .no_gradient = discrete,
                               .samples = [] {
                                 return join(int_samples({{-9, 9}}), bool_samples(1));
                               }};

constinit const Op left_shift{.name = "left_shift",
                              .doc = "a << b of integers; 0 for a shift by all the bits or more (NumPy's left_shift).",
                              .arity = 2,
                              .type = pointwise_type,
                              .meaning = Pointwise{"shl"},
                              .no_gradient = discrete,
                              .samples = [] {
                                return int_samples({{-9, 9}, {0, 9}});
                              }};

constinit const Op right_shift{
    .name = "right_shift",
    .doc = "a >> b of integers, the sign is kept; 0 or -1 for a shift by all the bits or more (NumPy's right_shift).",
    .arity = 2,
    .type = pointwise_type,
    .meaning = Pointwise{"shr"},
    .no_gradient = discrete,
    .samples = [] {
      return int_samples({{-9, 9}, {0, 9}});
    }};

Family logic_ops() {
  static constexpr const Op* list[] = {&logical_and, &logical_or,  &logical_xor, &logical_not, &bitwise_and,
                                       &bitwise_or,  &bitwise_xor, &bitwise_not, &left_shift,  &right_shift};
  return list;
}

}  // namespace ops

Tensor operator&(Operand a, Operand b) { return ops::pointwise(ops::bitwise_and, {a, b}, a.where()); }
Tensor operator|(Operand a, Operand b) { return ops::pointwise(ops::bitwise_or, {a, b}, a.where()); }
Tensor operator^(Operand a, Operand b) { return ops::pointwise(ops::bitwise_xor, {a, b}, a.where()); }
Tensor operator~(Operand x) { return ops::pointwise(ops::bitwise_not, {x}, x.where()); }

// a node made by these has the place of its first input: an Expr carries no other
Tensor operator!(const Expr& x) { return ops::pointwise(ops::logical_not, {x}, node(x).where); }
Tensor operator&&(const Expr& a, const Expr& b) { return ops::pointwise(ops::logical_and, {a, b}, node(a).where); }
Tensor operator||(const Expr& a, const Expr& b) { return ops::pointwise(ops::logical_or, {a, b}, node(a).where); }

Tensor logical_not(const Operand& x, Where w) { return ops::pointwise(ops::logical_not, {x}, w); }
Tensor logical_and(const Operand& a, const Operand& b, Where w) { return ops::pointwise(ops::logical_and, {a, b}, w); }
Tensor logical_or(const Operand& a, const Operand& b, Where w) { return ops::pointwise(ops::logical_or, {a, b}, w); }
Tensor logical_xor(const Operand& a, const Operand& b, Where w) { return ops::pointwise(ops::logical_xor, {a, b}, w); }
Tensor left_shift(const Operand& a, const Operand& b, Where w) { return ops::pointwise(ops::left_shift, {a, b}, w); }
Tensor right_shift(const Operand& a, const Operand& b, Where w) { return ops::pointwise(ops::right_shift, {a, b}, w); }

}  // namespace croton
