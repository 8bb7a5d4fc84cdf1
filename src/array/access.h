// Arrays from the inside, for the rooms above: the counted storage block, raw memory, strides, iteration.
#pragma once
#include <atomic>
#include <mutex>
#include <string>

#include "croton/array.h"

namespace croton {

/// The memory under one or more Arrays. A device may hand out a block whose values are still elsewhere: `ready` then
/// brings them (it may set `bytes`) and is called once, before the first host access, by one thread while others wait.
/// If it throws (a late device fault), that access throws, and the next one asks again.
struct Block {
  std::byte* bytes = nullptr;
  std::size_t size = 0;  ///< bytes of memory
  DType dtype = DType::float64;
  void* owner = nullptr;                       ///< for release and ready
  void (*release)(Block&) noexcept = nullptr;  ///< frees bytes and owner; null: nothing to free
  void (*ready)(Block&) = nullptr;             ///< null: the values are here
  bool writable = true;
  bool foreign = false;  ///< borrowed from the user: others may change it

  std::atomic<int> count{1};
  std::atomic<bool> here{false};
  std::mutex bringing;
};
void retain(Block*) noexcept;
/// Gives up one count; the last one releases.
void release(Block*) noexcept;
/// Uninitialised memory, 64-byte aligned and a multiple of 64 bytes long; owner and release are its own, and its values
/// count as here. Error if there is not enough.
Block* new_block(std::size_t bytes, DType);

/// What an Array points to: a shape over a block. Counted and never changed while shared.
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
  static const Body& body(const Array& a) { return a.body_ ? *a.body_ : nothing(); }
  static const Body& nothing();
  /// Takes over the body's first count.
  static Array wrap(Body*);
  static Body*& slot(Array& a) { return a.body_; }
  static const Body* slot(const Array& a) { return a.body_; }
};

/// The block's memory, its values brought here first.
std::byte* bring_here(Block&);
inline std::byte* host_bytes(Block& b) { return b.here.load(std::memory_order_acquire) ? b.bytes : bring_here(b); }

/// Uninitialised, row-major.
Array empty(const Extents& shape, DType);
/// Takes over one count of the block (also when it throws). Strides count elements, {} is row-major; offset is the
/// first element's.
Array from_block(Block*, const Extents& shape, const Extents& strides = {}, Index offset = 0);
/// A view: the same block, other shape, strides and offset (in elements from the array's first element).
Array view(const Array&, const Extents& shape, const Extents& strides, Index offset = 0);

/// The block, without bringing its values; null for an Array() that was never assigned.
inline Block* block(const Array& a) { return ArrayAccess::slot(a) ? ArrayAccess::slot(a)->block : nullptr; }
/// The first element, ready to be read. Elements lie at multiples of the strides.
inline const std::byte* data(const Array& a) {
  const ArrayAccess::Body& b = ArrayAccess::body(a);
  std::byte* const bytes = host_bytes(*b.block);
  return b.offset == 0 ? bytes : bytes + b.offset * static_cast<Index>(size_of(b.block->dtype));
}
/// The same for writing: makes the array the only user of a writable row-major block first.
std::byte* mutable_data(Array&);
template <class T>
const T* data_as(const Array& a) {
  return reinterpret_cast<const T*>(data(a));
}
template <class T>
T* mutable_data_as(Array& a) {
  return reinterpret_cast<T*>(mutable_data(a));
}
/// In elements, one an axis.
inline const Extents& strides(const Array& a) { return ArrayAccess::body(a).strides; }
/// Row-major without gaps.
inline bool is_contiguous(const Array& a) { return ArrayAccess::body(a).contiguous; }
/// Whether the memory belongs to the user (Array::borrow).
inline bool is_foreign(const Array& a) { return ArrayAccess::body(a).block->foreign; }
/// How many Arrays (copies and views) share the memory. At 1, mutable_data of a contiguous writable array copies
/// nothing.
inline int use_count(const Array& a) {
  const ArrayAccess::Body& b = ArrayAccess::body(a);
  return b.count.load(std::memory_order_acquire) + b.block->count.load(std::memory_order_acquire) - 1;
}

/// The same values, row-major: the array itself or a copy.
Array contiguous(const Array&);
/// The same values in memory that is ours: the array itself, or a copy if it was borrowed.
Array owned(const Array&);
/// The shape seen through broadcasting (stride 0 on repeated axes); ShapeError if it does not fit.
Array broadcast_view(const Array&, const Extents& shape);
/// The axes in another order; a view.
Array permute_view(const Array&, const std::vector<int>& axes);

/// One element by its row-major number, converted. get rounds int64 beyond 2^53; get_index is exact for integers.
double get(const Array&, Index linear);
Index get_index(const Array&, Index linear);
/// Converts as astype does.
void set(Array&, Index linear, double value);

/// Same dtype, same shape, same bits (NaN equals the same NaN, 0 differs from -0).
bool bits_equal(const Array&, const Array&);
/// Same dtype, same shape, elements equal as numbers (NaN equals nothing).
bool array_equal(const Array&, const Array&);

/// Counts elements. ShapeError for negative extents, more than 32 axes or 2^63 bytes; `what` begins the text.
Index count_of(const Extents& shape, DType = DType::float64, std::string_view what = "Array");
Extents row_major_strides(const Extents& shape);
/// "[2, 3]"; -1 is "?".
std::string shape_text(const Extents&);
/// "float32[2, ?]"; no axes: "float32[]".
std::string type_text(DType, const Extents&);
std::string type_text(const Array&);

/// Calls f(offset) for each element in row-major order, offset in elements by `strides`.
template <class F>
void for_each_offset(const Extents& shape, const Extents& strides, F&& f) {
  const std::size_t axes = shape.size();
  for (Index n : shape)
    if (n == 0) return;
  if (axes == 0) return static_cast<void>(f(Index{0}));
  Index at[32] = {};
  const Index inner = shape[axes - 1], step = strides[axes - 1];
  Index offset = 0;
  for (;;) {
    for (Index i = 0; i < inner; ++i) f(offset + i * step);
    std::size_t k = axes - 1;
    for (;;) {  // the odometer over the outer axes
      if (k == 0) return;
      --k;
      offset += strides[k];
      if (++at[k] < shape[k]) break;
      offset -= strides[k] * shape[k];
      at[k] = 0;
    }
  }
}

}  // namespace croton
