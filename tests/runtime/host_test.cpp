// What steps on the host are lent.
#include "runtime/host.h"

#include <array>
#include <atomic>
#include <vector>

#include "catch.h"

using namespace croton;

TEST_CASE("each chunk runs once with memory of its own whether threads are lent or not", "[threads]") {
  for (const Host& lent : {Host(), runtime::host()}) {
    std::vector<std::atomic<int>> runs(1000);
    std::atomic<int> torn{0};
    lent.each(1000, 64, [&](long chunk, void* scratch) {
      auto* const mine = static_cast<volatile long*>(scratch);
      for (int i = 0; i < 8; ++i) mine[i] = chunk;
      for (int i = 0; i < 8; ++i) torn += mine[i] == chunk ? 0 : 1;
      ++runs[static_cast<std::size_t>(chunk)];
    });
    CHECK(torn == 0);
    for (const std::atomic<int>& n : runs) CHECK(n == 1);
  }
}

TEST_CASE("the reference has no LAPACK and a plan's steps have that of the BLAS library") {
  CHECK(Host().lapack() == nullptr);
  const Lapack* const lapack = runtime::host().lapack();
  REQUIRE(lapack != nullptr);
  std::array<double, 4> a{4, 0, 2, 5};  // column by column; its upper triangle is read
  const int n = 2;
  int info = -1;
  lapack->dpotrf("U", &n, a.data(), &n, &info, 1);
  CHECK(info == 0);
  CHECK(a == std::array<double, 4>{2, 0, 1, 2});
}
