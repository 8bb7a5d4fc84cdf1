// Symbolic tensors: handles on the nodes of a graph, the operators and indices that build it.
#pragma once
#include <array>
#include <initializer_list>
#include <iosfwd>
#include <span>
#include <vector>

#include "croton/array.h"

namespace croton {

class Expr;
class Tensor;
class Shared;
class IndexItem;
class Givens;
struct Node;

/// One side of an operator: a Tensor, an Array (a constant) or a bare number, with the line where it was written.
class Operand {
 public:
  Operand(const Expr& t, Where w = Where::here()) : expr_(&t), where_(w) {}
  Operand(const Array& a, Where w = Where::here()) : array_(&a), where_(w) {}
  template <Number N>
  Operand(N n, Where w = Where::here()) : weak_(n), where_(w) {}

  /// The operand as a node of its own (a bare number becomes a constant of its kind: floatX or int64).
  Tensor get() const;
  Where where() const { return where_; }
  const Expr* expr() const { return expr_; }
  const Array* array() const { return array_; }
  const Weak& weak() const { return weak_; }

 private:
  const Expr* expr_ = nullptr;
  const Array* array_ = nullptr;
  Weak weak_{0};
  Where where_;
};

/// An axis extent of a shape that is being asked for: a number or an integer scalar Tensor.
struct Dim;
/// A shape: {x.shape(0), 3}, Extents, one integer, or an integer vector (x.shape()).
struct Dims;
/// Axes of a reduction: one, a list in braces, or (by default) all of them.
struct Axes;
/// The type of `keepdims`.
struct KeepDims {};
/// sum(x, 1, keepdims): the reduced axes stay, with extent 1.
inline constexpr KeepDims keepdims{};

/// What Tensor and Shared have in common: reading. A handle is a pointer; copies are cheap.
class Expr {
 public:
  /// The element type, and the number of axes. GraphError for an empty handle, as wherever one is used.
  DType dtype() const;
  int ndim() const;
  /// The shape as an int64 vector; asking for it never computes the data.
  Tensor shape(Where = Where::here()) const;
  /// One extent (negative axes count from the end) as an int64 scalar.
  Tensor shape(int axis, Where = Where::here()) const;
  /// The number of elements as an int64 scalar.
  Tensor size(Where = Where::here()) const;
  /// "" where it has none.
  const std::string& name() const;
  /// Names the node (shown in errors, debugprint and dumps) and returns the same handle.
  Tensor named(std::string_view) const;

  /// The functions of these names (ops.h) with the tensor in front: x.sum(0) is sum(x, 0). T() is transpose(x), all
  /// axes reversed, and astype(d) is cast(x, d).
  Tensor T(Where = Where::here()) const;
  Tensor astype(DType, Where = Where::here()) const;
  Tensor dot(const Tensor&, Where = Where::here()) const;
  Tensor sum(Where = Where::here()) const;
  Tensor sum(const Axes&, Where = Where::here()) const;
  Tensor mean(Where = Where::here()) const;
  Tensor mean(const Axes&, Where = Where::here()) const;
  Tensor max(Where = Where::here()) const;
  Tensor min(Where = Where::here()) const;
  Tensor argmax(const Axes&, Where = Where::here()) const;
  Tensor reshape(const Dims&, Where = Where::here()) const;
  /// The value of an expression: compiles nothing, runs the reference evaluator.
  Array eval() const;
  /// The same with values in place of inputs: y.eval({{x, a}}).
  Array eval(const Givens&, Where = Where::here()) const;

  /// x(i, slice(1, 5), newaxis, ellipsis, indices): NumPy's indexing, one item an axis, eight at most.
  Tensor operator()(IndexItem) const;
  Tensor operator()(IndexItem, IndexItem) const;
  Tensor operator()(IndexItem, IndexItem, IndexItem) const;
  Tensor operator()(IndexItem, IndexItem, IndexItem, IndexItem) const;
  Tensor operator()(IndexItem, IndexItem, IndexItem, IndexItem, IndexItem) const;
  Tensor operator()(IndexItem, IndexItem, IndexItem, IndexItem, IndexItem, IndexItem) const;
  Tensor operator()(IndexItem, IndexItem, IndexItem, IndexItem, IndexItem, IndexItem, IndexItem) const;
  Tensor operator()(IndexItem, IndexItem, IndexItem, IndexItem, IndexItem, IndexItem, IndexItem, IndexItem) const;
  /// One index: x[i] is x(i), and x[mask] the elements where a bool tensor of x's first axes is true. IndexError for an
  /// index out of range: at once where the type says so, else when it runs.
  Tensor operator[](IndexItem) const;
  /// Of an indexed tensor: the whole tensor with that part replaced, or increased (repeated indices accumulate):
  /// y = x(0, all).set(5), as set_subtensor and inc_subtensor (ops.h).
  Tensor set(const Operand& value) const;
  Tensor inc(const Operand& value) const;

  explicit operator bool() const = delete;  // a Tensor has no truth value: where(c, a, b) selects, same(x, y) compares handles

  friend Tensor operator+(Operand, Operand);  ///< of two bools: whether one is true
  friend Tensor operator-(Operand, Operand);  ///< of two bools: a DTypeError
  friend Tensor operator*(Operand, Operand);  ///< of two bools: whether both are true
  friend Tensor operator/(Operand, Operand);  ///< true division: integers give floatX
  friend Tensor operator%(Operand, Operand);  ///< the sign of the divisor, as in Python; of integers x % 0 is 0
  friend Tensor operator-(Operand);  ///< of a bool: a DTypeError
  friend Tensor operator==(Operand, Operand);  ///< of each element, as the next five: bools, without a gradient
  friend Tensor operator!=(Operand, Operand);
  friend Tensor operator<(Operand, Operand);
  friend Tensor operator<=(Operand, Operand);
  friend Tensor operator>(Operand, Operand);
  friend Tensor operator>=(Operand, Operand);
  friend Tensor operator&(Operand, Operand);  ///< bits of integers, or bools, as the next three; floats: a DTypeError
  friend Tensor operator|(Operand, Operand);
  friend Tensor operator^(Operand, Operand);
  friend Tensor operator~(Operand);
  friend Tensor operator!(const Expr&);  ///< logical; a node made here has the place of its first input
  friend Tensor operator&&(const Expr&, const Expr&);  ///< logical, element by element; never lazy
  friend Tensor operator||(const Expr&, const Expr&);
  friend std::ostream& operator<<(std::ostream&, const Expr&);  ///< the formula and the type, on one line

  /// The node (null for a handle that was declared and never assigned).
  Node* node() const { return node_; }

 protected:
  Expr() = default;
  explicit Expr(Node*);  // takes a reference
  Expr(const Expr&);
  Expr(Expr&&) noexcept;
  Expr& operator=(const Expr&);
  Expr& operator=(Expr&&) noexcept;
  ~Expr();

 private:
  Node* node_ = nullptr;
};

/// A handle that can be re-assigned. A default-constructed one is empty; using it is a GraphError.
class Tensor : public Expr {
 public:
  Tensor() = default;
  /// Another handle on the same node.
  Tensor(const Expr& e) : Expr(e) {}
  explicit Tensor(Node* n) : Expr(n) {}
  /// A bare number, floatX or int64 by its kind, that follows the tensors beside it: float32 + 0.5 is float32.
  template <Number N>
  Tensor(N literal, Where w = Where::here()) : Tensor(Weak(literal), w) {}
  /// A constant with a copy of the values.
  Tensor(const Array& constant, Where w = Where::here());
  Tensor(const Tensor&) = default;
  Tensor(Tensor&&) noexcept = default;
  ~Tensor() = default;
  Tensor& operator=(const Tensor&) & = default;
  Tensor& operator=(Tensor&&) & noexcept = default;
  Tensor& operator=(const Tensor&) && = delete;  // a Tensor has no elements to write: x = set_subtensor(x[0], 5)
  /// x += b is x = x + b: the handle goes to a new node, and what was made of the old one stays.
  Tensor& operator+=(const Operand& b) &;
  Tensor& operator-=(const Operand& b) &;
  Tensor& operator*=(const Operand& b) &;
  Tensor& operator/=(const Operand& b) &;
  Tensor& operator+=(const Operand& b) && = delete;  // a Tensor has no elements to write: x = inc_subtensor(x[0], 5)
  Tensor& operator-=(const Operand& b) && = delete;  // a Tensor has no elements to write: x = inc_subtensor(x[0], -5)
  Tensor& operator*=(const Operand& b) && = delete;  // a Tensor has no elements to write: x = set_subtensor(x[0], x[0] * 5)
  Tensor& operator/=(const Operand& b) && = delete;  // a Tensor has no elements to write: x = set_subtensor(x[0], x[0] / 5)

 private:
  Tensor(Weak, Where);
};

/// Whether two handles mean the same node (x == y is an elementwise comparison).
bool same(const Tensor&, const Tensor&);

// ---- indices
/// No bound of a slice: slice(none, none, 2), Python's [::2].
struct None {};
inline constexpr None none{};
/// As many whole axes as the other items of an index leave, at most once in it: x(ellipsis, 0).
struct Ellipsis {};
inline constexpr Ellipsis ellipsis{};
/// A new axis of extent 1: x(newaxis, all) makes a row of a vector.
struct NewAxis {};
inline constexpr NewAxis newaxis{};

/// One end of a slice: absent, an integer, or an integer scalar Tensor.
struct Bound {
  bool given = false;
  Index n = 0;
  Tensor t;  // empty where n holds
  Bound(None) {}
  template <std::integral I>
    requires(!std::same_as<I, bool>)
  Bound(I i) : given(true), n(static_cast<Index>(i)) {}
  Bound(const Expr& x) : given(true), t(x) {}
};
/// Python's start:stop:step as an index: negative bounds count from the end, those out of range are cut off, and a
/// negative step goes backwards. IndexError for a step of 0, DTypeError for a Tensor that is no integer scalar.
struct Slice {
  Bound start, stop, step;
};
/// x[slice(5)] is x[:5], x[slice(1, none)] is x[1:]; bounds may be Tensors: x[slice(i * n, (i + 1) * n)].
inline Slice slice(const Bound& stop) { return {none, stop, none}; }
inline Slice slice(const Bound& start, const Bound& stop, const Bound& step = none) { return {start, stop, step}; }

/// `all` as an index takes a whole axis; called, it reduces: all(x, 1) says whether no element along axis 1 is 0, a
/// bool, and true of nothing (the axes are those of any, in ops.h).
struct All {
  Tensor operator()(const Tensor&, Where = Where::here()) const;
  Tensor operator()(const Tensor&, const Axes&, Where = Where::here()) const;
  Tensor operator()(const Tensor&, const Axes&, KeepDims, Where = Where::here()) const;
  Tensor operator()(const Tensor&, KeepDims, Where = Where::here()) const;
  operator Slice() const { return {none, none, none}; }
};
inline constexpr All all{};

/// One item of an index: an integer, a slice, all, ellipsis, newaxis, or a Tensor, Array or vector of integers (or of
/// bools, which select). Constructors capture the place, so that an error names the line of the index.
class IndexItem {
 public:
  enum class Kind : std::uint8_t { integer, slice, rest, new_axis, tensor };
  template <std::integral I>
    requires(!std::same_as<I, bool>)
  IndexItem(I i, Where w = Where::here()) : kind_(Kind::integer), integer_(static_cast<Index>(i)), where_(w) {}
  IndexItem(const Slice& s, Where w = Where::here());
  IndexItem(All, Where w = Where::here());
  IndexItem(Ellipsis, Where w = Where::here()) : kind_(Kind::rest), where_(w) {}
  IndexItem(NewAxis, Where w = Where::here()) : kind_(Kind::new_axis), where_(w) {}
  IndexItem(const Expr& e, Where w = Where::here());
  IndexItem(const Array& a, Where w = Where::here());
  template <std::integral I>
  IndexItem(const std::vector<I>& v, Where w = Where::here()) : IndexItem(Array(v), w) {}
  IndexItem(const IndexItem&);
  ~IndexItem();

  Kind kind() const { return kind_; }
  Index integer() const { return integer_; }
  const Slice& slice() const { return slice_; }
  const Tensor& tensor() const { return tensor_; }
  Where where() const { return where_; }

 private:
  Kind kind_;
  Index integer_ = 0;
  Slice slice_{none, none, none};
  Tensor tensor_;
  Where where_;
};

// ---- shapes and axes: what stands where functions take a Dims or Axes
struct Dim {
  Index n = 0;
  Tensor t;  // empty where n holds
  template <std::integral I>
    requires(!std::same_as<I, bool>)
  Dim(I i) : n(static_cast<Index>(i)) {}
  Dim(const Expr& x) : t(x) {}
};
struct Dims {
  std::vector<Dim> list;
  bool whole = false;  // the shape is the int64 vector `vector`
  Tensor vector;
  Dims(std::initializer_list<Dim> l);
  Dims(const Expr& shape);
  Dims(const Extents& e);
  template <std::integral I>
    requires(!std::same_as<I, bool>)
  Dims(I n) : Dims({Dim(n)}) {}
  Dims(const Dims&);
  ~Dims();
};
struct Axes {
  bool everything = true;
  std::vector<int> list;
  Axes();
  template <std::integral I>
    requires(!std::same_as<I, bool>)
  Axes(I a) : Axes({static_cast<int>(a)}) {}
  Axes(std::initializer_list<int> l);
  Axes(const std::vector<int>& l);
  Axes(const Axes&);
  ~Axes();
};

/// A list of tensors as a parameter: {a, b}, vector<Tensor>, vector<Shared>, array<Tensor, N>.
class Tensors {
 public:
  Tensors();
  Tensors(std::initializer_list<Tensor> l);
  template <class T, std::size_t N>
    requires std::derived_from<T, Expr>
  Tensors(const std::array<T, N>& a) : v_(a.begin(), a.end()) {}
  template <class T>
    requires std::derived_from<T, Expr>
  Tensors(const std::vector<T>& a) : v_(a.begin(), a.end()) {}
  Tensors(const Tensors&);
  Tensors& operator=(const Tensors&);
  ~Tensors();
  const std::vector<Tensor>& list() const { return v_; }

 private:
  std::vector<Tensor> v_;
};

// ---- inputs and constants
/// The extent of an axis that may have any.
inline constexpr Index any_extent = -1;
/// A symbolic input; extents are numbers or any_extent: tensor("x", float32, {any_extent, 784}). An axis broadcasts if
/// and only if its extent here is 1. ShapeError for an extent below -1, or more than 32 axes.
Tensor tensor(std::string_view name, DType, const Extents& shape, Where = Where::here());
/// The same with 0, 1, 2, 3, 4 or 5 axes of any extent.
Tensor scalar(std::string_view name = "", DType = floatX(), Where = Where::here());
Tensor vector(std::string_view name = "", DType = floatX(), Where = Where::here());
Tensor matrix(std::string_view name = "", DType = floatX(), Where = Where::here());
Tensor row(std::string_view name = "", DType = floatX(), Where = Where::here());  ///< shape [1, ?]
Tensor col(std::string_view name = "", DType = floatX(), Where = Where::here());  ///< shape [?, 1]
Tensor tensor3(std::string_view name = "", DType = floatX(), Where = Where::here());
Tensor tensor4(std::string_view name = "", DType = floatX(), Where = Where::here());
Tensor tensor5(std::string_view name = "", DType = floatX(), Where = Where::here());
/// With a letter for the dtype. f: float32, d: float64, i: int32, l: int64.
Tensor fscalar(std::string_view name = "", Where = Where::here());
Tensor dscalar(std::string_view name = "", Where = Where::here());
Tensor iscalar(std::string_view name = "", Where = Where::here());
Tensor lscalar(std::string_view name = "", Where = Where::here());
Tensor fvector(std::string_view name = "", Where = Where::here());
Tensor dvector(std::string_view name = "", Where = Where::here());
Tensor ivector(std::string_view name = "", Where = Where::here());
Tensor lvector(std::string_view name = "", Where = Where::here());
Tensor fmatrix(std::string_view name = "", Where = Where::here());
Tensor dmatrix(std::string_view name = "", Where = Where::here());
Tensor imatrix(std::string_view name = "", Where = Where::here());
Tensor lmatrix(std::string_view name = "", Where = Where::here());
Tensor ftensor3(std::string_view name = "", Where = Where::here());
Tensor dtensor3(std::string_view name = "", Where = Where::here());
Tensor itensor3(std::string_view name = "", Where = Where::here());
Tensor ltensor3(std::string_view name = "", Where = Where::here());
Tensor ftensor4(std::string_view name = "", Where = Where::here());
Tensor dtensor4(std::string_view name = "", Where = Where::here());
Tensor itensor4(std::string_view name = "", Where = Where::here());
Tensor ltensor4(std::string_view name = "", Where = Where::here());
Tensor ftensor5(std::string_view name = "", Where = Where::here());
Tensor dtensor5(std::string_view name = "", Where = Where::here());
Tensor itensor5(std::string_view name = "", Where = Where::here());
Tensor ltensor5(std::string_view name = "", Where = Where::here());
/// A constant holds its own copy of the values.
Tensor constant(const Array&, std::string_view name = "", Where = Where::here());

/// The graph under a tensor, one node a line, shared parts once: for reading.
std::string debugprint(const Tensor&);

}  // namespace croton
