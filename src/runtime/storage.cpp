#include "runtime/storage.h"

#include <cstring>

#include "array/access.h"
#include "base/error.h"

namespace croton::runtime {

void ReaderWriterWord::wait_shared() noexcept {
  for (;;) {
    std::uint32_t seen = word_.load(std::memory_order_relaxed);
    const bool writers = (seen & (writing | waiting_mask)) != 0;
    if (!writers && (seen & readers_mask) != readers_mask) {
      if (word_.compare_exchange_weak(seen, seen + 1, std::memory_order_acquire)) return;
      continue;
    }
    // the writer that leaves clears the bit and wakes everyone
    if ((seen & readers_wait) == 0 && !word_.compare_exchange_weak(seen, seen | readers_wait)) continue;
    word_.wait(seen | readers_wait, std::memory_order_relaxed);
  }
}

void ReaderWriterWord::wait_exclusive() noexcept {
  word_.fetch_add(one_waiting, std::memory_order_relaxed);
  for (;;) {
    std::uint32_t seen = word_.load(std::memory_order_relaxed);
    if ((seen & (readers_mask | writing)) == 0) {
      if (word_.compare_exchange_weak(seen, (seen - one_waiting) | writing, std::memory_order_acquire)) return;
      continue;
    }
    word_.wait(seen, std::memory_order_relaxed);
  }
}

namespace {

std::uint64_t next_id() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

std::size_t bytes_of(const Extents& shape, DType dtype) {
  return static_cast<std::size_t>(count_of(shape, dtype, "shared")) * size_of(dtype);
}

// Buffer and ticket of a Block whose values may still be under way.
struct DeviceValue {
  CountedBuffer buffer;
  Ticket ticket = 0;
};

void bring(Block& block) {
  auto& value = *static_cast<DeviceValue*>(block.owner);
  Device& device = *value.buffer->device();
  if (device.host_addressable()) return device.wait(value.ticket);
  struct Free {
    void operator()(std::byte* p) const { ::operator delete (p, std::align_val_t{64}); }
  };
  std::unique_ptr<std::byte, Free> bytes(static_cast<std::byte*>(::operator new (block.size, std::align_val_t{64})));
  device.to_host(bytes.get(), value.buffer->data(), block.size);  // which may throw, and is asked again then
  block.bytes = bytes.release();
}

void let_go(Block& block) noexcept {
  const auto* value = static_cast<DeviceValue*>(block.owner);
  if (!value->buffer->device()->host_addressable()) ::operator delete (block.bytes, std::align_val_t{64});
  delete value;
}

}  // namespace

Array to_array(const CountedBuffer& buffer, DType dtype, const Extents& shape) {
  auto made = std::make_unique<Block>();
  made->size = bytes_of(shape, dtype);
  made->dtype = dtype;
  Device& device = *buffer->device();
  if (device.host_addressable()) made->bytes = static_cast<std::byte*>(buffer->data());
  made->writable = made->bytes == nullptr;  // else a copy of the host's own will be
  const Ticket ticket = device.ticket();
  made->ready = device.host_addressable() && device.done(ticket) ? nullptr : bring;
  made->owner = new DeviceValue{buffer, ticket};
  made->release = let_go;
  return from_block(made.release(), shape);
}

const void* memory_on(const Array& a, const Device& device) {
  Block* const b = block(a);
  if (b == nullptr || b->release != let_go || b->here.load(std::memory_order_acquire)) return nullptr;
  const Buffer& buffer = *static_cast<const DeviceValue*>(b->owner)->buffer;
  const bool whole = is_contiguous(a) && bytes_of(a.shape(), a.dtype()) == b->size;
  return whole && buffer.device() == &device ? buffer.data() : nullptr;
}

SharedStorage::SharedStorage(const Array& initial)
    : dtype_(initial.dtype()), shape_(initial.shape()), host_(owned(contiguous(initial))) {
  id = next_id();
}

std::size_t SharedStorage::bytes() const { return bytes_of(shape_, dtype_); }

void SharedStorage::move_to(Device& device) {
  if (buffer_) {
    if (!may_move_) {
      fail<DeviceError>(
          "a shared variable of {} lives on device {}, and a function of device {} uses it: x.set_value(x.get_value()) "
          "lets "
          "it move",
          type_text(dtype_, shape_), buffer_->device()->name(), device.name());
    }
    host_ = get();
  }
  Buffer fresh(device, bytes());
  device.to_device(fresh.data(), data(host_), bytes());
  buffer_ = CountedBuffer(std::move(fresh));
  host_ = Array();
  may_move_ = false;
}

Array SharedStorage::get() const {
  if (!buffer_) return host_;
  Array copy = empty(shape_, dtype_);
  buffer_->device()->to_host(mutable_data(copy), buffer_->data(), bytes());
  return copy;
}

void SharedStorage::set(const Array& value, bool borrow) {
  const Array whole = contiguous(value);
  may_move_ = true;
  if (buffer_ && !is_lent() && value.shape() == shape_) {
    buffer_->device()->to_device(buffer_->data(), data(whole), bytes());
    return;
  }
  host_ = borrow ? whole : owned(whole);
  shape_ = value.shape();
  buffer_ = CountedBuffer();
}

}  // namespace croton::runtime
