// Writing beyond the limit on file sizes: an error like any other, not the end of the program.
#pragma once
#include <signal.h>

namespace croton {

/// For the life of the scope a write of this thread beyond the limit fails with EFBIG, instead of ending the program by
/// SIGXFSZ.
class NoSizeSignal {
 public:
  NoSizeSignal();
  ~NoSizeSignal();
  NoSizeSignal(const NoSizeSignal&) = delete;
  NoSizeSignal& operator=(const NoSizeSignal&) = delete;

 private:
  sigset_t before_;
};

}  // namespace croton
