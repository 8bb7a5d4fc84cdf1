#include "runtime/cuda/marks.h"

#include <algorithm>

namespace croton::runtime::cuda {

void Marks::release() noexcept {
  for (const Mark& m : waiting_) call_.cuEventDestroy(m.event);
  for (const CUevent event : free_) call_.cuEventDestroy(event);
  waiting_.clear();
  free_.clear();
}

CUresult Marks::set(CUstream stream, std::uint64_t launched, Ticket& ticket) {
  CUevent event = nullptr;
  if (free_.empty()) {
    const CUresult r = call_.cuEventCreate(&event, CU_EVENT_DISABLE_TIMING);
    if (r != CUDA_SUCCESS) return r;
  } else {
    event = free_.back();
    free_.pop_back();
  }
  const CUresult r = call_.cuEventRecord(event, stream);
  if (r != CUDA_SUCCESS) {
    free_.push_back(event);
    return r;
  }
  ticket = ++last_;
  waiting_.push_back({ticket, event, launched});
  return CUDA_SUCCESS;
}

// The stream works in order: one mark reached means that all before it are.
void Marks::reach(Ticket ticket) {
  while (!waiting_.empty() && waiting_.front().ticket <= ticket) {
    free_.push_back(waiting_.front().event);
    launches_done_ = std::max(launches_done_, waiting_.front().launched);
    waiting_.pop_front();
  }
  reached_ = std::max(reached_, ticket);
}

void Marks::reach_all() { reach(last_); }

CUresult Marks::query(Ticket ticket) {
  if (ticket <= reached_ || waiting_.empty()) return CUDA_SUCCESS;
  const auto found = std::find_if(waiting_.begin(), waiting_.end(), [&](const Mark& m) { return m.ticket >= ticket; });
  if (found == waiting_.end()) return CUDA_SUCCESS;
  const CUresult r = call_.cuEventQuery(found->event);
  if (r == CUDA_SUCCESS) reach(found->ticket);
  return r;
}

CUresult Marks::wait(Ticket ticket) {
  if (ticket <= reached_ || waiting_.empty()) return CUDA_SUCCESS;
  const auto found = std::find_if(waiting_.begin(), waiting_.end(), [&](const Mark& m) { return m.ticket >= ticket; });
  if (found == waiting_.end()) return CUDA_SUCCESS;
  const CUresult r = call_.cuEventSynchronize(found->event);
  if (r == CUDA_SUCCESS) reach(found->ticket);
  return r;
}

}  // namespace croton::runtime::cuda
