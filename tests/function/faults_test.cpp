// Faults to survive, by their numbers in the list that the project keeps of them: calls, graphs, memory, threads.
#include <fcntl.h>
#include <fmt/format.h>
#include <malloc.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <bit>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <new>
#include <thread>

#include "message.h"

namespace {

std::atomic<long> allocations_left{-1};  // below 0: none fails
std::atomic<bool> has_failed{false};
std::atomic<long> live_bytes{0};

void* allocate(std::size_t bytes, std::size_t alignment) {
  if (allocations_left.load(std::memory_order_relaxed) >= 0 && allocations_left.fetch_sub(1) == 0) {
    has_failed = true;
    throw std::bad_alloc();
  }
  void* const p = alignment > 16 ? std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment)
                                 : std::malloc(bytes == 0 ? 1 : bytes);
  if (p == nullptr) throw std::bad_alloc();
  live_bytes.fetch_add(static_cast<long>(::malloc_usable_size(p)), std::memory_order_relaxed);
  return p;
}

void deallocate(void* p) noexcept {
  live_bytes.fetch_sub(static_cast<long>(::malloc_usable_size(p)), std::memory_order_relaxed);
  std::free(p);
}

/// While one lives, the allocation after the next n fails.
class AllocationFails {
 public:
  explicit AllocationFails(long n) {
    has_failed = false;
    allocations_left = n;
  }
  ~AllocationFails() { allocations_left = -1; }
  AllocationFails(const AllocationFails&) = delete;
  AllocationFails& operator=(const AllocationFails&) = delete;
  bool happened() const { return has_failed; }
};

}  // namespace

// Not inline: the compiler would take malloc and delete in one function for a mistake.
[[gnu::noinline]] void* operator new(std::size_t bytes) { return allocate(bytes, 0); }
[[gnu::noinline]] void* operator new(std::size_t bytes, std::align_val_t a) {
  return allocate(bytes, static_cast<std::size_t>(a));
}
[[gnu::noinline]] void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  try {
    return allocate(bytes, 0);
  } catch (const std::bad_alloc&) { return nullptr; }
}
[[gnu::noinline]] void* operator new(std::size_t bytes, std::align_val_t a, const std::nothrow_t&) noexcept {
  try {
    return allocate(bytes, static_cast<std::size_t>(a));
  } catch (const std::bad_alloc&) { return nullptr; }
}
[[gnu::noinline]] void operator delete(void* p) noexcept { deallocate(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { deallocate(p); }
[[gnu::noinline]] void operator delete(void* p, std::align_val_t) noexcept { deallocate(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t, std::align_val_t) noexcept { deallocate(p); }

namespace croton {
namespace {

constexpr const char* modes[] = {"mode=FAST_RUN", "mode=FAST_COMPILE"};

int open_files() {
  int n = 0;
  for (int fd = 0; fd < 1024; ++fd) n += ::fcntl(fd, F_GETFD) >= 0;
  return n;
}

/// Resident memory of this process in MiB.
double resident() {
  std::ifstream in("/proc/self/statm");
  double pages = 0;
  in >> pages >> pages;
  return pages * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1 << 20);
}

}  // namespace

TEST_CASE("K7: a function that is made again for another shape keeps the configuration it was made under") {
  const ScopedConfig on_cpu("device=cpu");  // flags of the host compiler
  const Shared data = shared(Array::full({3}, 1, int32), "data");
  const Function average = function({}, mean(data));
  REQUIRE(average().dtype() == float64);
  const ScopedConfig later{"floatX=float32,gcc.cxx=/nowhere/g++,warn_float64=raise"};
  data.set_value(Array::full({5}, 3, int32));
  REQUIRE(average().dtype() == float64);
  REQUIRE(average().item<double>() == 3);
  REQUIRE(says(average.explain(), "made again for data"));
  REQUIRE_THROWS_AS(function({}, mean(data * 7)), CompileError);
}

TEST_CASE(
    "A9: an index out of range names index, axis, size, element and line, from generated code as from the reference") {
  for (const char* mode : modes) {
    INFO(mode);
    const ScopedConfig scope{mode};
    const Shared embedding = shared(Array::zeros({50, 8}, float32), "embedding");
    const Tensor tokens = tensor("tokens", int64, {any_extent, any_extent});
    const Function look = function(tokens, embedding[tokens]);
    Array words = Array::zeros({4, 6}, int64);
    words.mutable_values<Index>()[21] = 57;
    REQUIRE(message<IndexError>([&] { (void)look(words); }) ==
            "HERE: index 57 is out of range for axis 0 of embedding float32[50, 8] (valid: -50 .. 49), at element [3, "
            "3] of "
            "tokens int64[4, 6]");
    words.mutable_values<Index>()[21] = -50;
    REQUIRE(look(words).shape() == Extents{4, 6, 8});
  }
}

TEST_CASE("A4: more than 2^32 elements, seen through broadcasting of one-byte rows") {
  const Tensor x = tensor("x", int8, {any_extent});
  const Tensor many = broadcast_to(x(croton::all, newaxis), {x.shape(0), Index{2100}});
  const auto f = function(x, {sum(many.astype(int64)), many.size(), max(many)});
  Array a = Array::full({Index{1} << 21}, 1, int8);
  a.mutable_values<std::int8_t>().back() = 3;
  const auto [total, size, most] = f(a);
  constexpr Index count = Index{2100} << 21;
  static_assert(count > Index{1} << 32);
  REQUIRE(size.item<Index>() == count);
  REQUIRE(total.item<Index>() == count + Index{2} * 2100);
  REQUIRE(most.item<int>() == 3);
}

TEST_CASE("C21: constants keep their bits: zeros of both signs, NaN payloads, neighbours") {
  const Tensor x = vector("x");
  const auto [plus, minus] =
      function(x, {copysign(x, constant(Array::scalar(0.0))), copysign(x, constant(Array::scalar(-0.0)))})(Array{2.0});
  REQUIRE(plus.at<double>(0) == 2);
  REQUIRE(minus.at<double>(0) == -2);
  const double one = 1.1, next = std::nextafter(one, 2.0);
  for (const double c : {one, next, one}) REQUIRE(function(x, x * c)(Array{1.0}).at<double>(0) == c);
  const auto [a, b] = function(x, {x * one, x * next})(Array{1.0});
  REQUIRE(a.at<double>(0) == one);
  REQUIRE(b.at<double>(0) == next);
  const auto bits = [](std::uint64_t n) { return std::bit_cast<double>(n); };
  const double first = bits(0x7ff8000000000001), second = bits(0x7ff80000000000ff);
  const auto nan = [&](double c) {
    return std::bit_cast<std::uint64_t>(function({}, constant(Array::scalar(c)))().item<double>());
  };
  REQUIRE(nan(first) == 0x7ff8000000000001);
  REQUIRE(nan(second) == 0x7ff80000000000ff);
}

TEST_CASE("C9: a cache on a file system that lets nothing be executed") {
  const std::string folder = std::string(CROTON_BINARY_DIR) + "/test_home/noexec";
  (void)std::system(("mkdir -p '" + folder + "'").c_str());
  if (::mount("croton-test", folder.c_str(), "tmpfs", MS_NOEXEC | MS_NOSUID, "size=8m,mode=0700") != 0) {
    WARN("SKIPPED: this test may mount no file system here");
    return;
  }
  {
    const ScopedConfig scope{"compile.cache=" + folder + "/cache"};
    const Tensor x = scalar("x");
    REQUIRE(function(x, x * 3 + 0.125)(1.0).item<double>() == 3.125);
    REQUIRE(function(x, x * 3 + 0.125)(1.0).item<double>() == 3.125);
  }
  REQUIRE(::umount2(folder.c_str(), MNT_DETACH) == 0);
}

TEST_CASE("T3: flags for another machine are the compiler's or the loader's error; those for OpenMP change nothing") {
  const ScopedConfig on_cpu("device=cpu");  // flags of the host compiler
  const Tensor x = vector("x");
  {
    const ScopedConfig scope{"gcc.cxxflags=-m32"};
    const std::string text = message<CompileError>([&] { (void)function(x, tanh(x) * 1.5); });
    INFO(text);
    REQUIRE(says(text, "-m32"));
  }
  const ScopedConfig scope{"gcc.cxxflags=-fopenmp -O3"};
  REQUIRE(function(x, x * 1.75)(Array{2.0}).at<double>(0) == 3.5);
}

TEST_CASE("T12: a call after the process lost processors gives the same bits") {
  cpu_set_t before;
  REQUIRE(::sched_getaffinity(0, sizeof before, &before) == 0);
  const Tensor x = vector("x");
  const Function f = function(x, sum(tanh(x)));
  std::vector<double> values(300000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = std::sin(static_cast<double>(i));
  const double here = f(values).item<double>();
  cpu_set_t one;
  CPU_ZERO(&one);
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &before)) {
      CPU_SET(cpu, &one);
      break;
    }
  REQUIRE(::sched_setaffinity(0, sizeof one, &one) == 0);
  const double there = f(values).item<double>();
  REQUIRE(::sched_setaffinity(0, sizeof before, &before) == 0);
  REQUIRE(there == here);
}

namespace {

/// Runs it again and again, with one allocation failing that comes later each time, until it comes after the last:
/// attempt(n), and whether it threw. Only bad_alloc and Croton's errors may come out. Gives how many attempts failed.
template <class F, class Then>
long fail_each_allocation(long step, F&& attempt, Then&& then) {
  long failures = 0;
  for (long n = 0;; n += step) {
    bool failed = false;
    {
      const AllocationFails fail(n);
      try {
        attempt();
      } catch (const std::bad_alloc&) { failed = true; } catch (const Error&) {
        failed = true;
      }
      if (!failed && !fail.happened()) return failures;
    }
    failures += failed;
    INFO("allocation " << n);
    then(failed);
  }
}

/// A function made and called, with every `step`th allocation failing.
void train_without_memory(long step) {
  const Shared w = shared(std::vector{1.0, 2.0}, "w"), count = shared(0, "count");
  double got = 0;
  const auto attempt = [&] {
    const Tensor x = vector("x");
    const auto f = function(x, {sum(log(1 + exp(x * w))), Out(w, true)}, {{w, w + x}, {count, count + 1}});
    got = f(std::vector{0.0, 0.0})[0].item<double>();
  };
  attempt();  // compiled: from here on the object comes from the cache, where there is one
  const double right = got;
  Index calls = 1;
  const long failures = fail_each_allocation(step, attempt, [&](bool failed) {
    const Index now = count.get_value().item<Index>();
    REQUIRE((now == calls || now == calls + 1));
    if (!failed) REQUIRE(got == right);  // where the failure was survived
    calls = now;
  });
  CHECK(failures > 5);
  attempt();
  REQUIRE(got == right);
  REQUIRE(printed(w.get_value()) == "[1. 2.]");
}

}  // namespace

TEST_CASE("M1: whichever allocation fails, the error comes out whole, nothing is updated, and the next try works",
          "[unsanitized]") {
  train_without_memory(1);
}

TEST_CASE("M1: the same on a device that works late", "[unsanitized]") {
  const ScopedConfig scope{"device=queued"};
  train_without_memory(1);
}

TEST_CASE("M1: the same with the reference evaluator", "[unsanitized]") {
  const ScopedConfig scope{"mode=FAST_COMPILE"};
  train_without_memory(1);
}

TEST_CASE("M1: the same on the emulated GPU", "[emulator][unsanitized]") {
  const ScopedConfig scope{"device=emulator"};
  train_without_memory(1);
}

TEST_CASE("M1: the same where the host compiler runs each time", "[unsanitized]") {
  const Tensor x = vector("x");
  int made = 0;
  const auto attempt = [&] {
    const ScopedConfig scope{fmt::format("gcc.cxxflags=-DM1={}_{}", ++made, ::getpid())};  // new to the cache
    (void)function(x, x * 1.375)(std::vector{2.0});
  };
  attempt();
  const long failures = fail_each_allocation(97, attempt, [](bool) {});
  CHECK(failures > 3);
  attempt();
}

TEST_CASE("M1: a child forked while another thread compiles a function at its first call can call it",
          "[unsanitized]") {
  const ScopedConfig scope{fmt::format("device=cpu,gcc.cxxflags=-DM1=first_call{}", ::getpid())};  // new to the cache
  const Tensor x = matrix("x");
  const Function f = function(x, x * 1.375);
  const auto call = [&] { return f(Array{{2.0}}).at<double>(0, 0) == 2.75; };
  bool right = false;
  std::jthread other([&] { right = call(); });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));  // a compiler takes some tenths of a second
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(60);
    ::_exit(call() ? 0 : 1);
  }
  int status = 1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  other.join();
  CHECK(right);
}

TEST_CASE("M1: a child forked after allocations failed on the way to the compiler can compile", "[unsanitized]") {
  const ScopedConfig on_cpu("device=cpu");  // a GPU does not work in a child
  const Tensor x = vector("x");
  int made = 0;
  const auto attempt = [&] {
    const ScopedConfig scope{fmt::format("gcc.cxxflags=-DM1=fork{}_{}", ++made, ::getpid())};  // new to the cache
    (void)function(x, x * 1.625)(std::vector{2.0});
  };
  attempt();  // what is made once is there
  const auto compilations = [] { return device_counters().compilations; };
  bool failed = true;
  for (std::uint64_t n = 0, before = 0; n == 0 || !failed || compilations() == before; ++n) {
    before = compilations();
    const AllocationFails fail(static_cast<long>(n));
    try {
      attempt();
      failed = false;  // that failure was survived
    } catch (const std::bad_alloc&) { failed = true; } catch (const Error&) {
      failed = true;
    }
  }
  CHECK(made > 100);
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(60);
    attempt();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(status == 0);
}

TEST_CASE("M1: whichever allocation fails while parameters are saved and loaded, nothing is half assigned",
          "[unsanitized]") {
  const std::string path = std::string(CROTON_BINARY_DIR) + "/test_home/m1.npz";
  const Shared w = shared(Array::zeros({3}), "w"), b = shared(Array::zeros({2}), "b");
  save_npz(path, {w, b});
  const auto load = [&] { load_into({w, b}, path); };
  const long failures = fail_each_allocation(1, load, [&](bool failed) {
    const bool first = w.get_value().at<double>(0) == 0, second = b.get_value().at<double>(0) == 0;
    REQUIRE(first == second);
    REQUIRE((failed || first));
    w.set_value(1), b.set_value(1);
  });
  CHECK(failures > 10);
  const long failed_saves = fail_each_allocation(
      1,
      [&] {
        save_npz(path, {w, b});
      },
      [&](bool) { load(); });
  CHECK(failed_saves > 10);
}

TEST_CASE(
    "M3: whichever file cannot be opened for want of descriptors, the error is Croton's, nothing leaks, and the next "
    "try works",
    "[unsanitized]") {
  const ScopedConfig on_cpu("device=cpu");  // a GPU has files of its own
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const int used = open_files();
  int failures = 0;
  for (int left = 0; left < 10; ++left) {
    INFO(left << " descriptors left");
    const ScopedConfig scope{fmt::format("gcc.cxxflags=-DLEFT={}_{}", left, ::getpid())};  // new to the cache
    const Tensor x = vector("x");
    rlimit tight = before;
    tight.rlim_cur = 0;
    for (int free = 0; free < left || ::fcntl(static_cast<int>(tight.rlim_cur), F_GETFD) >= 0; ++tight.rlim_cur)
      free += ::fcntl(static_cast<int>(tight.rlim_cur), F_GETFD) < 0;
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &tight) == 0);
    bool failed = false;
    try {
      (void)function(x, x * 1.625);
    } catch (const Error&) { failed = true; }
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
    failures += failed;
    REQUIRE(function(x, x * 1.625)(Array{2.0}).at<double>(0) == 3.25);
  }
  CHECK(failures > 2);
  CHECK(open_files() <= used + 1);
}

TEST_CASE("A14: many functions come and go, and memory and open files stay bounded", "[unsanitized]") {
  const Shared w = shared(std::vector{1.0, 2.0, 3.0}, "w");
  const auto make = [&](int times) {
    for (int i = 0; i < times; ++i) {
      const Tensor x = vector("x");
      REQUIRE(function(x, x * w + 1)(std::vector{1.0, 1.0, 1.0}).at<double>(2) == 4);
    }
  };
  make(200);
  const double before = resident();
  const long live = live_bytes;
  const int files = open_files();
  make(2000);
  CHECK(live_bytes < live + (1 << 18));
  CHECK(resident() < before + 8);
  CHECK(open_files() <= files + 1);
}

TEST_CASE("A14: a function that sees ever new shapes keeps a bounded number of plans") {
  const Tensor x = vector("x");
  const Function f = function(x, exp(x) + sum(x));
  const auto call = [&](std::size_t from, std::size_t to) {
    for (std::size_t n = from; n < to; ++n) REQUIRE(f(std::vector<double>(n, 0.0)).at<double>(0) == 1);
  };
  call(100000, 101000);
  const double before = resident();
  call(101000, 102000);
  CHECK(resident() < before + 64);  // a thousand more plans with their results would be 800
  call(100000, 100010);
}

TEST_CASE("A14: threads that call a function with ever new shapes get their own results", "[threads]") {
  const Tensor x = vector("x");
  const Function f = function(x, sum(x) + zeros_like(x));
  std::vector<int> wrong(4, 0);
  {
    std::vector<std::jthread> pool;
    for (std::size_t t = 0; t < wrong.size(); ++t) {
      pool.emplace_back([&, t] {
        for (std::size_t i = 0; i < 300; ++i) {
          const std::size_t n = 1 + (i * (t + 1)) % 97;
          const Array r = f(std::vector<double>(n, static_cast<double>(t)));
          wrong[t] += r.size() != static_cast<Index>(n);
          for (const double v : r.values<double>()) wrong[t] += v != static_cast<double>(n * t);
        }
      });
    }
  }
  for (const int each : wrong) CHECK(each == 0);
}

// A thread that begins holds locks of the sanitizer's, which a fork at that moment leaves locked in the child.
TEST_CASE("T10: a child after fork calls functions that its parent made", "[unsanitized]") {
  const ScopedConfig on_cpu("device=cpu");  // a GPU does not work in a child
  const Tensor x = vector("x");
  const Function f = function(x, sum(exp(x)));
  const std::vector<double> much(1000000, 0.0);
  REQUIRE(f(much).item<double>() == 1e6);  // the pool has started
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) ::_exit(f(much).item<double>() == 1e6 && f(std::vector{0.0}).item<double>() == 1 ? 0 : 1);
  int status = -1;
  for (int tenths = 0; tenths < 300 && ::waitpid(child, &status, WNOHANG) == 0; ++tenths) ::usleep(100000);
  if (status == -1) ::kill(child, SIGKILL), ::waitpid(child, nullptr, 0);
  REQUIRE(WIFEXITED(status));
  REQUIRE(WEXITSTATUS(status) == 0);
  REQUIRE(f(much).item<double>() == 1e6);
}

TEST_CASE("T8: a function of 10,000 inputs") {
  std::vector<Tensor> inputs;
  inputs.reserve(10000);
  for (int i = 0; i < 10000; ++i) inputs.push_back(scalar("x" + std::to_string(i)));
  Tensor total = inputs[0];
  for (std::size_t i = 1; i < inputs.size(); ++i) total = total + inputs[i];
  const Function f = function(inputs, total);
  const std::vector<Argument> ones(inputs.size(), Argument(1.0));
  std::vector<Array> out(1);
  f.run(ones, out);
  REQUIRE(out[0].item<double>() == 10000);
}

TEST_CASE("T8: a function of 100,000 nodes, by the reference evaluator") {
  const Tensor x = vector("x");
  Tensor y = x;
  for (int i = 0; i < 50000; ++i) y = (y + x) * 0.5;
  const Function f = function(x, y, {.mode = Mode::FAST_COMPILE});
  REQUIRE(f(std::vector{1.0, 2.0}).at<double>(1) == 2);
}

TEST_CASE("T8: a large function is several kernels in several texts, and an error in one of them comes out") {
  const ScopedConfig on_cpu("device=cpu");  // texts for the host compiler
  const auto large = [] {
    const Tensor x = vector("x");
    Tensor y = x;
    // no part of it is like another: those would be one kernel
    for (unsigned i = 0; i < 4000; ++i) y = (i * 2654435761U >> 28 & 1) != 0 ? (y + x) * 0.5 : sqrt(abs(y * x));
    return function(x, y);
  };
  const Function f = large();
  REQUIRE(f(std::vector{1.0, 2.0}).at<double>(1) == 2);
  std::size_t texts = 0;
  const std::string source = f.source();
  for (std::size_t at = 0; (at = source.find("#define CROTON_VECTOR_BYTES", at)) != std::string::npos; ++at) ++texts;
  REQUIRE(texts > 1);
  const ScopedConfig scope{"gcc.cxxflags=--no-such-flag"};
  REQUIRE(says(message<CompileError>([&] { (void)large(); }), "--no-such-flag"));
}

}  // namespace croton
