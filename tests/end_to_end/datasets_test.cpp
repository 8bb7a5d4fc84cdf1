// The example's data against what NumPy and scikit-learn made (tests/conformance/data/moons_reference.npz).
#include "datasets.h"

#include <croton.h>

#include <cstring>
#include <numeric>

#include "catch.h"

namespace {

croton::Npz reference() { return croton::load_npz(CROTON_SOURCE_DIR "/tests/conformance/data/moons_reference.npz"); }

template <class T>
bool has_same_bits(const croton::Array& wanted, const std::vector<T>& made) {
  const auto values = wanted.values<T>();
  return values.size() == made.size() && std::memcmp(values.data(), made.data(), values.size_bytes()) == 0;
}

}  // namespace

TEST_CASE("the tutorial's data and initial weights have the bits of NumPy and scikit-learn") {
  const croton::Npz npz = reference();
  const datasets::Tutorial made = datasets::tutorial(5000, 0.20, 1000, 0);
  CHECK(has_same_bits(npz["X"], made.x));
  CHECK(has_same_bits(npz["y"], made.y));
  CHECK(has_same_bits(npz["W1"], made.w1));
  CHECK(has_same_bits(npz["W2"], made.w2));
}

TEST_CASE("seeding with 0 gives the first numbers of numpy.random") {
  // numpy.random.seed(0); numpy.random.random_sample(2) and, seeded anew, numpy.random.randn(3)
  datasets::LegacyRandom uniform(0);
  CHECK(uniform.random_sample() == 0.5488135039273248);
  CHECK(uniform.random_sample() == 0.7151893663724195);
  datasets::LegacyRandom normal(0);
  CHECK(normal.randn(3) == std::vector<double>{1.764052345967664, 0.4001572083672233, 0.9787379841057392});
}

TEST_CASE("the legacy shuffle permutes, in NumPy's order") {
  // numpy.random.seed(0); numpy.random.permutation(10)
  datasets::LegacyRandom random(0);
  std::vector<std::uint32_t> order(10);
  std::iota(order.begin(), order.end(), 0U);
  random.shuffle(order);
  CHECK(order == std::vector<std::uint32_t>{2, 8, 4, 9, 1, 6, 7, 3, 0, 5});
}

TEST_CASE("make_moons of few points stays within its definition") {
  datasets::LegacyRandom random(0);
  const datasets::Moons moons = datasets::make_moons(3, 0.0, random);
  REQUIRE(moons.y.size() == 3);
  CHECK(std::accumulate(moons.y.begin(), moons.y.end(), std::int64_t{0}) == 2);  // one point above, two below
}
