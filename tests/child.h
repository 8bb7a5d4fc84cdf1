// A test's part that wants a process of its own.
#pragma once
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

namespace croton {

#if defined(__SANITIZE_THREAD__)
inline constexpr bool can_fork = false;  // it ends a forked child that makes threads
#else
inline constexpr bool can_fork = true;
#endif

/// Whether f is true in a process forked from this one; 60 s instead of hanging.
inline bool in_child(const std::function<bool()>& f) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(60);
    bool good = false;
    try {
      good = f();
    } catch (...) {}
    ::_exit(good ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace croton
