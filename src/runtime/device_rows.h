// Rows of a loop on a device that has memory of its own: nothing of them goes through the host at a step.
#pragma once
#include "ops/loop.h"
#include "runtime/device.h"

namespace croton::runtime {

class DeviceRows final : public ops::RowMemory {
 public:
  explicit DeviceRows(Device& device) : device_(device) {}
  Array make(const Extents& shape, DType) const override;
  void copy(Array& to, std::size_t to_byte, const Array& from, std::size_t from_byte, std::size_t bytes) const override;
  /// In one transfer.
  Array moved(const Array&) const override;
  /// A copy: what is recorded with its address serves for all rows. Work given before may still read the last row.
  void move_to_row(Array& row, const Array& all, Index i) const override;

 private:
  Device& device_;
};

}  // namespace croton::runtime
