// Symbolic gradients: grad(cost, wrt) is a graph like any other.
#pragma once
#include "croton/function.h"

namespace croton {

/// What to do about a wrt on which the cost does not depend: a GraphError, a warning on stderr and zeros, or zeros.
enum class Disconnected : std::uint8_t { raise, warn, ignore };
/// Of grad: grad(cost, w, {.consider_constant = {target}}).
struct GradOptions {
  /// Gradients do not flow through these.
  Tensors consider_constant = {};
  /// A wrt on which the cost does not depend.
  Disconnected disconnected_inputs = Disconnected::raise;
  /// Gradients known from elsewhere, which broadcast to what they belong to; with them the cost may be left out
  /// (Tensor()), and one of them may be that of the cost, which may then have any shape.
  Givens known_grads = {};
};

/// The cost of grad: a scalar floating Tensor, with the line where it was handed over.
class Cost {
 public:
  Cost(const Tensor& t, Where w = Where::here());
  Cost(const Shared& t, Where w = Where::here());
  const Tensor& tensor() const { return tensor_; }
  Where where() const { return where_; }
  Cost(const Cost&);
  ~Cost();

 private:
  Tensor tensor_;
  Where where_;
};

namespace detail {
std::vector<Tensor> grad_list(const Cost&, std::span<const Tensor> wrt, const GradOptions&);
}
/// The derivatives of a scalar cost with respect to tensors (inputs, shared variables, or expressions it is made of),
/// each in the shape and dtype of its tensor. Braces always mean a list: grad(cost, w) is a Tensor, grad(cost, {w, b})
/// an std::array, grad(cost, vector) a vector. GraphError where the cost is no scalar, or does not depend on one of
/// them (see disconnected_inputs); DTypeError where the cost or one of them is not floating.
template <std::derived_from<Expr> T>
Tensor grad(const Cost& cost, const T& wrt, const GradOptions& o = {}) {
  const Tensor t(wrt);
  return detail::grad_list(cost, {&t, 1}, o)[0];
}
template <std::size_t N>
std::array<Tensor, N> grad(const Cost& cost, const Tensor (&wrt)[N], const GradOptions& o = {}) {
  const auto v = detail::grad_list(cost, wrt, o);
  std::array<Tensor, N> r;
  for (std::size_t i = 0; i < N; ++i) r[i] = v[i];
  return r;
}
template <std::derived_from<Expr> T>
std::vector<Tensor> grad(const Cost& cost, const std::vector<T>& wrt, const GradOptions& o = {}) {
  return detail::grad_list(cost, std::vector<Tensor>(wrt.begin(), wrt.end()), o);
}
/// The same with a place handed on, for functions that take a Where themselves.
template <std::derived_from<Expr> T>
Tensor grad(const Tensor& cost, const T& wrt, const GradOptions& o, Where w) {
  return grad(Cost(cost, w), wrt, o);
}
template <std::size_t N>
std::array<Tensor, N> grad(const Tensor& cost, const Tensor (&wrt)[N], const GradOptions& o, Where w) {
  return grad(Cost(cost, w), wrt, o);
}
template <std::derived_from<Expr> T>
std::vector<Tensor> grad(const Tensor& cost, const std::vector<T>& wrt, const GradOptions& o, Where w) {
  return grad(Cost(cost, w), wrt, o);
}
/// grad(cost, w, b): a list without braces; it takes no options (use braces for that).
template <std::derived_from<Expr>... T>
  requires(sizeof...(T) >= 2)
std::array<Tensor, sizeof...(T)> grad(const Cost& cost, const T&... wrt) {
  return grad(cost, {Tensor(wrt)...});
}

/// x itself, with a gradient of zero.
Tensor zero_grad(const Tensor& x, Where = Where::here());
/// x itself, but the cost counts as not depending on it.
Tensor disconnected_grad(const Tensor& x, Where = Where::here());
/// x itself, with each element of its gradient brought into [low, high]; in the step of a scan, at each step. GraphError
/// where low > high, or one is NaN.
Tensor grad_clip(const Operand& x, double low, double high, Where = Where::here());
/// x itself, with its gradient multiplied by a factor: -1 reverses it.
Tensor grad_scale(const Operand& x, double factor, Where = Where::here());
/// d/de f(wrt + e v) at e = 0, by two reverse passes: the Jacobian times v, in f's shape. v has that of wrt
/// (else ShapeError).
Tensor Rop(const Tensor& f, const Tensor& wrt, const Tensor& v, Where = Where::here());
/// The vector-Jacobian product v^T df/dwrt, in wrt's shape. v has that of f (else ShapeError).
Tensor Lop(const Tensor& f, const Tensor& wrt, const Tensor& v, Where = Where::here());
/// The derivatives of each element of a vector with respect to a tensor: a row of wrt's shape for each, and of a scalar
/// its gradient. ShapeError for an f of more axes. How rows are computed, and what refuses many at once, is as for
/// hessian; Rop and Lop need no matrix.
Tensor jacobian(const Tensor& f, const Tensor& wrt, Where = Where::here());
/// The matrix of second derivatives of a scalar cost with respect to a vector (ShapeError for any other tensor). Where
/// the type says a length up to 16, each row is a gradient of its own; else all rows are computed at once. A
/// gradient that is computed by a custom operation refuses that: a vector of known length then has a gradient for each
/// row, one of unknown length is a GraphError. A shared variable of another length than its type says is a ShapeError
/// when it runs. hessian_vector_product needs no matrix, and none refuses it.
Tensor hessian(const Tensor& cost, const Tensor& wrt, Where = Where::here());
/// (d^2 cost / dwrt^2) v, in the shape of wrt, which v has too (else ShapeError).
Tensor hessian_vector_product(const Tensor& cost, const Tensor& wrt, const Tensor& v, Where = Where::here());

/// Of verify_grad.
struct VerifyGradOptions {
  double epsilon = 0;  ///< step of the differences; 0: chosen by dtype (float32 3e-4, float64 1e-6)
  double tolerance = 0;  ///< largest relative error; 0: chosen by dtype (float32 1e-2, float64 1e-6)
  std::uint64_t seed = 0;  ///< of the random directions
};
/// Compares grad of `cost` (a scalar expression of `inputs`) with central differences along random directions at
/// `values`; throws GraphError naming the input and both numbers where they differ.
void verify_grad(const Tensor& cost, const std::vector<Tensor>& inputs, const std::vector<Array>& values,
                 const VerifyGradOptions& = {});

}  // namespace croton
