#include "base/size_signal.h"

#include <pthread.h>
#include <time.h>

#include <cerrno>

namespace croton {
namespace {

sigset_t size_signal() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGXFSZ);
  return set;
}

}  // namespace

NoSizeSignal::NoSizeSignal() : before_() {
  const sigset_t set = size_signal();
  pthread_sigmask(SIG_BLOCK, &set, &before_);
}

NoSizeSignal::~NoSizeSignal() {
  const int error = errno;
  if (sigismember(&before_, SIGXFSZ) == 0) {
    const sigset_t set = size_signal();
    const timespec now{};
    while (sigtimedwait(&set, nullptr, &now) > 0) continue;
  }
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  errno = error;
}

}  // namespace croton
