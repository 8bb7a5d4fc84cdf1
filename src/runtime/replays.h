// What calls give a device again and again, as recordings: on a GPU a plan's launches are one CUDA graph, as soon as
// calls come with the same memory.
#pragma once
#include <functional>
#include <list>
#include <memory>
#include <span>
#include <vector>

#include "runtime/device.h"

namespace croton::runtime {

/// Of one workspace. A recording holds the pointers that it was made with, so it is good for calls with these very
/// pointers alone.
class Replays {
 public:
  /// The recordings of calls with one set of pointers, by stretch of the plan.
  class Set {
   public:
    /// Gives `work` to the device: as it is the first time, from the second on as one recording. Where none can be
    /// made, which is warned of, as it is.
    void run(Device&, std::size_t stretch, const std::function<void()>& work);

   private:
    friend class Replays;
    struct Stretch {
      bool was_run = false, cannot = false;
      std::unique_ptr<Recording> recording;
    };
    std::vector<void*> pointers_;
    std::vector<Stretch> stretches_;
  };

  /// The set of these pointers, which takes the place of the one not used for longest if it is new and there are many:
  /// a result that the caller keeps until the next call has made its own lies in two places by turns, and each batch of
  /// rows of a variable is a place.
  Set& of(std::span<void* const> pointers, std::size_t stretches);

 private:
  std::list<Set> sets_;  // those used last first
};

}  // namespace croton::runtime
