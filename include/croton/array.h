// Array: numbers in host memory with a shape and an element type, NumPy's ndarray as a C++ value; .npy and .npz files.
#pragma once
#include <cstddef>
#include <initializer_list>
#include <iosfwd>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "croton/base.h"

namespace croton {

/// A concrete shape, or strides: one number an axis, from whatever integers people have in hand: Extents{v.size(), 3}.
struct Extents : std::vector<Index> {
  /// One number of the list; takes int, size_t, Index, ... but no bool.
  struct One {
    Index n;
    template <std::integral T>
    requires(!std::same_as<T, bool>) constexpr One(T v) : n(static_cast<Index>(v)) {}
  };
  Extents();
  Extents(std::initializer_list<One> l);
  template <std::integral T>
  Extents(std::span<const T> s) : Extents() {
    for (T v : s) add(static_cast<Index>(v));
  }
  template <std::integral T>
  Extents(const std::vector<T>& s) : Extents() {
    for (T v : s) add(static_cast<Index>(v));
  }
  Extents(const Extents&);
  Extents(Extents&&) noexcept;
  Extents& operator=(const Extents&);
  Extents& operator=(Extents&&) noexcept;
  ~Extents();
  /// Appends one number.
  void add(Index n);
  /// "[2, 3]"
  friend std::ostream& operator<<(std::ostream&, const Extents&);
};

/// A host ndarray. Elements are in row-major order: the LAST axis is adjacent in memory (Eigen's and Fortran's default
/// is the other way round: see borrow). An Array is a value: copies share memory until one of them is written to.
/// Threads may read one Array, and copy it, at the same time. At most 32 axes.
class Array {
 public:
  /// float64[0]: no elements.
  Array();
  /// One axis: Array(v), Array{1.f, 2.f}.
  template <Element T>
  requires(!std::same_as<T, bool>) Array(const std::vector<T>& v) : Array(v.data(), dtype_of<T>(), Extents{v.size()}) {}
  Array(const std::vector<bool>& v);
  template <class T, std::size_t N>
  requires Element<std::remove_const_t<T>> Array(std::span<T, N> v)
      : Array(v.data(), dtype_of<std::remove_const_t<T>>(), Extents{v.size()}) {}
  template <Element T>
  Array(std::initializer_list<T> v) : Array(v.begin(), dtype_of<T>(), Extents{v.size()}) {}
  /// Refused: the elements of an Array have one type.
  template <Element A, Element B, Element... More>
  requires(!(std::same_as<A, B> && ... && std::same_as<A, More>)) Array(A, B, More...) {
    static_assert(!sizeof(A), "the elements of an Array have one type: write Array{1.0, 2.5}, not Array{1, 2.5}");
  }
  /// Two axes: Array{{1.f, 2.f}, {3.f, 4.f}}. Rows of unequal length are a ShapeError.
  template <Element T>
  Array(std::initializer_list<std::initializer_list<T>> rows) : Array() {
    begin_rows(dtype_of<T>(), rows.size(), rows.size() == 0 ? 0 : rows.begin()->size());
    std::size_t i = 0;
    for (const auto& r : rows) set_row(i++, r.begin(), r.size());
  }
  template <Element T>
  requires(!std::same_as<T, bool>) Array(const std::vector<std::vector<T>>& rows) : Array() {
    begin_rows(dtype_of<T>(), rows.size(), rows.empty() ? 0 : rows.front().size());
    std::size_t i = 0;
    for (const auto& r : rows) set_row(i++, r.data(), r.size());
  }
  Array(const std::vector<std::vector<bool>>& rows);
  /// Any shape, values in row-major order: Array(values, {2, 3}). Another count of values is a ShapeError.
  template <Element T>
  requires(!std::same_as<T, bool>) Array(const std::vector<T>& v, const Extents& shape)
      : Array(v.data(), v.size(), dtype_of<T>(), shape) {}
  Array(const std::vector<bool>& v, const Extents& shape);
  template <class T, std::size_t N>
  requires Element<std::remove_const_t<T>> Array(std::span<T, N> v, const Extents& shape)
      : Array(v.data(), v.size(), dtype_of<std::remove_const_t<T>>(), shape) {}
  /// A copy of as many values as the shape has elements.
  template <Element T>
  Array(const T* values, const Extents& shape) : Array(static_cast<const void*>(values), dtype_of<T>(), shape) {}
  /// No axes, one element.
  template <Element T>
  explicit Array(T v) : Array(&v, dtype_of<T>(), Extents{}) {}
  template <Element T>
  static Array scalar(T v) {
    return Array(v);
  }
  Array(const Array&);
  Array(Array&&) noexcept;
  Array& operator=(const Array&) &;
  Array& operator=(Array&&) & noexcept;
  ~Array();

  /// Every element 0. ShapeError for a negative extent, here and below.
  static Array zeros(const Extents& shape, DType = float64);
  /// Every element the same number, converted as astype does.
  static Array full(const Extents& shape, Weak value, DType = float64);

  /// Foreign memory WITHOUT a copy. Row-major unless strides say otherwise: strides count elements (not bytes), one an
  /// axis, and may be negative or 0; a column-major matrix of r rows is borrow(data, {r, c}, {1, r}).
  /// The memory must outlive every copy and view of the Array; nobody else may write to it meanwhile.
  /// mutable_values() writes into it where T is not const, the strides are row-major, and no copy or view shares it;
  /// otherwise it copies first. A misaligned pointer is copied from at once.
  template <class T>
  requires Element<std::remove_const_t<T>>
  static Array borrow(T* values, const Extents& shape, const Extents& strides = {}) {
    return foreign(values, dtype_of<std::remove_const_t<T>>(), shape, strides, !std::is_const_v<T>, nullptr, nullptr);
  }
  /// The same, keeping `owner` (a std::shared_ptr, a cv::Mat, anything whose destructor lets go) until the last copy
  /// dies: borrow(m.ptr<float>(), {rows, cols}, {}, m). A run-on-release callback is a std::shared_ptr<void>(p,
  /// callback).
  template <class T, class Owner>
  requires Element<std::remove_const_t<T>>
  static Array borrow(T* values, const Extents& shape, const Extents& strides, Owner owner) {
    return foreign(values, dtype_of<std::remove_const_t<T>>(), shape, strides, !std::is_const_v<T>,
                   new Owner(std::move(owner)), [](void* o) { delete static_cast<Owner*>(o); });
  }

  /// All extents.
  const Extents& shape() const;
  /// One extent; negative axes count from the end. IndexError if there is no such axis.
  Index shape(int axis) const;
  /// The number of axes.
  int ndim() const;
  /// The number of elements.
  Index size() const;
  DType dtype() const;

  /// Every element converted. Float to integer truncates, saturates, and makes NaN 0; integers wrap, as in NumPy.
  Array astype(DType) const;
  /// The same elements in row-major order; one extent may be -1. ShapeError if the counts differ.
  Array reshape(const Extents&) const;
  /// Memory of its own, row-major.
  Array copy() const;
  /// The axes reversed; a view.
  Array T() const;
  /// One row (axis 0) as a view of one axis less; negative counts from the end. IndexError if there is none.
  Array operator[](Index row) const;

  /// All elements in row-major order, read-only. DTypeError if T is another type than the array's.
  /// The span lives as long as this Array is neither destroyed, assigned nor written to.
  template <Element T>
  std::span<const T> values() const& {
    return {static_cast<const T*>(read_all(dtype_of<T>())), static_cast<std::size_t>(size())};
  }
  template <Element T>
  std::span<const T> values() const&& = delete;  // the Array would die before the span: give it a name
  /// The same for writing; memory shared with copies or views is copied first.
  template <Element T>
  std::span<T> mutable_values() & {
    return {static_cast<T*>(write_all(dtype_of<T>())), static_cast<std::size_t>(size())};
  }
  /// The only element. Exact, or DTypeError (item<int>() of 2.5); only float to narrower float may round.
  template <Element T>
  T item() const {
    T v;
    read_item(dtype_of<T>(), &v);
    return v;
  }
  /// One element by its indices, one an axis; negative ones count from the end, IndexError out of range.
  /// Converts as item does.
  template <Element T, std::integral... I>
  T at(I... i) const {
    T v;
    read_at({static_cast<Index>(i)...}, dtype_of<T>(), &v);
    return v;
  }
  /// As NumPy prints arrays: 8 digits, above 1000 elements summarised with "...".
  friend std::ostream& operator<<(std::ostream&, const Array&);
  explicit operator bool() const = delete;  // an Array has no truth value: item<bool>() reads a single element

 private:
  friend struct ArrayAccess;
  struct Body;
  Array(const void* values, DType, const Extents& shape);
  Array(const void* values, std::size_t count, DType, const Extents& shape);
  static Array foreign(const void* values, DType, const Extents& shape, const Extents& strides, bool writable,
                       void* owner, void (*let_go)(void*));
  void begin_rows(DType, std::size_t rows, std::size_t columns);
  void set_row(std::size_t row, const void* values, std::size_t count);
  const void* read_all(DType) const;
  void* write_all(DType);
  void read_item(DType, void* out) const;
  void read_at(std::initializer_list<Index>, DType, void* out) const;
  Body* body_ = nullptr;
};

/// Reads a NumPy .npy file (versions 1 to 3; either byte order; Fortran order is turned into row-major).
/// FileError, with the offset and the reason, if it is malformed or holds objects, strings or records.
Array load_npy(std::string_view path);
/// Writes .npy version 1. The file is replaced whole or, on FileError, left as it was. bfloat16 is a DTypeError.
void save_npy(std::string_view path, const Array&);

/// The arrays of an .npz file, in the file's order.
class Npz {
 public:
  Npz();
  Npz(const Npz&);
  Npz(Npz&&) noexcept;
  Npz& operator=(const Npz&);
  Npz& operator=(Npz&&) noexcept;
  ~Npz();
  /// The array of that name (without ".npy"); FileError naming those that are there if there is none.
  Array operator[](std::string_view name) const;
  /// Without ".npy".
  std::vector<std::string> names() const;
  bool has(std::string_view name) const;

 private:
  friend Npz load_npz(std::string_view path);
  std::string path_;
  std::vector<std::pair<std::string, Array>> arrays_;
};
/// Reads every array of a NumPy .npz file (stored or deflated); nothing is unpacked to disk. FileError as load_npy.
Npz load_npz(std::string_view path);
/// Writes an .npz file that NumPy reads: save_npz("m.npz", {{"W1", w1}, {"b1", b1}}). Errors are those of save_npy.
void save_npz(std::string_view path, std::initializer_list<std::pair<std::string_view, Array>> arrays);
void save_npz(std::string_view path, const std::vector<std::pair<std::string, Array>>& arrays);

}  // namespace croton
