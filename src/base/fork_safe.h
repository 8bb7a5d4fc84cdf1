// Locks that a forked child finds free. Of a program's threads the child has only the one that forked; what another
// held would be held for ever.
#pragma once
#include <mutex>

namespace croton {

/// A mutex that fork() waits for and takes: for what is held for moments, never while something runs that may take long
/// or fork. Threads that hold several take them in any order that is the same everywhere, as always.
class ForkSafeMutex {
 public:
  ForkSafeMutex();
  ~ForkSafeMutex();
  ForkSafeMutex(const ForkSafeMutex&) = delete;
  ForkSafeMutex& operator=(const ForkSafeMutex&) = delete;
  void lock() { mutex_.lock(); }
  bool try_lock() { return mutex_.try_lock(); }
  void unlock() { mutex_.unlock(); }

 private:
  friend struct ForkSafeList;
  std::mutex mutex_;
  ForkSafeMutex* next_ = nullptr;
  ForkSafeMutex** from_ = nullptr;  // the pointer that points here
  bool taken_ = false;              // by a fork that is under way
};

}  // namespace croton
