// A step that the host computes from whole arrays, wherever they lie.
#pragma once
#include <span>

#include "runtime/plan.h"

namespace croton::runtime {

/// Waits for the device's work so far. `pointers`: where each buffer of the program lies in this call. The result is
/// written where it belongs; on a device whose memory the host cannot address, arguments and result are copied.
void run_host_step(const PlannedHost&, const tile::Program&, const Plan&, std::span<void* const> pointers, Device&);

}  // namespace croton::runtime
