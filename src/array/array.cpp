#include "croton/array.h"

#include <cstring>
#include <memory>

#include "array/body.h"
#include "base/dtype.h"
#include "base/error.h"

namespace croton {

// ---- counting
Array::Body::~Body() {
  release(block);
  release(gathered.load(std::memory_order_relaxed));
}

namespace {
void drop(ArrayAccess::Body* b) noexcept {
  if (b && b->count.fetch_sub(1, std::memory_order_acq_rel) == 1) delete b;
}
}  // namespace

const ArrayAccess::Body& ArrayAccess::nothing() {
  static const Body* const none = [] {
    Body* b = new Body;  // lives for ever: a static Array may be read after main
    b->block = new_block(0, DType::float64);
    b->shape = Extents{0};
    b->strides = Extents{1};
    return b;
  }();
  return *none;
}

Array ArrayAccess::wrap(Body* b) {
  Array a;
  a.body_ = b;
  return a;
}

Array::Array() = default;
Array::Array(const Array& o) : body_(o.body_) {
  if (body_) body_->count.fetch_add(1, std::memory_order_relaxed);
}
Array::Array(Array&& o) noexcept : body_(std::exchange(o.body_, nullptr)) {}
Array& Array::operator=(const Array& o) & {
  Array copy(o);
  std::swap(body_, copy.body_);
  return *this;
}
Array& Array::operator=(Array&& o) & noexcept {
  if (this != &o) drop(std::exchange(body_, std::exchange(o.body_, nullptr)));
  return *this;
}
Array::~Array() { drop(body_); }

// ---- making
Array::Array(const void* values, DType dtype, const Extents& shape) : Array(empty(shape, dtype)) {
  const std::size_t bytes = static_cast<std::size_t>(size()) * size_of(dtype);
  if (bytes != 0) std::memcpy(mutable_data(*this), values, bytes);
}

Array::Array(const void* values, std::size_t count, DType dtype, const Extents& shape) {
  const Index wanted = count_of(shape, dtype);
  if (count != static_cast<std::size_t>(wanted))
    fail<ShapeError>("Array: {} values were given for the shape {}, which has {} elements", count, shape_text(shape),
                     wanted);
  *this = Array(values, dtype, shape);
}

Array::Array(const std::vector<bool>& v) : Array(v, Extents{v.size()}) {}

Array::Array(const std::vector<bool>& v, const Extents& shape) {
  const Index wanted = count_of(shape, DType::boolean);
  if (v.size() != static_cast<std::size_t>(wanted))
    fail<ShapeError>("Array: {} values were given for the shape {}, which has {} elements", v.size(), shape_text(shape),
                     wanted);
  *this = empty(shape, DType::boolean);
  bool* to = mutable_data_as<bool>(*this);
  for (bool b : v) *to++ = b;
}

Array::Array(const std::vector<std::vector<bool>>& rows) {
  const std::size_t columns = rows.empty() ? 0 : rows.front().size();
  begin_rows(DType::boolean, rows.size(), columns);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Array row(rows[i]);
    set_row(i, data(row), rows[i].size());
  }
}

void Array::begin_rows(DType dtype, std::size_t rows, std::size_t columns) {
  *this = empty(Extents{rows, columns}, dtype);
}

void Array::set_row(std::size_t row, const void* values, std::size_t count) {
  const auto columns = static_cast<std::size_t>(shape(1));
  if (count != columns)
    fail<ShapeError>("Array: row {} has {} elements, row 0 has {}; all rows need the same length", row, count, columns);
  const std::size_t bytes = columns * size_of(dtype());
  if (bytes != 0) std::memcpy(mutable_data(*this) + row * bytes, values, bytes);
}

Array Array::zeros(const Extents& shape, DType dtype) {
  Array a = empty(shape, dtype);
  std::memset(mutable_data(a), 0, static_cast<std::size_t>(a.size()) * size_of(dtype));
  return a;
}

Array Array::full(const Extents& shape, Weak value, DType dtype) {
  const DType own = value.dtype();
  const Array converted = (own == float64  ? scalar(value.f)
                           : own == uint64 ? scalar(static_cast<std::uint64_t>(value.i))
                                           : scalar(value.i))
                              .astype(dtype);
  Array a = empty(shape, dtype);
  const std::size_t element = size_of(dtype), bytes = static_cast<std::size_t>(a.size()) * element;
  if (bytes == 0) return a;
  std::byte* to = mutable_data(a);
  std::memcpy(to, data(converted), element);
  for (std::size_t done = element; done < bytes;) {  // doubles what is there
    const std::size_t n = std::min(done, bytes - done);
    std::memcpy(to + done, to, n);
    done += n;
  }
  return a;
}

namespace {
// Elements of numbers lie at multiples of their size, wherever they are computed with.
Array aligned_copy(const Array& a, const void* first) {
  Array made = empty(a.shape(), a.dtype());
  const auto element = static_cast<Index>(size_of(a.dtype()));
  std::byte* to = mutable_data(made);
  for_each_offset(a.shape(), strides(a), [&](Index offset) {
    std::memcpy(to, static_cast<const std::byte*>(first) + offset * element, static_cast<std::size_t>(element));
    to += element;
  });
  return made;
}
}  // namespace

Array Array::foreign(const void* values, DType dtype, const Extents& shape, const Extents& strides, bool writable,
                     void* owner, void (*let_go)(void*)) {
  struct Borrowed {
    void* owner;
    void (*let_go)(void*);
  };
  const auto release_owner = [](Block& block) noexcept {
    auto* borrowed = static_cast<Borrowed*>(block.owner);
    if (borrowed->let_go) borrowed->let_go(borrowed->owner);
    delete borrowed;
  };
  std::unique_ptr<Block> b;
  try {
    b = std::make_unique<Block>();
    b->owner = new Borrowed{owner, let_go};
  } catch (...) {
    if (let_go) let_go(owner);
    throw;
  }
  b->bytes = static_cast<std::byte*>(const_cast<void*>(values));  // written to only where `writable`
  b->dtype = dtype;
  b->writable = writable;
  b->foreign = true;
  b->release = release_owner;
  const Array a = from_block(b.release(), shape, strides);
  return reinterpret_cast<std::uintptr_t>(values) % size_of(dtype) == 0 ? a : aligned_copy(a, values);
}

Array Array::copy() const {
  Array a = empty(shape(), dtype());
  const Body& b = ArrayAccess::body(*this);
  gather(data(*this), b.shape, b.strides, size_of(dtype()), mutable_data(a));
  return a;
}

// ---- looking
const Extents& Array::shape() const { return ArrayAccess::body(*this).shape; }
int Array::ndim() const { return static_cast<int>(shape().size()); }
Index Array::size() const { return ArrayAccess::body(*this).size; }
DType Array::dtype() const { return ArrayAccess::body(*this).block->dtype; }

Index Array::shape(int axis) const {
  const int n = ndim();
  if (axis < -n || axis >= n) {
    if (n == 0) fail<IndexError>("shape({}): the array is {} and has no axes", axis, type_text(*this));
    fail<IndexError>("shape({}): axis {} is out of range for {} (valid: {} .. {})", axis, axis, type_text(*this), -n,
                     n - 1);
  }
  return shape()[static_cast<std::size_t>(axis < 0 ? axis + n : axis)];
}

namespace {
std::string_view cpp_name(DType d) {
  static constexpr std::string_view names[] = {
      "bool",     "std::int8_t",   "short", "int", "std::int64_t", "std::uint8_t", "unsigned short",
      "unsigned", "std::uint64_t", "",      "",    "float",        "double"};
  return names[static_cast<std::size_t>(d)];
}

// "values<float>(): the array is float64[2, 2]; use values<double>() or astype(float32)"
void require_type(const Array& a, DType asked, std::string_view verb) {
  if (a.dtype() == asked) return;
  const std::string_view held = cpp_name(a.dtype());
  fail<DTypeError>("{}<{}>(): the array is {}; use {}astype({})", verb, cpp_name(asked), type_text(a),
                   held.empty() ? "" : fmt::format("{}<{}>() or ", verb, held), name_of(asked));
}

// Row-major memory for a strided view, made once and kept beside it.
std::byte* gathered(const ArrayAccess::Body& body, const Array& a) {
  auto& slot = const_cast<ArrayAccess::Body&>(body).gathered;
  Block* there = slot.load(std::memory_order_acquire);
  if (!there) {
    Block* made = new_block(static_cast<std::size_t>(body.size) * size_of(a.dtype()), a.dtype());
    gather(data(a), body.shape, body.strides, size_of(a.dtype()), made->bytes);
    if (slot.compare_exchange_strong(there, made, std::memory_order_acq_rel))
      there = made;
    else
      release(made);  // another thread was first
  }
  return there->bytes;
}
}  // namespace

const void* Array::read_all(DType asked) const {
  require_type(*this, asked, "values");
  const Body& b = ArrayAccess::body(*this);
  return b.contiguous ? data(*this) : gathered(b, *this);
}

void* Array::write_all(DType asked) {
  require_type(*this, asked, "mutable_values");
  return mutable_data(*this);
}

namespace {
[[noreturn]] void not_exact(const Array& a, const std::byte* element, DType asked, const std::string& verb) {
  const Array value = view(a, Extents{}, Extents{}, (element - data(a)) / static_cast<Index>(size_of(a.dtype())));
  const std::string_view held = cpp_name(a.dtype());
  fail<DTypeError>("{}: {} of {} cannot be held exactly by {}; {}convert with astype({})", verb, element_text(value),
                   type_text(a), name_of(asked), held.empty() ? "" : fmt::format("read it as {} or ", held),
                   name_of(asked));
}
}  // namespace

void Array::read_item(DType asked, void* out) const {
  const std::string verb = fmt::format("item<{}>()", cpp_name(asked));
  if (size() != 1)
    fail<ShapeError>("{}: the array is {}; item needs exactly one element; use at<{}>({}) or values<{}>()", verb,
                     type_text(*this), cpp_name(asked),
                     ndim() == 1   ? "i"
                     : ndim() == 2 ? "i, j"
                                   : "i, j, ...",
                     cpp_name(asked));
  if (!convert_exactly(data(*this), dtype(), static_cast<std::byte*>(out), asked))
    not_exact(*this, data(*this), asked, verb);
}

void Array::read_at(std::initializer_list<Index> at, DType asked, void* out) const {
  const Body& b = ArrayAccess::body(*this);
  std::string verb = fmt::format("at<{}>({})", cpp_name(asked), fmt::join(at, ", "));
  if (at.size() != b.shape.size())
    fail<ShapeError>("{}: the array is {} and needs {} {}", verb, type_text(*this), b.shape.size(),
                     b.shape.size() == 1 ? "index" : "indices");
  Index offset = 0;
  std::size_t axis = 0;
  for (Index i : at) {
    const Index n = b.shape[axis];
    if (i < -n || i >= n) out_of_range(verb, i, static_cast<int>(axis), *this);
    offset += (i < 0 ? i + n : i) * b.strides[axis++];
  }
  const std::byte* element = data(*this) + offset * static_cast<Index>(size_of(dtype()));
  if (!convert_exactly(element, dtype(), static_cast<std::byte*>(out), asked)) not_exact(*this, element, asked, verb);
}

Array Array::astype(DType to) const {
  if (to == dtype()) return *this;
  const Array from = contiguous(*this);
  Array a = empty(shape(), to);
  convert(data(from), dtype(), mutable_data(a), to, size());
  return a;
}

}  // namespace croton
