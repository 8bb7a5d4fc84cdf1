// What an Array points to: a shape over a block. Counted and never changed while shared.
#pragma once
#include "array/access.h"

namespace croton {

struct Array::Body {
  std::atomic<int> count{1};
  Block* block = nullptr;
  Index offset = 0;  // of the first element, in elements
  Index size = 0;
  Extents shape, strides;
  bool contiguous = true;
  std::atomic<Block*> gathered{nullptr};  // a row-major copy that values() of a strided view made

  Body() = default;
  Body(const Body&) = delete;
  Body& operator=(const Body&) = delete;
  ~Body();
};

/// The door to Array's private parts.
struct ArrayAccess {
  using Body = Array::Body;
  /// Never null: an Array() has the body of float64[0].
  static const Body& body(const Array&);
  /// Takes over the body's first count.
  static Array wrap(Body*);
  static Body*& slot(Array& a) { return a.body_; }
  static const Body* slot(const Array& a) { return a.body_; }
};

/// "a[2]: index 2 is out of range for axis 0 of float32[2, 2] (valid: -2 .. 1)"
[[noreturn]] void out_of_range(const std::string& verb, Index i, int axis, const Array&);
/// The number in an array of no axes, as NumPy's str() of a scalar.
std::string element_text(const Array& scalar);
/// The block's memory, its values brought here first.
std::byte* host_bytes(Block&);
/// Gathers a strided array into row-major memory.
void gather(const std::byte* first, const Extents& shape, const Extents& strides, std::size_t element, std::byte* out);
/// Converts n elements; kinds and rules as Array::astype.
void convert(const std::byte* from, DType from_type, std::byte* to, DType to_type, Index n);
/// Converts one element; false where the value cannot be held exactly (float to narrower float may round).
bool convert_exactly(const std::byte* from, DType from_type, std::byte* to, DType to_type);

}  // namespace croton
