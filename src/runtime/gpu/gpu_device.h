// A GPU as a Device, whichever driver it has: modules, launches, counters, errors. cuda and the emulator differ below
// it only.
#pragma once
#include <mutex>
#include <unordered_map>

#include "runtime/gpu/driver.h"
#include "runtime/modules.h"
#include "runtime/steps.h"
#include "runtime/tally.h"

namespace croton::runtime {

class GpuDevice final : public Device {
 public:
  GpuDevice(std::string name, std::unique_ptr<gpu::Driver>);
  ~GpuDevice() override;
  const std::string& name() const override { return name_; }
  const Target& target() const override { return target_; }
  std::string description() const override;
  bool separate_buffers() const override { return driver_->separate_buffers(); }
  bool fresh_buffers() const override { return driver_->fresh_buffers(); }
  gpu::Driver& driver() { return *driver_; }

  void* allocate(std::size_t bytes) override;
  void release(void* data, std::size_t bytes) noexcept override;
  void to_device(void* to, const void* from, std::size_t bytes) override;
  void to_host(void* to, const void* from, std::size_t bytes) override;
  void copy(void* to, const void* from, std::size_t bytes) override;
  void zero(void* to, std::size_t bytes) override;
  std::shared_ptr<Module> compile(const Source& source) override;
  void launch(std::span<const Launch>) override;
  void gemm(const Gemm&) override;
  /// Waits: kernels that follow do not read the slot themselves.
  std::optional<KernelError> commit(void* slot) override;
  Ticket ticket() override;
  bool done(Ticket) override;
  void wait(Ticket) override;
  void synchronize() override;
  bool gains_by_replays() const override { return true; }
  /// As a graph of the driver. All that it needs is there before it begins: memory for scratch, arguments and uploads,
  /// and the library of products.
  std::unique_ptr<Recording> capture(const std::function<void()>& work) override;
  Counters counters() const override;

 private:
  class GraphRecording;
  struct Capture;
  void launch(const Launch&);
  void* scratch(std::size_t bytes);
  void* held(std::size_t bytes, const void* from);
  void begin_piece(std::span<const BufferUse> uses);
  bool is_preparing() const;
  [[noreturn]] void out_of_memory(std::size_t bytes, const std::string& why) const;

  std::string name_;
  std::unique_ptr<gpu::Driver> driver_;
  Target target_;
  Modules modules_;
  mutable std::recursive_mutex door_;  // the driver is called by one thread at a time
  std::unordered_map<void*, std::size_t> live_;
  void* scratch_ = nullptr;  // of launches whose scratch fits no shared memory
  std::size_t scratch_bytes_ = 0;
  Capture* capture_ = nullptr;  // while one is made
  std::vector<std::int64_t> words_;
  std::vector<BufferUse> uses_;
  Tally tally_;
};

}  // namespace croton::runtime
