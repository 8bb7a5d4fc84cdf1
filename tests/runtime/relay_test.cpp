// Kernels that run on the rows that a product has just made: when they do, when they must not, and that every bit is
// the one that comes of one step after another.
#include "runtime/cpu/relay.h"

#include <cmath>
#include <cstring>
#include <random>

#include "array/access.h"
#include "catch.h"
#include "croton/gradient.h"
#include "croton/ops.h"
#include "fixture.h"
#include "rewrite/passes.h"
#include "runtime/cpu/parallel.h"
#include "runtime/executable.h"
#include "runtime/storage.h"
#include "tile/chunks.h"

namespace croton::runtime {
namespace {

/// While it lives, small products have many panels and small arrays many chunks.
struct SmallPanels {
  SmallPanels() {
    set_size_of_a_panel(3);
    tile::set_work_of_a_chunk(64);
  }
  ~SmallPanels() {
    set_size_of_a_panel(0);
    tile::set_work_of_a_chunk(0);
    set_threads(0);
  }
};

Array random(const Extents& shape, unsigned seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> in(-1, 1);
  Array a = Array::zeros(shape, float32);
  for (float& x : a.mutable_values<float>()) x = in(generator);
  return a;
}

bool same_bits(const Array& a, const Array& b) {
  return a.shape() == b.shape() &&
         std::memcmp(data(a), data(b), static_cast<std::size_t>(a.size()) * size_of(a.dtype())) == 0;
}

// The queued device runs the same kernels and products one after another.
void check(const std::vector<Tensor>& outputs, const std::vector<Tensor>& inputs, const std::vector<Array>& values,
           bool relays = true) {
  const SmallPanels small;
  const std::vector<Tensor> results = rewrite::run(outputs, {});
  Executable plain(results, inputs, {}, device("queued"), "plain"), turns(results, inputs, {}, device("cpu"), "turns");
  std::vector<Array> want(outputs.size());
  plain.run(values, want);
  for (const int n : {1, 2, 3, 4, 7}) {
    set_threads(n);
    std::vector<Array> got(outputs.size());
    turns.run(values, got);
    for (std::size_t k = 0; k < want.size(); ++k) REQUIRE(same_bits(got[k], want[k]));
  }
  INFO(turns.explain());
  REQUIRE(has(turns.explain(), "as a relay") == relays);
}

// A kernel of one float for each row: the sum of its row of C, and how many elements of C were there.
struct SumArguments {
  const float* c;
  Index rows, columns, chunk_rows;
  float *sums, *seen;
};
void sum_rows(const void* args, long chunk, void*) {
  const auto& a = *static_cast<const SumArguments*>(args);
  float there = 0;
  for (Index i = 0; i < a.rows * a.columns; ++i) there += std::isnan(a.c[i]) ? 0.0f : 1.0f;
  for (Index r = chunk * a.chunk_rows; r < std::min(a.rows, (chunk + 1) * a.chunk_rows); ++r) {
    a.sums[r] = 0;
    for (Index j = 0; j < a.columns; ++j) a.sums[r] += a.c[r * a.columns + j];
    a.seen[r] = there;
  }
}

}  // namespace

TEST_CASE("the chunks of a kernel run as soon as their rows are there, in one thread and in several", "[threads]") {
  const SmallPanels small;
  constexpr Index m = 20, n = 5, k = 4;
  const Array a = random({m, k}, 1), b = random({k, n}, 2);
  for (const int threads : {1, 3})
    for (const bool over_a : {false, true}) {
      set_threads(threads);
      std::vector<float> c(m * n, NAN), sums(m), seen(m), left(a.values<float>().begin(), a.values<float>().end());
      const Gemm product{
          .m = m, .n = n, .k = k, .a = left.data(), .lda = k, .b = data(b), .ldb = n, .c = c.data(), .ldc = n};
      const SumArguments args{c.data(), m, n, 4, sums.data(), seen.data()};
      const BufferUse uses[] = {{c.data(), sizeof(float) * m * n, Access::r, "c"},
                                {over_a ? left.data() : sums.data(), sizeof(float) * m, Access::w, "sums"}};
      const Launch launch{
          .kernel = {.chunk = sum_rows}, .chunks = 5, .args = &args, .args_bytes = sizeof args, .buffers = uses};
      const RowStep steps[] = {{.gemm = &product}, {.launch = &launch, .rows = m, .chunk_rows = 4}};
      device("cpu").relay(steps);
      for (Index r = 0; r < m; ++r) REQUIRE(!std::isnan(sums[static_cast<std::size_t>(r)]));
      REQUIRE(seen[m - 1] == m * n);
      // panels of 3 x 3: rows 0 to 3 need two rows of panels, which are 30 elements
      if (over_a)
        REQUIRE(seen[0] == m * n);
      else if (threads == 1)
        REQUIRE(seen[0] == 30);
    }
}

TEST_CASE("a relay gives the bits of one step after another", "[threads]") {
  const Tensor x = fmatrix("x"), w = fmatrix("w"), y = fmatrix("y");
  const Tensor b = fvector("b");
  const Array xs = random({50, 20}, 1), ws = random({20, 30}, 2), bs = random({30}, 3), ys = random({50, 30}, 4);
  const Tensor z = dot(x, w);
  check({relu(z + b)}, {x, w, b}, {xs, ws, bs});
  check({z, relu(z + b)}, {x, w, b}, {xs, ws, bs});
  check({dot(tanh(x), w)}, {x, w}, {xs, ws});
  check({softmax(dot(tanh(x), w) + b)}, {x, w, b}, {xs, ws, bs});
  check({tanh(z) * 2, sum(square(z)), sum(z, 0), max(z, 1)}, {x, w}, {xs, ws});
  check({exp(z) - y}, {x, w, y}, {xs, ws, ys});
  const Tensor loss = mean(square(tanh(z + b) - y));
  check({loss, grad(loss, w), grad(loss, b), grad(loss, x)}, {x, w, b, y}, {xs, ws, bs, ys});
  const Tensor deep = relu(dot(relu(dot(relu(z + b), w.T()) + 1), w) - b);
  check({deep}, {x, w, b}, {xs, ws, bs});
  for (const Index k : {0, 1}) check({dot(tanh(x), w) + b}, {x, w, b}, {random({50, k}, 1), random({k, 30}, 2), bs});
  check({dot(tanh(x), w) + b}, {x, w, b}, {random({0, 20}, 1), ws, bs});
  check({dot(tanh(x), w) + b}, {x, w, b}, {xs, random({20, 0}, 2), random({0}, 3)});
  const Tensor s = tensor("s", float32, {any_extent, any_extent, any_extent});
  check({sigmoid(dot(s, w) + b)}, {s, w, b}, {random({7, 6, 20}, 5), ws, bs});
}

TEST_CASE("what reads a product otherwise than by its rows waits for all of it") {
  const Tensor x = fmatrix("x"), w = fmatrix("w");
  const std::vector<Array> values{random({40, 40}, 1), random({40, 40}, 2)};
  const Tensor z = dot(x, w);
  check({z.T() + 1}, {x, w}, values, false);
  check({z + z.T()}, {x, w}, values, false);
  check({z(slice(none, none, -1)) * 2}, {x, w}, values, false);
  check({dot(tanh(x).T(), w)}, {x, w}, values, false);
  check({dot(tanh(x), tanh(x)) * 1}, {x, w}, values, false);
}

TEST_CASE("an update in place waits for the product that reads the old value", "[threads]") {
  const SmallPanels small;
  const Array start = random({24, 24}, 1);
  const auto variable = [&] {
    return make_shared({float32, {any_extent, any_extent}}, std::make_shared<SharedStorage>(start), "w", Where::here());
  };
  const auto news = [](const Tensor& w) {
    return std::vector<Tensor>{tanh(dot(w, w)), w - 0.1f * dot(w, w), w - 0.1f * tanh(dot(tanh(w), w))};
  };
  for (std::size_t k = 0; k < 3; ++k) {
    const Tensor one = variable(), other = variable();
    Executable plain({news(one)[k]}, {}, {{one, 0}}, device("queued"), "plain");
    Executable turns({news(other)[k]}, {}, {{other, 0}}, device("cpu"), "turns");
    const auto value = [](const Tensor& w) { return static_cast<SharedStorage&>(*w.node()->shared).get(); };
    for (int call = 0; call < 3; ++call) {
      plain.run({}, {});
      turns.run({}, {});
      REQUIRE(same_bits(value(one), value(other)));
    }
  }
}

TEST_CASE("what a kernel makes of a product lies where the product lay") {
  const Tensor x = fmatrix("x"), w = fmatrix("w"), y = fmatrix("y"), b = fvector("b");
  const std::vector<Array> values{random({40, 20}, 1), random({20, 30}, 2), random({40, 30}, 3), random({30}, 4)};
  const auto between_steps = [&](const std::vector<Tensor>& outputs) {
    check(outputs, {x, w, y, b}, values);
    Executable f(outputs, {x, w, y, b}, {}, device("cpu"), "f");
    std::vector<Array> out(outputs.size());
    f.run(values, out);
    const std::string text = f.explain();
    REQUIRE(has(text, "between steps: "));
    return std::stol(text.substr(text.find("between steps: ") + 15));  // bytes
  };
  const Tensor z = dot(x, w);
  CHECK(between_steps({tanh(z) * y}) == 0);
  CHECK(between_steps({exp(z), z - y}) == 0);
  CHECK(between_steps({z + b}) == 0);
  CHECK(between_steps({relu(z + b) * y}) == 0);
  CHECK(between_steps({z * sum(y, 1, keepdims)}) == 0);     // a loop for the sum, and one for z
  CHECK(between_steps({dot(tanh(z), z.T())}) == 9600);      // z and its tanh, both read by the product
  CHECK(between_steps({z + sum(z, 1, keepdims)}) == 4800);  // read again after the sum: as it was
  CHECK(between_steps({softmax(z)}) == 4800);               // several loops read it
}

}  // namespace croton::runtime
