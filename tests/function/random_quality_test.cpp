// What the numbers of a stream look like together: evenly spread, and without a trace of their neighbours in the
// tensor, in other calls, draws and seeds. Every bound is five standard errors, so that another generator would fail it
// by chance once in a million times; seeds are fixed.
#include <algorithm>
#include <cmath>
#include <functional>

#include "catch.h"
#include "croton.h"

using namespace croton;

namespace {

constexpr Index n = Index{1} << 18;

/// As whole numbers of 53 bits.
std::vector<std::uint64_t> drawn(std::uint64_t seed, int draw, Index call, Index first = 0) {
  RandomStream rng(seed);
  rng.state().set_value(call);
  for (int k = 0; k < draw; ++k) (void)rng.uniform({1}, float64);
  const Array a = function({}, rng.uniform({first + n}, float64))();
  std::vector<std::uint64_t> r;
  for (const double u : a.values<double>().subspan(static_cast<std::size_t>(first)))
    r.push_back(static_cast<std::uint64_t>(std::ldexp(u, 53)));
  return r;
}

/// How far the counts of so many equally likely cases are from what is expected, in standard errors of chi-squared.
double unevenness(const std::vector<std::uint32_t>& counts, double total) {
  const double expected = total / static_cast<double>(counts.size());
  double chi2 = 0;
  for (const std::uint32_t c : counts) chi2 += (c - expected) * (c - expected) / expected;
  const double freedom = static_cast<double>(counts.size()) - 1;
  return (chi2 - freedom) / std::sqrt(2 * freedom);
}

/// The correlation of uniform numbers, in standard errors.
double correlation(const std::vector<std::uint64_t>& a, const std::vector<std::uint64_t>& b) {
  double sum = 0;
  const std::size_t m = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < m; ++i)
    sum += (std::ldexp(static_cast<double>(a[i]), -53) - 0.5) * (std::ldexp(static_cast<double>(b[i]), -53) - 0.5);
  return 12 * sum / std::sqrt(static_cast<double>(m));
}

/// How often each bit of the one is that of the other, and the pairs of the highest and of the lowest six bits of both.
void check_independent(const std::vector<std::uint64_t>& a, const std::vector<std::uint64_t>& b) {
  const std::size_t m = std::min(a.size(), b.size());
  CHECK(std::abs(correlation(a, b)) < 5);
  std::vector<std::uint32_t> high(4096), low(4096);
  std::array<double, 53> equal{};
  for (std::size_t i = 0; i < m; ++i) {
    ++high[(a[i] >> 47) << 6 | b[i] >> 47];
    ++low[(a[i] & 63) << 6 | (b[i] & 63)];
    for (std::size_t bit = 0; bit < 53; ++bit) equal[bit] += static_cast<double>(~(a[i] ^ b[i]) >> bit & 1);
  }
  CHECK(std::abs(unevenness(high, static_cast<double>(m))) < 5);
  CHECK(std::abs(unevenness(low, static_cast<double>(m))) < 5);
  for (const double e : equal)
    CHECK(std::abs(e - static_cast<double>(m) / 2) < 2.5 * std::sqrt(static_cast<double>(m)));
}

}  // namespace

TEST_CASE("every byte of a uniform number is spread evenly, and so is every pair of neighbours") {
  for (const std::uint64_t seed : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
    const auto a = drawn(seed, 0, 0);
    for (int byte = 0; byte < 6; ++byte) {
      std::vector<std::uint32_t> counts(256), pairs(65536);
      for (std::size_t i = 0; i < a.size(); ++i) {
        ++counts[a[i] >> (8 * byte + 5) & 255];
        if (i > 0) ++pairs[(a[i - 1] >> (8 * byte + 5) & 255) << 8 | (a[i] >> (8 * byte + 5) & 255)];
      }
      INFO("seed " << seed << ", byte " << byte);
      CHECK(std::abs(unevenness(counts, static_cast<double>(n))) < 5);
      CHECK(std::abs(unevenness(pairs, static_cast<double>(n - 1))) < 5);
    }
  }
}

TEST_CASE("elements have nothing to do with those so many further on") {
  const auto a = drawn(4, 0, 0);
  for (const std::ptrdiff_t lag : {1, 2, 3, 4, 8, 64, 256, 4096, 65536}) {
    INFO("lag " << lag);
    check_independent(a, {a.begin() + lag, a.end()});
  }
}

TEST_CASE("calls, draws and seeds have nothing to do with one another") {
  const auto a = drawn(4, 0, 0);
  const std::function<std::vector<std::uint64_t>()> others[] = {
      [] { return drawn(4, 0, 1); },       [] { return drawn(4, 0, 2); },
      [] { return drawn(4, 0, 1 << 16); }, [] { return drawn(4, 0, Index{1} << 40); },
      [] { return drawn(4, 1, 0); },       [] { return drawn(4, 2, 0); },
      [] { return drawn(5, 0, 0); },       [] { return drawn(4 | std::uint64_t{1} << 63, 0, 0); },
      [] { return drawn(5, 1, 1); },       [] { return drawn(4 ^ std::uint64_t{1} << 32, 0, 0); }};
  for (const auto& other : others) {
    INFO("other " << &other - others);
    check_independent(a, other());
  }
}

TEST_CASE("the first numbers of many calls are as random as those of one and none comes twice") {
  RandomStream rng(8);
  const Function f = function({}, rng.uniform({4}, float64));
  std::vector<std::vector<std::uint64_t>> columns(4);
  for (int call = 0; call < 1 << 16; ++call) {
    const Array a = f();
    for (std::size_t k = 0; k < 4; ++k)
      columns[k].push_back(static_cast<std::uint64_t>(std::ldexp(a.values<double>()[k], 53)));
  }
  std::vector<std::uint64_t> all;
  for (const auto& column : columns) all.insert(all.end(), column.begin(), column.end());
  std::sort(all.begin(), all.end());
  CHECK(std::adjacent_find(all.begin(), all.end()) == all.end());
  for (const auto& column : columns) {
    check_independent(column, {column.begin() + 1, column.end()});
    check_independent(column, columns[0] == column ? columns[1] : columns[0]);
  }
}

TEST_CASE("normal numbers have the tails of their distribution, in float32 and float64") {
  constexpr double m = 1 << 22;
  for (const DType d : {float32, float64}) {
    RandomStream rng(6);
    const Tensor z = rng.normal({1 << 22}, d);
    std::vector<Tensor> wanted;
    for (const double s : {0.01, 0.5, 1.0, 2.0, 3.0, 4.0}) {
      wanted.push_back(sum(cast(z > s, int64)));
      wanted.push_back(sum(cast(z < -s, int64)));
    }
    wanted.push_back(sum(cast(sqr(sqr(cast(z, float64))), float64)));
    const std::vector<Array> got = function({}, wanted)();
    std::size_t at = 0;
    for (const double s : {0.01, 0.5, 1.0, 2.0, 3.0, 4.0})
      for (int side = 0; side < 2; ++side) {
        const double p = std::erfc(s / std::sqrt(2)) / 2;
        INFO(name_of(d) << " beyond " << s);
        CHECK(std::abs(got[at++].item<double>() - p * m) < 5 * std::sqrt(p * (1 - p) * m));
      }
    CHECK(std::abs(got[at].item<double>() / m - 3) < 5 * std::sqrt(96 / m));  // E z^4 = 3, var z^4 = 105 - 9
  }
}
