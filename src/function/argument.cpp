// Arguments of a call: counted, checked against the inputs, and made arrays of the inputs' dtypes without a copy where
// that can be.
#include "array/body.h"
#include "base/dtype.h"
#include "base/error.h"
#include "function/body.h"
#include "function/convert.h"

namespace croton {
namespace {

/// The caller's own memory as an Array; the one of the last call is pointed elsewhere where nobody else holds it.
const Array& borrowed(const Argument& a, Array& kept) {
  auto* body = ArrayAccess::slot(kept);
  const bool reusable =
      body && body->block->foreign && body->block->dtype == a.dtype() && body->count == 1 && body->block->count == 1;
  if (!reusable) {
    auto* block = new Block;
    block->dtype = a.dtype();
    block->writable = false;
    block->foreign = true;
    kept = from_block(block, Extents{0});
    body = ArrayAccess::slot(kept);
  }
  body->block->bytes = static_cast<std::byte*>(const_cast<void*>(a.data()));  // only read from
  body->block->size = a.count() * size_of(a.dtype());
  body->shape[0] = body->size = static_cast<Index>(a.count());
  return kept;
}

[[noreturn]] void refuse_count(const Recipe& r, std::size_t given) {
  const std::size_t all = r.inputs.size(), least = r.required_inputs();
  const std::string range = least == all ? fmt::format("{}", all) : fmt::format("{} to {}", least, all);
  const std::string list = all == 0 ? std::string() : fmt::format(" ({})", r.signature());
  fail_at<GraphError>(r.where, "{} takes {} argument{}{}, got {}", r.title(), range, all == 1 ? "" : "s", list, given);
}

std::string which(const Recipe& r, std::size_t i) {
  const std::string& name = r.inputs[i].variable.name();
  return fmt::format("{}: argument {}{}", r.call(), i + 1, name.empty() ? "" : fmt::format(" '{}'", name));
}

[[noreturn]] void refuse_dtype(const Recipe& r, std::size_t i, const Array& a) {
  const DType wanted = type(r.inputs[i].variable).dtype;
  const std::string floatx = a.dtype() == float64 && wanted == float32 ? "set floatX=float64, " : "";
  fail_at<DTypeError>(r.where,
                      "{} is {}, the input is {}. Converting would lose digits: pass a.astype({}), {}or compile with "
                      "{{.allow_input_downcast = true}}",
                      which(r, i), type_text(a), name_of(wanted), name_of(wanted), floatx);
}

[[noreturn]] void refuse_number(const Recipe& r, std::size_t i, const Weak& w) {
  const DType wanted = type(r.inputs[i].variable).dtype;
  fail_at<DTypeError>(r.where, "{} is {}, the input is {}, which cannot hold it exactly", which(r, i), text(w),
                      name_of(wanted));
}

[[noreturn]] void refuse_shape(const Recipe& r, std::size_t i, const Array& a) {
  const Type& wanted = type(r.inputs[i].variable);
  const std::string what = fmt::format("{} is {}, the input is {}", which(r, i), type_text(a), text(wanted));
  if (a.ndim() != wanted.rank())
    fail_at<ShapeError>(r.where, "{}: the input has {} {}, the argument {}", what, wanted.rank(),
                        wanted.rank() == 1 ? "axis" : "axes", a.ndim());
  for (std::size_t axis = 0; axis < wanted.shape.size(); ++axis)
    if (wanted.shape[axis] >= 0 && wanted.shape[axis] != a.shape()[axis])
      fail_at<ShapeError>(r.where, "{}: axis {} needs {}, the argument has {}", what, axis, wanted.shape[axis],
                          a.shape()[axis]);
  fail_at<ShapeError>(r.where, "{}", what);
}

bool shape_fits(const Shape& wanted, const Extents& given) {
  if (wanted.size() != given.size()) return false;
  for (std::size_t axis = 0; axis < wanted.size(); ++axis)
    if (wanted[axis] >= 0 && wanted[axis] != given[axis]) return false;
  return true;
}

/// A number's element in memory that no result of an earlier call shares.
void take_number(const Recipe& r, std::size_t i, const Weak& w, Frame& f) {
  const Type& wanted = type(r.inputs[i].variable);
  Array& kept = f.kept[i];
  if (kept.dtype() != wanted.dtype || kept.ndim() != 0 || is_foreign(kept) || use_count(kept) != 1)
    kept = empty({}, wanted.dtype);
  if (!write_number(w, wanted.dtype, mutable_data(kept))) {
    if (!r.downcast) refuse_number(r, i, w);
    kept = Array::full({}, w, wanted.dtype);
  }
  f.inputs[i] = kept;
  if (wanted.rank() != 0) refuse_shape(r, i, kept);
}

}  // namespace

void FunctionBase::Body::take(std::span<const Argument> given, Frame& f) const {
  const std::size_t count = recipe.inputs.size();
  if (given.size() > count || (given.size() < count && !recipe.inputs[given.size()].has_default))
    refuse_count(recipe, given.size());
  for (std::size_t i = 0; i < count; ++i) {
    if (i >= given.size()) {
      f.inputs[i] = recipe.inputs[i].value;
      continue;
    }
    const Argument& a = given[i];
    if (a.is_number()) {
      take_number(recipe, i, a.weak(), f);
      continue;
    }
    const Type& wanted = type(recipe.inputs[i].variable);
    Array& in = f.inputs[i] = a.array() ? *a.array() : a.is_apart() ? a.gathered() : borrowed(a, f.kept[i]);
    if (!shape_fits(wanted.shape, in.shape())) refuse_shape(recipe, i, in);
    if (in.dtype() == wanted.dtype) continue;
    auto exact = converted(in, wanted.dtype);
    if (!exact && !recipe.downcast) refuse_dtype(recipe, i, in);
    in = exact ? *exact : in.astype(wanted.dtype);
  }
}

void FunctionBase::Body::keep(std::span<Array> outputs, const Frame& f) const {
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (!recipe.borrow[i]) continue;
    for (const Array& lent : f.kept)
      if (block(lent) && block(outputs[i]) == block(lent)) outputs[i] = owned(outputs[i]);
  }
}

}  // namespace croton
