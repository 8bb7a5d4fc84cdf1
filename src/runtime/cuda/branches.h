// The branches of a graph that is being captured: streams that fork from the driver's own, one piece after another in
// each, and events where a piece waits for one of another branch.
#pragma once
#include <array>
#include <span>
#include <vector>

#include "runtime/cuda/cuda_api.h"

namespace croton::runtime::cuda {

class Branches {
 public:
  /// So many run side by side; a piece beyond them waits for one that it need not wait for.
  static constexpr std::size_t most = 4;

  explicit Branches(const DriverFunctions& call) : call_(call) {}
  void release() noexcept;

  /// Right after the capture of `origin` has begun, which is the first branch.
  void begin(CUstream origin);
  /// The next piece waits for those of these numbers (the first is 0). It belongs into stream().
  CUresult next(std::span<const int> waits_for);
  CUstream stream() const { return streams_[branch_]; }
  /// Brings all branches back to the first, whose capture can end then.
  CUresult join();

 private:
  struct Piece {
    std::size_t branch;
    CUevent end;  // null as long as it is the last of its branch and nobody waits for it
  };
  std::size_t choose(std::span<const int> waits_for) const;
  CUresult mark(CUevent& event, std::size_t branch);
  CUresult mark_end(int piece);
  CUresult wait_for(CUevent event, std::size_t branch) {
    return call_.cuStreamWaitEvent(streams_[branch], event, CU_EVENT_WAIT_DEFAULT);
  }

  const DriverFunctions& call_;
  std::array<CUstream, most>
      streams_{};                 // the first is the driver's; the others are made when they are needed, and kept
  std::array<int, most> last_{};  // piece of each branch; none: it has not been used
  std::size_t branch_ = 0;
  std::vector<Piece> pieces_;
  CUevent begin_ = nullptr;      // of this capture, where a branch begins with it
  std::vector<CUevent> events_;  // those before used_ stand in this capture
  std::size_t used_ = 0;
};

}  // namespace croton::runtime::cuda
