#include "runtime/queued.h"

#include <cstring>
#include <exception>
#include <new>

#include "base/error.h"
#include "base/log.h"

namespace croton::runtime {

QueuedDevice::QueuedDevice(Device& inner, bool separate_buffers) : inner_(inner), separate_buffers_(separate_buffers) {}

QueuedDevice::~QueuedDevice() {
  try {
    synchronize();
  } catch (const Error& e) { warn(fmt::format("work of the queued device was lost: {}", e.what())); }
}

std::string QueuedDevice::description() const {
  return "queued: does nothing until it is waited for, then on " + inner_.description();
}

Steps& QueuedDevice::steps() {
  Steps* const recording = recording_of(*this);
  return recording != nullptr ? *recording : queue_;
}

void* QueuedDevice::allocate(std::size_t bytes) {
  void* data = inner_.allocate(bytes);
  if (host_addressable()) std::memset(data, 0xcb, bytes);
  return data;
}

void QueuedDevice::release(void* data, std::size_t bytes) noexcept {
  const std::lock_guard guard(door_);
  try {
    try {
      queue_.release(data, bytes);
    } catch (const std::bad_alloc&) {  // then the work that may still use it is done at once
      queue_.use_up(inner_);
      inner_.release(data, bytes);
    }
  } catch (const std::exception& e) { warn(fmt::format("device queued: {} bytes are lost: {}", bytes, e.what())); }
}

void QueuedDevice::to_device(void* to, const void* from, std::size_t bytes) {
  const std::lock_guard guard(door_);
  steps().to_device(to, from, bytes);
}

void QueuedDevice::to_host(void* to, const void* from, std::size_t bytes) {
  synchronize();
  inner_.to_host(to, from, bytes);
}

void QueuedDevice::copy(void* to, const void* from, std::size_t bytes) {
  const std::lock_guard guard(door_);
  steps().copy(to, from, bytes);
}

void QueuedDevice::zero(void* to, std::size_t bytes) {
  const std::lock_guard guard(door_);
  steps().zero(to, bytes);
}

void QueuedDevice::launch(std::span<const Launch> list) {
  const std::lock_guard guard(door_);
  for (const Launch& l : list) steps().launch(l);
}

void QueuedDevice::gemm(const Gemm& g) {
  const std::lock_guard guard(door_);
  steps().gemm(g);
}

Ticket QueuedDevice::ticket() {
  const std::lock_guard guard(door_);
  return queue_.empty() ? done_ : begun_;
}

bool QueuedDevice::done(Ticket t) {
  const std::lock_guard guard(door_);
  return t <= done_;
}

void QueuedDevice::wait(Ticket t) {
  const std::lock_guard guard(door_);
  if (t > done_) synchronize();
}

// A step that finds no memory stays, with those behind it: the next wait tries again.
void QueuedDevice::synchronize() {
  refuse_while_recording(*this);
  ++waits_;
  const std::lock_guard guard(door_);
  queue_.use_up(inner_);
  done_ = begun_++;
}

std::unique_ptr<Recording> QueuedDevice::capture(const std::function<void()>& work) { return record(*this, work); }

}  // namespace croton::runtime
