#include "runtime/cpu/cpu_device.h"

#include <cstring>
#include <mutex>

#include "base/error.h"
#include "base/float_control.h"
#include "runtime/cpu/cpu_target.h"
#include "runtime/cpu/relay.h"

namespace croton::runtime {

CpuDevice::CpuDevice() : CpuDevice(cpu_target()) {}
CpuDevice::CpuDevice(Target target) : modules_(std::move(target)) { threads(); }  // a bad configuration shows here

std::string CpuDevice::description() const {
  const int n = threads();
  return fmt::format("cpu: {}, {}, {} thread{}", cpu_model(), target().isa, n, n == 1 ? "" : "s");
}

namespace {
void move_bytes(void* to, const void* from, std::size_t bytes) {
  if (bytes != 0) std::memmove(to, from, bytes);
}
}  // namespace

void CpuDevice::to_device(void* to, const void* from, std::size_t bytes) {
  if (Steps* steps = recording_of(*this)) return steps->to_device(to, from, bytes);
  tally_.in(bytes);
  move_bytes(to, from, bytes);
}

void CpuDevice::to_host(void* to, const void* from, std::size_t bytes) {
  refuse_while_recording(*this);
  tally_.out(bytes);
  move_bytes(to, from, bytes);
}

void CpuDevice::copy(void* to, const void* from, std::size_t bytes) {
  if (Steps* steps = recording_of(*this)) return steps->copy(to, from, bytes);
  move_bytes(to, from, bytes);
}

void CpuDevice::zero(void* to, std::size_t bytes) {
  if (Steps* steps = recording_of(*this)) return steps->zero(to, bytes);
  if (bytes != 0) std::memset(to, 0, bytes);
}

void CpuDevice::launch(std::span<const Launch> list) {
  if (Steps* steps = recording_of(*this)) {
    for (const Launch& l : list) steps->launch(l);
    return;
  }
  tally_.launches.add(list.size());
  for (const Launch& l : list) {
    const auto run = [](void* launch, long chunk, void* scratch) {
      const auto& own = *static_cast<const Launch*>(launch);
      own.kernel.chunk(own.args, chunk, scratch);
    };
    parallel_for(l.chunks, l.scratch_bytes, run, const_cast<Launch*>(&l));
  }
}

const Blas& CpuDevice::blas() {
  if (const Blas* open = blas_open_.load(std::memory_order_acquire)) return *open;
  const auto config = config_snapshot();
  const std::lock_guard guard(blas_door_);
  if (blas_ == nullptr) blas_ = std::make_unique<Blas>(*config);
  blas_open_.store(blas_.get(), std::memory_order_release);
  return *blas_;
}

const Lapack* CpuDevice::lapack() try { return blas().lapack(); } catch (const DeviceError&) {
  return nullptr;
}

Fftw& CpuDevice::fftw(DType d) {
  const std::lock_guard guard(fftw_door_);
  std::unique_ptr<Fftw>& opened = fftw_[d == float32 ? 0 : 1];
  if (opened == nullptr) opened = std::make_unique<Fftw>(d);
  return *opened;
}

void CpuDevice::gemm(const Gemm& g) {
  if (Steps* steps = recording_of(*this)) return steps->gemm(g);
  tally_.library_calls.add();
  const FloatControl control;
  blas().gemm(g);
}

void CpuDevice::relay(std::span<const RowStep> steps) {
  if (recording_of(*this) != nullptr || !gains_by_turns(blas(), steps)) return Device::relay(steps);
  for (const RowStep& s : steps) (s.launch != nullptr ? tally_.launches : tally_.library_calls).add();
  const FloatControl control;
  run_in_turns(blas(), steps);
}

std::optional<KernelError> CpuDevice::commit(void* slot) {
  if (recording_of(*this) != nullptr) return std::nullopt;
  return read_error(slot);
}

Counters CpuDevice::counters() const { return tally_.counters(modules_.counters()); }

}  // namespace croton::runtime
