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
void count(std::atomic<std::uint64_t>& counter, std::uint64_t n = 1) {
  counter.fetch_add(n, std::memory_order_relaxed);
}

void move_bytes(void* to, const void* from, std::size_t bytes) {
  if (bytes != 0) std::memmove(to, from, bytes);
}
}  // namespace

void CpuDevice::to_device(void* to, const void* from, std::size_t bytes) {
  if (Steps* steps = recording_of(*this)) return steps->to_device(to, from, bytes);
  count(transfers_in_);
  count(bytes_in_, bytes);
  move_bytes(to, from, bytes);
}

void CpuDevice::to_host(void* to, const void* from, std::size_t bytes) {
  refuse_while_recording(*this);
  count(transfers_out_);
  count(bytes_out_, bytes);
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
  count(launches_, list.size());
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

void CpuDevice::gemm(const Gemm& g) {
  if (Steps* steps = recording_of(*this)) return steps->gemm(g);
  count(library_calls_);
  const FloatControl control;
  blas().gemm(g);
}

void CpuDevice::relay(std::span<const RowStep> steps) {
  if (recording_of(*this) != nullptr || !gains_by_turns(blas(), steps)) return Device::relay(steps);
  for (const RowStep& s : steps) count(s.launch != nullptr ? launches_ : library_calls_);
  const FloatControl control;
  run_in_turns(blas(), steps);
}

std::optional<KernelError> CpuDevice::commit(void* slot) {
  if (recording_of(*this) != nullptr) return std::nullopt;
  return read_error(slot);
}

Counters CpuDevice::counters() const {
  Counters c = modules_.counters();
  c.launches = launches_;
  c.library_calls = library_calls_;
  c.transfers_in = transfers_in_;
  c.transfers_out = transfers_out_;
  c.bytes_in = bytes_in_;
  c.bytes_out = bytes_out_;
  return c;
}

}  // namespace croton::runtime
