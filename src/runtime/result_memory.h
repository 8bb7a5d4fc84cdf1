// Where a call writes a result that the host reads: arrays of calls before serve again where nobody else sees them.
#pragma once
#include <atomic>
#include <memory>
#include <span>
#include <vector>

#include "croton/array.h"
#include "runtime/plan.h"

namespace croton::runtime {

/// Gives memory for `place`, and lets `out` be the array over it: the caller's own `out` where nobody else holds it;
/// else `kept`, the last call's, once the caller has let go of it; else a new one, which `kept` remembers. An `out`
/// that one of the arguments lies in is left as it is and goes to `replaced`, to live as long as the call.
void* result_memory(const Place& place, Array& kept, std::vector<Array>& replaced, std::span<const Array> arguments,
                    Array& out);

/// Arrays of the last call, by number, for the next one: a call takes them all, and gives back its own. One that runs
/// beside it finds none.
class KeptArrays {
 public:
  KeptArrays() = default;
  ~KeptArrays() { delete last_.load(); }
  KeptArrays(const KeptArrays&) = delete;
  KeptArrays& operator=(const KeptArrays&) = delete;

  std::unique_ptr<std::vector<Array>> take(std::size_t count);
  void give_back(std::unique_ptr<std::vector<Array>>) noexcept;

 private:
  std::atomic<std::vector<Array>*> last_{nullptr};
};

}  // namespace croton::runtime
