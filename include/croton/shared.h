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
  /// `borrow` is Theano's word: it allows the variable to keep foreign memory (Array::borrow) as it is, until a
  /// function moves the value to its device; whoever writes to that memory meanwhile changes the variable. Memory of an
  /// Array's own is shared either way: an Array copies when it is written to.
  void set_value(const Array&, bool borrow = false, Where = Where::here()) const;
  /// Evaluates an expression without inputs once, with the reference evaluator.
  void set_value(const Tensor&, Where = Where::here()) const;
  /// Fills the variable with a number.
  template <Number N>
  void set_value(N v, Where w = Where::here()) const {
    fill(Weak(v), w);
  }
  /// The value as it is now; later calls leave it alone. With `borrow` foreign memory that the variable keeps is handed
  /// on without a copy; other memory is shared or copied as the variable's place asks, whatever `borrow` says.
  Array get_value(bool borrow = false) const;
  /// The update that every function using the variable makes, unless its updates name the variable or it is made with
  /// {.no_default_updates = true}: counter.set_default_update(counter + 1). An empty Tensor() takes it away. Functions
  /// that exist already stay as they are. Throws as function() does for an update that does not fit.
  void set_default_update(const Tensor& next, Where = Where::here()) const;

 private:
  friend Shared shared(const Array&, std::string_view, Where);
  friend struct SharedAccess;
  explicit Shared(const Tensor& t) : Expr(t) {}
  void fill(const Weak&, Where) const;
};

/// A variable with that value, of its dtype and number of axes; those of extent 1 broadcast, for good. The name is what
/// errors and files (save_npz) call it. Memory of the Array's own is shared until one of the two is written to, foreign
/// memory is copied.
Shared shared(const Array& value, std::string_view name = "", Where = Where::here());
/// Evaluates an expression without inputs once (GraphError for one with inputs): shared(normal({784, 10}) * 0.01).
Shared shared(const Tensor& initial, std::string_view name = "", Where = Where::here());
/// A bare number is weak: shared(0.1) is floatX, shared(3) is int64.
Shared shared(Weak value, std::string_view name, Where w);
template <Number N>
Shared shared(N value, std::string_view name = "", Where w = Where::here()) {
  return shared(Weak(value), name, w);
}

/// The values of the named parameters, in one .npz file; every parameter needs a name of its own (GraphError).
/// FileError where it cannot be written.
void save_npz(std::string_view path, const std::vector<Shared>& parameters);
/// Sets each parameter from the array of its name. One FileError lists all that is missing, extra or of the wrong shape
/// or dtype; then nothing is assigned.
void load_into(const std::vector<Shared>& parameters, std::string_view path);

}  // namespace croton
