// The GPU that tests run on: the emulated one, or a real one where CROTON_TEST_GPU names it ("cuda", "cuda1").
#pragma once
#include <cstdlib>
#include <string>

namespace croton {

/// Its name, as the key `device` takes it.
inline std::string gpu_name() {
  const char* real = std::getenv("CROTON_TEST_GPU");
  return real != nullptr && *real != 0 ? real : "emulator";
}
/// "device=emulator", for a ScopedConfig.
inline std::string on_gpu() { return "device=" + gpu_name(); }
inline bool gpu_is_emulated() { return gpu_name() == "emulator"; }

}  // namespace croton
