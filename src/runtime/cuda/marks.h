// Marks in the stream: a ticket is a number, behind it an event, and what is reached is never asked for again.
#pragma once
#include <deque>
#include <vector>

#include "runtime/cuda/cuda_api.h"
#include "runtime/device.h"

namespace croton::runtime::cuda {

class Marks {
 public:
  explicit Marks(const DriverFunctions& call) : call_(call) {}
  void release() noexcept;

  /// A mark at the stream's end; `launched` comes back when it is reached.
  CUresult set(CUstream, std::uint64_t launched, Ticket& ticket);
  /// CUDA_ERROR_NOT_READY where it is not reached yet.
  CUresult query(Ticket);
  CUresult wait(Ticket);
  /// All marks are reached: the stream was waited for.
  void reach_all();
  /// The launches that are known to be done.
  std::uint64_t launches_done() const { return launches_done_; }

 private:
  struct Mark {
    Ticket ticket;
    CUevent event;
    std::uint64_t launched;
  };
  void reach(Ticket);
  const DriverFunctions& call_;
  Ticket last_ = 0, reached_ = 0;
  std::uint64_t launches_done_ = 0;
  std::deque<Mark> waiting_;  // in the stream's order
  std::vector<CUevent> free_;
};

}  // namespace croton::runtime::cuda
