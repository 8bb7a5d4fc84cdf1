// Signals belong to the program's own threads: those that we start are born with all of them blocked.
#pragma once
#include <pthread.h>
#include <signal.h>

namespace croton {

/// Blocks every signal of the calling thread for the life of the scope; a thread that is started in it inherits that.
class SignalsBlocked {
 public:
  SignalsBlocked() noexcept {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

}  // namespace croton
