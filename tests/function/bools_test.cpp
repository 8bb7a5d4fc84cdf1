// Arithmetic of bools is NumPy's: + says whether one is true, * whether both are, - is refused, and so are sums of
// products.
#include "array/access.h"
#include "message.h"
#include "values.h"

namespace croton {
namespace {

const Array left(std::vector<bool>{true, true, false, false}), right(std::vector<bool>{true, false, true, false});

/// The result for p = left and q = right: the same bools in every mode.
std::vector<bool> bools(const Tensor& t, const Tensor& p, const Tensor& q) {
  std::vector<bool> first;
  for (const std::string& mode : std::vector<std::string>{"mode=FAST_RUN", "mode=FAST_COMPILE", on_gpu()}) {
    INFO(mode);
    const ScopedConfig scope{mode};
    const Array got = function({p, q}, t, {.on_unused_input = Report::ignore})(left, right);
    REQUIRE(got.dtype() == boolean);
    std::vector<bool> here;
    for (Index i = 0; i < got.size(); ++i) here.push_back(get(got, i) != 0);
    if (first.empty()) first = here;
    CHECK(here == first);
  }
  return first;
}

}  // namespace

TEST_CASE("the sum of two bools says whether one is true, their product whether both are") {
  const Tensor p = tensor("p", boolean, {any_extent}), q = tensor("q", boolean, {any_extent});
  CHECK(bools(p + q, p, q) == std::vector{true, true, true, false});
  CHECK(bools(p * q, p, q) == std::vector{true, false, false, false});
  CHECK(bools(p * right, p, q) == std::vector{true, false, false, false});
  Tensor both = p;
  both *= q;
  CHECK(bools(both, p, q) == std::vector{true, false, false, false});
  both += q;
  CHECK(bools(both, p, q) == std::vector{true, false, true, false});
  CHECK(bools(outer(p, q)(2), p, q) == std::vector{false, false, false, false});
  CHECK((p + 1).dtype() == int64);
  CHECK((p * 2.0).dtype() == floatX());
  CHECK(sum(p).dtype() == int64);
}

TEST_CASE("bools are handed over in a std::vector like other numbers") {
  const Tensor p = tensor("p", boolean, {any_extent}), x = dmatrix("x");
  const std::vector<bool> mask{true, false, true};
  CHECK(array_equal(function({p, x}, x[p])(mask, Array{{1.}, {2.}, {3.}}), Array{{1.}, {3.}}));
  CHECK(array_equal(function(x, x)(std::vector<std::vector<bool>>{mask, mask}), Array{{1., 0., 1.}, {1., 0., 1.}}));
  CHECK(function(p, p)(std::vector<bool>{}).size() == 0);
}

TEST_CASE("a difference of bools is refused, with the way out") {
  const Tensor p = tensor("p", boolean, {any_extent}), q = tensor("q", boolean, {any_extent});
  CHECK(message<DTypeError>([&] { static_cast<void>(p - q); }) ==
        "HERE: sub: p - q of two bools is refused: write ^ for whether they differ, or convert with astype(int64)");
  CHECK(message<DTypeError>([&] { static_cast<void>(-p); }) ==
        "HERE: neg: -p of a bool is refused: write ! for its opposite, or convert with astype(int64)");
  CHECK(message<DTypeError>([&] { static_cast<void>(-(p > q)); }).starts_with("HERE: neg: -(p > q) of a bool"));
  CHECK(
      message<DTypeError>([&] { static_cast<void>(p - (p > q)); }).starts_with("HERE: sub: p - (p > q) of two bools"));
  Tensor r = p;
  CHECK_THROWS_AS(r -= q, DTypeError);
  CHECK((p - 1).dtype() == int64);
  CHECK(bools(p ^ q, p, q) == std::vector{false, true, true, false});
}

TEST_CASE("sums of products of bools say whether one is true, however many are") {
  const Tensor p = tensor("p", boolean, {any_extent}), q = tensor("q", boolean, {any_extent});
  const Tensor many = p[zeros(Index{256}, int64)];  // 256 true products: 0 where they were counted in a byte
  for (const Tensor& t : {dot(many, many), einsum("i,i", {many, many}), einsum("i->", {many}), einsum("i,i", {p, q})})
    CHECK(bools(t, p, q) == std::vector{true});
  CHECK(bools(einsum("i,i", {p, !p}), p, q) == std::vector{false});
  CHECK(bools(einsum("i,i->i", {p, q}), p, q) == std::vector{true, false, false, false});
  CHECK(bools(einsum("i,j->j", {p, q}), p, q) == std::vector{true, false, true, false});
}

}  // namespace croton
