#include "runtime/cuda/branches.h"

#include <algorithm>

namespace croton::runtime::cuda {
namespace {

constexpr int none = -1;

}  // namespace

void Branches::release() noexcept {
  for (const CUevent event : events_) call_.cuEventDestroy(event);
  for (std::size_t b = 1; b < most; ++b)
    if (streams_[b] != nullptr) call_.cuStreamDestroy(streams_[b]);
  events_.clear();
  streams_ = {};
}

void Branches::begin(CUstream origin) {
  streams_[0] = origin;
  last_.fill(none);
  branch_ = 0;
  pieces_.clear();
  begin_ = nullptr;
  used_ = 0;
}

// Behind a piece that is waited for anyway; else in a branch of its own; else behind the piece that was noted first of
// those which end a branch, and is likely to be done.
std::size_t Branches::choose(std::span<const int> waits_for) const {
  if (pieces_.empty()) return 0;
  std::size_t best = 0;
  const auto is_waited_for = [&](std::size_t b) {
    return std::find(waits_for.begin(), waits_for.end(), last_[b]) != waits_for.end();
  };
  for (std::size_t b = 0; b < most; ++b)
    if (is_waited_for(b)) return b;
  for (std::size_t b = 1; b < most; ++b)
    if (last_[b] < last_[best]) best = b;
  return best;
}

CUresult Branches::next(std::span<const int> waits_for) {
  const std::size_t b = choose(waits_for);
  // the first branch has begun, if only with what was noted before there were pieces
  if (pieces_.empty()) {
    if (const CUresult r = mark(begin_, 0); r != CUDA_SUCCESS) return r;
  } else if (b != 0 && last_[b] == none) {
    if (streams_[b] == nullptr)
      if (const CUresult r = call_.cuStreamCreate(&streams_[b], CU_STREAM_NON_BLOCKING); r != CUDA_SUCCESS) return r;
    if (const CUresult r = wait_for(begin_, b); r != CUDA_SUCCESS) return r;
  }
  // what comes behind a piece hides its end
  if (last_[b] != none)
    if (const CUresult r = mark_end(last_[b]); r != CUDA_SUCCESS) return r;
  for (const int before : waits_for) {
    if (pieces_[static_cast<std::size_t>(before)].branch == b) continue;
    if (const CUresult r = mark_end(before); r != CUDA_SUCCESS) return r;
    if (const CUresult r = wait_for(pieces_[static_cast<std::size_t>(before)].end, b); r != CUDA_SUCCESS) return r;
  }
  last_[b] = static_cast<int>(pieces_.size());
  pieces_.push_back({b, nullptr});
  branch_ = b;
  return CUDA_SUCCESS;
}

CUresult Branches::join() {
  for (std::size_t b = 1; b < most; ++b) {
    if (last_[b] == none) continue;
    if (const CUresult r = mark_end(last_[b]); r != CUDA_SUCCESS) return r;
    if (const CUresult r = wait_for(pieces_[static_cast<std::size_t>(last_[b])].end, 0); r != CUDA_SUCCESS) return r;
  }
  branch_ = 0;
  return CUDA_SUCCESS;
}

CUresult Branches::mark(CUevent& event, std::size_t branch) {
  if (used_ == events_.size()) {
    CUevent made = nullptr;
    if (const CUresult r = call_.cuEventCreate(&made, CU_EVENT_DISABLE_TIMING); r != CUDA_SUCCESS) return r;
    events_.push_back(made);
  }
  event = events_[used_++];
  return call_.cuEventRecord(event, streams_[branch]);
}

CUresult Branches::mark_end(int piece) {
  Piece& p = pieces_[static_cast<std::size_t>(piece)];
  return p.end != nullptr ? CUDA_SUCCESS : mark(p.end, p.branch);
}

}  // namespace croton::runtime::cuda
