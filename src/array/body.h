// What the files of this room share: texts, gathering, conversion.
#pragma once
#include "array/access.h"

namespace croton {

/// "a[2]: index 2 is out of range for axis 0 of float32[2, 2] (valid: -2 .. 1)"
[[noreturn]] void out_of_range(const std::string& verb, Index i, int axis, const Array&);
/// The number in an array of no axes, as NumPy's str() of a scalar.
std::string element_text(const Array& scalar);
/// Gathers a strided array into row-major memory.
void gather(const std::byte* first, const Extents& shape, const Extents& strides, std::size_t element, std::byte* out);
/// Converts n elements; kinds and rules as Array::astype.
void convert(const std::byte* from, DType from_type, std::byte* to, DType to_type, Index n);
/// Converts one element; false where the value cannot be held exactly (float to narrower float may round).
bool convert_exactly(const std::byte* from, DType from_type, std::byte* to, DType to_type);

}  // namespace croton
