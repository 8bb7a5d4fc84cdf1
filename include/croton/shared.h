// Shared variables: tensors that own a value, kept on the device between calls.
#pragma once
#include "croton/ops.h"

namespace croton {

/// A shared variable. Its dtype, rank and the axes of extent 1 never change; set_value may change other extents.
/// Any thread may read or set it: a call of a function sees all of the old or all of the new value.
class Shared : public Expr {
 public:
  Shared() = default;
  Shared(const Shared&) = default;
  Shared(Shared&&) noexcept = default;
  Shared& operator=(const Shared&) & = default;
  Shared& operator=(Shared&&) & noexcept = default;
  void operator=(const Tensor&) = delete;  // a Shared changes by set_value, or in a function's updates
  ~Shared() = default;

  /// Replaces the value. Throws ShapeError for another rank, DTypeError where a conversion would lose digits.
  void set_value(const Array&) const;
  /// Evaluates an expression without inputs once, with the reference evaluator.
  void set_value(const Tensor&) const;
  /// Fills the variable with a number.
  template <Number N>
  void set_value(N v) const {
    fill(Weak(v));
  }
  /// The value as it is now; later calls leave it alone. `borrow` is Theano's word: it allows sharing memory, which here
  /// happens anyway while nothing has moved the value to a device (an Array copies when it is written to).
  Array get_value(bool borrow = false) const;

 private:
  friend Shared shared(const Array&, std::string_view, Where);
  friend struct SharedAccess;
  explicit Shared(const Tensor& t) : Expr(t) {}
  void fill(const Weak&) const;
};

Shared shared(const Array& value, std::string_view name = "", Where = Where::here());
/// Evaluates an expression without inputs once.
Shared shared(const Tensor& initial, std::string_view name = "", Where = Where::here());
/// A bare number is weak: shared(0.1) is floatX, shared(3) is int64.
Shared shared(Weak value, std::string_view name, Where w);
template <Number N>
Shared shared(N value, std::string_view name = "", Where w = Where::here()) {
  return shared(Weak(value), name, w);
}

/// The values of the named parameters, in one .npz file; every parameter needs a name of its own.
void save_npz(std::string_view path, const std::vector<Shared>& parameters);
/// Sets each parameter from the array of its name. One error lists all that is missing, extra or of the wrong shape or dtype;
/// then nothing is assigned.
void load_into(const std::vector<Shared>& parameters, std::string_view path);

}  // namespace croton
