// The processor as a Device: generated C++ through the host compiler and the cache, chunks by parallel_for, BLAS for
// products, FFTW for Fourier transforms.
#pragma once
#include <array>
#include <atomic>
#include <memory>

#include "base/fork_safe.h"
#include "runtime/cpu/blas.h"
#include "runtime/cpu/fftw.h"
#include "runtime/cpu/memory.h"
#include "runtime/cpu/module_store.h"
#include "runtime/cpu/parallel.h"
#include "runtime/steps.h"
#include "runtime/tally.h"

namespace croton::runtime {

class CpuDevice final : public Device {
 public:
  /// For this machine, as CPUID says.
  CpuDevice();
  /// For another target, which the machine must be able to run: tests force narrower vectors.
  explicit CpuDevice(Target);
  const std::string& name() const override { return name_; }
  const Target& target() const override { return modules_.target(); }
  std::string description() const override;
  bool host_addressable() const override { return true; }

  void* allocate(std::size_t bytes) override { return memory_.allocate(bytes); }
  void release(void* data, std::size_t bytes) noexcept override { memory_.release(data, bytes); }
  void to_device(void* to, const void* from, std::size_t bytes) override;
  void to_host(void* to, const void* from, std::size_t bytes) override;
  void copy(void* to, const void* from, std::size_t bytes) override;
  void zero(void* to, std::size_t bytes) override;
  std::shared_ptr<Module> compile(const Source& source) override { return modules_.compile(source); }
  void launch(std::span<const Launch>) override;
  void gemm(const Gemm&) override;
  void relay(std::span<const RowStep>) override;
  void check(const Gemm& g) override { blas().check(g); }
  void reserve_scratch(std::size_t bytes) override { runtime::reserve_scratch(bytes); }
  std::optional<KernelError> commit(void* slot) override;

  // all work is done when the call that gives it returns
  Ticket ticket() override { return 0; }
  bool done(Ticket) override { return true; }
  void wait(Ticket) override {}
  void synchronize() override { refuse_while_recording(*this); }
  std::unique_ptr<Recording> capture(const std::function<void()>& work) override { return record(*this, work); }
  Counters counters() const override;

  /// Opened here if it was not. Throws DeviceError where there is none.
  const Blas& blas();
  /// The LAPACK in it; null where there is none.
  const Lapack* lapack();
  /// FFTW for float32 or float64, opened here if it was not. Throws DeviceError where there is none.
  Fftw& fftw(DType);

 private:
  std::string name_ = "cpu";
  HostMemory memory_;
  ModuleStore modules_;
  ForkSafeMutex blas_door_;
  std::unique_ptr<Blas> blas_;
  std::atomic<const Blas*> blas_open_{nullptr};
  ForkSafeMutex fftw_door_;
  std::array<std::unique_ptr<Fftw>, 2> fftw_;
  Tally tally_;
};

}  // namespace croton::runtime
