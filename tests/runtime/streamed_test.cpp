// Results that go past the caches: every byte of them, whatever a row's length leaves of a vector, and nothing else.
#include <cstring>
#include <random>

#include "array/access.h"
#include "catch.h"
#include "croton/ops.h"
#include "fixture.h"
#include "rewrite/passes.h"
#include "runtime/cpu/cpu_target.h"
#include "runtime/executable.h"

namespace croton::runtime {
namespace {

Array random(const Extents& shape, DType dtype) {
  std::mt19937 generator(static_cast<unsigned>(shape[1]));
  std::uniform_real_distribution<double> in(-2, 2);
  Array a = Array::zeros(shape, float64);
  for (double& x : a.mutable_values<double>()) x = in(generator);
  return a.astype(dtype);
}

// What explain() says of one result of rows: bytes at a time, at most 32 and a vector, that every row is a multiple of.
std::string words(Index row_bytes, Index vector_bytes) {
  Index piece = std::min<Index>(vector_bytes, 32);
  while (row_bytes % piece != 0) piece /= 2;
  return piece >= 16 ? fmt::format("past the caches {} bytes at a time", piece) : "";
}

struct Ways {
  explicit Ways(Target t) : usual(t), streams([&t] { return t.l3_bytes = 0, t; }()) {}
  CpuDevice usual, streams;
};

void check(Ways& ways, const Tensor& x, const Tensor& y, const Array& in, const std::string& said) {
  const std::vector<Tensor> outputs = rewrite::run(std::vector<Tensor>{y}, {});
  Executable usual(outputs, {x}, {}, ways.usual, "usual"), streamed(outputs, {x}, {}, ways.streams, "streamed");
  std::vector<Array> want(1), got(1);
  usual.run({{in}}, want);
  streamed.run({{in}}, got);
  INFO(streamed.explain());
  REQUIRE(got[0].shape() == want[0].shape());
  REQUIRE(std::memcmp(data(got[0]), data(want[0]), size_of(y.dtype()) * static_cast<std::size_t>(want[0].size())) == 0);
  REQUIRE(!has(usual.explain(), "past the caches"));
  REQUIRE(has(streamed.explain(), "past the caches") == !said.empty());
  REQUIRE(has(streamed.explain(), said));
}

}  // namespace

TEST_CASE("results that go past the caches are the same, for rows of any length") {
  const std::string widest = cpu_target().isa;
  for (const std::string isa : {"avx512", "avx2", "sse2"}) {
    if (isa == "avx512" && widest != isa) continue;
    if (isa == "avx2" && widest != isa && widest != "avx512") continue;
    Ways ways(cpu_target(isa));
    INFO(isa);
    const Index vector = ways.usual.target().vector_bytes;
    for (const Index columns : {1, 2, 3, 4, 5, 7, 8, 12, 15, 16, 17, 20, 24, 28, 32, 33, 36, 100, 1000, 1002, 1004}) {
      INFO(columns << " columns");
      for (const DType dtype : {float32, float64}) {
        const Tensor x = tensor("x", dtype, {-1, -1}), rest = x - max(x, 1, keepdims);
        const Index bytes = static_cast<Index>(size_of(dtype));
        const Array in = random({7, columns}, dtype);
        check(ways, x, rest, in, words(columns * bytes, vector));
        check(ways, x, x * 2 + 1, in, words(vector, vector));
        check(ways, x, transpose(x) + 1, in, "");
        // a lane of the loop has what is left of its bytes
        check(ways, x, cast(rest, float16), in, words(columns * 2, vector / bytes * 2));
        check(ways, x, rest < -1, in, words(columns, vector / bytes));
      }
    }
  }
}

TEST_CASE("a result in the place of what its kernel reads stays in the caches") {
  Target target = cpu_target();
  target.l3_bytes = 0;
  CpuDevice device(target);
  const Tensor x = fmatrix("x"), w = fmatrix("w");
  for (const bool in_place : {false, true}) {
    const std::vector<Tensor> outputs{in_place ? dot(x, w) + 1 : x + 1};
    Executable f(outputs, {x, w}, {}, device, "f");
    std::vector<Array> out(1);
    f.run({{random({16, 16}, float32), random({16, 16}, float32)}}, out);
    CHECK(has(f.explain(), "past the caches") != in_place);
  }
}

TEST_CASE("parts of a concatenation go past the caches where all of their rows are made of whole pieces") {
  Ways ways(cpu_target());
  for (const Index columns : {16, 33, 64, 1000, 1024}) {
    INFO(columns << " columns");
    const Tensor x = tensor("x", float32, {-1, -1});
    const Array in = random({9, columns}, float32);
    check(ways, x, concatenate({x, x * 2.0f, x}, 0), in, "past the caches");
    check(ways, x, concatenate({x, x * 2.0f, x}, 1), in, columns % 4 == 0 ? "past the caches" : "");
    const Tensor first = x(all, slice(0, 12));
    check(ways, x, concatenate({first, x}, 1), in, columns % 4 == 0 ? "past the caches 16 bytes" : "");
  }
}

}  // namespace croton::runtime
