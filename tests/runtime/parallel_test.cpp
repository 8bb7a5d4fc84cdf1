#include "runtime/cpu/parallel.h"

#include <cfenv>
#include <cstdint>
#include <numeric>
#include <thread>

#include "base/float_control.h"
#include "catch.h"
#include "fixture.h"
#include "runtime/cpu/cpu_count.h"
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

using namespace croton;
using namespace croton::runtime;

namespace {
// Each chunk's square, by the given number of threads.
std::vector<long> squares(long chunks) {
  std::vector<long> out(static_cast<std::size_t>(chunks), -1);
  parallel_for(chunks, [&](long c) { out[static_cast<std::size_t>(c)] += 1 + c * c; });
  return out;
}
bool are_squares(const std::vector<long>& v) {
  for (std::size_t i = 0; i < v.size(); ++i) {
    if (v[i] != static_cast<long>(i * i)) return false;
  }
  return true;
}
}  // namespace

TEST_CASE("parallel_for runs each chunk exactly once, with any number of threads") {
  for (const int n : {1, 2, 3, 7}) {
    set_threads(n);
    CHECK(threads() == n);
    for (const long chunks : {0L, 1L, 2L, 3L, 63L, 256L, 10'000L}) {
      for (int again = 0; again < 20; ++again) REQUIRE(are_squares(squares(chunks)));
    }
  }
  set_threads(0);
}

TEST_CASE("each chunk that runs has scratch memory of its own, aligned to 64 bytes") {
  set_threads(3);
  std::atomic<int> wrong{0};
  const auto run = [](void* context, long chunk, void* scratch) {
    auto* words = static_cast<long*>(scratch);
    bool good = reinterpret_cast<std::uintptr_t>(scratch) % 64 == 0;
    std::fill_n(words, 1000, chunk);
    for (int i = 0; i < 1000; ++i) good = good && words[i] == chunk;
    if (!good) ++*static_cast<std::atomic<int>*>(context);
  };
  for (int i = 0; i < 50; ++i) parallel_for(64, 8000, run, &wrong);
  CHECK(wrong == 0);
  set_threads(0);
}

TEST_CASE("a parallel loop inside a chunk runs on the chunk's own thread, with other scratch") {
  set_threads(2);
  std::atomic<long> sum{0};
  struct Inner {
    std::atomic<long>* sum;
    void* outer;
  };
  const auto outer = [](void* context, long, void* scratch) {
    Inner inner{static_cast<std::atomic<long>*>(context), scratch};
    parallel_for(
        10, 64,
        [](void* c, long chunk, void* own) {
          const auto& i = *static_cast<Inner*>(c);
          *i.sum += own != i.outer ? chunk : 1'000'000;
        },
        &inner);
  };
  parallel_for(8, 64, outer, &sum);
  CHECK(sum == 8 * 45);
  set_threads(0);
}

TEST_CASE("several threads may run parallel loops at once") {
  set_threads(2);
  std::atomic<int> wrong{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&] {
      for (int again = 0; again < 200; ++again) wrong += are_squares(squares(40)) ? 0 : 1;
    });
  }
  for (auto& t : callers) t.join();
  CHECK(wrong == 0);
  set_threads(0);
}

TEST_CASE("the number of threads may change between loops while others run") {
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0};
  std::thread caller([&] {
    while (!stop) wrong += are_squares(squares(20)) ? 0 : 1;
  });
  for (int i = 0; i < 30; ++i) set_threads(1 + i % 4);
  stop = true;
  caller.join();
  CHECK(wrong == 0);
  set_threads(0);
}

TEST_CASE("a forked child makes threads of its own") {
  if (!can_fork) return;
  set_threads(2);
  REQUIRE(are_squares(squares(100)));  // the parent's threads stand
  CHECK(ended_well(in_child([] {
    for (int i = 0; i < 100; ++i) {
      if (!are_squares(squares(100))) return false;
    }
    return true;
  })));
  CHECK(are_squares(squares(100)));
  set_threads(0);
}

#if defined(__x86_64__)
TEST_CASE("chunks keep subnormals though the caller flushes them, and the caller's own control is as before") {
  set_threads(2);
  const unsigned before = _mm_getcsr();
  _mm_setcsr(before | 0x8040);  // flush to zero, denormals are zero
  std::atomic<int> flushed{0};
  volatile float tiny = 1e-40f;
  {
    const FloatControl control;
    parallel_for(64, [&](long) { flushed += tiny * 0.5f == 0.0f ? 1 : 0; });
  }
  CHECK((_mm_getcsr() & 0x8040) == 0x8040);
  _mm_setcsr(before);
  CHECK(flushed == 0);
  set_threads(0);
}
#endif

TEST_CASE(
    "T11: OMP_THREAD_LIMIT bounds OMP_NUM_THREADS and what affinity allows, and not what the configuration says") {
  const ScopedConfig scope("threads=0,openmp=True");
  const auto allowed = [](const char* limit, const char* threads) {
    ::setenv("OMP_THREAD_LIMIT", limit, 1);
    ::setenv("OMP_NUM_THREADS", threads, 1);
    const int n = threads_allowed();
    ::unsetenv("OMP_THREAD_LIMIT");
    ::unsetenv("OMP_NUM_THREADS");
    return n;
  };
  CHECK(allowed("1", "3") == 1);
  CHECK(allowed("8", "3") == 3);
  CHECK(allowed("1", "") == 1);
  CHECK(allowed("none", "3") == 3);
  const ScopedConfig said("threads=5");
  CHECK(allowed("1", "3") == 5);
}

TEST_CASE("OMP_NUM_THREADS is read as OpenMP reads it") {
  CHECK(omp_threads("4") == 4);
  CHECK(omp_threads(" 3 ,2") == 3);
  for (const char* bad : {"", "0", "-1", "many", "2x"}) CHECK(omp_threads(bad) == std::nullopt);
  CHECK(omp_threads(nullptr) == std::nullopt);
}

TEST_CASE("the container's quota is the tightest of the group and its parents, in both versions of cgroups") {
  const TemporaryFolder root;
  const auto put = [&](const std::string& group, const std::string& file, const std::string& text) {
    for (std::size_t at = 0; (at = group.find('/', at + 1)) != std::string::npos;) {
      mkdir((root.path() + group.substr(0, at)).c_str(), 0700);
    }
    mkdir((root.path() + group).c_str(), 0700);
    write_file(root.path() + group + "/" + file, std::as_bytes(std::span(text)));
  };
  put("/a", "cpu.max", "150000 100000\n");
  put("/a/b", "cpu.max", "max 100000\n");
  CHECK(cgroup_cpus("0::/a/b\n", root.path()) == 1.5);
  CHECK(cgroup_cpus("0::/elsewhere\n", root.path()) == std::nullopt);
  put("/cpu,cpuacct/c", "cpu.cfs_quota_us", "200000\n");
  put("/cpu,cpuacct/c", "cpu.cfs_period_us", "100000\n");
  CHECK(cgroup_cpus("4:memory:/c\n3:cpu,cpuacct:/c\n", root.path()) == 2.0);
  put("/cpu/d", "cpu.cfs_quota_us", "-1\n");
  put("/cpu/d", "cpu.cfs_period_us", "100000\n");
  CHECK(cgroup_cpus("3:cpu:/d\n", root.path()) == std::nullopt);
}

TEST_CASE("openmp=False means one thread, and threads=n means n") {
  {
    const ScopedConfig config{"openmp=False,threads=4"};
    CHECK(threads_allowed() == 1);
  }
  const ScopedConfig config{"openmp=True,threads=5"};
  CHECK(threads_allowed() == 5);
}
