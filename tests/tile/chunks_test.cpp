// Where chunks begin and end.
#include "tile/chunks.h"

#include "catch.h"
#include "tile/graphs.h"

namespace croton::tile {
namespace {

// The extents of the tutorial: 5000 examples, 1000 hidden units.
ExtentOf tutorial(const Program& p) {
  return [&p](AxisId a) {
    const Axis& axis = p.axes[static_cast<std::size_t>(a)];
    if (axis.constant >= 0) return axis.constant;
    const bool examples = (axis.witness.name() == "x" || axis.witness.name() == "y") && axis.witness_axis == 0;
    return examples ? Index{5000} : Index{1000};
  };
}

ExtentOf always(Index n) {
  return [n](AxisId) { return n; };
}

const Phase& phase(const Program& p, std::size_t step) { return std::get<Phase>(p.steps[step]); }

}  // namespace

TEST_CASE("the tutorial's step goes in 63 chunks of 80 examples") {
  const Program p = build(graphs::tutorial_step());
  const Chunking c = chunking(p, phase(p, 0), tutorial(p), DeviceClass::cpu);
  INFO("work of an example: " << work_per_point(p, phase(p, 0), tutorial(p)));
  CHECK(c.points == 5000);
  CHECK(c.chunk_points == 80);
  CHECK(c.chunks == 63);
}

TEST_CASE(
    "on a GPU rows that leave partials go in full rounds of 132 blocks, by half tiles where rows are known to be "
    "short") {
  const Program p = build(graphs::tutorial_step());
  const Chunking c = chunking(p, phase(p, 0), tutorial(p), DeviceClass::gpu);
  CHECK(c.chunk_points == 40);
  CHECK(c.chunks == 125);
  const Tensor x = tensor("x", float32, {any_extent, 2}), w = tensor("w", float32, {2, 1000});
  const std::vector<Tensor> sums{sum(tanh(dot(x, w)), 0)};
  const Program known = build(sums);
  const Chunking finer = chunking(known, phase(known, 0), tutorial(known), DeviceClass::gpu);
  CHECK(finer.chunk_points == 20);
  CHECK(finer.chunks == 250);
}

TEST_CASE("on a GPU a block takes one turn of a large array, and two of a larger one") {
  const Program p = build(graphs::chain());
  const auto cut = [&](Index n) { return chunking(p, phase(p, 0), always(n), DeviceClass::gpu); };
  CHECK(cut(1).chunks == 1);
  CHECK(cut(30).chunks > 1);
  CHECK(cut(500).chunk_points == 256);
  CHECK(cut(1000).chunk_points == 2048);
  CHECK(cut(4000).chunk_points == 4096);
  for (const Index n : {500, 1000, 4000, 10000}) {
    const Chunking c = cut(n);
    CHECK(c.chunks > 400);
    CHECK(c.chunks * c.chunk_points >= c.points);
  }
}

TEST_CASE("on a GPU rows go by as many as a block has warps, and where they leave partials by few blocks") {
  const Program softmax = build(graphs::softmax_rows());
  CHECK(chunking(softmax, phase(softmax, 0), always(4096), DeviceClass::gpu).chunk_points == 8);
  const Program step = build(graphs::tutorial_step());
  const Chunking c = chunking(step, phase(step, 0), always(16384), DeviceClass::gpu);
  CHECK(c.chunks <= 660);  // five a multiprocessor
  CHECK(c.chunks > 264);
}

TEST_CASE("rows of up to 1024 elements are a warp's each, where there are eight and what they keep finds room") {
  const auto by_warps = [](const std::vector<Tensor>& outputs, Index rows, Index columns) {
    const Program p = build(outputs);
    const Target gpu = graphs::gpu();
    const ExtentOf extent = [&](AxisId a) {
      return p.axes[static_cast<std::size_t>(a)].witness_axis == 0 ? rows : columns;
    };
    return rows_by_warps(lower(p, phase(p, 0), gpu), chunking(p, phase(p, 0), extent, DeviceClass::gpu), extent);
  };
  CHECK(by_warps(graphs::softmax_rows(), 4096, 1000));
  CHECK(by_warps(graphs::softmax_rows(), 8, 1024));
  CHECK(by_warps(graphs::softmax_rows(), 4096, 1));
  CHECK_FALSE(by_warps(graphs::softmax_rows(), 4096, 1025));
  CHECK_FALSE(by_warps(graphs::softmax_rows(), 7, 1000));
  const Tensor x = dmatrix("x"), e = exp(x - max(x, 1, keepdims));
  const std::vector<Tensor> in_double{e / sum(e, 1, keepdims)};
  CHECK(by_warps(in_double, 4096, 700));
  CHECK_FALSE(by_warps(in_double, 4096, 1000));                // eight rows of 8 KB
  CHECK_FALSE(by_warps(graphs::tutorial_step(), 4096, 1000));  // rows add into the same partials
}

TEST_CASE("chunks cover every point once, whatever the extents") {
  const Program p = build(graphs::softmax_rows());
  for (const Index n : {0, 1, 2, 7, 8, 9, 1000, 12345, 1000000}) {
    const Chunking c = chunking(p, phase(p, 0), always(n), DeviceClass::cpu);
    CHECK(c.points == n);
    CHECK(c.chunks * c.chunk_points >= n);
    CHECK((c.chunks - 1) * c.chunk_points < std::max<Index>(n, 1));
    CHECK(c.chunks <= 256);
  }
}

TEST_CASE("little work is one chunk; much of it is at most 256") {
  const Program p = build(graphs::chain());
  const auto chunks = [&](Index n) { return chunking(p, phase(p, 0), always(n), DeviceClass::cpu).chunks; };
  CHECK(chunks(3) == 1);
  CHECK(chunks(100) == 1);
  CHECK(chunks(1000) > 8);
  CHECK(chunks(30000) == 256);
}

TEST_CASE("few long rows are as many chunks, but where all read more than each has") {
  const Program softmax = build(graphs::softmax_rows());
  const auto chunks = [](const Program& p, Index rows, Index columns, DeviceClass device) {
    const auto extent = [&](AxisId a) {
      const Axis& axis = p.axes[static_cast<std::size_t>(a)];
      return axis.constant >= 0 ? axis.constant : axis.witness.name() != "y" && axis.witness_axis == 0 ? rows : columns;
    };
    return chunking(p, phase(p, 0), extent, device).chunks;
  };
  CHECK(chunks(softmax, 8, 50000, DeviceClass::cpu) == 8);
  CHECK(chunks(softmax, 40, 50000, DeviceClass::cpu) == 20);
  CHECK(chunks(softmax, 8, 100, DeviceClass::cpu) == 1);
  CHECK(chunks(softmax, 8, 50000, DeviceClass::gpu) == 8);
  CHECK(chunks(softmax, 8, 1000, DeviceClass::gpu) == 1);
  const Tensor x = tensor("x", float32, {any_extent, 3}), y = tensor("y", float32, {any_extent, 3});
  const std::vector<Tensor> distances{min(sum(square(expand_dims(x, 1) - expand_dims(y, 0)), 2), 1)};
  const Program pairwise = build(distances);
  CHECK(chunks(pairwise, 8, 100000, DeviceClass::cpu) == 1);
}

TEST_CASE("few long rows are cut into pieces where nothing is folded along them") {
  const Tensor x = fmatrix("x"), w = fvector("w"), s = ftensor3("s"),
               known = tensor("known", float32, {any_extent, 500});
  const auto cut = [](const Tensor& t) {
    const std::vector<Tensor> outputs{t};
    const Program p = build(outputs);
    return axis_to_cut(p, phase(p, 0)) != no_axis;
  };
  CHECK(cut(sum(x, 0)));
  CHECK(cut(sum(square(x), 0)));
  CHECK(cut(x * w));
  CHECK(cut(sum(s, 1)));
  CHECK_FALSE(cut(x * 2));                    // one run
  CHECK_FALSE(cut(x / sum(x, 1, keepdims)));  // folds along its rows
  CHECK_FALSE(cut(sum(x * w)));               // leaves a number
  CHECK_FALSE(cut(sum(known, 0)));            // no row is long
  const std::vector<Tensor> sums{sum(x, 0)};
  const Program p = build(sums);
  const auto chunks = [&](Index rows, Index columns, DeviceClass device) {
    const auto extent = [&](AxisId a) {
      return p.axes[static_cast<std::size_t>(a)].witness_axis == 0 ? rows : columns;
    };
    const Chunking c = chunking(p, phase(p, 0), extent, device);
    CHECK(c.pieces * c.piece >= columns);
    CHECK((c.pieces - 1) * c.piece < columns);
    return std::pair{c.chunks, c.pieces};
  };
  CHECK(chunks(64, 1'000'000, DeviceClass::cpu).first == 2);
  CHECK(chunks(64, 1'000'000, DeviceClass::cpu).second >= 10);
  CHECK(chunks(64, 4000, DeviceClass::cpu).second == 1);
  CHECK(chunks(5000, 1000, DeviceClass::cpu).second == 1);
  const auto [chunks_of_gpu, pieces] = chunks(64, 1'000'000, DeviceClass::gpu);
  CHECK(chunks_of_gpu * pieces > 264);
}

TEST_CASE("partials are a small share of what a phase moves") {
  const Tensor x = fmatrix("x");
  const std::vector<Tensor> sums{sum(x, 0)};
  const Program p = build(sums);
  const ExtentOf extent = always(4096);
  const Chunking c = chunking(p, phase(p, 0), extent, DeviceClass::cpu);
  CHECK(c.chunks * 4096 <= 4096 * 4096 / 50);
}

TEST_CASE("sums down many rows go in chunks of few enough rows to keep their digits") {
  const Tensor x = fmatrix("x");
  const std::vector<Tensor> sums{sum(x, 0)};
  const Program p = build(sums);
  const ExtentOf extent = [&](AxisId a) {
    return p.axes[static_cast<std::size_t>(a)].witness_axis == 0 ? Index{1'000'000} : Index{3};
  };
  const Chunking c = chunking(p, phase(p, 0), extent, DeviceClass::cpu);
  CHECK(c.points == 1'000'000);
  CHECK(c.chunk_points <= 4104);
}

TEST_CASE("folds of a block of threads take a word of each thread, for words of 32 bits and of 64") {
  const Target gpu = graphs::gpu();
  const auto bytes = [&](const std::vector<Tensor>& outputs, std::size_t step = 0) {
    const Program p = build(outputs);
    return fold_bytes(lower(p, phase(p, step), gpu));
  };
  const Tensor x = fmatrix("x"), y = dmatrix("y");
  CHECK(bytes({x * 2}) == 0);
  CHECK(bytes({sum(x, 1)}) == 256ul * 4);
  CHECK(bytes({sum(y, 1)}) == 256ul * 8);
  CHECK(bytes({max(x, 1).astype(float64) + sum(y, 1)}) == 256ul * (4 + 8));
  CHECK(bytes({sum(x, 0)}, 1) == 512ul * 20);
  CHECK(bytes({sum(y, 0)}, 1) == 512ul * 16);
}

TEST_CASE("an elementary function counts 16, arithmetic 1, a byte a quarter") {
  const Tensor x = fvector("x");
  const std::vector<Tensor> one{x * 3};
  const std::vector<Tensor> other{exp(x)};
  const Program a = build(one), b = build(other);
  CHECK(work_per_point(a, phase(a, 0), always(100)) == 1 + 8 / 4.0);
  CHECK(work_per_point(b, phase(b, 0), always(100)) == 16 + 8 / 4.0);
}

}  // namespace croton::tile
