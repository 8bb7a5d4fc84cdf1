// Shared variables: making them, reading and setting their values.
#include "array/access.h"
#include "base/dtype.h"
#include "base/error.h"
#include "function/convert.h"
#include "function/recipe.h"
#include "function/words.h"
#include "graph/walk.h"

namespace croton {
namespace {

std::string called(const Expr& s) { return s.name().empty() ? describe(s) : s.name(); }
/// What a refusal begins with: "W1.set_value".
std::string verb(const Expr& s) { return s.name().empty() ? "set_value" : s.name() + ".set_value"; }

/// The value with the variable's dtype, its shape checked; the word need not be held: dtype, rank and ones never
/// change.
Array fitted(const Shared& s, const Array& value, bool as_number, Where where) {
  const Type& t = type(s);
  if (value.ndim() != t.rank())
    fail_at<ShapeError>(where, "{}: {} has {} {}, the value has {} {}", verb(s), called(s),
                        t.rank() == 1 ? "1 axis" : fmt::format("{} axes", t.rank()), shape_text(storage_of(s).shape()),
                        value.ndim(), shape_text(value.shape()));
  for (int axis = 0; axis < t.rank(); ++axis)
    if (t.broadcasts(axis) && value.shape(axis) != 1)
      fail_at<ShapeError>(where, "{}: {} is {} and broadcasts along axis {}, whose extent stays 1; the value is {}",
                          verb(s), called(s), text(t), axis, type_text(value));
  if (auto done = as_number ? converted_as_number(value, t.dtype) : converted(value, t.dtype)) return *done;
  fail_at<DTypeError>(where, "{}: {} is {}, the value is {}. Converting would lose digits: pass a.astype({})", verb(s),
                      called(s), name_of(t.dtype), type_text(value), name_of(t.dtype));
}

/// Inputs have values in calls only.
void refuse_inputs(std::string_view verb, const Tensor& value, Where where) {
  if (!value.node()) return;
  for (const Tensor& t : leaves({&value, 1}, NodeKind::input))
    fail_at<GraphError>(where,
                        "{}: {} is an input, which has no value yet; {} takes an array, a number, or an expression "
                        "without inputs",
                        verb, describe(t), verb);
}

void require(const Shared& s, std::string_view verb, Where where = {}) {
  if (!s.node()) fail_at<GraphError>(where, "{}: an empty Shared (declared, never assigned)", verb);
}

void store(const Shared& s, const Array& value, bool borrow = false) {
  const SharedUse use{s, &storage_of(s), true};
  const Words words({&use, 1});
  use.storage->set(value, borrow);
}

}  // namespace

Shared shared(const Array& value, std::string_view name, Where w) {
  auto storage = std::make_shared<runtime::SharedStorage>(value);
  const Extents& e = value.shape();
  return Shared(make_shared({value.dtype(), Shape(e.begin(), e.end())}, std::move(storage), name, w));
}

Shared shared(const Tensor& initial, std::string_view name, Where w) {
  refuse_inputs("shared", initial, w);
  return shared(eval(initial, {}, w), name, w);
}

Shared shared(Weak value, std::string_view name, Where w) {
  return shared(Array::full({}, value, value.is_float ? floatX() : value.dtype()), name, w);
}

void Shared::set_value(const Array& value, bool borrow, Where where) const {
  require(*this, "set_value", where);
  store(*this, fitted(*this, value, false, where), borrow);
}

void Shared::set_value(const Tensor& value, Where where) const {
  require(*this, "set_value", where);
  refuse_inputs(verb(*this), value, where);
  const bool weak = value.node() && croton::node(value).weak;
  store(*this, fitted(*this, croton::eval(value, {}, where), weak, where));
}

void Shared::fill(const Weak& w, Where where) const {
  require(*this, "set_value", where);
  const auto one = number(w, dtype());
  if (!one) {
    fail_at<DTypeError>(where, "{}: {} is {} and cannot hold {} exactly", verb(*this), called(*this), name_of(dtype()),
                        text(w));
  }
  const SharedUse use{*this, &storage_of(*this), true};
  const Words words({&use, 1});
  use.storage->set(broadcast_view(*one, use.storage->shape()));
}

Array Shared::get_value(bool borrow) const {
  require(*this, "get_value");
  const SharedUse use{*this, &storage_of(*this), false};
  const Words words({&use, 1});
  const Array value = use.storage->get();  // copy on write protects what is still on the host
  return borrow ? value : owned(value);
}

void Shared::set_default_update(const Tensor& next, Where where) const {
  require(*this, "set_default_update", where);
  const SharedUse use{*this, &storage_of(*this), true};
  Tensor old, value;
  if (next.node()) {
    old = make_input(type(*this), name(), croton::node(*this).where);
    value = croton::fitted({*this, next}, "set_default_update", where);
    Replacements own;
    for (const Tensor& leaf : leaves({&value, 1}, NodeKind::shared))
      if (croton::node(leaf).shared.get() == use.storage) own.emplace(leaf.node(), old);
    value = rebuild({&value, 1}, own)[0];
  }
  const Words words({&use, 1});
  std::swap(use.storage->old, old);  // what was there dies after the word is let go
  std::swap(use.storage->next, value);
}

}  // namespace croton
