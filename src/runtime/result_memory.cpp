#include "runtime/result_memory.h"

#include <algorithm>
#include <functional>

#include "array/access.h"

namespace croton::runtime {
namespace {

// Whether an argument that is the caller's own memory, and so holds no count, lies in the array's memory.
bool is_read(const Array& a, std::span<const Array> arguments) {
  const Block* memory = block(a);
  return memory && std::any_of(arguments.begin(), arguments.end(), [memory](const Array& x) {
           if (!is_foreign(x)) return false;
           const std::byte* first = data(x);
           const std::byte* last = first + static_cast<std::size_t>(x.size()) * size_of(x.dtype());
           return std::less<>{}(first, memory->bytes + memory->size) && std::less<>{}(memory->bytes, last);
         });
}

// Whether an array may be written for a result: of its type, row-major, in memory of ours that `holders` handles share.
bool usable(const Array& a, const Place& place, int holders) {
  const ArrayAccess::Body* const b = ArrayAccess::slot(a);
  const Block* const memory = block(a);
  return b != nullptr && memory != nullptr && memory->dtype == place.dtype && b->contiguous && !memory->foreign &&
         memory->writable && std::equal(b->shape.begin(), b->shape.end(), place.shape.begin(), place.shape.end()) &&
         use_count(a) == holders;
}

}  // namespace

void* result_memory(const Place& place, Array& kept, std::vector<Array>& replaced, std::span<const Array> arguments,
                    Array& out) {
  constexpr std::size_t worth_keeping = 4096;                      // bytes
  const bool kept_here = block(out) && block(out) == block(kept);  // the caller's handle and this one
  const bool read = is_read(out, arguments);
  if (read) replaced.push_back(out);
  if (read || !usable(out, place, kept_here ? 2 : 1)) {
    if (place.bytes < worth_keeping)
      out = empty(Extents(place.shape), place.dtype);
    else {
      if (!usable(kept, place, 1)) kept = empty(Extents(place.shape), place.dtype);
      out = kept;
    }
  }
  return const_cast<std::byte*>(data(out));
}

std::unique_ptr<std::vector<Array>> KeptArrays::take(std::size_t count) {
  std::unique_ptr<std::vector<Array>> all(last_.exchange(nullptr, std::memory_order_acquire));
  if (!all) all = std::make_unique<std::vector<Array>>();
  all->resize(count);
  return all;
}

void KeptArrays::give_back(std::unique_ptr<std::vector<Array>> all) noexcept {
  delete last_.exchange(all.release(), std::memory_order_acq_rel);
}

}  // namespace croton::runtime
