// Which devices there are, by the names that the configuration uses.
#include <map>
#include <mutex>

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "runtime/cpu/cpu_device.h"
#include "runtime/emulator/emulator_driver.h"
#include "runtime/gpu/cuda_plugin.h"
#include "runtime/gpu/gpu_device.h"
#include "runtime/host.h"
#include "runtime/queued.h"

namespace croton::runtime {
namespace {

// Devices are never closed: buffers and modules of static variables outlive any order of destruction.
CpuDevice& cpu() {
  static auto* const opened = new CpuDevice;
  return *opened;
}

Device& queued() {
  static Device* const opened = new QueuedDevice(cpu());
  return *opened;
}

Device& emulated() {
  static Device* const opened = [] {
    const auto config = config_snapshot();
    return new GpuDevice("emulator", std::make_unique<emulator::EmulatorDriver>(emulator::Options{
                                         .check = config->flag("emulator_check"),
                                         .seed = static_cast<std::uint64_t>(config->number("emulator_seed"))}));
  }();
  return *opened;
}

constexpr std::string_view ways_out =
    "device=cpu runs on the processor; device=auto takes a GPU where there is one and else the CPU, and says so; "
    "device=emulator is the GPU path without a GPU";

// The GPU of that number. Throws DeviceError with the reason where it cannot be used.
Device& cuda(unsigned number) {
  static std::mutex door;
  static auto* const opened = new std::map<unsigned, std::unique_ptr<Device>>;
  const std::lock_guard guard(door);
  auto& device = (*opened)[number];
  if (device == nullptr)
    device = std::make_unique<GpuDevice>(fmt::format("cuda{}", number),
                                         gpu::cuda_plugin().open(gpu::CudaOptions::from(*config_snapshot()), number));
  return *device;
}

std::string first_line(std::string_view text) { return std::string(text.substr(0, text.find('\n'))); }

// auto: a GPU that works, else the CPU; chosen once, and the reason said where it is the CPU.
Device& best() {
  struct Choice {
    Device* device;
    std::string why_cpu;
  };
  static const Choice choice = [] {
    try {
      return Choice{&cuda(0), {}};
    } catch (const DeviceError& e) { return Choice{&cpu(), first_line(e.what())}; }
  }();
  if (!choice.why_cpu.empty()) {
    warn_once("device=auto", fmt::format("device=auto: functions run on the CPU: {}", choice.why_cpu));
  }
  return *choice.device;
}

}  // namespace

const Host& host() {
  static constexpr Host lent{.parallel_for = parallel_for,
                             .lapack = [] { return cpu().lapack(); },
                             .fourier = [](Fourier kind, DType d, Index n) { return cpu().fftw(d).plan(kind, n); }};
  return lent;
}

Device& device(std::string_view written) {
  const std::string name = lower(trim(written));
  if (name == "cpu") return cpu();
  if (name == "queued") return queued();
  if (name == "auto") return best();
  if (const int number = gpu::cuda_number(name); number >= 0) {
    try {
      return cuda(static_cast<unsigned>(number));
    } catch (const DeviceError& e) { fail<DeviceError>("device={}: {}\n  {}", name, e.what(), ways_out); }
  }
  if (name == "emulator") return emulated();
  fail<DeviceError>(
      "device={}: there is no such device; devices are cpu, cuda, cuda0, ..., gpu, gpu0, ..., emulator, auto", written);
}

}  // namespace croton::runtime
