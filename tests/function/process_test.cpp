// A program's surroundings: closed streams, forked children, small stacks, few CPUs, little memory.
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "array/access.h"
#include "child.h"
#include "message.h"
#include "runtime/cpu/parallel.h"

namespace croton {
namespace {

// A graph that no other test has, so that it is compiled.
Function fresh_function(int salt) {
  const Tensor x = dvector("x");
  Tensor y = x;
  for (int bit = 0; bit < 12; ++bit) y = (salt >> bit & 1) != 0 ? y * 2 : exp(y) - y;
  return function(x, y);
}

}  // namespace

TEST_CASE("a profile that nobody can read ends no program") {
  if (!can_fork) return;
  REQUIRE(in_child([] {
    ::close(2);
    const ScopedConfig scope{"profile=True"};
    const Tensor x = dvector("x");
    function(x, x + 1)(Array{1.0});
    return true;
  }));
}

// Unsanitized: gcc 12's address sanitizer leaves its heap locked in a child forked while another thread allocates.
TEST_CASE("a child forked while another thread compiles and steps can compile and step", "[unsanitized]") {
  const ScopedConfig on_cpu("device=cpu");  // a GPU does not work in a child
  if (!can_fork) return;
  std::atomic<bool> stop{false};
  std::atomic<int> made{0};
  const Shared theirs = shared(Array{1., 2.}, "theirs"), ours = shared(Array{1., 2.}, "ours");
  const Procedure step = function({}, {.updates = {{ours, ours + 1}}});
  const Procedure their_step = function({}, {.updates = {{theirs, theirs + 1}}});
  std::thread busy([&] {
    for (int salt = 1; !stop; ++salt) {
      fresh_function(::getpid() % 64 * 64 + salt % 64)(Array{0.5});
      their_step();
      made = salt;
    }
  });
  while (made == 0) std::this_thread::yield();
  for (int round = 0; round < 8; ++round) {
    ::usleep(20'000);
    REQUIRE(in_child([&] {
      step();
      const Array y = fresh_function(4032 + round)(Array{0.5});
      return ours.get_value().at<double>(0) > 1 && y.size() == 1;
    }));
  }
  stop = true;
  busy.join();
}

TEST_CASE("a function, a call, a file and the configuration fit a stack of 64 KB") {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  pthread_attr_setstacksize(&attributes, 1 << 20);  // frames are larger there
#else
  pthread_attr_setstacksize(&attributes, 64 << 10);
#endif
  static const std::string path = "/tmp/croton_small_stack_" + std::to_string(::getpid()) + ".npz";
  pthread_t thread;
  bool good = false;
  REQUIRE(pthread_create(
              &thread, &attributes,
              [](void* done) -> void* {
                try {
                  const Shared w = shared(Array{1., 2.}, "w");
                  const Tensor x = dmatrix("x");
                  const Tensor cost = mean(sqr(tanh(dot(x, w))));
                  const Function f = function(x, cost, {{w, w - 0.1 * grad(cost, w)}});
                  f(Array{{1., 2.}, {3., 4.}});
                  const Function slow = function(x, cost, {.mode = Mode::FAST_COMPILE});
                  slow(Array{{1., 2.}, {3., 4.}});
                  save_npz(path, std::vector<Shared>{w});
                  load_into({w}, path);
                  set_config("floatX", "float32");
                  set_config("floatX", "float64");
                  *static_cast<bool*>(done) = config_value("floatX") == "float64";
                } catch (...) {}
                return nullptr;
              },
              &good) == 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
  ::unlink(path.c_str());
  REQUIRE(good);
}

TEST_CASE("fewer CPUs than at the start: calls work on, with the same bits and no more threads") {
  const Tensor x = dmatrix("x");
  const Function f = function(x, sum(exp(x), 0));
  Array in = Array::zeros({3000, 40});
  for (Index i = 0; i < in.size(); ++i) set(in, i, 1e-4 * static_cast<double>(i % 977));
  runtime::set_threads(2);
  const Array before = f(in).copy();
  cpu_set_t all, one;
  REQUIRE(sched_getaffinity(0, sizeof all, &all) == 0);
  CPU_ZERO(&one);
  for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++cpu)
    if (CPU_ISSET(cpu, &all)) CPU_SET(cpu, &one);
  REQUIRE(sched_setaffinity(0, sizeof one, &one) == 0);
  const Array after = f(in).copy();
  const int threads = runtime::threads();
  REQUIRE(sched_setaffinity(0, sizeof all, &all) == 0);
  runtime::set_threads(0);
  REQUIRE(bits_equal(before, after));
  REQUIRE(threads == 2);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_CASE("memory that runs out in a call reaches the caller once, and the next call works") {
  if (!can_fork) return;
  REQUIRE(in_child([] {
    const Tensor x = dvector("x");
    const Shared n = shared(Array{1., 2.}, "n");
    const Function f = function(x, concatenate({x, x + 1}), {{n, n + 1}});
    f(Array{1., 2.});
    const Array large = Array::zeros({9'000'000});  // its result is more than malloc keeps of what was freed
    rlimit before{};
    ::getrlimit(RLIMIT_AS, &before);
    const rlimit little{60 << 20, before.rlim_max};  // less than the program has already: no more can be had
    ::setrlimit(RLIMIT_AS, &little);
    int caught = 0;
    try {
      f(large);
    } catch (const Error&) { ++caught; } catch (const std::bad_alloc&) {
      ++caught;
    }
    ::setrlimit(RLIMIT_AS, &before);
    const bool kept = array_equal(n.get_value(), Array{2., 3.});
    const Array y = f(large);
    return caught == 1 && kept && y.size() == 18'000'000 && array_equal(n.get_value(), Array{3., 4.});
  }));
}
#endif

}  // namespace croton
