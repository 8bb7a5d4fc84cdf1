// Sums of many like numbers: partial sums are short, so that their errors do not add up with the number of elements.
#include "catch.h"
#include "croton.h"

using namespace croton;

namespace {

constexpr Index many = 1'000'000;  // added up by one register of eight lanes: 3e-4

Array like_numbers(const Extents& shape) { return full(shape, 0.1F).eval().astype(float32); }

double furthest(const Array& sums, double expected) {
  double worst = 0;
  for (const float s : sums.values<float>()) worst = std::max(worst, std::abs(s / expected - 1));
  return worst;
}

}  // namespace

TEST_CASE("float32 sums of a million like numbers keep five digits, in whole arrays and in rows") {
  const double tenth = 0.1F;
  const Array rows = like_numbers({3, many});
  const Tensor asked = fmatrix("x"), known = tensor("x", float32, {3, many});
  for (const Tensor& x : {asked, known}) {
    const Tensor scaled = x * (1 + sum(x, 1, keepdims) * 0);
    const FunctionOf<6> f =
        function(x, {sum(x), sum(x, 1), sum(square(x), 1), sum(scaled), sum(scaled * x, 1), mean(x, 1)});
    const auto r = f(rows);
    CHECK(furthest(r[0], 3 * many * tenth) < 2e-5);
    CHECK(furthest(r[1], many * tenth) < 2e-5);
    CHECK(furthest(r[2], many * tenth * tenth) < 2e-5);
    CHECK(furthest(r[3], 3 * many * tenth) < 2e-5);
    CHECK(furthest(r[4], many * tenth * tenth) < 2e-5);
    CHECK(furthest(r[5], tenth) < 2e-5);
  }
}

TEST_CASE("a fold in blocks begins and ends where its row does") {
  for (const Index n : {1, 7, 8191, 8192, 8193, 16384, 20003}) {
    const Tensor f = tensor("f", float32, {2, any_extent});
    Array counted = Array::zeros({2, n}, float32);
    float k = 0;
    for (float& v : counted.mutable_values<float>()) v = (k = k < 3 ? k + 1 : 0);  // small, so that all sums are exact
    double first = 0, all = 0, largest = 0;
    for (std::size_t i = 0; i < counted.values<float>().size(); ++i) {
      const double v = counted.values<float>()[i];
      if (i < static_cast<std::size_t>(n)) first += v, largest = std::max(largest, v);
      all += v;
    }
    const Tensor whole = sum(f * (max(f, 1, keepdims) - max(f, 1, keepdims) + 1));
    const FunctionOf<3> sums = function(f, {sum(f, 1), max(f, 1), whole});
    const auto r = sums(counted);
    CHECK(r[0].at<float>(0) == first);
    CHECK(r[0].at<float>(1) == all - first);
    CHECK(r[1].at<float>(0) == largest);
    CHECK(r[2].item<float>() == all);
  }
}
