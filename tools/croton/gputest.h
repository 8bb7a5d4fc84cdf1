// Trying the configured device: the classic exp kernel, its results beside the host's in double precision, and how fast
// the device moves data and multiplies. Knows devices by the Device interface alone, so that it tries every one in the
// same way.
#pragma once
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "runtime/device.h"

/// Ends the program where a step does not end: a driver that hangs must not hang the one who asks what is wrong.
class Watch {
 public:
  /// `says` prints what is known so far; it is given the step that hangs. Then the program ends with `exit_status`.
  Watch(std::function<void(const std::string& step)> says, int exit_status);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  /// From here on this is done, and no longer than so many seconds.
  void step(const std::string& what, double seconds = 5);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

struct ExpRun {
  bool is_on_gpu = false;  ///< launched on a device of that class, as its counters show
  int loops = 0;
  double seconds = 0;
  std::vector<float> results;
  double ulp = 0;  ///< the largest error, against the host's exp in double precision
};
/// exp over 10 * 30 * 768 values, as Theano's gputest.py does: at most `loops` times, and stops after 4 seconds.
ExpRun run_exp(const std::string& device, int loops, Watch&);

struct Speeds {
  double to_device = 0, to_host = 0, copy = 0;  ///< GB/s; copy counts bytes read and written
  double gflops = 0;                            ///< of a float32 product of 1024 x 1024 matrices; 0 where there is none
  std::string gemm_problem;                     ///< why there is none
};
Speeds measure(croton::runtime::Device&, Watch&);
