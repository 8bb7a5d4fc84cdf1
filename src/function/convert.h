// Values on their way into inputs and shared variables: what may be converted, and what would lose digits.
#pragma once
#include <optional>
#include <span>

#include "croton/array.h"

namespace croton {

/// Where a value may go, as Theano decides it: a float into a wider float, by dtype alone; integers and bools wherever
/// each of them is held exactly. std::nullopt otherwise.
std::optional<Array> converted(const Array&, DType to);
/// A bare number has no width: a float goes into every float, everything else where it is exact. Writes one element;
/// false where that would lose digits.
bool write_number(const Weak&, DType to, std::byte* element);
/// The same as an Array of no axes.
std::optional<Array> number(const Weak&, DType to);
/// A float of no axes as a bare number would be taken: In(lr, 0.1) for a float32 input.
std::optional<Array> converted_as_number(const Array&, DType to);

/// "0.5", "-3": the number itself.
std::string text(const Weak&);
/// "2 axes [2, 1000]", "no axes [], a scalar".
std::string axes_text(const Extents&);

}  // namespace croton
