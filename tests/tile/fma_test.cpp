// Which products and sums become one operation.
#include "tile/fma.h"

#include "catch.h"
#include "tile/graphs.h"

namespace croton::tile {
namespace {

Phase fused(const std::vector<Tensor>& outputs) {
  const Program p = build(outputs);
  Phase phase = std::get<Phase>(p.steps[0]);
  form_fma(phase);
  return phase;
}

// Of the values that something needs: a product that became part of a sum is left behind.
int count(const Phase& p, std::string_view function) {
  std::vector<bool> needed(p.values.size(), false);
  for (const Store& s : p.stores) needed[static_cast<std::size_t>(s.value)] = true;
  int n = 0;
  for (std::size_t i = p.values.size(); i-- > 0;) {
    if (!needed[i]) continue;
    const Value& v = p.values[i];
    for (const int a : v.args) needed[static_cast<std::size_t>(a)] = true;
    n += v.kind == Value::Kind::call && v.function == function ? 1 : 0;
  }
  return n;
}

const Tensor a = fvector("a"), b = fvector("b"), c = fvector("c");

}  // namespace

TEST_CASE("a product that is added becomes fma, on either side and with either sign") {
  for (const Tensor& t : {a * b + c, c + a * b}) {
    const Phase p = fused({t});
    CHECK(count(p, "fma") == 1);
    CHECK(count(p, "mul") + count(p, "add") + count(p, "neg") == 0);
  }
  for (const Tensor& t : {a * b - c, c - a * b}) {
    const Phase p = fused({t});
    CHECK(count(p, "fma") == 1);
    CHECK(count(p, "neg") == 1);
    CHECK(count(p, "mul") + count(p, "sub") == 0);
  }
}

TEST_CASE("a product with another use stays a product") {
  const Tensor p = a * b;
  CHECK(count(fused({p + c, p}), "fma") == 0);
  CHECK(count(fused({p + p}), "fma") == 0);
}

TEST_CASE("of two products the first is rounded") {
  const Phase p = fused({a * b + b * c});
  CHECK(count(p, "fma") == 1);
  CHECK(count(p, "mul") == 1);
}

TEST_CASE("integers are not fused") {
  const Tensor i = lvector("i"), j = lvector("j");
  CHECK(count(fused({i * j + i}), "fma") == 0);
}

TEST_CASE("a sum of products folds both factors") {
  const Phase p = fused({dot(a, b)});
  CHECK(count(p, "mul") == 0);
  for (const Value& v : p.values)
    if (v.kind == Value::Kind::reduce) CHECK(v.args.size() == 2);
}

}  // namespace croton::tile
