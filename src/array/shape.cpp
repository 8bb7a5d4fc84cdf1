#include <ostream>

#include "array/access.h"
#include "base/error.h"

namespace croton {

Extents::Extents() = default;
Extents::Extents(const Extents&) = default;
Extents::Extents(Extents&&) noexcept = default;
Extents& Extents::operator=(const Extents&) = default;
Extents& Extents::operator=(Extents&&) noexcept = default;
Extents::~Extents() = default;
Extents::Extents(std::initializer_list<One> l) {
  reserve(l.size());
  for (One o : l) push_back(o.n);
}
void Extents::add(Index n) { push_back(n); }
std::ostream& operator<<(std::ostream& out, const Extents& e) { return out << shape_text(e); }

std::string shape_text(const Extents& shape) {
  std::string text = "[";
  for (Index n : shape) {
    if (text.size() > 1) text += ", ";
    text += n == -1 ? "?" : std::to_string(n);
  }
  return text + "]";
}

std::string type_text(DType dtype, const Extents& shape) { return std::string(name_of(dtype)) + shape_text(shape); }
std::string type_text(const Array& a) { return type_text(a.dtype(), a.shape()); }

Index count_of(const Extents& shape, DType dtype, std::string_view what) {
  if (shape.size() > 32) fail<ShapeError>("{}: {} axes; an array has at most 32", what, shape.size());
  bool none = false;
  for (Index n : shape) {
    if (n < 0) fail<ShapeError>("{}: the shape {} has a negative extent", what, shape_text(shape));
    none |= n == 0;
  }
  Index count = 1;
  const Index limit = INT64_MAX / static_cast<Index>(size_of(dtype));
  for (Index n : shape) {
    if (n == 0) continue;
    if (count > limit / n)
      fail<ShapeError>("{}: {} has 2^63 bytes or more{}", what, type_text(dtype, shape),
                       none ? " but for an empty axis" : "");
    count *= n;
  }
  return none ? 0 : count;
}

Extents row_major_strides(const Extents& shape) {
  Extents strides;
  strides.resize(shape.size());
  Index step = 1;
  for (std::size_t k = shape.size(); k-- > 0;) {
    strides[k] = step;
    step *= shape[k] > 0 ? shape[k] : 1;
  }
  return strides;
}

}  // namespace croton
