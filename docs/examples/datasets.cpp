#include "datasets.h"

#include <cmath>
#include <cstddef>
#include <numbers>
#include <utility>

namespace datasets {
namespace {

// numpy.linspace(0, pi, count): multiples of a rounded step, with the last element set to the end itself.
std::vector<double> half_turn(std::size_t count) {
  std::vector<double> angles(count, 0.0);
  if (count < 2) return angles;
  const double step = std::numbers::pi / static_cast<double>(count - 1);
  for (std::size_t i = 0; i < count; ++i) angles[i] = static_cast<double>(i) * step;
  angles.back() = std::numbers::pi;
  return angles;
}

// Points before shuffling: the upper moon, then the lower one.
Moons clean_moons(std::size_t examples) {
  Moons moons{examples, {}, {}};
  const std::size_t upper = examples / 2;
  for (const double angle : half_turn(upper)) {
    moons.x.insert(moons.x.end(), {std::cos(angle), std::sin(angle)});
    moons.y.push_back(0);
  }
  for (const double angle : half_turn(examples - upper)) {
    moons.x.insert(moons.x.end(), {1 - std::cos(angle), 1 - std::sin(angle) - 0.5});
    moons.y.push_back(1);
  }
  return moons;
}

std::vector<double> scaled(std::vector<double> values, double divisor) {
  for (double& value : values) value /= divisor;
  return values;
}

}  // namespace

double LegacyRandom::random_sample() {
  const auto high = static_cast<double>(engine_() >> 5);  // 27 bits
  const auto low = static_cast<double>(engine_() >> 6);   // 26 bits
  return (high * 67108864.0 + low) / 9007199254740992.0;
}

double LegacyRandom::randn() {
  if (has_second_) {
    has_second_ = false;
    return second_;
  }
  double x = 0;
  double y = 0;
  double squared = 0;
  do {
    x = 2.0 * random_sample() - 1.0;
    y = 2.0 * random_sample() - 1.0;
    squared = x * x + y * y;
  } while (squared >= 1.0 || squared == 0.0);
  const double factor = std::sqrt(-2.0 * std::log(squared) / squared);
  second_ = factor * x;
  has_second_ = true;
  return factor * y;
}

std::vector<double> LegacyRandom::randn(std::size_t count) {
  std::vector<double> values(count);
  for (double& value : values) value = randn();
  return values;
}

std::uint32_t LegacyRandom::interval(std::uint32_t largest) {
  std::uint32_t mask = largest;
  for (int shift = 1; shift < 32; shift *= 2) mask |= mask >> shift;
  std::uint32_t value = 0;
  if (largest == 0) return value;  // NumPy draws nothing here
  do { value = static_cast<std::uint32_t>(engine_()) & mask; } while (value > largest);
  return value;
}

void LegacyRandom::shuffle(std::vector<std::uint32_t>& values) {
  for (std::size_t i = values.size(); i-- > 1;) std::swap(values[i], values[interval(static_cast<std::uint32_t>(i))]);
}

Moons make_moons(std::size_t examples, double noise, LegacyRandom& random) {
  const Moons clean = clean_moons(examples);
  std::vector<std::uint32_t> order(examples);
  for (std::size_t i = 0; i < examples; ++i) order[i] = static_cast<std::uint32_t>(i);
  random.shuffle(order);

  Moons moons{examples, {}, {}};
  for (const std::size_t from : order) {
    moons.x.insert(moons.x.end(), {clean.x[2 * from], clean.x[2 * from + 1]});
    moons.y.push_back(clean.y[from]);
  }
  for (double& coordinate : moons.x) coordinate += noise * random.randn();
  return moons;
}

std::vector<float> to_float32(const std::vector<double>& values) {
  std::vector<float> rounded(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) rounded[i] = static_cast<float>(values[i]);
  return rounded;
}

Tutorial tutorial(std::size_t examples, double noise, std::size_t hidden, std::uint32_t seed) {
  LegacyRandom random(seed);
  Moons moons = make_moons(examples, noise, random);
  Tutorial made;
  made.x = to_float32(moons.x);
  made.y = std::move(moons.y);
  made.first1 = to_float32(random.randn(2 * hidden));
  made.first2 = to_float32(random.randn(hidden * 2));
  made.w1 = to_float32(scaled(random.randn(2 * hidden), std::sqrt(2.0)));
  made.w2 = to_float32(scaled(random.randn(hidden * 2), std::sqrt(static_cast<double>(hidden))));
  return made;
}

}  // namespace datasets
