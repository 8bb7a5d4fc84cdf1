#include "ops/pointwise.h"

#include <algorithm>

#include "array/access.h"
#include "base/config.h"
#include "base/dtype.h"
#include "base/error.h"
#include "base/log.h"
#include "croton/ops.h"
#include "expr/functions.h"
#include "graph/walk.h"
#include "ops/broadcasting.h"
#include "ops/elementwise.h"
#include "ops/registry.h"

namespace croton::ops {
namespace {

using expr::Takes;

bool holds(DType d, const Array& number) {
  if (is_float(d) || d == DType::boolean) return true;
  const Array there = number.astype(d);
  return bits_equal(there.astype(number.dtype()), number) && (get(number, 0) < 0) == (get(there, 0) < 0);
}

std::string number_text(const Array& number) {
  return is_float(number.dtype()) ? fmt::format("{}", get(number, 0)) : fmt::format("{}", get_index(number, 0));
}

void warn_of_float64(std::string_view op, std::span<const Tensor> operands, Where where) {
  const auto config = config_snapshot();
  const std::string& action = config->text("warn_float64");
  if (action == "ignore") return;
  std::vector<std::string> names;
  for (const Tensor& x : operands) names.push_back(describe(x));
  const std::string text = fmt::format(
      "{}: float64 appears in a narrower graph: {}. A float64 operand decides the result; "
      "convert it with astype(float32)",
      ambient(op), fmt::join(names, ", "));
  if (action == "raise") fail_at<DTypeError>(where, "{}", text);
  warn(fmt::format("{}: {}", place(where), text));
}

DType taken(Takes takes, DType d, std::string_view op, Where where) {
  switch (takes) {
    case Takes::anything: return d;
    case Takes::numbers: return d == DType::boolean ? DType::int64 : d;
    case Takes::floats: return to_floating(d);
    case Takes::logical: return DType::boolean;
    case Takes::words: return DType::uint64;
    case Takes::bits:
    case Takes::integers: break;
  }
  if (is_float(d))
    fail_at<DTypeError>(where, "{}: {} is refused; it takes bool and integers: convert with astype(int64)", ambient(op),
                        name_of(d));
  return takes == Takes::integers && d == DType::boolean ? DType::int64 : d;
}

/// Constants of one element are reshaped where they stand, so that a bare number stays one node.
Tensor reshaped_constant(const Tensor& x, int rank) {
  Extents ones;
  for (int i = 0; i < rank; ++i) ones.add(1);
  Tensor t = make_constant(node(x).value.reshape(ones), x.name(), node(x).where);
  t.node()->weak = node(x).weak;
  return t;
}

bool is_number(const Operand& o) { return !o.expr() && !o.array(); }

/// The operands as tensors of one dtype; bare numbers are rounded once, from all their digits.
std::vector<Tensor> unified(std::string_view op, std::span<const Operand> operands, Takes takes, Where where) {
  std::vector<Tensor> x;
  for (const Operand& o : operands) x.push_back(o.get());
  refuse_empty(op, x, where);
  const DType dtype = taken(takes, common_dtype(op, x, where), op, where);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const bool exact = is_number(operands[i]) && is_float(dtype) && operands[i].weak().is_float;
    x[i] = exact ? make_constant(Array::full({}, operands[i].weak(), dtype), "", where) : converted(x[i], dtype, where);
  }
  return x;
}

std::vector<Tensor> aligned(std::string_view op, std::vector<Tensor> x, Where where) {
  check_broadcast(op, x, where);
  int rank = 0;
  for (const Tensor& t : x) rank = std::max(rank, type(t).rank());
  for (Tensor& t : x) t = with_rank(t, rank, where);
  return x;
}

const expr::ScalarFunction& function_of(const Op& op) { return expr::function(meaning<Pointwise>(op)->function); }

/// All inputs from `first` on share a dtype, those before it are bool.
void check_dtypes(const TypeAt& at, std::size_t first) {
  for (std::size_t i = 0; i < at.x.size(); ++i) {
    const DType expected = i < first ? DType::boolean : at.dtype(first);
    if (at.dtype(i) != expected)
      fail_at<DTypeError>(at.where, "{}: input {} is {}, {} was expected", at.name(), i + 1, name_of(at.dtype(i)),
                          name_of(expected));
  }
}

}  // namespace

DType common_dtype(std::string_view op, std::span<const Tensor> operands, Where where) {
  bool strong = false, narrow = false, any_float = false;
  DType d = DType::boolean;
  for (const Tensor& x : operands) {
    const DType own = type(x).dtype;
    any_float |= is_float(own);
    if (node(x).weak) continue;
    d = strong ? promote(d, own) : own;
    strong = true;
    narrow |= is_float(own) && own != DType::float64;
  }
  if (!strong) return any_float ? floatX() : type(operands[0]).dtype;
  if (d == DType::float64 && narrow) warn_of_float64(op, operands, where);
  for (const Tensor& x : operands)
    if (node(x).weak) d = promote_weak(d, is_float(type(x).dtype) ? Weak(0.0) : Weak(0));
  for (const Tensor& x : operands)
    if (node(x).weak && !holds(d, node(x).value))
      fail_at<DTypeError>(where,
                          "{}: {} does not fit {}, the type of the other operand; convert that with astype(int64)",
                          ambient(op), number_text(node(x).value), name_of(d));
  return d;
}

Tensor converted(const Tensor& x, DType dtype, Where where) {
  if (type(x).dtype == dtype) return x;
  if (node(x).kind == NodeKind::constant) return make_constant(node(x).value.astype(dtype), x.name(), node(x).where);
  return apply(convert, {{"dtype", dtype}}, {x}, where);
}

Tensor with_rank(const Tensor& x, int rank, Where where) {
  const int own = type(x).rank();
  if (own == rank) return x;
  if (node(x).kind == NodeKind::constant && node(x).value.size() == 1) return reshaped_constant(x, rank);
  std::vector<Index> axes(static_cast<std::size_t>(rank - own), -1);
  for (Index i = 0; i < own; ++i) axes.push_back(i);
  return apply(permute, {{"axes", std::move(axes)}}, {x}, where);
}

Tensor pointwise(const Op& op, std::initializer_list<Operand> operands, Where own) {
  const Where where = ambient(own);
  return apply(op, {}, aligned(op.name, unified(op.name, operands, function_of(op).takes, where), where), where);
}

Tensor pointwise_select(const Op& op, std::initializer_list<Operand> operands, Where own) {
  const Where where = ambient(own);
  const std::span<const Operand> all(operands.begin(), operands.size());
  std::vector<Tensor> x = unified(op.name, all.first(1), Takes::logical, where);
  for (Tensor& t : unified(op.name, all.subspan(1), Takes::anything, where)) x.push_back(std::move(t));
  return apply(op, {}, aligned(op.name, std::move(x), where), where);
}

std::vector<Tensor> same_dtype_operands(std::string_view op, std::initializer_list<Operand> operands, Where own) {
  const Where where = ambient(own);
  return aligned(op, unified(op, operands, Takes::anything, where), where);
}

Type same_dtype_type(const TypeAt& at) {
  check_dtypes(at, 0);
  return {at.dtype(0), broadcast_shape(at)};
}

Type pointwise_type(const TypeAt& at) {
  const expr::ScalarFunction& f = function_of(at.op);
  const std::size_t first = at.op.name == "select" ? 1 : 0;
  check_dtypes(at, first);
  const DType dtype = at.dtype(first);
  if (taken(f.takes, dtype, at.name(), at.where) != dtype)
    fail_at<DTypeError>(at.where, "{}: {} is refused", at.name(), name_of(dtype));
  return {f.gives == expr::Gives::boolean ? DType::boolean : dtype, broadcast_shape(at)};
}

}  // namespace croton::ops
