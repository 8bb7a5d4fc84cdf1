// What the fuser does for large graphs: counted, so that a busy machine changes nothing.
#include "catch.h"
#include "croton/gradient.h"
#include "croton/ops.h"
#include "graph/walk.h"
#include "rewrite/passes.h"
#include "tile/build.h"

namespace croton::tile {
namespace {

std::vector<Tensor> chain(int length) {
  const Tensor x = vector("x"), y = vector("y");
  Tensor t = x;
  for (int i = 0; i < length; ++i) t = i % 10 == 9 ? tanh(t) : i % 2 == 0 ? t * y : t + x;
  return {t};
}

std::vector<Tensor> product_of_many(int leaves) {
  std::vector<Tensor> list;
  list.reserve(static_cast<std::size_t>(leaves));
  for (int i = 0; i < leaves; ++i) list.push_back(vector("x"));
  while (list.size() > 1) {
    std::vector<Tensor> half;
    for (std::size_t i = 0; i + 1 < list.size(); i += 2) half.push_back(list[i] * list[i + 1]);
    if (list.size() % 2 == 1) half.push_back(list.back());
    list = half;
  }
  return list;
}

std::vector<Tensor> many_sums(int results) {
  const Tensor x = matrix("x");
  std::vector<Tensor> out;
  out.reserve(static_cast<std::size_t>(results));
  for (int i = 0; i < results; ++i) out.push_back(sum(x * (i + 3.0) + 1.0, i % 2));
  return out;
}

// Each layer has an axis of its own.
std::vector<Tensor> layers(int depth) {
  Tensor t = matrix("x");
  for (int i = 0; i < depth; ++i) { t = tanh(dot(t, matrix("w")) + vector("b")); }
  return {sum(t)};
}

double visits_of_a_node(const std::vector<Tensor>& outputs) {
  std::uint64_t visits = 0;
  build(outputs, {}, &visits);
  return static_cast<double>(visits) / static_cast<double>(topological(outputs).size());
}

TEST_CASE("what a node costs to build hardly grows with its graph", "[unsanitized]") {
  struct Row {
    const char* name;
    std::vector<Tensor> (*graph)(int);
    int small, large;
    double most;  // visits of a node in the large graph, in those of one in the small graph
  };
  const Row rows[] = {{"chain", chain, 10'000, 100'000, 1.1},
                      {"product of many", product_of_many, 5'000, 50'000, 2.5},
                      {"many sums", many_sums, 1'000, 10'000, 1.5},
                      {"layers", layers, 250, 1'000, 1.2}};
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const double small = visits_of_a_node(row.graph(row.small)), large = visits_of_a_node(row.graph(row.large));
    CAPTURE(small, large);
    CHECK(large < row.most * small);
  }
}

TEST_CASE("a view of a view of a view takes no stack") {
  Tensor t = vector("x");
  for (int i = 0; i < 200'000; ++i) t = t(slice(1, none));
  const Program p = build(std::vector<Tensor>{t * 2.0, sum(t)});
  CHECK(p.buffers.size() > 200'000);
  CHECK(p.steps.size() == 2);  // the sum of partials
}

TEST_CASE("graphs larger than a phase are computed whole") {
  for (const auto& outputs : {chain(3000), product_of_many(1000), product_of_many(4000), many_sums(700), layers(40)}) {
    const Program p = build(outputs);
    CHECK_NOTHROW(verify(p));
    CHECK(p.reasons.empty());
    for (const Step& s : p.steps)
      if (const auto* phase = std::get_if<Phase>(&s)) CHECK(phase->values.size() <= 2000);
  }
}

}  // namespace
TEST_CASE("tensors so small that every element is written out are many phases where they are many") {
  std::vector<Tensor> out;
  out.reserve(40);
  for (int i = 0; i < 40; ++i) out.push_back(tensor("w", float64, {10, 4}) * 0.5 + 1.0);
  std::size_t phases = 0;
  for (const Step& s : build(out).steps) {
    const auto* phase = std::get_if<Phase>(&s);
    REQUIRE(phase);
    CHECK(phase->parallel.empty());
    CHECK(phase->stores.size() <= 7);  // a product and a sum of 40 elements each
    ++phases;
  }
  CHECK(phases <= 8);
}

TEST_CASE("a network of many layers sums gradients over its examples where a network of few does") {
  const auto steps = [](int depth) {
    const Tensor x = fmatrix("x");
    Tensor a = x;
    std::vector<Tensor> parameters;
    for (int i = 0; i < depth; ++i) {
      const Tensor w = fmatrix("w"), b = fvector("b"), g = fvector("g");
      parameters.insert(parameters.end(), {w, b, g});
      const Tensor z = dot(a, w) + b, c = z - mean(z, 1, keepdims);
      a = a + tanh(c * rsqrt(mean(square(c), 1, keepdims) + 1e-5f) * g);
    }
    const auto gradients = grad(mean(square(a)), parameters);
    std::vector<Tensor> updates;
    for (std::size_t k = 0; k < parameters.size(); ++k) updates.push_back(parameters[k] - 0.1f * gradients[k]);
    return static_cast<int>(build(rewrite::run(updates, {})).steps.size());
  };
  const int few = steps(8) - steps(4), many = steps(104) - steps(100);
  CHECK(many <= few + 1);  // vectors are updated by tens
}

}  // namespace croton::tile
