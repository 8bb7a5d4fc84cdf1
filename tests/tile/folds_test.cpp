// Sums that need not wait for the factors of what they add up.
#include "tile/folds.h"

#include <algorithm>
#include <set>

#include "catch.h"
#include "tile/graphs.h"
#include "tile/nest.h"

namespace croton::tile {
namespace {

// The loops over a row that one phase needs, one after another.
int loops(const Tensor& t) {
  const std::vector<Tensor> outputs = rewrite::run(std::vector<Tensor>{t}, {});
  const Program p = build(outputs);
  REQUIRE(p.steps.size() == 1);
  Target target;
  target.vector_bytes = 32, target.vector_registers = 16, target.fma = true;
  const Nest n = lower(p, std::get<Phase>(p.steps[0]), target);
  verify(n, target);
  int most = 0;
  for (const Statement& s : n.body)
    if (s.kind == Statement::Kind::loop) most = std::max(most, static_cast<int>(graphs::lane_loops(s.body).size()));
  return most;
}

bool is_changed(const Tensor& t) {
  const std::vector<Tensor> outputs{t};
  return scale_sums_late(outputs)[0].node() != t.node();
}

const Tensor x = fmatrix("x"), y = fmatrix("y"), few = tensor("few", float32, {-1, 4}), v = fvector("v");
Tensor of_rows(const Tensor& t) { return sum(t, 1, keepdims); }

}  // namespace

TEST_CASE("the gradient of a layer norm reads its rows three times") {
  const Tensor centred = x - mean(x, 1, keepdims);
  const Tensor norm = centred * rsqrt(mean(square(centred), 1, keepdims) + 1e-5) * v;
  CHECK(loops(grad(sum(norm * y), x)) == 3);
}

TEST_CASE("a sum of products waits for no factor of an earlier fold, with any sign, and in any order") {
  const Tensor s = rsqrt(of_rows(square(x))), t = of_rows(x * y);
  for (const Tensor& sum_of :
       {s * x, x * s, s * x + y * t, s * x - t * y, -(s * x), -(x * s - y * t), t * y - -(s * x)})
    CHECK(is_changed(sum(sum_of, 1)));
  CHECK(loops(y * of_rows(s * x + t * y)) == 2);
}

TEST_CASE("sums stay where that saves no pass, or loses digits") {
  const Tensor s = rsqrt(of_rows(square(x))), m = of_rows(x) / 100;
  CHECK(!is_changed(sum(x - m, 1)));                             // all digits of x and m, few of their difference
  CHECK(!is_changed(sum(s * x + y, 1)));                         // the same
  CHECK(!is_changed(sum(x * expand_dims(fvector("w"), 1), 1)));  // no fold is waited for
  CHECK(!is_changed(sum(s * exp(x * s), 1)));                    // nor is what is added up known before
  CHECK(!is_changed(sum(s * y, 0)));                             // a factor for each row
  CHECK(!is_changed(sum(of_rows(few) * few, 1)));                // no loop
  CHECK(!is_changed(max(s * x, 1)));
}

TEST_CASE("a sum over two axes of what varies along one stays, and so does one of many parts") {
  const Tensor row = expand_dims(v, 0), s = rsqrt(sum(square(x), Axes{0, 1}, keepdims));
  CHECK(is_changed(sum(s * x + y * s)));
  CHECK(!is_changed(sum(s * row + y * s)));
  Tensor twice = s * x;  // 2^64 parts of one node, and a chain that is long
  for (int k = 0; k < 64; ++k) twice = twice + twice;
  CHECK(!is_changed(sum(twice)));
  Tensor chain = s * x;
  for (int k = 0; k < 100'000; ++k) chain = -chain;
  CHECK(!is_changed(sum(chain)));
}

TEST_CASE("argmax has positions of 32 bits where types allow them; where they say nothing, it is asked for long ones") {
  const auto positions = [](const Tensor& t, bool long_positions) {
    std::set<DType> r;
    for (const Step& s : build(rewrite::run(std::vector<Tensor>{t}, {}), {.long_positions = long_positions}).steps)
      for (const Value& value : std::get<Phase>(s).values)
        if (value.kind == Value::Kind::iota) r.insert(value.dtype);
    return r;
  };
  const std::set<DType> are_short{int32}, are_long{int64};
  constexpr Index most = 2147483647;
  for (const bool along_rows : {false, true}) {
    const auto shaped = [&](Index n) {
      return tensor("x", float32, along_rows ? Extents{any_extent, n} : Extents{n, any_extent});
    };
    const int axis = along_rows ? 1 : 0;
    CHECK(positions(argmax(x, axis), false) == are_short);
    CHECK(positions(argmax(x, axis), true) == are_long);
    CHECK(positions(argmin(shaped(most), axis), true) == are_short);
    CHECK(positions(argmin(shaped(most + 1), axis), false) == are_long);
  }
  CHECK(positions(cast(arange(v.shape(0)), int32) * 3, true) == are_short);
}

TEST_CASE("positions fit 32 bits up to an axis of 2^31 - 1 elements, of all axes together") {
  const Index side = 1 << 16;
  CHECK(fit_32_bits({}));
  CHECK(fit_32_bits(std::vector<Index>{2147483647}));
  CHECK_FALSE(fit_32_bits(std::vector<Index>{2147483648}));
  CHECK(fit_32_bits(std::vector<Index>{side, side / 2 - 1}));
  CHECK_FALSE(fit_32_bits(std::vector<Index>{side, side, side, side, side}));
  const Program p = build(rewrite::run(std::vector<Tensor>{argmax(x)}, {}));
  const auto fit = [&](Index extent) { return positions_fit(p, [&](AxisId) { return extent; }); };
  CHECK(fit(46340));
  CHECK_FALSE(fit(46341));
  CHECK(positions_fit(build(rewrite::run(std::vector<Tensor>{exp(x)}, {})), [](AxisId) { return Index{1} << 40; }));
}

}  // namespace croton::tile
