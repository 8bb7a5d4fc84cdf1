// A device that does nothing until it is waited for: tests run on it to find waits that are missing. Fresh memory is
// poisoned.
#pragma once
#include <atomic>
#include <mutex>

#include "runtime/steps.h"

namespace croton::runtime {

class QueuedDevice : public Device {
 public:
  /// Does its work on `inner`, which must outlive it.
  explicit QueuedDevice(Device& inner, bool separate_buffers = true);
  ~QueuedDevice() override;
  const std::string& name() const override { return name_; }
  const Target& target() const override { return inner_.target(); }
  std::string description() const override;
  bool host_addressable() const override { return inner_.host_addressable(); }
  bool separate_buffers() const override { return separate_buffers_; }
  bool fresh_buffers() const override { return separate_buffers_; }

  void* allocate(std::size_t bytes) override;
  /// Queued too: work that was given before may still use the memory.
  void release(void* data, std::size_t bytes) noexcept override;
  void to_device(void* to, const void* from, std::size_t bytes) override;
  void to_host(void* to, const void* from, std::size_t bytes) override;
  void copy(void* to, const void* from, std::size_t bytes) override;
  void zero(void* to, std::size_t bytes) override;
  std::shared_ptr<Module> compile(const Source& source) override { return inner_.compile(source); }
  void launch(std::span<const Launch>) override;
  void gemm(const Gemm&) override;
  void check(const Gemm& g) override { inner_.check(g); }
  void reserve_scratch(std::size_t bytes) override { inner_.reserve_scratch(bytes); }
  std::optional<KernelError> commit(void* slot) override { return read_error(slot); }
  Ticket ticket() override;
  bool done(Ticket) override;
  void wait(Ticket) override;
  void synchronize() override;
  std::unique_ptr<Recording> capture(const std::function<void()>& work) override;
  Counters counters() const override { return inner_.counters(); }
  /// How many times something waited for work.
  std::uint64_t waits() const { return waits_; }

 private:
  Steps& steps();

  Device& inner_;
  std::string name_ = "queued";
  bool separate_buffers_;
  mutable std::recursive_mutex door_;
  Steps queue_;
  Ticket begun_ = 1, done_ = 0;  // the queue's number, and the last one that has run
  std::atomic<std::uint64_t> waits_{0};
};

}  // namespace croton::runtime
