#include "base/fork_safe.h"

#include <pthread.h>
#include <time.h>

namespace croton {

struct ForkSafeList {
  std::mutex door;
  ForkSafeMutex* first = nullptr;

  ForkSafeList() { pthread_atfork(take_all, give_back, give_back); }

  // Never destroyed: locks of global variables outlive main.
  static ForkSafeList& of_process() {
    static auto* const list = new ForkSafeList;
    return *list;
  }

  // Holds none while it waits for one, so that it cannot wait in a circle. After a second it goes on without: the
  // thread that forks may hold one itself.
  static void take_all() {
    ForkSafeList& list = of_process();
    list.door.lock();
    for (int rounds = 0; rounds < 10'000 && !list.try_all(); ++rounds) {
      const timespec nap{0, 100'000};
      nanosleep(&nap, nullptr);
    }
  }
  static void give_back() {
    ForkSafeList& list = of_process();
    list.release();
    list.door.unlock();
  }

  bool try_all() {
    for (ForkSafeMutex* m = first; m != nullptr; m = m->next_) {
      m->taken_ = m->try_lock();
      if (m->taken_) continue;
      release();
      return false;
    }
    return true;
  }
  void release() {
    for (ForkSafeMutex* m = first; m != nullptr; m = m->next_) {
      if (m->taken_) m->unlock();
      m->taken_ = false;
    }
  }
  void add(ForkSafeMutex& m) {
    const std::lock_guard guard(door);
    m.next_ = first;
    m.from_ = &first;
    if (first != nullptr) first->from_ = &m.next_;
    first = &m;
  }
  void remove(ForkSafeMutex& m) {
    const std::lock_guard guard(door);
    *m.from_ = m.next_;
    if (m.next_ != nullptr) m.next_->from_ = m.from_;
  }
};

ForkSafeMutex::ForkSafeMutex() { ForkSafeList::of_process().add(*this); }
ForkSafeMutex::~ForkSafeMutex() { ForkSafeList::of_process().remove(*this); }

}  // namespace croton
