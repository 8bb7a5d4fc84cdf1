// What a device has done so far, counted by any thread.
#pragma once
#include <atomic>

#include "runtime/device.h"

namespace croton::runtime {

class Count {
 public:
  void add(std::uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

struct Tally {
  Count launches, library_calls, graph_launches, transfers_in, transfers_out, bytes_in, bytes_out;

  void in(std::size_t bytes) { transfers_in.add(), bytes_in.add(bytes); }
  void out(std::size_t bytes) { transfers_out.add(), bytes_out.add(bytes); }
  /// With what the device's modules count.
  Counters counters(Counters modules) const {
    modules.launches = launches.value(), modules.library_calls = library_calls.value();
    modules.graph_launches = graph_launches.value();
    modules.transfers_in = transfers_in.value(), modules.bytes_in = bytes_in.value();
    modules.transfers_out = transfers_out.value(), modules.bytes_out = bytes_out.value();
    return modules;
  }
};

}  // namespace croton::runtime
