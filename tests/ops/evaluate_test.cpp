// The reference evaluator on small graphs with known answers.
#include "ops/evaluate.h"

#include "array/access.h"
#include "catch.h"
#include "croton.h"

using namespace croton;

namespace {

Array value(const Tensor& t, const ops::Values& given = {}) { return ops::evaluate({&t, 1}, given)[0]; }

}  // namespace

TEST_CASE("a graph of constants evaluates") {
  const Tensor x = constant(Array{{1.0, 2.0}, {3.0, 4.0}});
  const Array y = value(sum(x * x, 1) + 1);
  CHECK(y.shape() == Extents{2});
  CHECK(y.at<double>(0) == 6);
  CHECK(y.at<double>(1) == 26);
}

TEST_CASE("weak numbers take the tensor's type") {
  const Tensor x = fvector("x"), i = ivector("i"), d = dvector("d");
  CHECK((2.0 * x).dtype() == float32);
  CHECK((x * 2).dtype() == float32);
  CHECK((i * 2).dtype() == int32);
  CHECK((i / 2).dtype() == float64);
  CHECK((i * 2.5).dtype() == float64);
  CHECK((i * x).dtype() == float32);
  CHECK((x * d).dtype() == float64);
  CHECK((x > 0).dtype() == boolean);
  CHECK((1 - (x > 0)).dtype() == int64);
  CHECK(exp(i).dtype() == float64);
  CHECK(floor(i).dtype() == int32);
}

TEST_CASE("a bare number keeps all its digits where floatX is narrow") {
  const ScopedConfig scope{"floatX=float32"};
  const Tensor d = constant(Array{1.0});
  CHECK(value(0.1 * d).at<double>(0) == 0.1);
}

TEST_CASE("the bound of 0 * 0 counts that both factors may be off") {
  const Tensor a = constant(Array{1.0, 0.25}), zero = a * 3 - (a + a + a);
  for (const Tensor& t : {zero * zero, dot(zero, zero)}) {
    const ops::Bounded b = ops::evaluate_bounded({&t, 1}, {})[0];
    CHECK(get(b.value, 0) == 0);
    CHECK(get(b.bound, 0) > 1e-40);
  }
}

TEST_CASE("the bound of a product counts that each factor's product may be rounded among the subnormal numbers") {
  const Tensor row = constant(Array::full({1, 64}, 0x1.8p-537)), t = dot(row, row.T());
  CHECK(get(ops::evaluate_bounded({&t, 1}, {})[0].bound, 0) >= 64 * 0x1p-1074);
}

TEST_CASE("the bound of a sine that may have turned is all of its range") {
  // with operands that are off by whole turns, or by so much that the ends of what is possible are near each other
  for (const double far : {1e8, 2.96e10, 3.1e10, 4.7e12}) {
    const Tensor x = constant(Array{static_cast<float>(far)}) * constant(Array{1.1f}) * constant(Array{0.7f});
    for (const Tensor& t : {sin(x), cos(x)}) CHECK(get(ops::evaluate_bounded({&t, 1}, {})[0].bound, 0) >= 2);
    const Tensor t = tan(x);
    CHECK(get(ops::evaluate_bounded({&t, 1}, {})[0].doubtful, 0) != 0);
  }
  const Tensor near = sin(constant(Array{1.5f}) * constant(Array{1.1f}));
  CHECK(get(ops::evaluate_bounded({&near, 1}, {})[0].bound, 0) < 1e-6);
}

TEST_CASE("a product that overflows is doubtful, as what is added to it may bring it back; of infinity it is certain") {
  const auto is_doubtful = [](const Tensor& t) { return get(ops::evaluate_bounded({&t, 1}, {})[0].doubtful, 0) != 0; };
  const Tensor large = constant(Array{1e200}), infinity = constant(Array{HUGE_VAL});
  CHECK(is_doubtful(large * large - infinity));  // -infinity by fma, else NaN
  CHECK(is_doubtful(square(large)));
  CHECK_FALSE(is_doubtful(large * infinity));
  CHECK_FALSE(is_doubtful(large * 2));
}

TEST_CASE("a sum whose order of terms decides is doubtful") {
  const auto is_doubtful = [](const Tensor& t) { return get(ops::evaluate_bounded({&t, 1}, {})[0].doubtful, 0) != 0; };
  const float most = std::numeric_limits<float>::max(), infinity = std::numeric_limits<float>::infinity();
  const auto check = [&](const std::vector<float>& terms, bool doubtful) {
    const Array row = Array(std::span(terms)).reshape({1, static_cast<Index>(terms.size())});
    CHECK(is_doubtful(sum(constant(row))) == doubtful);
    CHECK(is_doubtful(dot(constant(row), ones_like(constant(row)).T())) == doubtful);
  };
  check({most, most, -most, -most}, true);  // by infinity of both signs: NaN; or 0
  check({most, most, -infinity}, true);
  check({most / 4, -most / 4}, false);
  check({infinity, 1, -1}, false);
  check({infinity, -infinity}, false);
  check({}, false);
}

TEST_CASE("a product whose order of factors decides is doubtful") {
  const auto is_doubtful = [](const Array& factors) {
    const Tensor t = prod(constant(factors));
    return get(ops::evaluate_bounded({&t, 1}, {})[0].doubtful, 0) != 0;
  };
  CHECK(is_doubtful({1e200, 1e200, 0.0}));             // by infinity: NaN
  CHECK(is_doubtful({1e200, 1e200, 1e-200, 1e-200}));  // by infinity, or by 0, or 1
  CHECK_FALSE(is_doubtful({1e200, 1e200}));
  CHECK_FALSE(is_doubtful({1e-200, 1e-200, 0.0}));
  CHECK_FALSE(is_doubtful({1e200, 1e-200, 3.0}));
}
