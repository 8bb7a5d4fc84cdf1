// Shared variables: making them, reading and setting their values.
#include "array/access.h"
#include "base/dtype.h"
#include "base/error.h"
#include "croton/function.h"
#include "function/convert.h"
#include "function/words.h"
#include "graph/walk.h"

namespace croton {
namespace {

std::string called(const Expr& s) { return s.name().empty() ? describe(s) : s.name(); }

/// The value with the variable's dtype, its shape checked; the word need not be held: dtype, rank and ones never
/// change.
Array fitted(const Shared& s, const Array& value, bool as_number) {
  const Type& t = type(s);
  if (value.ndim() != t.rank())
    fail<ShapeError>("w.set_value: {} has {} {}, the value has {} {}", called(s),
                     t.rank() == 1 ? "1 axis" : fmt::format("{} axes", t.rank()), shape_text(storage_of(s).shape()),
                     value.ndim(), shape_text(value.shape()));
  for (int axis = 0; axis < t.rank(); ++axis)
    if (t.broadcasts(axis) && value.shape(axis) != 1)
      fail<ShapeError>("w.set_value: {} is {} and broadcasts along axis {}, whose extent stays 1; the value is {}",
                       called(s), text(t), axis, type_text(value));
  if (auto done = as_number ? converted_as_number(value, t.dtype) : converted(value, t.dtype)) return *done;
  fail<DTypeError>("w.set_value: {} is {}, the value is {}. Converting would lose digits: pass a.astype({})", called(s),
                   name_of(t.dtype), type_text(value), name_of(t.dtype));
}

void require(const Shared& s, std::string_view verb) {
  if (!s.node()) fail<GraphError>("{}: an empty Shared (declared, never assigned)", verb);
}

void store(const Shared& s, const Array& value) {
  const SharedUse use{s, &storage_of(s), true};
  const Words words({&use, 1});
  use.storage->set(value);
}

Array whole_number(const Weak& w) {
  const bool natural = !w.is_float && w.i < 0 && w.f > 0;  // a uint64 above the largest int64
  return Array::full({}, w, w.is_float ? floatX() : natural ? uint64 : int64);
}

}  // namespace

Shared shared(const Array& value, std::string_view name, Where w) {
  auto storage = std::make_shared<runtime::SharedStorage>(value);
  const Extents& e = value.shape();
  return Shared(make_shared({value.dtype(), Shape(e.begin(), e.end())}, std::move(storage), name, w));
}

Shared shared(const Tensor& initial, std::string_view name, Where w) { return shared(eval(initial, {}, w), name, w); }

Shared shared(Weak value, std::string_view name, Where w) { return shared(whole_number(value), name, w); }

void Shared::set_value(const Array& value) const {
  require(*this, "set_value");
  store(*this, fitted(*this, value, false));
}

void Shared::set_value(const Tensor& value) const {
  require(*this, "set_value");
  const bool weak = value.node() && croton::node(value).weak;
  store(*this, fitted(*this, croton::eval(value), weak));
}

void Shared::fill(const Weak& w) const {
  require(*this, "set_value");
  const auto one = number(w, dtype());
  if (!one) {
    fail<DTypeError>("w.set_value: {} is {} and cannot hold {} exactly", called(*this), name_of(dtype()),
                     w.is_float ? fmt::format("{}", w.f) : fmt::format("{}", w.i));
  }
  const SharedUse use{*this, &storage_of(*this), true};
  const Words words({&use, 1});
  use.storage->set(broadcast_view(*one, use.storage->shape()));
}

Array Shared::get_value(bool) const {
  require(*this, "get_value");
  const SharedUse use{*this, &storage_of(*this), false};
  const Words words({&use, 1});
  return use.storage->get();  // copy on write protects what is still on the host
}

}  // namespace croton
