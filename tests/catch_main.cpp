#define CATCH_CONFIG_MAIN
#include "catch.h"
#include "gpu.h"

// Where a real GPU is named, it also runs what names no device.
[[maybe_unused]] static const bool device_is_chosen = [] {
  const char* flags = std::getenv("CROTON_FLAGS");
  if (!croton::gpu_is_emulated() && (flags == nullptr || *flags == 0))
    setenv("CROTON_FLAGS", croton::on_gpu().c_str(), 1);
  return true;
}();
