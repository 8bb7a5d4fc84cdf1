// Which devices there are, by the names that the configuration uses.
#include <mutex>

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "runtime/cpu/cpu_device.h"
#include "runtime/emulator/emulator_driver.h"
#include "runtime/gpu/gpu_device.h"
#include "runtime/queued.h"

namespace croton::runtime {
namespace {

// Devices are never closed: buffers and modules of static variables outlive any order of destruction.
Device& cpu() {
  static Device* const opened = new CpuDevice;
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

// "cuda", "gpu1": a name with an optional number after it
bool is_numbered(std::string_view name, std::string_view kind) {
  return name.starts_with(kind) && name.find_first_not_of("0123456789", kind.size()) == std::string_view::npos;
}

}  // namespace

Device& device(std::string_view written) {
  const std::string name = lower(trim(written));
  if (name == "cpu") return cpu();
  if (name == "queued") return queued();
  if (name == "auto") {
    warn_once("device=auto", "device=auto: this version of Croton has no GPU path, so functions run on the CPU");
    return cpu();
  }
  if (is_numbered(name, "cuda") || is_numbered(name, "gpu")) {
    fail<DeviceError>("device={}: this version of Croton ({}) has no GPU path, so no GPU was looked for\n  {}", name,
                      CROTON_VERSION, ways_out);
  }
  if (name == "emulator") return emulated();
  fail<DeviceError>(
      "device={}: there is no such device; devices are cpu, cuda, cuda0, ..., gpu, gpu0, ..., emulator, auto", written);
}

}  // namespace croton::runtime
