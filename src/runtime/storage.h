// What a shared variable holds: its value on the host or on one device, and the word that guards it.
#pragma once
#include <algorithm>
#include <atomic>
#include <span>
#include <utility>

#include "croton/array.h"
#include "graph/node.h"
#include "runtime/device.h"

namespace croton::runtime {

/// One reader/writer lock in one word; waiting writers go before new readers. Uncontended it costs one atomic
/// operation.
class ReaderWriterWord {
 public:
  void lock_shared() noexcept {
    std::uint32_t seen = word_.load(std::memory_order_relaxed);
    if (seen < readers_mask && word_.compare_exchange_strong(seen, seen + 1, std::memory_order_acquire)) return;
    wait_shared();
  }
  void unlock_shared() noexcept {
    const std::uint32_t before = word_.fetch_sub(1, std::memory_order_release);
    if ((before & readers_mask) == 1 && before > readers_mask) word_.notify_all();
  }
  void lock() noexcept {
    std::uint32_t seen = 0;
    if (!word_.compare_exchange_strong(seen, writing, std::memory_order_acquire)) wait_exclusive();
  }
  void unlock() noexcept {
    if (word_.fetch_and(~(writing | readers_wait), std::memory_order_release) != writing) word_.notify_all();
  }

 private:
  // bits 0-15 readers inside, 16 a writer inside, 17-30 writers waiting, 31 readers wait
  static constexpr std::uint32_t readers_mask = 0xffff, writing = 1u << 16, one_waiting = 1u << 17,
                                 waiting_mask = 0x3fffu << 17, readers_wait = 1u << 31;
  void wait_shared() noexcept;
  void wait_exclusive() noexcept;
  std::atomic<std::uint32_t> word_{0};
};

/// A buffer that may have several owners: a variable, and arrays that share its memory.
class CountedBuffer {
 public:
  CountedBuffer() = default;
  explicit CountedBuffer(Buffer b) : counted_(new Counted{.buffer = std::move(b)}) {}
  CountedBuffer(const CountedBuffer& o) noexcept : counted_(o.counted_) {
    if (counted_) counted_->count.fetch_add(1, std::memory_order_relaxed);
  }
  CountedBuffer(CountedBuffer&& o) noexcept : counted_(std::exchange(o.counted_, nullptr)) {}
  CountedBuffer& operator=(CountedBuffer o) noexcept {
    std::swap(counted_, o.counted_);
    return *this;
  }
  ~CountedBuffer() {
    if (counted_ && counted_->count.fetch_sub(1, std::memory_order_acq_rel) == 1) delete counted_;
  }
  explicit operator bool() const { return counted_ != nullptr; }
  Buffer& operator*() const { return counted_->buffer; }
  Buffer* operator->() const { return &counted_->buffer; }
  /// Whether nobody else owns it: then what others did with it has been done.
  bool alone() const { return counted_->count.load(std::memory_order_acquire) == 1; }

 private:
  struct Counted {
    std::atomic<int> count{1};
    Buffer buffer;
  };
  Counted* counted_ = nullptr;
};

/// An Array over a device's buffer, without a copy where the host can address it; reading it waits for the work given
/// so far. Others may own the memory too: it is never written through the Array.
Array to_array(const CountedBuffer&, DType, const Extents& shape);

/// Where an Array made by to_array lies on that device, as long as nobody has read it: null for a part of one, for what
/// the host has seen (and may have changed), and for any other Array.
const void* memory_on(const Array&, const Device&);

/// The storage of a shared variable. A call takes the words of all variables it reads (shared) and updates (exclusive)
/// in the order of `id`, and holds them to its end; everything below wants the word held.
class SharedStorage final : public SharedValue {
 public:
  explicit SharedStorage(const Array& initial);

  ReaderWriterWord& word() const { return word_; }
  DType dtype() const { return dtype_; }
  int rank() const { return static_cast<int>(shape_.size()); }
  const Extents& shape() const { return shape_; }
  std::size_t bytes() const;
  /// Null until a function has used it: then the value is an Array on the host.
  Device* device() const { return buffer_ ? buffer_->device() : nullptr; }

  /// The value's memory on that device, row-major. Where device() is another (or none) yet, the value is moved there:
  /// that wants the exclusive word. Throws DeviceError that names both devices where it lives on another and nobody has
  /// set it since it was last used there: only set_value moves a variable.
  Buffer& on(Device& device) {
    if (this->device() != &device)
      move_to(device);
    else if (may_move_.load(std::memory_order_relaxed))
      may_move_.store(false, std::memory_order_relaxed);
    return *buffer_;
  }
  /// Whether an array of lend() that somebody holds shares the memory, so that a new value has to go elsewhere (wants
  /// the exclusive word: nobody lends meanwhile).
  bool is_lent() const { return buffer_ && !buffer_.alone(); }
  /// Replaces the buffer by one of the same device that a call has filled with a value of this shape, of as many axes,
  /// and gives the old one back (exclusive).
  void exchange(CountedBuffer& other, std::span<const Index> shape) noexcept {
    std::swap(buffer_, other);
    std::copy(shape.begin(), shape.end(), shape_.begin());
  }

  /// The value, which later changes of the variable leave alone.
  Array get() const;
  /// The same in the variable's own memory, where it is now: nothing is copied or moved.
  Array lend() const { return buffer_ ? to_array(buffer_, dtype_, shape_) : host_; }
  /// A new value of the same dtype and rank (exclusive); the caller has checked them. Memory of the same shape that is
  /// not lent is filled again. The next function to use the variable may be of any device. `borrow`: foreign memory is
  /// kept as it is, where the value stays on the host.
  void set(const Array&, bool borrow = false);

 private:
  void move_to(Device&);

  mutable ReaderWriterWord word_;
  DType dtype_;
  Extents shape_;
  Array host_;
  CountedBuffer buffer_;
  std::atomic<bool> may_move_{false};
};

/// Of a shared leaf.
inline SharedStorage& storage_of(const Expr& leaf) { return static_cast<SharedStorage&>(*node(leaf).shared); }

}  // namespace croton::runtime
