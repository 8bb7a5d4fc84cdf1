#include "runtime/host_step.h"

#include <memory>

#include "array/access.h"
#include "ops/evaluate.h"
#include "runtime/host.h"

namespace croton::runtime {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

class Values {
 public:
  Values(const tile::Program& program, const Plan& plan, std::span<void* const> pointers, Device& device)
      : program_(program), plan_(plan), pointers_(pointers), device_(device) {}

  /// A buffer's value, copied to the host; where the device's memory is the host's, as it lies.
  Array of(int b) const {
    const int base = base_of(b);
    const std::size_t bytes = plan_.places[at(base)].bytes;
    const DType d = program_.buffers[at(b)].node.dtype();
    const Extents elements{bytes / size_of(d)};
    if (!device_.host_addressable()) {
      Array whole = empty(elements, d);
      device_.to_host(mutable_data(whole), pointers_[at(base)], bytes);
      return part(whole, b, base);
    }
    auto block = std::make_unique<Block>();
    block->bytes = static_cast<std::byte*>(pointers_[at(base)]);
    block->size = bytes;
    block->dtype = d;
    block->writable = false;
    block->foreign = true;
    return part(from_block(block.release(), elements), b, base);
  }

 private:
  int base_of(int b) const {
    while (plan_.places[at(b)].home == Home::base) b = plan_.places[at(b)].base;
    return b;
  }

  Array part(const Array& whole, int b, int base) const {
    const Place& place = plan_.places[at(b)];
    const auto bytes = static_cast<std::byte*>(pointers_[at(b)]) - static_cast<std::byte*>(pointers_[at(base)]);
    return view(whole, Extents(place.shape), Extents(place.strides),
                bytes / static_cast<std::ptrdiff_t>(size_of(whole.dtype())));
  }

  const tile::Program& program_;
  const Plan& plan_;
  std::span<void* const> pointers_;
  Device& device_;
};

// Axis d is the array's axis axes[d], or repeats it.
Array seen_as(const Array& a, const std::vector<int>& axes, const Shape& shape) {
  Extents steps;
  for (const int e : axes) steps.add(e < 0 ? 0 : strides(a)[at(e)]);
  return view(a, Extents(shape), steps);
}

}  // namespace

void run_host_step(const PlannedHost& h, const tile::Program& program, const Plan& plan,
                   std::span<void* const> pointers, Device& device) {
  device.synchronize();
  const Values values(program, plan, pointers, device);
  std::vector<Array> arguments;
  for (std::size_t k = 0; k < h.arguments.size(); ++k) {
    const Array x = values.of(h.arguments[k]);
    arguments.push_back(h.axes[k] ? seen_as(x, *h.axes[k], h.shapes[k]) : x);
  }
  if (device.host_addressable())
    return ops::evaluate_into(h.node, arguments, static_cast<std::byte*>(pointers[at(h.out)]), host());
  const Array value = contiguous(ops::evaluate_node(h.node, arguments, host()));
  device.to_device(pointers[at(h.out)], data(value), plan.places[at(h.out)].bytes);
}

}  // namespace croton::runtime
