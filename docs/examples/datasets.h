// The tutorial's data, as NumPy and scikit-learn make it: the same bits from the same seed.
// It belongs to the examples and their tests; Croton's own random ops are another generator.
#pragma once
#include <cstdint>
#include <random>
#include <vector>

namespace datasets {

// NumPy's legacy generator (numpy.random.seed and the functions of that module), in double precision.
class LegacyRandom {
 public:
  // numpy.random.seed(seed): MT19937's own seeding, which std::mt19937 shares.
  explicit LegacyRandom(std::uint32_t seed) : engine_(seed) {}

  // Uniform in [0, 1) with 53 random bits.
  double random_sample();

  // One standard normal number by the polar method, which makes two at a time: the second waits for the next call.
  double randn();
  std::vector<double> randn(std::size_t count);

  // Uniform in 0..largest, both included: rejection under the smallest mask of ones that covers `largest`.
  std::uint32_t interval(std::uint32_t largest);

  // numpy.random.shuffle of a one-dimensional array: Fisher and Yates from the last element down.
  void shuffle(std::vector<std::uint32_t>& values);

 private:
  std::mt19937 engine_;
  double second_ = 0;
  bool has_second_ = false;
};

struct Moons {
  std::size_t examples = 0;
  std::vector<double> x;        // [examples, 2], row-major
  std::vector<std::int64_t> y;  // [examples], the moon each point was drawn from: 0 (upper) or 1 (lower)
};

// scikit-learn's make_moons(examples, noise=noise): two half circles, shuffled, then Gaussian noise on every
// coordinate.
Moons make_moons(std::size_t examples, double noise, LegacyRandom& random);

// `values` rounded to float32, the precision in which the tutorial keeps its data and its initial weights.
std::vector<float> to_float32(const std::vector<double>& values);

// What the tutorial draws after numpy.random.seed(seed), in its order and rounded to float32.
struct Tutorial {
  std::vector<float> x;               // [examples, 2]
  std::vector<std::int64_t> y;        // [examples]
  std::vector<float> first1, first2;  // [2, hidden] and [hidden, 2]: randn, replaced before training starts
  std::vector<float> w1, w2;          // [2, hidden] and [hidden, 2]: randn / sqrt(rows)
};
Tutorial tutorial(std::size_t examples, double noise, std::size_t hidden, std::uint32_t seed);

}  // namespace datasets
