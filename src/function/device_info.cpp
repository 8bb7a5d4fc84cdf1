#include "croton/config.h"
#include "croton/device.h"
#include "runtime/device.h"

namespace croton {
namespace {

runtime::Device& configured_device() { return runtime::device(config_value("device")); }

}  // namespace

std::string device_description() { return configured_device().description(); }

DeviceCounters device_counters() {
  const runtime::Counters c = configured_device().counters();
  return {c.launches, c.library_calls, c.compilations, c.transfers_in, c.transfers_out, c.graph_launches};
}

}  // namespace croton
