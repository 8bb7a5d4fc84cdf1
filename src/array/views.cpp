// Arrays over shared memory: raw access, strides, reshapes and transposes.
#include <algorithm>
#include <cstring>
#include <memory>

#include "array/body.h"
#include "base/error.h"

namespace croton {

namespace {
using Body = ArrayAccess::Body;

bool gapless(const Extents& shape, const Extents& strides, Index size) {
  if (size == 0) return true;
  Index step = 1;
  for (std::size_t k = shape.size(); k-- > 0;) {
    if (shape[k] != 1 && strides[k] != step) return false;
    step *= shape[k];
  }
  return true;
}

Array over(Block* block, const Extents& shape, Extents strides, Index offset, Index size) {
  auto b = std::make_unique<Body>();
  b->shape = shape;
  b->strides = std::move(strides);
  b->offset = offset;
  b->size = size;
  b->contiguous = gapless(b->shape, b->strides, size);
  b->block = block;  // last: until here it is the caller's
  return ArrayAccess::wrap(b.release());
}
}  // namespace

Array empty(const Extents& shape, DType dtype) {
  const Index n = count_of(shape, dtype);
  return over(new_block(static_cast<std::size_t>(n) * size_of(dtype), dtype), shape, row_major_strides(shape), 0, n);
}

Array from_block(Block* block, const Extents& shape, const Extents& strides, Index offset) {
  try {
    const Index n = count_of(shape, block->dtype);
    if (strides.empty()) return over(block, shape, row_major_strides(shape), offset, n);
    if (strides.size() != shape.size())
      fail<ShapeError>("Array: {} strides {} were given for the shape {}; one an axis is needed, counted in elements",
                       strides.size(), shape_text(strides), shape_text(shape));
    return over(block, shape, strides, offset, n);
  } catch (...) {
    release(block);
    throw;
  }
}

Array view(const Array& a, const Extents& shape, const Extents& strides, Index offset) {
  const Body& b = ArrayAccess::body(a);
  retain(b.block);
  return from_block(b.block, shape, strides, b.offset + offset);
}

std::byte* mutable_data(Array& a) {
  const Body& b = ArrayAccess::body(a);
  // a lone block under a lone body: nobody else can see the writes
  if (use_count(a) != 1 || !b.block->writable || !b.contiguous) a = a.copy();
  return const_cast<std::byte*>(data(a));
}

void gather(const std::byte* first, const Extents& shape, const Extents& strides, std::size_t element, std::byte* out) {
  const Index n = count_of(shape, DType::boolean);
  if (n == 0) return;
  if (gapless(shape, strides, n)) {
    std::memcpy(out, first, static_cast<std::size_t>(n) * element);
    return;
  }
  const auto copy_elements = [&]<class T>(T) {
    const T* from = reinterpret_cast<const T*>(first);
    T* to = reinterpret_cast<T*>(out);
    for_each_offset(shape, strides, [&](Index offset) { *to++ = from[offset]; });
  };
  if (element == 1)
    copy_elements(std::uint8_t{});
  else if (element == 2)
    copy_elements(std::uint16_t{});
  else if (element == 4)
    copy_elements(std::uint32_t{});
  else
    copy_elements(std::uint64_t{});
}

Array contiguous(const Array& a) { return is_contiguous(a) ? a : a.copy(); }
Array owned(const Array& a) { return is_foreign(a) ? a.copy() : a; }

Array permute_view(const Array& a, const std::vector<int>& axes) {
  Extents shape, steps;
  for (int axis : axes) {
    shape.add(a.shape()[static_cast<std::size_t>(axis)]);
    steps.add(strides(a)[static_cast<std::size_t>(axis)]);
  }
  return view(a, shape, steps);
}

Array broadcast_view(const Array& a, const Extents& shape) {
  const Extents& own = a.shape();
  Extents steps;
  steps.resize(shape.size());
  bool fits = own.size() <= shape.size();
  for (std::size_t k = 0; fits && k < own.size(); ++k) {
    const std::size_t to = shape.size() - own.size() + k;
    fits = own[k] == shape[to] || own[k] == 1;
    steps[to] = own[k] == 1 ? 0 : strides(a)[k];
  }
  if (!fits)
    fail<ShapeError>("broadcast: {} does not fit the shape {}; extents must be equal or 1", type_text(a),
                     shape_text(shape));
  return view(a, shape, steps);
}

Array Array::T() const {
  std::vector<int> axes;
  for (int k = ndim(); k-- > 0;) axes.push_back(k);
  return permute_view(*this, axes);
}

void out_of_range(const std::string& verb, Index i, int axis, const Array& a) {
  const Index n = a.shape(axis);
  if (n == 0)
    fail<IndexError>("{}: index {} is out of range for axis {} of {}, which is empty", verb, i, axis, type_text(a));
  fail<IndexError>("{}: index {} is out of range for axis {} of {} (valid: {} .. {})", verb, i, axis, type_text(a), -n,
                   n - 1);
}

Array Array::operator[](Index row) const {
  if (ndim() == 0)
    fail<ShapeError>("a[{}]: the array is {} and has no axes to index; use item<T>()", row, type_text(*this));
  const Index n = shape(0);
  if (row < -n || row >= n) out_of_range(fmt::format("a[{}]", row), row, 0, *this);
  Extents rest, steps;
  for (std::size_t k = 1; k < shape().size(); ++k) {
    rest.add(shape()[k]);
    steps.add(strides(*this)[k]);
  }
  return view(*this, rest, steps, (row < 0 ? row + n : row) * strides(*this)[0]);
}

namespace {
// The asked shape with -1 worked out.
Extents whole_shape(const Array& a, const Extents& asked) {
  Extents known, shape = asked;
  Index* open = nullptr;
  for (Index& n : shape) {
    if (n != -1) {
      known.add(n);
      continue;
    }
    if (open) fail<ShapeError>("reshape({}): only one extent may be -1", shape_text(asked));
    open = &n;
  }
  const Index rest = count_of(known, a.dtype(), fmt::format("reshape({})", shape_text(asked)));
  if (open && rest > 0 && a.size() % rest == 0)
    *open = a.size() / rest;
  else if (open || rest != a.size())
    fail<ShapeError>(
        "reshape({}): the array is {}, which has {} elements{}", shape_text(asked), type_text(a), a.size(),
        open ? rest == 0 ? "; -1 has no meaning beside an extent 0" : fmt::format(", not a multiple of {}", rest)
             : fmt::format(", not {}", rest));
  return shape;
}
}  // namespace

Array Array::reshape(const Extents& asked) const {
  const Extents shape = whole_shape(*this, asked);
  const Array rows = contiguous(*this);
  return view(rows, shape, row_major_strides(shape));
}

}  // namespace croton
