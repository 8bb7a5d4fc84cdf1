#include <cmath>

#include "array/access.h"
#include "catch.h"
#include "croton/ops.h"
#include "ops/evaluate.h"
#include "values.h"

using namespace croton;

namespace {
Array value(const Tensor& t) { return ops::evaluate({&t, 1}, {})[0]; }

}  // namespace

TEST_CASE("normal and uniform numbers have the moments of their distributions") {
  constexpr double n = 100000;
  const Moments a(value(normal({1000, 100}))), b(value(uniform({1000, 100}, float32)));
  CHECK(std::abs(a.mean) < 5 / std::sqrt(n));  // five standard deviations
  CHECK(std::abs(a.variance - 1) < 5 * std::sqrt(2 / n));
  CHECK(std::abs(b.mean - 0.5) < 5 * std::sqrt(1 / (12 * n)));
  CHECK(std::abs(b.variance - 1 / 12.0) < 5 * std::sqrt(1 / (180 * n)));
}

TEST_CASE("uniform numbers are at least 0 and below 1 in every floating type") {
  for (const DType d : {float16, bfloat16, float32, float64}) {
    const Array a = value(uniform({10000}, d));
    CHECK(a.dtype() == d);
    for (Index i = 0; i < a.size(); ++i) REQUIRE((get(a, i) >= 0 && get(a, i) < 1));
  }
}

TEST_CASE("each call is another stream, and one node draws the same numbers every time") {
  const Tensor a = normal({4}), b = normal({4});
  CHECK(array_equal(value(a), value(a)));
  CHECK(!array_equal(value(a), value(b)));
}

TEST_CASE("random numbers are floating") { CHECK_THROWS_AS(normal({4}, int32), DTypeError); }
