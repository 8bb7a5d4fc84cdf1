#include "runtime/device_rows.h"

#include "array/access.h"
#include "runtime/storage.h"

namespace croton::runtime {
namespace {

std::size_t bytes_of(const Array& a) { return static_cast<std::size_t>(a.size()) * size_of(a.dtype()); }

}  // namespace

Array DeviceRows::make(const Extents& shape, DType d) const {
  const auto bytes = static_cast<std::size_t>(count_of(shape)) * size_of(d);
  return to_array(CountedBuffer(Buffer(device_, bytes)), d, shape);
}

void DeviceRows::copy(Array& to, std::size_t to_byte, const Array& from, std::size_t from_byte,
                      std::size_t bytes) const {
  auto* const there = static_cast<std::byte*>(const_cast<void*>(memory_on(to, device_))) + to_byte;
  if (const auto* const here = static_cast<const std::byte*>(memory_on(from, device_)))
    device_.copy(there, here + from_byte, bytes);
  else
    device_.to_device(there, data(from) + from_byte, bytes);
}

Array DeviceRows::moved(const Array& a) const {
  if (memory_on(a, device_)) return a;
  Array there = make(a.shape(), a.dtype());
  if (a.size() > 0) copy(there, 0, contiguous(a), 0, bytes_of(a));
  return there;
}

void DeviceRows::move_to_row(Array& row, const Array& all, Index i) const {
  if (!memory_on(row, device_)) row = make(Extents(Shape(all.shape().begin() + 1, all.shape().end())), all.dtype());
  const std::size_t bytes = bytes_of(row);
  if (bytes > 0) copy(row, 0, all, static_cast<std::size_t>(i) * bytes, bytes);
}

}  // namespace croton::runtime
