// Buffers in one block of memory by the time they live.
#include "runtime/arena.h"

#include <cstdint>
#include <random>

#include "array/access.h"
#include "catch.h"

namespace croton::runtime {
namespace {

bool overlap(const Arena& a, const std::vector<Lifetime>& lives, std::size_t i, std::size_t j) {
  return a.offsets[i] < a.offsets[j] + lives[j].bytes && a.offsets[j] < a.offsets[i] + lives[i].bytes;
}

}  // namespace

TEST_CASE("buffers that live one after another share their memory") {
  const Arena a = lay_out({{0, 1, 1000}, {2, 3, 1000}, {4, 4, 500}});
  CHECK(a.offsets == std::vector<std::size_t>{0, 0, 0});
  CHECK(a.bytes == 1024);
}

TEST_CASE("buffers that meet in one step do not share") {
  const Arena a = lay_out({{0, 1, 100}, {1, 2, 100}});
  CHECK(a.offsets[0] != a.offsets[1]);
  CHECK(a.bytes == 256);
}

TEST_CASE("a buffer takes the smallest gap that holds it") {
  // two long-lived blocks leave gaps of 512 and 128 bytes while the small one lives
  const Arena a = lay_out({{0, 0, 2048}, {0, 9, 1024}, {5, 5, 512}, {5, 5, 128}});
  CHECK(a.bytes == 3072);
  CHECK(a.offsets[2] + 512 <= 2048);
  CHECK(a.offsets[3] + 128 <= 2048);
}

TEST_CASE("large buffers begin on pages, as arrays do") {
  const Arena a = lay_out({{0, 1, 100}, {0, 1, 100'000}, {0, 1, 70'001}, {0, 1, 200}});
  CHECK(a.offsets == std::vector<std::size_t>{176'384, 0, 102'400, 176'128});
  CHECK(reinterpret_cast<std::uintptr_t>(data(Array::zeros({70'001}, int8))) % 4096 == 0);
}

TEST_CASE("nothing to place needs no memory, and separate buffers share none") {
  CHECK(lay_out({{0, 5, 0}, {}}).bytes == 0);
  const Arena a = lay_out({{0, 1, 64}, {2, 3, 64}}, true);
  CHECK(a.offsets[0] != a.offsets[1]);
  CHECK(a.bytes == 128);
}

TEST_CASE("whatever the lifetimes, what lives together lies apart, on lines of 64 bytes") {
  std::mt19937 random(5);
  for (int round = 0; round < 200; ++round) {
    std::vector<Lifetime> lives;
    for (int k = 0; k < 30; ++k) {
      const int first = static_cast<int>(random() % 20);
      lives.push_back({first, first + static_cast<int>(random() % 6), random() % 5000});
    }
    const Arena a = lay_out(lives);
    for (std::size_t i = 0; i < lives.size(); ++i) {
      REQUIRE(a.offsets[i] % 64 == 0);
      if (lives[i].bytes > 0) REQUIRE(a.offsets[i] + lives[i].bytes <= a.bytes);
      for (std::size_t j = 0; j < i; ++j)
        if (lives[i].first <= lives[j].last && lives[j].first <= lives[i].last) REQUIRE_FALSE(overlap(a, lives, i, j));
    }
  }
}

}  // namespace croton::runtime
