// FFTW, opened when a step first needs a Fourier transform and never linked: one library for each dtype.
#pragma once
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/fork_safe.h"
#include "ops/host.h"

namespace croton::runtime {

class Fftw {
 public:
  /// For float32 or float64, from the first of some files that can be opened. Throws DeviceError, which names the
  /// package, where there is none.
  Fftw(DType, const std::vector<std::string>& files);
  explicit Fftw(DType);
  Fftw(const Fftw&) = delete;
  Fftw& operator=(const Fftw&) = delete;
  /// Made by a rule, and not by trying out (FFTW_ESTIMATE): the same n is always the same arithmetic. Kept while it is
  /// among those that were asked for last; whoever has it may use it longer, but not longer than this lives. (A host
  /// program that plans with the same FFTW on a thread of its own has to make FFTW's planner safe for threads.)
  std::shared_ptr<const FourierPlan> plan(Fourier, Index n);
  const std::string& path() const { return path_; }

 private:
  /// An axis of FFTW's interface: its extent, and what its elements lie apart.
  struct Axis {
    std::ptrdiff_t n, from, to;
  };
  struct Owned;  // a plan, until nobody has it any more
  struct Kept {
    Fourier kind;
    Index n;
    std::shared_ptr<const FourierPlan> plan;
  };
  using Transform = void (*)(void* plan, void* from, void* to);
  using PlanComplex = void* (*)(int rank, const Axis*, int loops, const Axis*, void* from, void* to, int sign,
                                unsigned flags);
  using PlanReal = void* (*)(int rank, const Axis*, int loops, const Axis*, void* from, void* to, unsigned flags);

  bool find_functions(void* library);
  Transform transform(Fourier) const;
  std::shared_ptr<const FourierPlan> kept(Fourier, Index n);
  void* made(Fourier, Index n) const;

  DType dtype_;
  std::string path_;
  PlanComplex plan_complex_ = nullptr;
  PlanReal plan_real_ = nullptr, plan_to_real_ = nullptr;
  Transform complex_ = nullptr, real_ = nullptr, to_real_ = nullptr;
  void (*destroy_)(void* plan) = nullptr;
  ForkSafeMutex door_;     // of all that FFTW allows to one thread only, and of kept_
  std::deque<Kept> kept_;  // the last one first
};

}  // namespace croton::runtime
